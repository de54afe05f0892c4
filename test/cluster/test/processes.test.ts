import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { runCommand } from '../command.ts';
import { freePorts } from '../ports.ts';
import { guardGroup, isRunning, killRecorded, loopbackEnvironment, recordProcess, waitForEnd } from '../processes.ts';
import { comesTrue, processesWith, temporaryDirectory } from './support.ts';

async function sleeper(t: Test) {
  const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return { child, pid: child.pid ?? 0, record: await recordProcess(child.pid ?? 0) };
}

t.test('a recorded process is known until it ends', async (t) => {
  const { child, record } = await sleeper(t);
  t.ok(await isRunning(record));
  child.kill('SIGKILL');
  t.ok(await waitForEnd(record, 5000));
  t.notOk(await isRunning(record));
});

t.test('a process that only has the pid of a recorded one is left alone', async (t) => {
  const { pid, record } = await sleeper(t);
  const other = { ...record, started: 'at another time' };
  t.notOk(await isRunning(other));
  await killRecorded(other);
  t.ok(await isRunning(record), 'still there');
  await killRecorded(record);
  t.notOk(await isRunning({ pid, started: record.started }));
});

t.test('a stopped process can be ended', async (t) => {
  const { child, record } = await sleeper(t);
  child.kill('SIGSTOP');
  await killRecorded(record);
  t.notOk(await isRunning(record));
});

t.test('a guard that is told to stand down leaves its group alone and goes', async (t) => {
  const { pid, record } = await sleeper(t);
  guardGroup(pid).standDown();
  t.ok(await comesTrue(async () => (await processesWith(`restamp-cluster-guard ${pid}`)).length === 0));
  t.ok(await isRunning(record));
});

t.test('an aborted command takes its own children along', async (t) => {
  // The directory's name marks the processes of this test.
  const mark = await temporaryDirectory(t);
  const controller = new AbortController();
  const script = `sh -c 'sleep 600; echo ${mark}' & wait`;
  const running = runCommand('sh', ['-c', script, mark], { environment: process.env, signal: controller.signal });
  t.ok(await comesTrue(async () => (await processesWith(mark)).length >= 2), 'both run');
  controller.abort(new Error('interrupted'));
  await t.rejects(running, { message: 'interrupted' });
  t.ok(await comesTrue(async () => (await processesWith(mark)).length === 0));
});

t.test('a failed command is reported with the end of what it said', async (t) => {
  const failing = runCommand('sh', ['-c', 'echo no such thing >&2; exit 3'], { environment: process.env });
  await t.rejects(failing, { name: 'CommandError', message: 'sh -c ended with code 3\n  no such thing' });
  await t.rejects(runCommand('no-such-program', [], { environment: process.env }), {
    message: /could not be started: .*ENOENT/,
  });
});

t.test('proxies, other clusters and hooks of the test runner are kept from the components', async (t) => {
  const unwanted = {
    HTTPS_PROXY: 'x',
    http_proxy: 'x',
    NO_PROXY: 'x',
    KUBECONFIG: 'x',
    NODE_OPTIONS: 'x',
    ETCD_NAME: 'x',
  };
  t.strictSame(loopbackEnvironment({ ...unwanted, HOME: '/home', PATH: '/bin' }), { HOME: '/home', PATH: '/bin' });
});

t.test('free ports differ, and lie below those that systems hand out', async (t) => {
  const ports = await freePorts(20);
  t.equal(new Set(ports).size, 20);
  for (const port of ports) t.ok(port >= 20_000 && port < 32_768, `${port}`);
});
