import fc from 'fast-check';
import t from 'tap';
import { COMMANDS, WATCHER_OPTIONS, WEBHOOK_OPTIONS } from '../../cli/commands.ts';
import { nearest } from '../../cli/nearest.ts';
import { count, duration, flag, namespaces, type OptionTable, port, text } from '../../cli/option.ts';
import { describeOptions, environmentName, parseOptions } from '../../cli/parse-options.ts';
import * as defaults from '../../core/defaults.ts';

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

/** By placeholder: texts that are not of the form, and the form. */
const WRONG: Readonly<Record<string, { texts: readonly string[]; form: string }>> = {
  PORT: {
    texts: ['', 'http', '-1', '65536', '80.5', '0x50', ' 80', '999999'],
    form: 'a port from 0 (any free one) to 65535',
  },
  DURATION: {
    texts: ['', '5', '-5s', '8d', '1s 2m', '5S', '169h', '.5s', 'forever'],
    form: 'a duration like 500ms, 30s or 5m, of at most a week',
  },
  N: { texts: ['', '0', '-1', '1.5', '10000', 'many', '1e3'], form: 'a whole number from 1 to 9999' },
  'trace|debug|info|warn|error': {
    texts: ['', 'verbose', 'INFO', 'info '],
    form: 'one of trace, debug, info, warn, error',
  },
  'files|self-signed': { texts: ['', 'none', 'file'], form: 'one of files, self-signed' },
  NAMESPACE: { texts: ['', 'Shop', 'a.b', '-a', 'a/b', 'x'.repeat(64)], form: 'the name of a namespace' },
  NAME: { texts: [''], form: 'a text that is not empty' },
  FILE: { texts: [''], form: 'a text that is not empty' },
  DIRECTORY: { texts: [''], form: 'a text that is not empty' },
  ADDRESS: { texts: [''], form: 'a text that is not empty' },
  '': { texts: ['yes', '1', 'TRUE'], form: 'true or false' },
};

/** Two lists look the same in `--help`. */
const WRONG_LISTS: Readonly<Record<string, { texts: readonly string[]; form: string }>> = {
  'exclude-namespaces': { texts: ['a,B', 'a b', '*'], form: 'names of namespaces like a,b,c' },
  'tls-names': { texts: ['a,b c', 'https://a'], form: 'host names or addresses like a.example,10.0.0.1' },
};

for (const [command, { options }] of Object.entries(COMMANDS)) {
  for (const [name, { placeholder }] of Object.entries(options)) {
    t.test(`${command} --${name}: a wrong value is named, with the right form`, (t) => {
      const wrong = WRONG_LISTS[name] ?? WRONG[placeholder];
      for (const text of wrong?.texts ?? []) {
        t.strictSame(faults(options, [`--${name}=${text}`]), [`--${name} is "${text}"; it must be ${wrong?.form}`]);
      }
      t.ok(wrong !== undefined && wrong.texts.length > 0, 'there is something that it refuses');
      t.end();
    });
  }
}

t.test('without arguments every option has its default', (t) => {
  t.strictSame(
    { ...watcher([]) },
    {
      kubeconfig: undefined,
      namespace: defaults.NAMESPACE,
      'key-secret': defaults.KEY_SECRET,
      'exclude-namespaces': [],
      'bind-address': '0.0.0.0',
      'log-level': 'info',
      'ops-port': defaults.WATCHER_OPS_PORT,
      all: false,
      settle: defaults.SETTLE_MS,
      concurrency: defaults.CONCURRENCY,
    },
  );
  t.end();
});

t.test('values are what they mean, whether they follow an equals sign or a space', (t) => {
  const values = {
    settle: 90_000,
    concurrency: 3,
    'ops-port': 0,
    'exclude-namespaces': ['a', 'b'],
    'log-level': 'debug',
    namespace: 'ops',
    all: true,
  };
  const texts = [
    'settle=1m30s',
    'concurrency=3',
    'ops-port=0',
    'exclude-namespaces=a, b',
    'log-level=debug',
    'namespace=ops',
  ];
  t.match(watcher([...texts.map((text) => `--${text}`), '--all']), values);
  t.match(watcher([...texts.flatMap((text) => `--${text}`.split('=')), '--all']), values);
  t.end();
});

t.test('an empty list is a list, and empty places in it are passed over', (t) => {
  t.strictSame(watcher(['--exclude-namespaces='])['exclude-namespaces'], []);
  t.strictSame(watcher(['--exclude-namespaces=a,,b,'])['exclude-namespaces'], ['a', 'b']);
  t.end();
});

