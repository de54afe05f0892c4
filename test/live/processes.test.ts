import t from 'tap';
import { configMap, envFrom, workload } from './manifest.ts';
import { startWorld, type World } from './world.ts';

/** The two processes as they run on a cluster: their rights, their requests, their health. */
const world: World = await startWorld(t);
const { webhook, watcher } = world.restamp;

const ACCOUNTS = ['system:serviceaccount:restamp:restamp-webhook', 'system:serviceaccount:restamp:restamp-watcher'];

t.test(
  'before the write the workload and its sources are read live, and the write names what it was decided on',
  async (t) => {
    const namespace = await world.namespace();
    await world.create(namespace, configMap('source', { used: 'one' }));
    const at = await world.createWorkload(namespace, workload({ container: envFrom('configMapRef', 'source') }));
    await world.quiet();
    const seen = (await world.cluster.auditLog()).length;
    await world.rolloutsAfter(at, () => world.touch(namespace, 'source'));
    const requests = (await world.cluster.auditLog())
      .slice(seen)
      .filter((entry) => entry.user === ACCOUNTS[1] && entry.namespace === namespace && entry.resource !== 'events')
      .map(({ verb, resource }) => `${verb} ${resource}`);
    t.same(requests, [
      'get configmaps', // the look
      'get deployments',
      'get configmaps', // the live reads
      'patch deployments', // the one write
      'get configmaps', // the look at our own write coming back
    ]);
  },
);

t.test('each process works with the rights of its own account, and is refused nothing', async (t) => {
  const log = await world.cluster.auditLog();
  const ours = log.filter(({ userAgent }) => /^restamp-(webhook|watcher)\//.test(userAgent));
  t.same([...new Set(ours.map(({ user }) => user))].toSorted(), ACCOUNTS.toSorted());
  t.same(
    ours.filter(({ code }) => code === 401 || code === 403),
    [],
  );
});

t.test('no process lists or watches the content of Secrets', async (t) => {
  const log = await world.cluster.auditLog();
  const webhookVerbs = log
    .filter(({ userAgent, namespace }) => userAgent.startsWith('restamp-webhook/') && namespace !== 'restamp')
    .map(({ verb, resource }) => `${verb} ${resource}`);
  t.notMatch(webhookVerbs.join(), /(list|watch) secrets/);
});

for (const process of [webhook, watcher]) {
  t.test(`restamp ${process.command} answers /livez, /readyz and /metrics`, async (t) => {
    const url = process.opsUrl() ?? '';
    t.equal((await fetch(`${url}/livez`)).status, 200);
    t.equal((await fetch(`${url}/readyz`)).status, 200);
    t.match(await process.metrics(), /^restamp_/m);
  });
}

t.test('the metrics count what was decided', async (t) => {
  t.match(await watcher.metrics(), /restamp_decisions_total\{outcome="roll",reason="source-changed"\} [1-9]/);
  t.match(await webhook.metrics(), /restamp_admissions_total\{outcome="stamp",reason="created"\} [1-9]/);
});

t.test('both end with code 0 on SIGTERM', async (t) => {
  t.equal(await watcher.stop(), 0);
  t.equal(await webhook.stop(), 0);
});
