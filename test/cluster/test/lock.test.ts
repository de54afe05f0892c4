import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { withLock } from '../lock.ts';
import { fixture, runScript, temporaryDirectory } from './support.ts';

const quiet = { purpose: 'tests', report: () => {} };

t.test('two processes hold a lock one after the other, and the second says whom it waits for', async (t) => {
  const directory = await temporaryDirectory(t);
  const [lock, journal] = [join(directory, 'lock'), join(directory, 'journal')];
  const first = runScript(t, fixture('hold-lock.ts'), [lock, journal, '600']);
  await first.line('held by');
  const second = runScript(t, fixture('hold-lock.ts'), [lock, journal, '0']);
  t.equal(await first.ended, 0);
  t.equal(await second.ended, 0);
  t.equal(await readFile(journal, 'utf8'), 'take\ngive\ntake\ngive\n');
  t.match(second.output[0], new RegExp(`^waiting for process ${first.pid}, which holds the test lock since `));
});

t.test('a lock whose holder was killed can be taken at once', async (t) => {
  const directory = await temporaryDirectory(t);
  const [lock, journal] = [join(directory, 'lock'), join(directory, 'journal')];
  const holder = runScript(t, fixture('hold-lock.ts'), [lock, journal, '60000']);
  await holder.line('held by');
  const controller = new AbortController();
  const waiting = withLock({ ...quiet, path: lock, signal: controller.signal }, async () => 'taken');
  holder.kill('SIGKILL');
  const giveUp = setTimeout(() => controller.abort(new Error('still held')), 10_000);
  t.equal(await waiting, 'taken');
  clearTimeout(giveUp);
  t.equal(await readFile(journal, 'utf8'), 'take\n', 'the holder had not given it back');
});

t.test('two calls in one process exclude each other too', async (t) => {
  const path = join(await temporaryDirectory(t), 'lock');
  const seen: string[] = [];
  const hold = (name: string) =>
    withLock({ ...quiet, path }, async () => {
      seen.push(`take ${name}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(`give ${name}`);
    });
  await Promise.all([hold('a'), hold('b')]);
  // Who comes first is left to chance; that nobody comes in between is not.
  const [first, second] = seen[0] === 'take a' ? ['a', 'b'] : ['b', 'a'];
  t.strictSame(seen, [`take ${first}`, `give ${first}`, `take ${second}`, `give ${second}`]);
});

t.test('waiting for a lock ends with an abort', async (t) => {
  const path = join(await temporaryDirectory(t), 'lock');
  await withLock({ ...quiet, path }, async () => {
    const signal = AbortSignal.timeout(300);
    await t.rejects(
      withLock({ ...quiet, path, signal }, async () => 'never'),
      { name: 'AbortError' },
    );
  });
});

t.test('a failure in the work is passed on and gives the lock back', async (t) => {
  const path = join(await temporaryDirectory(t), 'lock');
  await t.rejects(
    withLock({ ...quiet, path }, async () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  );
  t.equal(await withLock({ ...quiet, path }, async () => 'again'), 'again');
});
