import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { asObject, parseJson } from '../../core/json.ts';
import { installCrds, removeCrd } from '../cluster/crds.ts';
import { cloneSet, configMap, envFrom, rollout } from './manifest.ts';
import { startWorld, type World } from './world.ts';

/** Kinds of other projects whose definitions are missing, come, go and come back while the watcher runs. In this order. */
const world: World = await startWorld(t, { crds: ['clonesets.apps.kruise.io'] });
const { watcher } = world.restamp;

const container = envFrom('configMapRef', 'source');

/** Waits until the watcher tells that it serves a kind, or does not any more, for the nth time. */
async function told(kind: string, served: boolean, times = 1): Promise<void> {
  await world.eventually(`${kind} ${served ? 'served' : 'gone'}`, async () => {
    const lines = watcher.lines.filter((line) => line.kind === kind && line.served === served);
    return lines.length >= times;
  });
}

/** The paths under a group that restamp asked for; the audit log as it is, since discovery names no resource. */
async function requestsUnder(path: string): Promise<readonly string[]> {
  const text = await readFile(join(world.cluster.directory, 'audit.log'), 'utf8');
  return text
    .split('\n')
    .map((line) => asObject(parseJson(line)))
    .filter(({ userAgent }) => String(userAgent).startsWith('restamp-w'))
    .map(({ requestURI }) => String(requestURI))
    .filter((uri) => uri.startsWith(path));
}

/** One change of the ConfigMap of a new workload: how many writes to its spec come of it. */
async function effects(object: JsonObject): Promise<number> {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { used: 'one' }));
  const at = await world.createWorkload(namespace, object);
  return world.rolloutsAfter(at, () => world.touch(namespace, 'source', 'used'));
}

const ABSENT = ['/apis/argoproj.io', '/apis/apps.openshift.io', '/apis/apps.kruise.io/v1beta1'];

await t.test('what is not there costs no request', async (t) => {
  t.equal(await effects(cloneSet({ container })), 1, 'while what is there is served');
  for (const path of ABSENT) t.same(await requestsUnder(path), [], path);
  t.not((await requestsUnder('/apis/apps.kruise.io/v1alpha1')).length, 0);
  const looks = (await requestsUnder('/apis')).filter((uri) => uri === '/apis');
  t.ok(looks.length > 0, 'the list of groups was asked for');
});

await t.test('one that goes and comes back within one look is served on', async (t) => {
  await removeCrd(world.cluster, 'clonesets.apps.kruise.io');
  await installCrds(world.cluster, 'clonesets.apps.kruise.io');
  t.equal(await effects(cloneSet({ container })), 1);
});

await t.test(
  'one that goes breaks nothing, and one that comes is served, workloads that were there before it too',
  async (t) => {
    await installCrds(world.cluster, 'rollouts.argoproj.io');
    const namespace = await world.namespace();
    await world.create(namespace, configMap('source', { used: 'one' }));
    const early = rollout({ name: 'early', container });
    await world.create(namespace, early);
    await removeCrd(world.cluster, 'clonesets.apps.kruise.io');
    await told('Rollout', true);
    await told('CloneSet', false);
    const at = { kind: 'Rollout', namespace, name: 'early' } as const;
    await world.eventually('a record', async () => (await world.annotations(at)).record !== undefined);
    t.equal(await world.rolloutsAfter(at, () => world.touch(namespace, 'source', 'used')), 1);
    t.equal(await effects(rollout({ container })), 1);
    t.ok(await watcher.isReady());
    const before = (await requestsUnder('/apis/apps.kruise.io')).length;
    await world.despite(namespace, world.quiet);
    t.equal((await requestsUnder('/apis/apps.kruise.io')).length, before, 'what is gone is not asked for');
  },
);

await t.test('one that comes back is served anew', async (t) => {
  const served = watcher.lines.filter((line) => line.kind === 'CloneSet' && line.served === true).length;
  await installCrds(world.cluster, 'clonesets.apps.kruise.io');
  await told('CloneSet', true, served + 1);
  t.equal(await effects(cloneSet({ container })), 1);
});
