import fc from 'fast-check';
import t from 'tap';
import { type CLEAN_UP_OPTIONS, COMMANDS, WATCHER_OPTIONS, WEBHOOK_OPTIONS } from '../../cli/commands.ts';
import { count, duration, flag, namespaces, type OptionTable, port, text } from '../../cli/option.ts';
import { describeOptions, environmentName, parseOptions } from '../../cli/parse-options.ts';
import { VOCABULARY_OPTIONS, vocabularyOf } from '../../cli/vocabulary.ts';
import * as defaults from '../../core/defaults.ts';
import { RELOADER } from '../../core/names.ts';
import { nearest } from '../../core/nearest.ts';

const TABLES: readonly OptionTable[] = Object.values(COMMANDS).map(({ options }) => options);

function faults(
  table: OptionTable,
  argv: readonly string[],
  environment: Record<string, string> = {},
): readonly string[] {
  const parsed = parseOptions(table, argv, environment);
  return parsed.ok ? [] : parsed.faults;
}

function watcher(argv: readonly string[], environment: Record<string, string> = {}) {
  const parsed = parseOptions(WATCHER_OPTIONS, argv, environment);
  if (!parsed.ok) throw new Error(parsed.faults.join('; '));
  return parsed.values;
}

/** What an option takes and refuses. */
interface Case {
  readonly fallback: unknown;
  /** Texts and what they come to. */
  readonly good: readonly (readonly [text: string, value: unknown])[];
  /** Texts that are refused; where only a part of a text is blamed, that part as well. */
  readonly bad: readonly (string | readonly [text: string, part: string])[];
  readonly form: string;
  /** The fault does not quote the text. */
  readonly confidential?: true;
}

const portOf = (fallback: number): Case => ({
  fallback,
  good: [
    ['0', 0],
    ['8443', 8_443],
    ['65535', 65_535],
  ],
  bad: ['', 'http', '-1', '65536', '80.5', '0x50', ' 80', '999999'],
  form: 'a port from 0 (any free one) to 65535',
});

const durationOf = (fallback: number): Case => ({
  fallback,
  good: [
    ['1m30s', 90_000],
    ['0s', 0],
    ['250ms', 250],
  ],
  bad: ['', '5', '-5s', '8d', '1s 2m', '5S', '169h', '.5s', 'forever'],
  form: 'a duration like 500ms, 30s or 5m, of at most a week',
});

const textOf = (fallback: string | undefined): Case => ({
  fallback,
  good: [['anything', 'anything']],
  bad: [''],
  form: 'a text that is not empty',
});

const flagOf = (fallback: boolean): Case => ({
  fallback,
  good: [
    ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
    ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
  ],
  bad: ['', 'yes', 'no', 'tRUE', '2', 'on', 'true '],
  form: 'true or false',
});

const choiceOf = (fallback: string, words: readonly string[]): Case => ({
  fallback,
  good: words.flatMap((word) => [
    [word, word],
    [word.toUpperCase(), word],
  ]),
  bad: ['', 'neither', `${fallback} `],
  form: `one of ${words.join(', ')}`,
});

const annotationOf = (fallback: string): Case => ({
  fallback,
  good: [
    ['example.com/reload', 'example.com/reload'],
    ['plain', 'plain'],
    ['Example.com/Re_load.v1', 'Example.com/Re_load.v1'],
    [`${'a.'.repeat(126)}b/${'n'.repeat(63)}`, `${'a.'.repeat(126)}b/${'n'.repeat(63)}`],
  ],
  bad: [
    ...['', '/name', 'example.com/', 'a/b/c', 'exa_mple.com/name', 'a b', '-a', 'a-', 'a..b/c', 'example.com/naïve'],
    ...['n'.repeat(64), `${'a.'.repeat(127)}b/n`, 'example.com/name,example.com/other', 'name\n'],
  ],
  form: 'the key of an annotation, like example.com/name',
});

const namespaceList: Case = {
  fallback: [],
  good: [
    ['', []],
    ['shop', ['shop']],
    ['a, b', ['a', 'b']],
    ['a,,b,', ['a', 'b']],
  ],
  bad: [['a,B', 'B'], 'a b', '*', ['a,b,x/y', 'x/y']],
  form: 'names of namespaces like a,b,c',
};

