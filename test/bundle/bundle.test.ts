import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { bundle, NODE_ENVIRONMENT, NODE_FLAGS } from '../../cli/bundle.ts';

/** The bundle as it ships, run from a directory that has no node_modules in any directory above it. */

const root = await mkdtemp(join(tmpdir(), 'restamp-bundle-'));
t.teardown(() => rm(root, { recursive: true, force: true }));
const dist = join(root, 'dist');
const chunks = await bundle(dist);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function restamp(...args: readonly string[]): Promise<Ended> {
  const options = {
    cwd: root,
    env: { ...process.env, ...NODE_ENVIRONMENT, NODE_OPTIONS: '', KUBECONFIG: '', HOME: root },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [...NODE_FLAGS, join(dist, 'restamp.js'), ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

async function filesOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  const contents = await Promise.all(
    paths.map(async (path) => [path.slice(directory.length), await readFile(path, 'latin1')] as const),
  );
  return new Map(contents);
}

t.test('it says its version', async (t) => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  t.same(await restamp('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
});

t.test('it tells the options of each command', async (t) => {
  for (const command of ['watcher', 'webhook']) {
    const { code, stdout, stderr } = await restamp(command, '--help');
    t.equal(code, 0, stderr);
    t.match(stdout, `Usage: restamp ${command} [OPTIONS]`);
  }
});

t.test('a wrong option ends with 2, and the right form is named', async (t) => {
  const { code, stderr } = await restamp('watcher', '--ops-port=many');
  t.equal(code, 2);
  t.match(stderr, '--ops-port is "many"; it must be a port');
});

t.test('each command loads everything it needs', async (t) => {
  const kubeconfig = join(root, 'kubeconfig');
  await writeFile(kubeconfig, 'clusters: []\n');
  for (const command of ['watcher', 'webhook']) {
    const { code, stderr } = await restamp(
      command,
      `--kubeconfig=${kubeconfig}`,
      '--ops-port=0',
      '--bind-address=127.0.0.1',
    );
    t.equal(code, 1);
    t.equal(stderr, `restamp ${command}: the kubeconfig has no current cluster: set current-context\n`);
  }
});

t.test('the same sources give the same bytes, wherever they are written to', async (t) => {
  const again = join(root, 'elsewhere', 'again');
  t.same(await bundle(again), chunks);
  t.same(await filesOf(again), await filesOf(dist));
});

t.test('the licences of the packages in it come with it', async (t) => {
  const text = await readFile(join(dist, 'LICENSES.txt'), 'utf8');
  for (const name of ['fastify', 'pino', 'prom-client', '@kubernetes/client-node', 'node-forge']) {
    t.match(text, new RegExp(`^${name} \\d`, 'm'));
  }
  t.notMatch(text, /: see below\n\n?-{80}/, 'none is without terms');
});

t.test('it holds no path of the machine that made it', async (t) => {
  for (const [path, contents] of await filesOf(dist)) t.notOk(contents.includes(process.cwd()), path);
});

t.test('a directory that holds something else is left alone', async (t) => {
  const other = await mkdtemp(join(root, 'other-'));
  await writeFile(join(other, 'letter.txt'), 'dear');
  await t.rejects(bundle(other), { message: /holds other things than a bundle/ });
  t.equal(await readFile(join(other, 'letter.txt'), 'utf8'), 'dear');
});
