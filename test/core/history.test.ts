import fc from 'fast-check';
import t from 'tap';
import { HISTORY_LENGTH } from '../../core/defaults.ts';
import { appendHistory, explain, lastRolloutAt, passingHistory, type Rollout } from '../../core/history.ts';
import {
  lastWriter,
  parseSourceId,
  type RelativeName,
  type Source,
  type SourceId,
  sourceId,
  sourceKindOf,
  type Writer,
} from '../../core/source.ts';
import { configMapJson, secretJson, sourceOf } from './build.ts';

const rollout = (number: number): Rollout => ({
  at: new Date(number * 1_000).toISOString(),
  decision: 'source-changed',
  causes: [{ source: 'configmap/app', keys: ['a'], by: 'kubectl', changedAt: '2026-01-01T00:00:00Z' }],
  from: number === 0 ? null : `v1.${number - 1}`,
  to: `v1.${number}`,
});

t.test('the first rollout begins the history', (t) => {
  t.strictSame(JSON.parse(appendHistory(undefined, rollout(0))), [rollout(0)]);
  t.end();
});

t.test('the newest rollout comes first', (t) => {
  t.strictSame(JSON.parse(appendHistory(appendHistory(undefined, rollout(0)), rollout(1))), [rollout(1), rollout(0)]);
  t.end();
});

t.test('the history remembers ten rollouts and forgets the oldest', (t) => {
  const numbers = [...Array(HISTORY_LENGTH + 3).keys()];
  const history = numbers.reduce<string | undefined>((text, number) => appendHistory(text, rollout(number)), undefined);
  t.equal(HISTORY_LENGTH, 10);
  t.strictSame(JSON.parse(history ?? ''), numbers.slice(-10).reverse().map(rollout));
  t.end();
});

t.test('a history that cannot be read is begun anew', (t) => {
  for (const wrong of ['', '{', 'null', '7', '"x"', '{}', '{"length":1}', '['.repeat(100_000)]) {
    t.strictSame(JSON.parse(appendHistory(wrong, rollout(0))), [rollout(0)], wrong.slice(0, 20));
  }
  t.end();
});

t.test('entries of a history that are none are dropped', (t) => {
  const mixed = JSON.stringify([null, 7, 'x', [], rollout(0), true]);
  t.strictSame(JSON.parse(appendHistory(mixed, rollout(1))), [rollout(1), rollout(0)]);
  t.end();
});

t.test('any earlier text leaves a list of at most ten rollouts with the new one first', (t) => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.object(), { maxLength: 15 }).map((list) => JSON.stringify(list)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const history: unknown[] = JSON.parse(appendHistory(text, rollout(1)));
      return history.length <= 10 && JSON.stringify(history[0]) === JSON.stringify(rollout(1));
    }),
  );
  t.end();
});

const writer = (manager: string, at: string, ...keys: readonly string[]): Writer => ({ manager, at, keys });

const WRITERS: readonly Writer[] = [
  writer('helm', '2026-01-01T00:00:00Z', 'a', 'b'),
  writer('kubectl', '2026-01-03T00:00:00Z', 'a'),
  writer('flux', '2026-01-02T00:00:00Z', 'b', 'c'),
];

t.test('the last writer is the latest of those that own one of the keys', (t) => {
  const last = (...keys: readonly string[]): string | undefined => lastWriter(WRITERS, keys)?.manager;
  t.equal(last('a'), 'kubectl');
  t.equal(last('b'), 'flux');
  t.equal(last('c'), 'flux');
  t.equal(last('b', 'c'), 'flux');
  t.equal(last('a', 'b'), 'kubectl');
  t.equal(last('*'), 'kubectl');
  t.equal(last('x'), undefined);
  t.equal(last(), undefined);
  t.equal(lastWriter([], ['*']), undefined);
  t.equal(lastWriter([...WRITERS].reverse(), ['*'])?.manager, 'kubectl');
  t.end();
});

t.test('the first of two writers at the same time is taken', (t) => {
  const at = '2026-01-01T00:00:00Z';
  t.equal(lastWriter([writer('x', at, 'a'), writer('y', at, 'a')], ['a'])?.manager, 'x');
  t.end();
});

t.test('a writer without a time comes before any other', (t) => {
  t.equal(lastWriter([writer('x', '', 'a'), ...WRITERS], ['a'])?.manager, 'kubectl');
  t.end();
});

const VALUE = 'a value nobody may see';
const APP: Source = { ...sourceOf(configMapJson('app', { a: VALUE })), writers: WRITERS };