/** A selector is compared by what it matches: how it is kept is not the options' business. */
const matching = (labels: Readonly<Record<string, string>>, matched: boolean) => (value: unknown) =>
  (value as { matches: (labels: Readonly<Record<string, string>>) => boolean }).matches(labels) === matched;

const selector: Case = {
  fallback: undefined,
  good: [
    ['', matching({}, true)],
    ['team=web', matching({ team: 'web' }, true)],
    ['team=web', matching({ team: 'db' }, false)],
    ['team:web', matching({ team: 'web' }, true)],
    ['team:web', matching({ team: 'db' }, false)],
    ['team:*', matching({ team: 'db' }, true)],
    ['team:*', matching({}, false)],
    ['team=*', matching({ team: 'db' }, true)],
    ['team=web,tier!=test', matching({ team: 'web', tier: 'test' }, false)],
    ['team in (web, db)', matching({ team: 'db' }, true)],
  ],
  bad: ['=web', 'team in web', 'a b', '/=x'],
  form: 'a label selector like app=web,tier!=test',
};

type OptionName = keyof typeof WEBHOOK_OPTIONS | keyof typeof WATCHER_OPTIONS | keyof typeof CLEAN_UP_OPTIONS;

/** Every option of any command: a new one needs a line here. */
const CASES: Readonly<Record<OptionName, Case>> = {
  kubeconfig: textOf(undefined),
  namespace: {
    fallback: 'restamp',
    good: [['ops', 'ops']],
    bad: ['', 'Shop', 'a.b', '-a', 'a/b', 'x'.repeat(64)],
    form: 'the name of a namespace',
  },
  'key-secret': textOf('restamp-key'),
  'bind-address': textOf('0.0.0.0'),
  'log-level': {
    ...choiceOf('info', ['trace', 'debug', 'info', 'warn', 'error']),
    good: [
      ...['trace', 'debug', 'info', 'warn', 'error'].map((word) => [word, word] as const),
      ...[['INFO', 'info'] as const, ['warning', 'warn'] as const, ['fatal', 'error'] as const],
      ...[['panic', 'error'] as const, ['Warning', 'warn'] as const],
    ],
    bad: ['', 'verbose', 'info ', 'constructor'],
  },
  'log-format': {
    fallback: 'json',
    good: ['json', 'JSON', 'text', ''].map((word) => [word, 'json'] as const),
    bad: ['logfmt', 'json '],
    form: 'json, text or nothing',
  },
  port: portOf(defaults.WEBHOOK_PORT),
  'ops-port': portOf(defaults.WATCHER_OPS_PORT),
  budget: durationOf(defaults.ADMISSION_BUDGET_MS),
  tls: choiceOf('files', ['files', 'self-signed']),
  'tls-dir': textOf('/tls'),
  'tls-secret': textOf('restamp-webhook-tls'),
  service: textOf('restamp-webhook'),
  'tls-names': {
    fallback: [],
    good: [
      ['', []],
      ['a.example,10.0.0.1,::1', ['a.example', '10.0.0.1', '::1']],
    ],
    bad: [['a,b c', 'b c'], 'https://a'],
    form: 'host names or addresses like a.example,10.0.0.1',
  },
  configuration: textOf('restamp'),
  'shutdown-delay': durationOf(defaults.SHUTDOWN_DELAY_MS),
  namespaces: namespaceList,
  settle: durationOf(defaults.SETTLE_MS),
  'min-interval': durationOf(0),
  concurrency: {
    fallback: defaults.CONCURRENCY,
    good: [
      ['1', 1],
      ['9999', 9_999],
    ],
    bad: ['', '0', '-1', '1.5', '10000', 'many', '1e3'],
    form: 'a whole number from 1 to 9999',
  },
  'reload-strategy': choiceOf('hash', ['hash', 'annotations', 'env-vars']),
  'webhook-url': {
    fallback: undefined,
    good: [
      ['https://example.com/hook?token=1', 'https://example.com/hook?token=1'],
      ['http://hook.shop.svc:8080', 'http://hook.shop.svc:8080'],
    ],
    bad: ['', 'example.com', 'ftp://user:hunter2@example.com', 'https://', 'http://a b', 'javascript:alert(1)'],
    form: 'a URL that begins with http:// or https://',
    confidential: true,
  },
  all: flagOf(false),
  'exclude-namespaces': namespaceList,
  'namespace-selector': selector,
  'source-selector': selector,
  'ignore-sources': {
    fallback: [],
    good: [
      ['secrets', ['secrets']],
      ['configMaps', ['configmaps']],
      ['ConfigMaps', ['configmaps']],
      ['secrets,Secrets', ['secrets']],
      ['', []],
    ],
    bad: ['secret', 'configmaps,secrets', ['secrets,pods', 'pods'], '*'],
    form: 'configmaps or secrets, not both',
  },
  'cross-namespaces': namespaceList,
  'image-pull-secrets': flagOf(false),
  'volume-secrets': flagOf(false),
  'secret-provider-classes': flagOf(false),
  'workload-kind': {
    fallback: [],
    good: [
      [
        'apps.kruise.io/v1alpha1/clonesets:spec.template',
        [
          {
            ...{ group: 'apps.kruise.io', version: 'v1alpha1', resource: 'clonesets' },
            templatePath: ['spec', 'template'],
          },
        ],
      ],
      [
        'core/v1/podtemplates:template, /v1/replicationcontrollers:spec.template',
        [
          { group: '', version: 'v1', resource: 'podtemplates', templatePath: ['template'] },
          { group: '', version: 'v1', resource: 'replicationcontrollers', templatePath: ['spec', 'template'] },
        ],
      ],
      [
        'serving.knative.dev/v1/services:spec.template',
        [
          {
            ...{ group: 'serving.knative.dev', version: 'v1', resource: 'services' },
            templatePath: ['spec', 'template'],
          },
        ],
      ],
      ['', []],
    ],
    bad: [
      'CloneSet',
      'apps.kruise.io/v1alpha1/clonesets',
      'apps.kruise.io/v1alpha1/clonesets:',
      'apps.kruise.io/v1alpha1/clonesets:spec..template',
      'apps.kruise.io/v1alpha1/clonesets:.spec.template',
      'apps.kruise.io/v1alpha1/clonesets:spec.template:x',
      'apps.kruise.io/v1alpha1/clonesets/scale:spec.template',
      'apps.kruise.io/v1alpha1/CloneSets:spec.template',
      'Apps/v1/things:spec.template',
      'apps/1/things:spec.template',
      'apps/v1/:spec.template',
      'v1/podtemplates:template',
      'apps/v1/things:spec.__proto__',
      ['core/v1/podtemplates:template,apps/v1', 'apps/v1'],
    ],
    form: 'kinds like apps.kruise.io/v1alpha1/clonesets:spec.template',
  },
  cronjobs: choiceOf('stamp', ['stamp', 'run', 'ignore']),
  jobs: choiceOf('report', ['report', 'recreate', 'ignore']),
  'ignored-workload-types': {
    fallback: [],
    good: [
      ['jobs', ['jobs']],
      ['cronjobs', ['cronjobs']],
      ['jobs,CronJobs', ['jobs', 'cronjobs']],
      ['', []],
    ],
    bad: ['job', ['jobs,deployments', 'deployments']],
    form: 'jobs, cronjobs or both',
  },
  'argo-rollouts': flagOf(true),
  'reload-on-create': flagOf(false),
  'reload-on-delete': flagOf(false),
  'auto-annotation': annotationOf('reloader.stakater.com/auto'),
  'configmap-auto-annotation': annotationOf('configmap.reloader.stakater.com/auto'),
  'secret-auto-annotation': annotationOf('secret.reloader.stakater.com/auto'),
  'secretproviderclass-auto-annotation': annotationOf('secretproviderclass.reloader.stakater.com/auto'),
  'configmap-annotation': annotationOf('configmap.reloader.stakater.com/reload'),
  'secret-annotation': annotationOf('secret.reloader.stakater.com/reload'),
  'secretproviderclass-annotation': annotationOf('secretproviderclass.reloader.stakater.com/reload'),
  'configmap-exclude-annotation': annotationOf('configmaps.exclude.reloader.stakater.com/reload'),
  'secret-exclude-annotation': annotationOf('secrets.exclude.reloader.stakater.com/reload'),
  'secretproviderclass-exclude-annotation': annotationOf('secretproviderclasses.exclude.reloader.stakater.com/reload'),
  'auto-search-annotation': annotationOf('reloader.stakater.com/search'),
  'search-match-annotation': annotationOf('reloader.stakater.com/match'),
  'ignore-annotation': annotationOf('reloader.stakater.com/ignore'),
  'pause-deployment-annotation': annotationOf('deployment.reloader.stakater.com/pause-period'),
  'pause-deployment-time-annotation': annotationOf('deployment.reloader.stakater.com/paused-at'),
  'enable-ha': flagOf(false),
  'leader-election-lease-duration': durationOf(15_000),
  'leader-election-renew-deadline': durationOf(10_000),
  'leader-election-retry-period': durationOf(2_000),
  'sync-after-restart': flagOf(false),
  'enable-pprof': flagOf(false),
  'pprof-addr': textOf(':6060'),
  of: {
    fallback: [],
    good: [
      ['reloader', ['reloader']],
      ['Wave', ['wave']],
      ['wave,reloader,wave', ['wave', 'reloader']],
      ['', []],
    ],
    bad: ['all', ['reloader,flux', 'flux']],
    form: 'reloader, wave or both',
  },
  yes: flagOf(false),
};

