/** Settings: the workload's own, else its namespace's, else the installation's. What is not of the form counts as none. */
import fc from 'fast-check';
import t from 'tap';
import { parseGoBoolean, parsePlainBoolean } from '../../core/boolean.ts';
import { parseInstant } from '../../core/instant.ts';
import { RELOADER } from '../../core/names.ts';
import { isStrategyRestart, parseStrategy, type Settings, STRATEGIES, settingsOf } from '../../core/settings.ts';

const DEFAULTS: Settings = { settleMs: 1, minIntervalMs: 2, strategy: 'hash' };
const SETTLE = 'restamp.dev/settle';
const MIN_INTERVAL = 'restamp.dev/min-interval';
const STRATEGY = 'restamp.dev/strategy';
const ROLLOUT_STRATEGY = 'reloader.stakater.com/rollout-strategy';

interface Row {
  readonly name: string;
  readonly workload?: Readonly<Record<string, string>>;
  readonly template?: Readonly<Record<string, string>>;
  readonly namespace?: Readonly<Record<string, string>>;
  readonly defaults?: Partial<Settings>;
  /** Where they differ from the defaults. */
  readonly expected: Partial<Settings>;
}

const ROWS: readonly Row[] = [
  { name: 'nobody says anything', expected: {} },
  {
    name: 'the namespace speaks for its workloads',
    namespace: { [SETTLE]: '5s', [MIN_INTERVAL]: '10m', [STRATEGY]: 'annotations' },
    expected: { settleMs: 5_000, minIntervalMs: 600_000, strategy: 'annotations' },
  },
  {
    name: 'the workload speaks for itself',
    workload: { [SETTLE]: '6s', [MIN_INTERVAL]: '1h', [STRATEGY]: 'env-vars' },
    namespace: { [SETTLE]: '5s', [MIN_INTERVAL]: '10m', [STRATEGY]: 'annotations' },
    expected: { settleMs: 6_000, minIntervalMs: 3_600_000, strategy: 'env-vars' },
  },
  {
    name: 'each setting is looked for by itself',
    workload: { [SETTLE]: '6s' },
    namespace: { [MIN_INTERVAL]: '10m' },
    defaults: { strategy: 'restart' },
    expected: { settleMs: 6_000, minIntervalMs: 600_000, strategy: 'restart' },
  },
  {
    name: 'what is not of the form counts as none on the workload',
    workload: { [SETTLE]: 'soon', [MIN_INTERVAL]: '', [STRATEGY]: 'Hash' },
    namespace: { [SETTLE]: '5s', [MIN_INTERVAL]: '10m', [STRATEGY]: 'annotations' },
    expected: { settleMs: 5_000, minIntervalMs: 600_000, strategy: 'annotations' },
  },
  {
    name: 'what is not of the form counts as none on the namespace',
    namespace: { [SETTLE]: '-1s', [MIN_INTERVAL]: '1', [STRATEGY]: 'none' },
    expected: {},
  },
  {
    name: 'nothing at all is a duration',
    workload: { [SETTLE]: '0s', [MIN_INTERVAL]: '0s' },
    namespace: { [SETTLE]: '5s', [MIN_INTERVAL]: '10m' },
    expected: { settleMs: 0, minIntervalMs: 0 },
  },
  {
    name: 'settings on the pod template are not where they count',
    template: { [SETTLE]: '5s', [STRATEGY]: 'annotations' },
    expected: {},
  },
  { name: "Reloader's restart", workload: { [ROLLOUT_STRATEGY]: 'restart' }, expected: { strategy: 'restart' } },
  {
    name: "Reloader's restart on the pod template",
    template: { [ROLLOUT_STRATEGY]: 'restart' },
    expected: { strategy: 'restart' },
  },
  {
    name: "Reloader's rollout on the workload wins over restart on its pod template",
    workload: { [ROLLOUT_STRATEGY]: 'rollout' },
    template: { [ROLLOUT_STRATEGY]: 'restart' },
    expected: {},
  },
  {
    name: "restamp's word wins over Reloader's",
    workload: { [STRATEGY]: 'hash', [ROLLOUT_STRATEGY]: 'restart' },
    defaults: { strategy: 'annotations' },
    expected: { strategy: 'hash' },
  },
  {
    name: "the workload's word of Reloader's wins over the namespace's of restamp's",
    workload: { [ROLLOUT_STRATEGY]: 'restart' },
    namespace: { [STRATEGY]: 'annotations' },
    expected: { strategy: 'restart' },
  },
  {
    name: "Reloader's word with a wrong one of restamp's",
    workload: { [STRATEGY]: '?', [ROLLOUT_STRATEGY]: 'restart' },
    expected: { strategy: 'restart' },
  },
  {
    name: "Reloader's word on a namespace is not where it counts",
    namespace: { [ROLLOUT_STRATEGY]: 'restart' },
    expected: {},
  },
];

