/** From options to rules: every option reaches the rule it is about, in the webhook and in the watcher. */
import t from 'tap';
import { WATCHER_OPTIONS, WEBHOOK_OPTIONS } from '../../cli/commands.ts';
import type { OptionTable } from '../../cli/option.ts';
import { parseOptions, type Values } from '../../cli/parse-options.ts';
import { admissionRules, watcherRules } from '../../cli/rules.ts';
import { VOCABULARY_OPTIONS, vocabularyOf } from '../../cli/vocabulary.ts';
import { RELOADER, type Vocabulary } from '../../core/names.ts';
import { WORKLOAD_KINDS } from '../../core/workload.ts';
import { usualRules, type WatcherRules } from '../../watcher/rules.ts';

function parsed<const Table extends OptionTable>(table: Table, argv: readonly string[]): Values<Table> {
  const result = parseOptions(table, argv, {});
  if (!result.ok) throw new Error(result.faults.join('; '));
  return result.values;
}

const watching = (...argv: readonly string[]): WatcherRules => watcherRules(parsed(WATCHER_OPTIONS, argv));
const admitting = (...argv: readonly string[]) => admissionRules(parsed(WEBHOOK_OPTIONS, argv));

const kindsOf = ({ kinds }: Pick<WatcherRules, 'kinds'>): readonly string[] => kinds.map(({ kind }) => kind);
const USUAL_KINDS = WORKLOAD_KINDS.map(({ kind }) => kind);
const without = (...names: readonly string[]): readonly string[] => USUAL_KINDS.filter((kind) => !names.includes(kind));

interface Row {
  readonly option: string;
  readonly argv: readonly string[];
  /** What the rules come to say, and what they say without the option. */
  readonly reads: (rules: WatcherRules) => unknown;
  readonly is: unknown;
  readonly usually: unknown;
}

const row = (
  argv: string | readonly string[],
  reads: Row['reads'],
  { is, usually }: Pick<Row, 'is' | 'usually'>,
): Row => {
  const given = typeof argv === 'string' ? [argv] : argv;
  return { option: (given[0] ?? '').replace(/^--(no-)?([^=]+).*$/, '$2'), argv: given, reads, is, usually };
};

/** Options that webhook and watcher have in common. */
const SHARED: readonly Row[] = [
  row('--all', ({ policy }) => policy.all, { is: true, usually: false }),
  row('--exclude-namespaces=a,b', ({ policy }) => [...policy.excludedNamespaces], { is: ['a', 'b'], usually: [] }),
  row('--cross-namespaces=team', ({ policy }) => [...(policy.crossNamespaces ?? [])], { is: ['team'], usually: [] }),
  row('--namespace=mine', ({ policy }) => policy.ownNamespace, { is: 'mine', usually: 'restamp' }),
  row('--source-selector=a=b', ({ sourceSelector }) => sourceSelector?.matches({ a: 'b' }), {
    is: true,
    usually: undefined,
  }),
  row('--ignore-sources=secrets', ({ policy }) => [...(policy.ignoredSources ?? [])], {
    is: ['Secret', 'SecretProviderClass'],
    usually: ['SecretProviderClass'],
  }),
  row('--ignore-sources=configmaps', ({ policy }) => [...(policy.ignoredSources ?? [])], {
    is: ['ConfigMap', 'SecretProviderClass'],
    usually: ['SecretProviderClass'],
  }),
  row('--image-pull-secrets', ({ references }) => references.imagePullSecrets, { is: true, usually: false }),
  row('--volume-secrets', ({ references }) => references.volumeSecrets, { is: true, usually: false }),
  row(
    '--secret-provider-classes',
    ({ references, policy }) => [references.secretProviderClasses, [...(policy.ignoredSources ?? [])]],
    { is: [true, []], usually: [false, ['SecretProviderClass']] },
  ),
  row(
    '--workload-kind=example.com/v1/widgets:spec.pod',
    ({ kinds }) => kinds.find(({ group }) => group === 'example.com')?.templatePath,
    {
      is: ['spec', 'pod'],
      usually: undefined,
    },
  ),
  row('--cronjobs=ignore', kindsOf, { is: without('CronJob'), usually: USUAL_KINDS }),
  row('--jobs=ignore', kindsOf, { is: without('Job'), usually: USUAL_KINDS }),
  row('--ignored-workload-types=jobs,cronjobs', kindsOf, { is: without('Job', 'CronJob'), usually: USUAL_KINDS }),
  row('--argo-rollouts=false', kindsOf, { is: without('Rollout'), usually: USUAL_KINDS }),
  row('--reload-on-create', ({ onCreate }) => onCreate, { is: true, usually: false }),
  row('--reload-on-delete', ({ onDelete }) => onDelete, { is: true, usually: false }),
  row('--webhook-url=https://hooks.example/x', ({ effects }) => effects.notify, { is: true, usually: false }),
];

/** Options about what is done, which only the watcher does, or about what is watched. */
const WATCHER_ONLY: readonly Row[] = [
  row('--namespace-selector=team in (a)', ({ namespaceSelector }) => namespaceSelector?.matches({ team: 'a' }), {
    is: true,
    usually: undefined,
  }),
  row('--namespaces=a,b', ({ namespaces }) => namespaces, { is: ['a', 'b'], usually: [] }),
  row('--settle=5s', ({ settings }) => settings.settleMs, { is: 5_000, usually: 1_000 }),
  row('--min-interval=5m', ({ settings }) => settings.minIntervalMs, { is: 300_000, usually: 0 }),
  row('--reload-strategy=env-vars', ({ settings }) => settings.strategy, { is: 'env-vars', usually: 'hash' }),
  row('--cronjobs=run', ({ effects }) => effects.cronJobs, { is: 'run', usually: 'stamp' }),
  row('--jobs=recreate', ({ effects }) => effects.jobs, { is: 'recreate', usually: 'report' }),
];