/** What differs between the commands. */
const FALLBACKS: Readonly<Record<string, unknown>> = { 'webhook --ops-port': defaults.WEBHOOK_OPS_PORT };

t.test('every option has its values tested here, and nothing else has', (t) => {
  t.strictSame(Object.keys(CASES).toSorted(), [...new Set(TABLES.flatMap((table) => Object.keys(table)))].toSorted());
  for (const [name, { good, bad }] of Object.entries(CASES)) t.ok(good.length > 0 && bad.length > 0, name);
  t.end();
});

for (const [command, { options }] of Object.entries<{ options: OptionTable }>(COMMANDS)) {
  for (const [name, option] of Object.entries(options)) {
    const { fallback, good, bad, form, confidential } = CASES[name as keyof typeof CASES];
    const parsed = (argv: readonly string[], environment: Record<string, string> = {}): unknown => {
      const result = parseOptions(options, argv, environment);
      return result.ok ? result.values[name] : result.faults;
    };

    t.test(`${command} --${name}: left out it has its default, given it means what it says`, (t) => {
      t.strictSame(parsed([]), FALLBACKS[`${command} --${name}`] ?? fallback);
      for (const [text, value] of good) {
        const results = [
          parsed([`--${name}=${text}`]),
          parsed([], { [environmentName(name)]: text }),
          ...(text === '' ? [] : [parsed([`--${name}`, text])]),
        ];
        for (const result of results) {
          if (typeof value === 'function') t.ok(value(result), text);
          else t.strictSame(result, value, text);
        }
      }
      t.end();
    });

    t.test(`${command} --${name}: a wrong value is named, with the right form`, (t) => {
      for (const wrong of bad) {
        const [text = '', part] = typeof wrong === 'string' ? [wrong] : wrong;
        const named = part === undefined ? `is "${text}"` : `contains "${part}"`;
        for (const [as, argv, environment] of [
          [`--${name}`, [`--${name}=${text}`], {}],
          [environmentName(name), [], { [environmentName(name)]: text }],
        ] as const) {
          const fault = confidential === true ? `${as} must be ${form}` : `${as} ${named}; it must be ${form}`;
          t.strictSame(parsed(argv, environment), [fault]);
        }
      }
      if (option.placeholder !== '')
        t.strictSame(parsed([`--${name}`]), [`--${name} has no value; it must be ${form}`]);
      t.end();
    });
  }
}