t.test('a cause is explained by who changed its keys, and when', (t) => {
  const sources = new Map<SourceId, Source>([['configmap/app', APP]]);
  t.strictSame(explain([{ source: 'configmap/app', keys: ['b'] }], sources), [
    { source: 'configmap/app', keys: ['b'], by: 'flux', changedAt: '2026-01-02T00:00:00Z' },
  ]);
  t.strictSame(explain([{ source: 'configmap/app', keys: ['*'] }], sources), [
    { source: 'configmap/app', keys: ['*'], by: 'kubectl', changedAt: '2026-01-03T00:00:00Z' },
  ]);
  t.end();
});

t.test('a cause that nobody can be named for stays as it is', (t) => {
  const gone = { source: 'secret/db', keys: ['*'] } as const;
  const removed = { source: 'configmap/app', keys: ['removed'] } as const;
  t.strictSame(explain([gone, removed], new Map([['configmap/app', APP]])), [gone, removed]);
  t.end();
});

t.test('an explanation holds no value', (t) => {
  const text = JSON.stringify(explain([{ source: 'configmap/app', keys: ['a'] }], new Map([['configmap/app', APP]])));
  t.notMatch(text, VALUE);
  t.notMatch(text, Buffer.from(VALUE).toString('base64'));
  t.end();
});

t.test('a source is named by kind and name, and by its namespace where that is another', (t) => {
  const called: readonly (readonly [RelativeName, SourceId])[] = [
    [{ kind: 'ConfigMap', name: 'app' }, 'configmap/app'],
    [{ kind: 'Secret', name: 'configmap' }, 'secret/configmap'],
    [{ kind: 'SecretProviderClass', name: 'vault' }, 'secretproviderclass/vault'],
    [{ kind: 'ConfigMap', namespace: 'team', name: 'app' }, 'configmap/team/app'],
    [{ kind: 'Secret', namespace: 'app', name: 'app' }, 'secret/app/app'],
  ];
  for (const [name, id] of called) {
    t.equal(sourceId(name), id);
    t.strictSame(parseSourceId(id, 'shop'), { namespace: 'shop', ...name });
  }
  t.end();
});

t.test('a source that is read names itself with its namespace, and is found again by that from anywhere', (t) => {
  for (const source of [configMapJson('app'), secretJson('a/b'), secretJson('configmap')].map(sourceOf)) {
    const { kind, namespace, name } = source;
    for (const home of ['shop', 'other']) {
      t.strictSame(parseSourceId(sourceId(source), home), { kind, namespace, name });
    }
  }
  t.end();
});

t.test('a kind of source is known by the word that is written before its name, and by no other', (t) => {
  t.strictSame(
    ['configmap', 'secret', 'secretproviderclass', 'ConfigMap', 'configmaps', '', 'constructor'].map(sourceKindOf),
    ['ConfigMap', 'Secret', 'SecretProviderClass', undefined, undefined, undefined, undefined],
  );
  t.end();
});

t.test('the latest rollout of a history is the first one, where that can be read', (t) => {
  const at = (...moments: readonly unknown[]): string => JSON.stringify(moments.map((at) => ({ at })));
  const rows: readonly (readonly [string | undefined, number | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['[]', undefined],
    ['{', undefined],
    ['7', undefined],
    [at('1970-01-01T00:00:01Z'), 1_000],
    [at('1970-01-01T00:00:01.500Z', '1970-01-01T00:00:02Z'), 1_500],
    [at('yesterday', '1970-01-01T00:00:02Z'), undefined],
    [at(1_000), undefined],
    [at(null), undefined],
    ['[null,{"at":"1970-01-01T00:00:03Z"}]', 3_000],
    [appendHistory(at('1970-01-01T00:00:01Z'), rollout(5)), 5_000],
  ];
  for (const [history, expected] of rows) t.equal(lastRolloutAt(history), expected, history ?? 'none');
  t.end();
});

t.test('a history passes where it is the one before with one rollout more, and nothing else', (t) => {
  const of = (...numbers: readonly number[]): string => JSON.stringify(numbers.map(rollout));
  const ten = [...Array(HISTORY_LENGTH).keys()].reverse();
  const before = of(1, 0);
  t.equal(passingHistory(before, of(2, 1, 0)), of(2, 1, 0));
  t.equal(passingHistory(undefined, of(0)), of(0));
  t.equal(passingHistory(of(...ten), of(10, ...ten.slice(0, -1))), of(10, ...ten.slice(0, -1)));
  for (const wrong of [undefined, '', '{', '[]', of(0), of(2), of(2, 0), of(3, 2, 1, 0), of(1, 0), of(2, 0, 1)]) {
    t.equal(passingHistory(before, wrong), before, wrong ?? 'none');
  }
  t.equal(passingHistory(of(...ten), of(10, ...ten)), of(...ten), 'eleven are one too many');
  t.end();
});
