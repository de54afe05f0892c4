import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { INJECT, STRATEGY, VALIDATE } from '../../core/names.ts';
import { configMap, envFrom, workload } from './manifest.ts';
import { startWorld, type World } from './world.ts';

/** What /validate says to those who apply workloads, by kubectl and a real API server. */
const world: World = await startWorld(t, { without: ['watcher'] });

const annotated = (annotations: Readonly<Record<string, string>>, name = 'app'): JsonObject =>
  workload({ name, annotations, container: envFrom('configMapRef', 'source'), replicas: 0 });

async function applied(namespace: string, object: JsonObject, ...more: readonly string[]) {
  const args = ['-n', namespace, 'apply', '-f', '-', ...more];
  return world.cluster.kubectl(args, { stdin: JSON.stringify(object), allowFailure: true });
}

t.test('a misspelt annotation and a missing source are warned about, also in a dry run', async (t) => {
  const namespace = await world.namespace();
  const object = annotated({ 'restamp.dev/setle': '3s', 'reloader.stakater.com/autoo': 'true' });
  for (const more of [['--dry-run=server'], []]) {
    const { stderr, code } = await applied(namespace, object, ...more);
    t.equal(code, 0);
    t.match(stderr, /Warning: .*restamp\.dev\/setle.*restamp\.dev\/settle/);
    t.match(stderr, /Warning: .*autoo.*reloader\.stakater\.com\/auto/);
    t.match(stderr, /Warning: configmap\/source does not exist/);
    for (const line of stderr.split('\n')) t.ok(line.length <= 'Warning: '.length + 120, line);
  }
});

t.test('a bad expression is warned about, and what is right beside it counts', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { a: '1' }));
  const { stderr, code } = await applied(
    namespace,
    annotated({ 'configmap.reloader.stakater.com/reload': 'source,[' }),
  );
  t.equal(code, 0);
  t.match(stderr, /Warning: configmap\.reloader\.stakater\.com\/reload/);
  t.match((await world.annotations({ kind: 'Deployment', namespace, name: 'app' })).record, /configmap\/source#\*/);
});

t.test('where the namespace enforces, malformed values of our own are denied, and nothing else', async (t) => {
  const namespace = await world.namespace({ [INJECT]: 'enabled', [VALIDATE]: 'enforce' });
  await world.create(namespace, configMap('source', { a: '1' }));
  const denied = await applied(namespace, annotated({ [STRATEGY]: 'sideways' }));
  t.not(denied.code, 0);
  t.match(denied.stderr, /denied the request.*restamp\.dev\/strategy/);
  const foreign = await applied(namespace, annotated({ 'configmap.reloader.stakater.com/reload': '[' }));
  t.equal(foreign.code, 0, 'a malformed value of another tool is not');
  t.match(foreign.stderr, /Warning: /, 'but warned about');
});

t.test('where it does not, the same is a warning', async (t) => {
  const namespace = await world.namespace();
  await world.create(namespace, configMap('source', { a: '1' }));
  const { stderr, code } = await applied(namespace, annotated({ [STRATEGY]: 'sideways' }));
  t.equal(code, 0);
  t.match(stderr, /Warning: restamp\.dev\/strategy/);
});