t.test('values are what they mean, whether they follow an equals sign or a space', (t) => {
  const values = { settle: 90_000, concurrency: 3, 'exclude-namespaces': ['a', 'b'], all: true, 'enable-ha': false };
  const texts = ['settle=1m30s', 'concurrency=3', 'exclude-namespaces=a, b', 'all=true', 'enable-ha=F'];
  t.match(watcher(texts.map((text) => `--${text}`)), values);
  t.match(watcher(texts.flatMap((text) => `--${text}`.split('='))), values);
  t.end();
});

t.test('a switch is on when it is given, and can be given a word', (t) => {
  t.equal(watcher(['--all']).all, true);
  t.equal(watcher(['--all', '--concurrency=2']).all, true);
  t.equal(watcher(['--all=false']).all, false);
  t.equal(watcher(['--all', 'false']).all, false);
  t.equal(watcher(['--argo-rollouts=false'])['argo-rollouts'], false);
  t.end();
});

t.test('what is no word for true or false does not belong to the switch before it', (t) => {
  t.strictSame(faults(WATCHER_OPTIONS, ['--all', 'shop']), ['shop is not known; see --help']);
  t.strictSame(faults(WATCHER_OPTIONS, ['--all', 'true', 'true']), ['true is not known; see --help']);
  t.strictSame(faults(WATCHER_OPTIONS, ['--all=true', 'true']), ['true is not known; see --help']);
  t.strictSame(faults(WATCHER_OPTIONS, ['--all', '--', 'true']), ['true is not known; see --help']);
  t.strictSame(faults(WATCHER_OPTIONS, ['--settle=1s', 'true']), ['true is not known; see --help']);
  t.strictSame(faults(WATCHER_OPTIONS, ['true']), ['true is not known; see --help']);
  t.end();
});