for (const { argv, reads, is, usually } of [...SHARED, ...WATCHER_ONLY]) {
  t.test(`${argv.join(' ')} reaches its rule`, (t) => {
    t.strictSame(reads(watching(...argv)), is);
    t.strictSame(reads(watching()), usually);
    t.end();
  });
}

/** What the two have to agree on, as plain data. */
function judgedBy({ policy, kinds, references, onCreate, onDelete, vocabulary, sourceSelector, notifies }: Judging) {
  const selector = sourceSelector && [sourceSelector.text, sourceSelector.matches({ a: 'b' })];
  return { policy, kinds, references, onCreate, onDelete, vocabulary, selector, notifies };
}

interface Judging
  extends Pick<
    WatcherRules,
    'policy' | 'kinds' | 'references' | 'onCreate' | 'onDelete' | 'vocabulary' | 'sourceSelector'
  > {
  readonly notifies: boolean;
}

function watcherJudging(...argv: readonly string[]) {
  const rules = watching(...argv);
  return judgedBy({ ...rules, notifies: rules.effects.notify });
}

function webhookJudging(...argv: readonly string[]) {
  const { sources, rollsElsewhere, ...rules } = admitting(...argv);
  const { sourceSelector } = sources;
  if (sourceSelector !== undefined && !('text' in sourceSelector)) throw new Error('a selector without its text');
  return judgedBy({
    ...rules,
    vocabulary: sources.vocabulary ?? RELOADER,
    notifies: rollsElsewhere,
    ...(sourceSelector === undefined ? {} : { sourceSelector: sourceSelector as WatcherRules['sourceSelector'] & {} }),
  });
}

const RENAMED = Object.keys(VOCABULARY_OPTIONS).map((option) => `--${option}=example.com/${option}`);

for (const argv of [[], ...SHARED.map((each) => each.argv), RENAMED]) {
  t.test(
    `webhook and watcher judge alike with ${argv.length > 1 ? 'every annotation renamed' : `"${argv.join('')}"`}`,
    (t) => {
      t.strictSame(webhookJudging(...argv), watcherJudging(...argv));
      if (argv.length > 0) t.notSame(watcherJudging(...argv), watcherJudging());
      t.end();
    },
  );
}

t.test('what nobody asks for is as usual', (t) => {
  const { policy, ...rules } = watching();
  const { policy: _, ...usual } = usualRules(policy);
  t.strictSame(rules, { ...usual, ignoredSources: new Set(['SecretProviderClass']) });
  t.strictSame(rules.ignoredSources, policy.ignoredSources, 'policy and feeds ignore the same');
  t.end();
});

t.test('each annotation that is called otherwise is read under that name, by policy, sources and settings', (t) => {
  const leaves = (vocabulary: Vocabulary): readonly string[] =>
    Object.values(vocabulary).flatMap((value) => (typeof value === 'string' ? [value] : Object.values(value)));
  for (const option of Object.keys(VOCABULARY_OPTIONS)) {
    const name = `example.com/${option}`;
    const { vocabulary, policy } = watching(`--${option}=${name}`);
    t.ok(leaves(vocabulary).includes(name), option);
    t.equal(leaves(vocabulary).filter((leaf) => !leaves(RELOADER).includes(leaf)).length, 1, 'and no other');
    t.strictSame(policy.vocabulary, vocabulary);
    t.strictSame(admitting(`--${option}=${name}`).sources.vocabulary, vocabulary);
  }
  t.strictSame(vocabularyOf(parsed(WATCHER_OPTIONS, [])), RELOADER);
  t.end();
});

/** Options that are about how the process runs, or that ask for nothing. */
const NO_RULE = ['kubeconfig', 'key-secret', 'log-level', 'log-format', 'bind-address', 'ops-port', 'concurrency'];

t.test('every option of the watcher is a row here, or about no rule', (t) => {
  const rows = new Set([...SHARED, ...WATCHER_ONLY].map(({ option }) => option));
  const needless = ['enable-ha', 'leader-election-', 'sync-after-restart', 'enable-pprof', 'pprof-addr'];
  const open = Object.keys(WATCHER_OPTIONS).filter(
    (option) =>
      !rows.has(option) &&
      !NO_RULE.includes(option) &&
      !Object.hasOwn(VOCABULARY_OPTIONS, option) &&
      !needless.some((start) => option.startsWith(start)),
  );
  t.strictSame(open, []);
  t.end();
});

t.test('every option that both commands have is shared, or about how the process runs', (t) => {
  const shared = new Set([...SHARED, ...WATCHER_ONLY].map(({ option }) => option));
  const open = Object.keys(WEBHOOK_OPTIONS).filter(
    (option) =>
      Object.hasOwn(WATCHER_OPTIONS, option) &&
      !shared.has(option) &&
      !NO_RULE.includes(option) &&
      !Object.hasOwn(VOCABULARY_OPTIONS, option),
  );
  t.strictSame(open, []);
  t.end();
});
