/** The demo's story: an application is created, its configuration changes twice, and each change is one rollout. */
import { asList, asObject } from '../../core/json.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { LogLine } from '../install/process.ts';
import { followRollout, type Rollout } from './rollout.ts';
import type { Screen } from './screen.ts';

const EXAMPLE = 'deploy/examples/shop.yaml';

export interface Told {
  /** Shows what the watcher decides, as it decides it. */
  readonly onLine: (line: LogLine) => void;
}

/** Shows a rollout's decision and cause from the watcher's log. */
export function decisionTeller(screen: Screen): Told['onLine'] {
  return (line) => {
    if (line.message !== 'decided' || line.outcome !== 'roll') return;
    screen.happened(`decided: ${String(line.outcome)} (${String(line.reason)})`);
    for (const cause of asList(line.causes).map(asObject)) {
      const keys = asList(cause.keys).join(', ');
      screen.detail(`because ${String(cause.source)} changed: ${keys}, written by ${String(cause.by)}`);
    }
  };
}

/** Tells the story; resolves to a sentence about what was counted, or rejects where it went otherwise. */
export async function tellStory(cluster: Cluster, screen: Screen): Promise<string> {
  screen.step('A namespace opts in');
  await run(cluster, screen, ['create', 'namespace', 'shop']);
  await run(cluster, screen, ['label', 'namespace', 'shop', 'restamp.dev/inject=enabled']);

  screen.step('An application is created, and the webhook stamps it');
  await run(cluster, screen, ['-n', 'shop', 'apply', '-f', EXAMPLE]);
  const created = await rollout(cluster, screen, undefined);

  screen.step('Its ConfigMap changes');
  const config = JSON.stringify({ data: { LOG_LEVEL: 'debug' } });
  await run(cluster, screen, ['-n', 'shop', 'patch', 'configmap', 'shop-config', '-p', config]);
  const second = await rollout(cluster, screen, created);

  screen.step('Its Secret changes');
  const password = JSON.stringify({ stringData: { password: 'changed' } });
  await run(cluster, screen, ['-n', 'shop', 'patch', 'secret', 'shop-db', '-p', password]);
  const third = await rollout(cluster, screen, second);

  screen.step('Why did it restart?');
  const events = [
    '-n',
    'shop',
    'get',
    'events',
    '--field-selector=reason=Rolled',
    '-o',
    'custom-columns=MESSAGE:.message',
  ];
  const { stdout } = await run(cluster, screen, events);
  for (const line of stdout.trim().split('\n')) screen.detail(line);

  const counts = [created, second, third].map(({ replicaSets }) => replicaSets.length);
  if (counts.join() !== '1,2,3') {
    throw new Error(`expected 1, 2 and 3 ReplicaSets after creation and two changes; there were ${counts.join(', ')}`);
  }
  return '1 ReplicaSet at creation, exactly 1 more for each of 2 changes';
}

async function rollout(cluster: Cluster, screen: Screen, previous: Rollout | undefined): Promise<Rollout> {
  const reached = await followRollout(cluster, previous, (state) => screen.happened(state));
  screen.happened(`stamp ${previous === undefined ? '' : `${previous.stamp} -> `}${reached.stamp}`);
  screen.good(`rollout complete; ReplicaSets so far: ${reached.replicaSets.length}`);
  return reached;
}

async function run(cluster: Cluster, screen: Screen, args: readonly string[]): Promise<{ stdout: string }> {
  screen.command(`kubectl ${args.map(quoted).join(' ')}`);
  return cluster.kubectl(args);
}

function quoted(argument: string): string {
  return /^[\w./=:-]+$/.test(argument) ? argument : `'${argument}'`;
}
