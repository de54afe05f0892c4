import t from 'tap';
import { COMMANDS, HELP, parseCommand } from '../arguments.ts';
import { age, statusTable } from '../status.ts';
import { CLI, runScript, temporaryDirectory } from './support.ts';

t.test('a full command line is understood', async (t) => {
  const command = parseCommand([
    'up',
    '--name',
    'a-1',
    '--nodes=3',
    '--feature-gate',
    'WatchList=false',
    '--feature-gate',
    'B=true',
  ]);
  t.strictSame(command, {
    command: 'up',
    all: false,
    name: 'a-1',
    nodes: 3,
    featureGates: { WatchList: false, B: true },
  });
  t.strictSame(parseCommand(['down', '--all']), { command: 'down', all: true, featureGates: {} });
});

t.test('--help is an answer wherever it stands', async (t) => {
  for (const argv of [['--help'], ['-h'], ['up', '--help'], ['help']]) t.equal(parseCommand(argv).command, 'help');
});

const wrong: readonly { readonly argv: string[]; readonly message: RegExp }[] = [
  { argv: [], message: /^no command: give one of up, down, / },
  { argv: ['start'], message: /^unknown command "start": use one of up, down, / },
  { argv: ['up', 'mine'], message: /^unexpected argument "mine" after up: a name is given as --name mine$/ },
  { argv: ['up', '--nam', 'x'], message: /'--nam'.*--help/ },
  { argv: ['up', '--name'], message: /'--name <value>'.*--help/ },
  {
    argv: ['up', '--name', '../x'],
    message: /^--name: "\.\.\/x" is not a cluster name: use 1 to 40 lower-case letters/,
  },
  { argv: ['up', '--name', ''], message: /^--name: "" is not a cluster name/ },
  { argv: ['up', '--name', 'a'.repeat(41)], message: /is not a cluster name/ },
  { argv: ['up', '--nodes', '0'], message: /^--nodes is "0": give a whole number from 1 to 100$/ },
  { argv: ['up', '--nodes', '1e1'], message: /^--nodes is "1e1": give a whole number/ },
  { argv: ['up', '--feature-gate', 'X'], message: /^--feature-gate is "X": give GATE=true or GATE=false$/ },
  { argv: ['up', '--all'], message: /^--all does not go with up: it goes with down$/ },
  {
    argv: ['status', '--name', 'x'],
    message: /^--name does not go with status: it goes with up, down, kubeconfig, reset$/,
  },
  { argv: ['down', '--all', '--name', 'x'], message: /^--all and --name exclude each other/ },
];

t.test('a wrong argument is named with the right form', async (t) => {
  for (const { argv, message } of wrong)
    t.throws(() => parseCommand(argv), { name: 'UsageError', message }, argv.join(' '));
});

t.test('a wrong argument ends the command with code 2, an absent cluster with code 1', async (t) => {
  const environment = { RESTAMP_CACHE: await temporaryDirectory(t) };
  const usage = runScript(t, CLI, ['wobble'], environment);
  t.equal(await usage.ended, 2);
  t.match(usage.output, [/^cluster: unknown command "wobble"/]);
  const absent = runScript(t, CLI, ['kubeconfig', '--name', 'nobody'], environment);
  t.equal(await absent.ended, 1);
  t.strictSame(absent.output, ['cluster: the cluster "nobody" is not up: start it with "up --name nobody"']);
});

t.test('a cache that is no absolute path is refused with the right form', async (t) => {
  const script = runScript(t, CLI, ['status'], { RESTAMP_CACHE: 'here' });
  t.equal(await script.ended, 1);
  t.strictSame(script.output, ['cluster: RESTAMP_CACHE is "here": give an absolute path']);
});

t.test('the help names every command', async (t) => {
  for (const command of COMMANDS) t.match(HELP, new RegExp(`^  ${command} `, 'm'));
});

t.test('ages have two units at most', async (t) => {
  t.strictSame([5000, 65_000, 3_660_000, 200_000_000].map(age), ['5s', '1m5s', '1h1m', '2d7h']);
});

t.test('a cluster whose supervisor has gone is shown as dead, without processes', async (t) => {
  const record = { pid: 1, started: 'then' };
  const state = {
    phase: 'up' as const,
    since: new Date(0).toISOString(),
    supervisor: record,
    control: { port: 1, token: '' },
    ports: { etcdClient: 1, etcdPeer: 2, apiserver: 20_003 },
    adminToken: '',
    components: { etcd: record },
  };
  const table = statusTable(
    [
      { name: 'a', phase: 'dead', state },
      { name: 'b', phase: 'up', state },
    ],
    61_000,
  );
  t.match(table.split('\n')[1], /^a +dead +- +1m1s +-$/);
  t.match(table.split('\n')[2], /^b +up +https:\/\/127\.0\.0\.1:20003 +1m1s +supervisor:1 etcd:1 kube-apiserver:- /);
});