t.test('a list can be given several times, with commas or both', (t) => {
  const excluded = (...argv: string[]) => watcher(argv)['exclude-namespaces'];
  t.strictSame(excluded('--exclude-namespaces=a', '--exclude-namespaces', 'b,c'), ['a', 'b', 'c']);
  t.strictSame(excluded('--exclude-namespaces=a', '--exclude-namespaces='), ['a']);
  t.strictSame(
    watcher(['--workload-kind=a/v1/xs:spec', '--workload-kind=/v1/ys:template'])['workload-kind'].map(
      ({ resource }) => resource,
    ),
    ['xs', 'ys'],
  );
  const labels = watcher(['--namespace-selector=team=web', '--namespace-selector=tier=prod'])['namespace-selector'];
  t.equal(labels?.matches({ team: 'web', tier: 'prod' }), true);
  t.equal(labels?.matches({ team: 'web' }), false);
  t.strictSame(faults(WATCHER_OPTIONS, ['--ignore-sources=secrets', '--ignore-sources=configmaps']), [
    '--ignore-sources is "secrets,configmaps"; it must be configmaps or secrets, not both',
  ]);
  t.end();
});

t.test('a list given once with and once without a value is a fault', (t) => {
  t.strictSame(faults(WATCHER_OPTIONS, ['--exclude-namespaces=a', '--exclude-namespaces']), [
    '--exclude-namespaces has no value; it must be names of namespaces like a,b,c',
  ]);
  t.end();
});

t.test('of any other option that is given twice the last counts', (t) => {
  t.equal(watcher(['--settle=1s', '--settle=2s']).settle, 2_000);
  t.end();
});

t.test('values cannot be changed afterwards', (t) => {
  t.ok(Object.isFrozen(watcher([])));
  t.end();
});

t.test('all faults are told at once, in order', (t) => {
  const argv = ['--setle=1s', 'now', '--settle=soon', '--all', '--auto-reload-all', '--concurrency=0'];
  t.strictSame(faults(WATCHER_OPTIONS, argv), [
    '--setle is not known; did you mean --settle?',
    'now is not known; see --help',
    '--all and --auto-reload-all are one option; give it under one name',
    '--settle is "soon"; it must be a duration like 500ms, 30s or 5m, of at most a week',
    '--concurrency is "0"; it must be a whole number from 1 to 9999',
  ]);
  t.end();
});

t.test('an option without its value takes nothing else along', (t) => {
  t.equal(faults(WATCHER_OPTIONS, ['--settle', '--all']).length, 1);
  t.end();
});

