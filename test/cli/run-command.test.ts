import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { COMMANDS, SERVICES } from '../../cli/commands.ts';
import type { OptionTable } from '../../cli/option.ts';
import { RestampProcess } from '../install/process.ts';
import { run } from './surroundings.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

for (const argv of [['--help'], ['-h'], ['help'], []]) {
  t.test(`"restamp ${argv.join(' ')}" shows the commands and ends with 0`, async (t) => {
    const { code, stdout, stderr } = await run(argv);
    t.equal(code, 0);
    t.equal(stderr, '');
    for (const [name, { summary }] of Object.entries(COMMANDS)) t.match(stdout, `${name.padEnd(10)}${summary}`);
  });
}

t.test('--version says the version of package.json and ends with 0', async (t) => {
  t.strictSame(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

for (const name of ['stamp', 'constructor', '--verbose', '']) {
  t.test(`"${name}" is no command: it is said with the usage, and ends with 2`, async (t) => {
    const { code, stdout, stderr } = await run([name]);
    t.equal(code, 2);
    t.equal(stdout, '');
    t.match(stderr, `restamp: ${name} is no command`);
    t.match(stderr, 'Usage: restamp COMMAND');
  });
}

for (const [name, { summary, options }] of Object.entries(SERVICES)) {
  for (const flag of ['--help', '-h']) {
    t.test(
      `"restamp ${name} ${flag}" lists every option that is not hidden, starts nothing and ends with 0`,
      async (t) => {
        const { code, stdout, stderr } = await run([name, '--ops-port=wrong', flag]);
        t.equal(code, 0);
        t.equal(stderr, '');
        t.match(stdout, `restamp ${name}: ${summary}`);
        const listed = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, option]) => option);
        t.strictSame(listed, shownOptions(options));

        t.match(stdout, 'RESTAMP_KUBECONFIG');
      },
    );
  }

  t.test(`"restamp ${name}" with wrong options says each on a line and ends with 2`, async (t) => {
    const { code, stdout, stderr } = await run([name, '--ops-port=80a', '--nothing'], { RESTAMP_LOG_LEVEL: 'loud' });
    t.equal(code, 2);
    t.equal(stdout, '');
    t.equal(
      stderr,
      [
        `restamp ${name}: --nothing is not known; see --help`,
        `restamp ${name}: RESTAMP_LOG_LEVEL is "loud"; it must be one of trace, debug, info, warn, error`,
        `restamp ${name}: --ops-port is "80a"; it must be a port from 0 (any free one) to 65535`,
        '',
      ].join('\n'),
    );
  });

  t.test(`"restamp ${name}" with a kubeconfig that is not there says so in a line and ends with 1`, async (t) => {
    t.strictSame(await run([name, '--kubeconfig=/nowhere/kubeconfig']), {
      code: 1,
      stdout: '',
      stderr: `restamp ${name}: --kubeconfig is "/nowhere/kubeconfig", which cannot be read: ENOENT\n`,
    });
  });

  t.test(`"restamp ${name}" with a kubeconfig that is none says so without quoting it, and ends with 1`, async (t) => {
    const file = await fileOf(t, 'token: hunter2: hunter2');
    const { code, stderr } = await run([name, `--kubeconfig=${file}`]);
    t.equal(code, 1);
    t.match(stderr, 'which cannot be read: it is no kubeconfig');
    t.notMatch(stderr, 'hunter2');
  });

  t.test(`"restamp ${name}" with a server over http:// says why that is refused and ends with 1`, async (t) => {
    const file = await fileOf(t, kubeconfig('http://127.0.0.1:8080'));
    const { code, stderr } = await run([name, `--kubeconfig=${file}`]);
    t.equal(code, 1);
    t.match(stderr, 'restamp speaks https:// only');
  });

  t.test(`"restamp ${name}" that is told to stop ends with 0, even while no API server answers`, async (t) => {
    const file = await fileOf(t, kubeconfig('https://127.0.0.1:1'));
    const { promise: trouble, resolve } = Promise.withResolvers<void>();
    const process = new RestampProcess({
      command: name as keyof typeof SERVICES,
      args: [`--kubeconfig=${file}`, '--bind-address=127.0.0.1', '--ops-port=0', ...argsOf(name)],
      onLine: ({ message }) => message === 'key not available' && resolve(),
    });
    t.teardown(() => process.stop('SIGKILL'));
    await process.launch();
    await trouble;
    t.equal(await process.isReady(), false);
    t.equal(await process.stop('SIGTERM'), 0);
    t.equal(process.stderr, '');
    t.equal(process.lines.at(-1)?.message, 'stopped');
    t.ok(
      process.lines.every(({ component }) => component === name),
      'every line is JSON of the log',
    );
    t.notMatch(JSON.stringify(process.lines), 'hunter2');
  });
}

/** Those that `--help` lists: what is hidden is understood, for whoever comes from Reloader. */
function shownOptions(options: OptionTable): readonly string[] {
  return Object.keys(options).filter((name) => options[name]?.hidden !== true);
}

function argsOf(name: string): readonly string[] {
  return name === 'webhook' ? ['--tls=self-signed', '--shutdown-delay=0s'] : [];
}

function kubeconfig(server: string): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'hunter2' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

async function fileOf(t: Test, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'restamp-cli-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'kubeconfig');
  await writeFile(file, content);
  return file;
}
