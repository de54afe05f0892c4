import t from 'tap';
import { SERVICES, WATCHER_OPTIONS, WEBHOOK_OPTIONS } from '../../cli/commands.ts';
import type { OptionTable } from '../../cli/option.ts';
import { parseOptions } from '../../cli/parse-options.ts';

type Name = keyof typeof WATCHER_OPTIONS;

function watcher(argv: readonly string[], environment: Record<string, string> = {}) {
  const parsed = parseOptions(WATCHER_OPTIONS, argv, environment);
  if (!parsed.ok) throw new Error(parsed.faults.join('; '));
  return parsed;
}

function faults(table: OptionTable, argv: readonly string[]): readonly string[] {
  const parsed = parseOptions(table, argv, {});
  return parsed.ok ? [] : parsed.faults;
}

const KEY = 'example.com/key';

/** Every flag of Reloader 1.4.21, a text it takes, and what that means here. */
const FLAGS: readonly (readonly [flag: string, text: string, option: Name, value: unknown])[] = [
  ['auto-reload-all', 'true', 'all', true],
  ['configmap-annotation', KEY, 'configmap-annotation', KEY],
  ['secret-annotation', KEY, 'secret-annotation', KEY],
  ['auto-annotation', KEY, 'auto-annotation', KEY],
  ['ignore-annotation', KEY, 'ignore-annotation', KEY],
  ['configmap-auto-annotation', KEY, 'configmap-auto-annotation', KEY],
  ['secret-auto-annotation', KEY, 'secret-auto-annotation', KEY],
  ['auto-search-annotation', KEY, 'auto-search-annotation', KEY],
  ['search-match-annotation', KEY, 'search-match-annotation', KEY],
  ['pause-deployment-annotation', KEY, 'pause-deployment-annotation', KEY],
  ['pause-deployment-time-annotation', KEY, 'pause-deployment-time-annotation', KEY],
  ['log-format', 'json', 'log-format', 'json'],
  ['log-level', 'warning', 'log-level', 'warn'],
  ['webhook-url', 'https://example.com/hook', 'webhook-url', 'https://example.com/hook'],
  ['resources-to-ignore', 'configMaps', 'ignore-sources', ['configmaps']],
  ['ignored-workload-types', 'jobs,cronjobs', 'ignored-workload-types', ['jobs', 'cronjobs']],
  ['namespaces', 'shop,bank', 'namespaces', ['shop', 'bank']],
  ['namespaces-to-ignore', 'shop,bank', 'exclude-namespaces', ['shop', 'bank']],
  ['namespace-selector', 'team:web', 'namespace-selector', undefined],
  ['resource-label-selector', 'team:*', 'source-selector', undefined],
  ['is-Argo-Rollouts', 'false', 'argo-rollouts', false],
  ['reload-strategy', 'env-vars', 'reload-strategy', 'env-vars'],
  ['reload-on-create', 'true', 'reload-on-create', true],
  ['reload-on-delete', 'true', 'reload-on-delete', true],
  ['enable-ha', 'true', 'enable-ha', true],
  ['leader-election-lease-duration', '30s', 'leader-election-lease-duration', 30_000],
  ['leader-election-renew-deadline', '20s', 'leader-election-renew-deadline', 20_000],
  ['leader-election-retry-period', '5s', 'leader-election-retry-period', 5_000],
  ['sync-after-restart', 'true', 'sync-after-restart', true],
  ['enable-pprof', 'true', 'enable-pprof', true],
  ['pprof-addr', ':6061', 'pprof-addr', ':6061'],
  ['enable-csi-integration', 'true', 'secret-provider-classes', true],
];

/** What each alias of any option is tested with; the selectors' values have a test of their own. */
for (const [flag, text, option, value] of FLAGS) {
  t.test(`--${flag} is understood as Reloader understands it`, (t) => {
    for (const argv of [[`--${flag}=${text}`], [`--${flag}`, text]]) {
      const { values } = watcher(argv);
      if (value === undefined) t.type(values[option], 'object');
      else t.strictSame(values[option], value);
      t.strictSame({ ...values, [option]: null }, { ...watcher([]).values, [option]: null }, 'nothing else is set');
    }
    t.end();
  });
}

t.test('every alias is a flag of Reloader, and none is the name of another option', (t) => {
  const aliases = Object.values<{ options: OptionTable }>(SERVICES).map(({ options }) => ({
    options,
    names: Object.values(options).flatMap(({ aliases = [] }) => aliases),
  }));
  const known: readonly string[] = FLAGS.map(([flag]) => flag);
  for (const { options, names } of aliases) {
    t.ok(names.length > 0);
    t.equal(new Set(names).size, names.length);
    for (const name of names) t.ok(known.includes(name) && !Object.hasOwn(options, name), name);
  }
  t.end();
});