/** Options of the tests' own: what resembles what must not depend on which options there are. */
const ANY: OptionTable = {
  settle: duration(0, ''),
  concurrency: count(1, ''),
  'log-level': text('', 'NAME', ''),
  'ops-port': port(0, ''),
  namespace: text('', 'NAME', ''),
  namespaces: namespaces(''),
  all: { ...flag(''), aliases: ['auto-reload-all', 'namespaces-to-ignore'] },
};

for (const [given, meant] of [
  ['--setle', '--settle'],
  ['--concurency=4', '--concurrency'],
  ['--log', '--log-level'],
  ['--opsport', '--ops-port'],
  ['--namespacess', '--namespaces'],
  ['--namespaces-not', '--namespaces'],
  ['--namespaces-to-ignor', '--namespaces-to-ignore'],
  ['--auto-reload', '--auto-reload-all'],
  ['-settle', '--settle'],
  ['-all', '--all'],
] as const) {
  t.test(`${given} is not known, and ${meant} is suggested, once`, (t) => {
    const [shown] = given.split('=');
    t.strictSame(faults(ANY, [given]), [`${shown} is not known; did you mean ${meant}?`]);
    t.end();
  });
}

t.test('what resembles nothing gets no suggestion', (t) => {
  for (const argument of ['--frobnicate', '--x', '-x', '-xyz', 'z', '-']) {
    t.strictSame(faults(ANY, [argument]), [`${argument} is not known; see --help`]);
  }
  t.end();
});

t.test('names that every object answers to are no options', (t) => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    t.match(faults(WATCHER_OPTIONS, [`--${name}`])[0], `--${name} is not known`);
    t.match(faults(WATCHER_OPTIONS, [`--${name}=x`])[0], `--${name} is not known`);
  }
  t.end();
});

t.test('an option of another command is not known', (t) => {
  t.match(faults(WATCHER_OPTIONS, ['--budget=1s'])[0], '--budget is not known');
  t.match(faults(WEBHOOK_OPTIONS, ['--settle=1s'])[0], '--settle is not known');
  t.end();
});

t.test('both commands judge by the same options', (t) => {
  const running = ['port', 'budget', 'tls', 'tls-dir', 'tls-secret', 'service', 'tls-names', 'configuration'];
  const only = [...running, 'shutdown-delay'];
  const shared = Object.keys(WEBHOOK_OPTIONS).filter((name) => !only.includes(name));
  t.strictSame(
    shared.filter((name) => !Object.hasOwn(WATCHER_OPTIONS, name)),
    [],
  );
  t.end();
});

t.test('every option can be given as an environment variable', (t) => {
  t.equal(environmentName('exclude-namespaces'), 'RESTAMP_EXCLUDE_NAMESPACES');
  t.match(
    watcher([], {
      RESTAMP_SETTLE: '5s',
      RESTAMP_ALL: 'true',
      RESTAMP_EXCLUDE_NAMESPACES: 'a,b',
      RESTAMP_KUBECONFIG: '/k',
      SETTLE: '1h',
    }),
    { settle: 5_000, all: true, 'exclude-namespaces': ['a', 'b'], kubeconfig: '/k' },
  );
  t.end();
});

t.test('the command line wins over the environment, be that right or wrong', (t) => {
  t.equal(watcher(['--settle=2s'], { RESTAMP_SETTLE: '5s' }).settle, 2_000);
  t.equal(watcher(['--settle=2s'], { RESTAMP_SETTLE: 'soon' }).settle, 2_000);
  t.equal(watcher(['--all=false'], { RESTAMP_ALL: 'true' }).all, false);
  t.strictSame(watcher(['--namespaces=a'], { RESTAMP_NAMESPACES: 'b' }).namespaces, ['a']);
  t.end();
});

t.test('environment variables of other programs, and of options there are not, are left alone', (t) => {
  t.strictSame(watcher([], { RESTAMP_UNKNOWN: 'x', HOME: '/', settle: 'soon' }), watcher([]));
  t.strictSame(watcher([], { KUBERNETES_NAMESPACE: 'shop', RESTAMP_AUTO_RELOAD_ALL: 'true' }), watcher([]));
  t.end();
});