for (const { name, workload = {}, template = {}, namespace = {}, defaults = {}, expected } of ROWS) {
  t.test(`settings: ${name}`, (t) => {
    const given = { ...DEFAULTS, ...defaults };
    const found = settingsOf(
      { annotations: workload, template: { annotations: template, spec: undefined } },
      namespace,
      {
        defaults: given,
        vocabulary: RELOADER,
      },
    );
    t.strictSame(found, { ...given, ...expected });
    t.end();
  });
}

t.test('settings: a restart is asked for in either language, and called as the installation calls it', (t) => {
  const asks = (annotations: Readonly<Record<string, string>>, rolloutStrategy = ROLLOUT_STRATEGY): boolean =>
    isStrategyRestart(
      { annotations, template: { annotations: {}, spec: undefined } },
      { ...RELOADER, rolloutStrategy },
    );
  t.equal(asks({ [STRATEGY]: 'restart' }), true);
  t.equal(asks({ [STRATEGY]: 'hash', [ROLLOUT_STRATEGY]: 'restart' }), false);
  t.equal(asks({ [ROLLOUT_STRATEGY]: 'Restart' }), false);
  t.equal(asks({ [ROLLOUT_STRATEGY]: 'restart' }, 'example.com/rollout-strategy'), false);
  t.equal(asks({ 'example.com/rollout-strategy': 'restart' }, 'example.com/rollout-strategy'), true);
  t.end();
});

t.test('settings: the four strategies are known by their names, and no others', (t) => {
  t.strictSame([...STRATEGIES], ['hash', 'annotations', 'env-vars', 'restart']);
  t.strictSame(STRATEGIES.map(parseStrategy), [...STRATEGIES]);
  for (const wrong of ['', 'Hash', ' hash', 'env_vars', 'constructor']) t.equal(parseStrategy(wrong), undefined, wrong);
  t.end();
});

t.test('a moment is read as the API writes it, and what is none is none', (t) => {
  const rows: readonly (readonly [string | undefined, number | undefined])[] = [
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T00:00:01.5Z', 1_500],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1970-01-01T00:00:00.000001Z', 0],
    [undefined, undefined],
    ['', undefined],
    ['now', undefined],
    ['0', undefined],
    ['1970', undefined],
    ['1970-01-01', undefined],
    ['Thu, 01 Jan 1970 00:00:00 GMT', undefined],
    ['1970-01-01T', undefined],
    ['1970-01-01T25:00:00Z', undefined],
    ['1970-13-01T00:00:00Z', undefined],
    ['+001970-01-01T00:00:00Z', undefined],
  ];
  for (const [text, expected] of rows) t.equal(parseInstant(text), expected, text ?? 'nothing');
  fc.assert(fc.property(fc.string(), (text) => !Number.isNaN(parseInstant(text))));
  t.end();
});

t.test("booleans are Go's words, and for a reader their like", (t) => {
  for (const word of ['1', 't', 'T', 'TRUE', 'true', 'True']) t.equal(parseGoBoolean(word), true, word);
  for (const word of ['0', 'f', 'F', 'FALSE', 'false', 'False']) t.equal(parseGoBoolean(word), false, word);
  for (const word of ['', 'tRUE', 'yes', 'on', ' true', '2', 'constructor'])
    t.equal(parseGoBoolean(word), undefined, word);
  for (const word of ['1', 'tRUE', 'YES', 'y', 'On', 'enabled', 'enable', ' true\n'])
    t.equal(parsePlainBoolean(word), true, word);
  for (const word of ['0', 'nO', 'n', 'off', 'Disabled', 'disable', ' false '])
    t.equal(parsePlainBoolean(word), false, word);
  for (const word of ['', ' ', '2', 'my-app', 'truefalse']) t.equal(parsePlainBoolean(word), undefined, word);
  t.end();
});