t.test('a switch is on when it is given, and can be given a word', (t) => {
  t.equal(watcher(['--all']).all, true);
  t.equal(watcher(['--all=true']).all, true);
  t.equal(watcher(['--all=false']).all, false);
  t.end();
});

t.test('of an option that is given twice the last counts', (t) => {
  t.equal(watcher(['--settle=1s', '--settle=2s']).settle, 2_000);
  t.end();
});

t.test('values cannot be changed afterwards', (t) => {
  t.ok(Object.isFrozen(watcher([])));
  t.end();
});

t.test('all faults are told at once, in order', (t) => {
  t.strictSame(faults(WATCHER_OPTIONS, ['--setle=1s', 'now', '--settle=soon', '--concurrency=0']), [
    '--setle is not known; did you mean --settle?',
    'now is not known; see --help',
    '--settle is "soon"; it must be a duration like 500ms, 30s or 5m, of at most a week',
    '--concurrency is "0"; it must be a whole number from 1 to 9999',
  ]);
  t.end();
});

t.test('an option without its value is a fault and takes nothing else along', (t) => {
  t.strictSame(faults(WATCHER_OPTIONS, ['--kubeconfig']), ['--kubeconfig is ""; it must be a text that is not empty']);
  t.equal(faults(WATCHER_OPTIONS, ['--settle', '--all']).length, 1);
  t.end();
});

/** Options of the tests' own: what resembles what must not depend on which options there are. */
const ANY: OptionTable = {
  settle: duration(0, ''),
  concurrency: count(1, ''),
  'log-level': text('', 'NAME', ''),
  'ops-port': port(0, ''),
  namespaces: namespaces(''),
  all: flag(''),
};

for (const [given, meant] of [
  ['--setle', '--settle'],
  ['--concurency=4', '--concurrency'],
  ['--log', '--log-level'],
  ['--opsport', '--ops-port'],
  ['--namespace', '--namespaces'],
  ['--namespaces-not', '--namespaces'],
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

t.test('a wrong environment variable is called by its own name', (t) => {
  t.strictSame(faults(WATCHER_OPTIONS, [], { RESTAMP_CONCURRENCY: 'all' }), [
    'RESTAMP_CONCURRENCY is "all"; it must be a whole number from 1 to 9999',
  ]);
  t.end();
});

t.test('the command line wins over the environment, be that right or wrong', (t) => {
  t.equal(watcher(['--settle=2s'], { RESTAMP_SETTLE: '5s' }).settle, 2_000);
  t.equal(watcher(['--settle=2s'], { RESTAMP_SETTLE: 'soon' }).settle, 2_000);
  t.equal(watcher(['--all=false'], { RESTAMP_ALL: 'true' }).all, false);
  t.end();
});

t.test('environment variables of other programs, and of options there are not, are left alone', (t) => {
  t.strictSame(watcher([], { RESTAMP_UNKNOWN: 'x', HOME: '/', settle: 'soon' }), watcher([]));
  t.end();
});

t.test('no arguments make it throw: there is an answer for any', (t) => {
  const option = fc.constantFrom('--settle', '--all', '--ops-port', '--', '-', '--=', '--all=', '-abc', '--no-all');
  fc.assert(
    fc.property(fc.array(fc.oneof(option, fc.string()), { maxLength: 6 }), (argv) => {
      const parsed = parseOptions(WATCHER_OPTIONS, argv, {});
      return parsed.ok || parsed.faults.every((fault) => fault.length > 0);
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

t.test('the description lists every option once, with its placeholder, its help and its default', (t) => {
  for (const table of TABLES) {
    const lines = describeOptions(table).split('\n');
    t.equal(lines.length, Object.keys(table).length);
    for (const [index, [name, { placeholder, shown, help }]] of Object.entries(table).entries()) {
      t.ok(lines[index]?.startsWith(`  --${name}${placeholder === '' ? ' ' : `=${placeholder} `}`), name);
      t.ok(lines[index]?.endsWith(`${help}${shown === '' ? '' : ` (${shown})`}`), name);
    }
  }
  t.end();
});

t.test('the descriptions of a table begin in one column', (t) => {
  for (const table of TABLES) {
    const columns = Object.values(table).map(({ help }, index) =>
      describeOptions(table).split('\n')[index]?.indexOf(help),
    );
    t.equal(new Set(columns).size, 1);
  }
  t.end();
});

t.test('the nearest name is that of the fewest slips', (t) => {
  t.equal(nearest('pord', ['port', 'word', 'pot']), 'port');
  t.equal(nearest('cat', ['dog']), undefined);
  t.equal(nearest('', ['dog']), undefined);
  t.end();
});