t.test('selectors are read in the ways Reloader writes them', (t) => {
  const { values } = watcher([
    '--namespace-selector=team:web,tier=prod',
    '--namespace-selector=stage:*',
    '--resource-label-selector=app:shop',
  ]);
  const namespaces = values['namespace-selector'];
  t.equal(namespaces?.matches({ team: 'web', tier: 'prod', stage: 'any' }), true);
  t.equal(namespaces?.matches({ team: 'web', tier: 'prod' }), false);
  t.equal(namespaces?.matches({ team: 'db', tier: 'prod', stage: 'any' }), false);
  t.equal(values['source-selector']?.matches({ app: 'shop' }), true);
  t.equal(values['source-selector']?.matches({ app: 'bank' }), false);
  t.end();
});

t.test("the arguments of a Deployment made by Reloader's chart keep working", (t) => {
  const { values, notices } = watcher([
    ...['--log-format=json', '--log-level=info', '--resources-to-ignore=secrets'],
    ...['--namespaces-to-ignore=kube-system,ops', '--namespace-selector=reloader:enabled'],
    ...['--resource-label-selector=app:shop', '--configmap-annotation', 'example.com/configmap'],
    ...['--is-Argo-Rollouts=true', '--reload-on-create=true', '--reload-on-delete', 'true', '--enable-ha=true'],
    ...['--sync-after-restart=true', '--reload-strategy=annotations', '--ignored-workload-types=jobs'],
  ]);
  t.match(values, {
    'ignore-sources': ['secrets'],
    'exclude-namespaces': ['kube-system', 'ops'],
    'configmap-annotation': 'example.com/configmap',
    'argo-rollouts': true,
    'reload-on-create': true,
    'reload-on-delete': true,
    'reload-strategy': 'annotations',
    'ignored-workload-types': ['jobs'],
  });
  t.strictSame(notices, []);
  t.end();
});

t.test('an option given under two names is a fault that says both, even with the same value', (t) => {
  t.strictSame(faults(WATCHER_OPTIONS, ['--namespaces-to-ignore=a', '--exclude-namespaces=a']), [
    '--namespaces-to-ignore and --exclude-namespaces are one option; give it under one name',
  ]);
  t.strictSame(faults(WEBHOOK_OPTIONS, ['--all', '--auto-reload-all', '--all']), [
    '--all and --auto-reload-all are one option; give it under one name',
  ]);
  t.end();
});

t.test('an alias can be repeated like the option, and wins over the environment', (t) => {
  const argv = ['--namespaces-to-ignore=a', '--namespaces-to-ignore=b'];
  t.strictSame(watcher(argv, { RESTAMP_EXCLUDE_NAMESPACES: 'c' }).values['exclude-namespaces'], ['a', 'b']);
  t.end();
});

t.test('a fault calls an option as it was called', (t) => {
  t.strictSame(
    faults(WATCHER_OPTIONS, ['--auto-reload-all=yes', '--namespaces-to-ignore=a,B', '--resources-to-ignore=pods']),
    [
      '--auto-reload-all is "yes"; it must be true or false',
      '--namespaces-to-ignore contains "B"; it must be names of namespaces like a,b,c',
      '--resources-to-ignore is "pods"; it must be configmaps or secrets, not both',
    ],
  );
  t.end();
});

t.test("a slip in a flag of Reloader's gets the flag suggested", (t) => {
  for (const [given, meant] of [
    ['--is-argo-rollouts=true', '--is-Argo-Rollouts'],
    ['--namespaces-to-ignor=a', '--namespaces-to-ignore'],
    ['--resource-to-ignore=secrets', '--resources-to-ignore'],
    ['--namespace-selectr=a:b', '--namespace-selector'],
    ['--enable-csi-integrations', '--enable-csi-integration'],
  ] as const) {
    const [shown] = given.split('=');
    t.strictSame(faults(WATCHER_OPTIONS, [given]), [`${shown} is not known; did you mean ${meant}?`]);
  }
  t.end();
});

t.test('who asks for a profiling port is told that there is none', (t) => {
  const told = ['--enable-pprof: there is no profiling port, nothing is opened'];
  t.strictSame(watcher(['--enable-pprof', '--pprof-addr=:6060']).notices, told);
  t.strictSame(watcher([], { RESTAMP_ENABLE_PPROF: 'true' }).notices, [
    'RESTAMP_ENABLE_PPROF: there is no profiling port, nothing is opened',
  ]);
  t.strictSame(watcher(['--enable-pprof=false', '--pprof-addr=:6060']).notices, []);
  t.end();
});

t.test('a webhook address is never quoted: it may hold a token', (t) => {
  const [fault = ''] = faults(WATCHER_OPTIONS, ['--webhook-url=htps://example.com/hunter2']);
  t.equal(fault, '--webhook-url must be a URL that begins with http:// or https://');
  t.end();
});