t.test('no arguments make it throw: there is an answer for any', (t) => {
  const names = Object.entries<OptionTable[string]>(WATCHER_OPTIONS).flatMap(([name, { aliases = [] }]) => [
    `--${name}`,
    ...aliases.map((alias) => `--${alias}`),
  ]);
  const option = fc.constantFrom(...names, '--', '-', '--=', '-abc', '--no-all', 'true');
  const withText = fc.tuple(option, fc.string()).map(([name, text]) => `${name}=${text}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(option, withText, fc.string()), { maxLength: 6 }), (argv) => {
      const parsed = parseOptions(WATCHER_OPTIONS, argv, {});
      return parsed.ok || parsed.faults.every((fault) => fault.length > 0);
    }),
  );
  t.end();
});

t.test('no value is parsed slowly, however long', (t) => {
  const long = fc
    .constantFrom('a', 'a.', 'a,', '-', 'a/', '(', '=', ' ', 'v1/', ':')
    .map((unit) => unit.repeat(20_000));
  fc.assert(
    fc.property(fc.constantFrom(...Object.values<OptionTable[string]>(WATCHER_OPTIONS)), long, (option, text) => {
      const start = performance.now();
      option.parse(text);
      option.wrongPart?.(text);
      return performance.now() - start < 500;
    }),
  );
  t.end();
});

t.test('each default is of the form that its option demands', (t) => {
  for (const table of TABLES) {
    for (const [name, { shown, parse, fallback }] of Object.entries(table)) {
      if (shown !== '') t.strictSame(parse(shown), fallback, name);
    }
  }
  t.end();
});

t.test('the description lists every option that is not hidden once, with its placeholder, help and default', (t) => {
  for (const table of TABLES) {
    const lines = describeOptions(table).split('\n');
    const visible = Object.entries(table).filter(([, { hidden }]) => hidden !== true);
    t.equal(lines.length, visible.length);
    for (const [index, [name, { placeholder, shown, help }]] of visible.entries()) {
      t.ok(lines[index]?.startsWith(`  --${name}${placeholder === '' ? ' ' : `=${placeholder} `}`), name);
      t.ok(lines[index]?.endsWith(`${help}${shown === '' ? '' : ` (${shown})`}`), name);
    }
    for (const spelling of ['log-format', 'enable-ha', 'is-Argo-Rollouts', 'auto-reload-all']) {
      t.notMatch(describeOptions(table), spelling);
    }
  }
  t.end();
});

t.test('the descriptions of a table begin in one column', (t) => {
  for (const table of TABLES) {
    const lines = describeOptions(table).split('\n');
    const columns = Object.values(table)
      .filter(({ hidden }) => hidden !== true)
      .map(({ help }, index) => lines[index]?.indexOf(help));
    t.equal(new Set(columns).size, 1);
  }
  t.end();
});

t.test("without options Reloader's annotations have their own names, and each option renames one", (t) => {
  t.strictSame(vocabularyOf(watcher([])), RELOADER);
  for (const name of Object.keys(VOCABULARY_OPTIONS)) {
    const renamed = JSON.stringify(vocabularyOf(watcher([`--${name}=example.com/renamed`])));
    const fallback = String(CASES[name as keyof typeof CASES].fallback);
    t.equal(renamed, JSON.stringify(RELOADER).replace(`"${fallback}"`, '"example.com/renamed"'), name);
  }
  t.end();
});

t.test('the nearest name is that of the fewest slips', (t) => {
  t.equal(nearest('pord', ['port', 'word', 'pot']), 'port');
  t.equal(nearest('log-levl', ['log', 'log-level']), 'log-level');
  t.equal(nearest('cat', ['dog']), undefined);
  t.equal(nearest('', ['dog']), undefined);
  t.end();
});

t.test('of several names that begin alike, the nearest in length was meant', (t) => {
  t.equal(nearest('secret', ['secret-exclude-annotation', 'secret-annotation']), 'secret-annotation');
  t.equal(nearest('namespaces-of-mine', ['namespace', 'namespaces']), 'namespaces');
  t.end();
});
