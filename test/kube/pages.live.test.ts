/** The reflector against a real API server without streaming lists (KEP-3157 is a feature gate). */
import t from 'tap';
import { systemClock } from '../../kube/clock.ts';
import { type ObjectMetadata, parseMetadata } from '../../kube/metadata.ts';
import { CONFIG_MAPS, resourcePath } from '../../kube/path.ts';
import { Reflector } from '../../kube/reflector.ts';
import { startCluster } from '../cluster/cluster.ts';
import { eventually } from '../cluster/deadline.ts';
import { Hands, PATIENCE_MS, transportTo, WatchedTransport } from './live.ts';

// A first run builds the programs of the control plane.
t.setTimeout(1_800_000);

// One page and some: the second is asked for with the token of the first.
const OBJECTS = 510;

const cluster = await startCluster({ name: 'pages', featureGates: { WatchList: false } });
t.teardown(() => cluster.stop());
const transport = new WatchedTransport(transportTo(cluster));
t.teardown(() => transport.close());

t.test('an API server without streaming lists is listed in pages and then watched', async (t) => {
  const hands = new Hands(transport, 'many');
  await hands.makeNamespace();
  for (let n = 0; n < OBJECTS; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, i) => hands.configMap(`c${n + i}`, { a: 'hunter2' })));
  }
  transport.requests.length = 0;
  const seen = new Set<string>();
  const facts: unknown[] = [];
  const controller = new AbortController();
  const reflector = new Reflector<ObjectMetadata>({
    resource: 'configmaps',
    path: resourcePath(CONFIG_MAPS),
    metadataOnly: true,
    parse: parseMetadata,
    sink: {
      begin: () => seen.clear(),
      applied: ({ name }) => seen.add(name),
      deleted: ({ name }) => seen.delete(name),
      complete: () => facts.push('complete'),
    },
    transport,
    clock: systemClock,
    events: { synced: ({ how }) => facts.push(how), state: () => {}, interrupted: ({ cause }) => facts.push(cause) },
  });
  const running = reflector.run(controller.signal);
  t.teardown(async () => {
    controller.abort();
    await running;
  });
  await reflector.synced;
  t.strictSame(facts, ['GET /api/v1/configmaps: 422 Invalid', 'complete', 'pages']);
  t.ok([...Array(OBJECTS).keys()].every((n) => seen.has(`c${n}`)));
  const pages = transport.requests.filter(({ query }) => query?.limit !== undefined);
  t.equal(pages.length, 2);
  await hands.remove(CONFIG_MAPS, 'c7');
  await eventually(async () => !seen.has('c7') || undefined, { what: 'the deletion', deadlineMs: PATIENCE_MS });
  t.notMatch(transport.bytes(resourcePath(CONFIG_MAPS)), 'hunter2');
});
