import t from 'tap';
import { asObject } from '../../core/json.ts';
import { INJECT } from '../../core/names.ts';
import { startWorld, type WorkloadAt } from './world.ts';

/** What a widely read tutorial teaches, as the manifests of `deploy/examples`: with Reloader it does nothing. */
const EXAMPLE = 'deploy/examples/reloader-by-mistake.yaml';
const NAMESPACE = 'apps';

const world = await startWorld(t);
const deployment = (name: string): WorkloadAt => ({ kind: 'Deployment', namespace: NAMESPACE, name });

async function advice(name: string): Promise<string> {
  const notes = (await world.api.list('Event', NAMESPACE))
    .filter(({ reason, regarding }) => reason === 'Advice' && asObject(regarding).name === name)
    .map(({ note }) => String(note));
  return notes.join('\n');
}

t.test('the example is applied to a namespace without a label', async () => {
  await world.cluster.kubectl(['apply', '-f', EXAMPLE]);
  for (const name of ['my-app', 'my-reader']) {
    await world.eventually(`a record on ${name}`, async () => {
      const { record } = await world.annotations(deployment(name));
      return record !== undefined && (await world.revisions(deployment(name))) === 1;
    });
  }
});

t.test('`match` on a workload: an update of my-configmap rolls my-app once', async (t) => {
  const change = (): Promise<void> => world.touch(NAMESPACE, 'my-configmap', 'GREETING');
  t.equal(await world.rolloutsAfter(deployment('my-app'), change), 1);
});

t.test('names in `auto`: an update of my-secret rolls my-reader once, and not my-app', async (t) => {
  const before = await world.revisions(deployment('my-app'));
  const change = (): Promise<unknown> =>
    world.api.patch({ kind: 'Secret', namespace: NAMESPACE, name: 'my-secret' }, { stringData: { TOKEN: 'other' } });
  t.equal(await world.rolloutsAfter(deployment('my-reader'), change), 1);
  t.equal(await world.revisions(deployment('my-app')), before);
});

t.test('names in `auto` that nobody wrote do not count', async (t) => {
  await world.api.create(NAMESPACE, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'another-secret' } });
  const change = (): Promise<unknown> =>
    world.api.patch({ kind: 'Secret', namespace: NAMESPACE, name: 'another-secret' }, { stringData: { TOKEN: 'x' } });
  t.equal(await world.rolloutsDespite(deployment('my-reader'), change), 0);
});

t.test('an Event on each workload says the right form', async (t) => {
  await world.eventually('both Events', async () => {
    return (await advice('my-app')) !== '' && (await advice('my-reader')) !== '';
  });
  t.match(await advice('my-app'), /reloader\.stakater\.com\/match.*reloader\.stakater\.com\/auto: "true"/);
  t.match(await advice('my-reader'), /reloader\.stakater\.com\/auto.*configmap\.reloader\.stakater\.com\/reload/);
});

t.test('where the namespace is labelled, applying them warns with the same', async (t) => {
  await world.cluster.kubectl(['label', 'namespace', NAMESPACE, `${INJECT}=enabled`]);
  await world.eventually('the warnings', async () => {
    await world.cluster.kubectl(['-n', NAMESPACE, 'delete', 'deployment', 'my-app', 'my-reader', '--ignore-not-found']);
    const { stderr } = await world.cluster.kubectl(['apply', '-f', EXAMPLE]);
    return /Warning: .*\/match/.test(stderr) && /Warning: .*\/auto/.test(stderr);
  });
  t.pass('kubectl printed both');
});
