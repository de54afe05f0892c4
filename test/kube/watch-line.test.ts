import fc from 'fast-check';
import t from 'tap';
import { lines, parseWatchLine } from '../../kube/watch-line.ts';
import { collect } from './collect.ts';

const object = { metadata: { name: 'app', resourceVersion: '7' } };

function line(type: unknown, content: unknown = object): string {
  return JSON.stringify({ type, object: content });
}

async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<string[]> {
  async function* stream(): AsyncIterable<Buffer> {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  return collect(lines(stream()));
}

for (const type of ['ADDED', 'MODIFIED']) {
  t.test(`${type} says that an object is there`, (t) => {
    t.strictSame(parseWatchLine(line(type)), { type: 'applied', object, resourceVersion: '7' });
    t.end();
  });
}

t.test('DELETED says that an object is gone', (t) => {
  t.strictSame(parseWatchLine(line('DELETED')), { type: 'deleted', object, resourceVersion: '7' });
  t.end();
});

t.test('a bookmark says how far the watch has come', (t) => {
  t.strictSame(parseWatchLine(line('BOOKMARK')), { type: 'bookmark', resourceVersion: '7', complete: false });
  t.end();
});

t.test('the bookmark with the annotation of KEP-3157 ends the list', (t) => {
  const end = { metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } } };
  t.strictSame(parseWatchLine(line('BOOKMARK', end)), { type: 'bookmark', resourceVersion: '7', complete: true });
  t.end();
});

t.test('any other value of that annotation does not end the list', (t) => {
  const end = { metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'false' } } };
  t.match(parseWatchLine(line('BOOKMARK', end)), { complete: false });
  t.end();
});

t.test('ERROR carries the status code and the reason', (t) => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
  t.strictSame(parseWatchLine(line('ERROR', status)), { type: 'error', code: 410, reason: 'Expired' });
  t.end();
});

t.test('ERROR without a code counts as a fault of the server', (t) => {
  t.strictSame(parseWatchLine(line('ERROR', {})), { type: 'error', code: 500, reason: '' });
  t.end();
});

t.test('what is no watch event is unreadable, and nothing throws', (t) => {
  for (const text of ['', '{', 'null', '[]', '7', '"ADDED"', '{}', line('SURPRISE'), line(null), line({})]) {
    t.strictSame(parseWatchLine(text), { type: 'unreadable' }, text);
  }
  t.end();
});

t.test('any text is read without a throw', (t) => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => typeof parseWatchLine(text).type === 'string'));
  fc.assert(
    fc.property(fc.constantFrom('ADDED', 'DELETED', 'BOOKMARK', 'ERROR'), fc.jsonValue(), (type, content) => {
      return parseWatchLine(line(type, content)).type !== 'unreadable';
    }),
  );
  t.end();
});

t.test('an object without a version has the empty one', (t) => {
  t.match(parseWatchLine(line('ADDED', { metadata: { resourceVersion: 7 } })), { resourceVersion: '' });
  t.match(parseWatchLine(line('ADDED', 'text')), { resourceVersion: '' });
  t.end();
});

t.test('a line may come in pieces, and a piece may hold several lines', async (t) => {
  t.strictSame(await linesOf('a', 'b\nc\n', '', 'd', '\n'), ['ab', 'c', 'd']);
});

t.test('a last line without its end is not a line', async (t) => {
  t.strictSame(await linesOf('a\n', '{"type":"ADD'), ['a']);
});

t.test('a character that is cut in two stays one character', async (t) => {
  const bytes = Buffer.from('grün\n');
  t.strictSame(await linesOf(bytes.subarray(0, 3), bytes.subarray(3)), ['grün']);
});

t.test('lines come out as they went in, however they are cut', async () => {
  const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\n', ' '));
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.array(fc.nat(200)), async (written, cuts) => {
      const bytes = Buffer.from(written.map((value) => `${value}\n`).join(''));
      const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
      const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      return JSON.stringify(await linesOf(...chunks)) === JSON.stringify(written);
    }),
  );
});
