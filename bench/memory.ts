/** `memory`: what the watcher keeps resident in a busy cluster, and how many requests it makes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../cli/bundle.ts';
import type { Values } from '../cli/parse-options.ts';
import { eventually } from '../test/cluster/deadline.ts';
import type { MEMORY_OPTIONS } from './benches.ts';
import { type BusyCluster, startBusyCluster } from './busy-cluster.ts';
import { LEVERS, type Lever, SHIPPED } from './levers.ts';
import type { Surroundings } from './main.ts';
import { app } from './population.ts';
import { accountLines, memoryLine } from './report.ts';
import { type Account, accountant } from './requests.ts';
import { type ResidentSpread, sampleResident } from './resident.ts';
import { startWatched, type Watched } from './watched.ts';

type Options = Values<typeof MEMORY_OPTIONS>;

interface Setting {
  readonly options: Options;
  readonly surroundings: Surroundings;
  readonly busy: BusyCluster;
  /** Of the bundle. */
  readonly directory: string;
}

/** Flags are compared on shorter samples: there are many of them, and an idle watcher hardly moves. */
const LEVER_SECONDS = 15;

/** An API server that comes back is asked again within half a minute (kube/backoff.ts). */
const RELIST_DEADLINE_MS = 120_000;

export async function benchMemory(options: Options, surroundings: Surroundings): Promise<object> {
  const directory = await mkdtemp(join(tmpdir(), 'restamp-bench-'));
  try {
    await bundle(directory);
    const busy = await startBusyCluster(options, surroundings);
    try {
      const setting = { options, surroundings, busy, directory };
      const levers = options.levers ? await compareLevers(setting) : {};
      return { bench: 'memory', node: process.version, ...sizesOf(options), ...(await measure(setting)), ...levers };
    } finally {
      await busy.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function sizesOf({ deployments, secrets, changes }: Options): object {
  return { deployments, configMaps: deployments, secrets, changes };
}

async function compareLevers(setting: Setting): Promise<object> {
  const medians: Record<string, number> = {};
  for (const lever of LEVERS) {
    await withWatcher(setting, lever, async (watched) => {
      await adopted(watched, setting);
      const memory = await sampleResident(watched.process.pid, LEVER_SECONDS, setting.surroundings.signal);
      setting.surroundings.print(memoryLine(lever.name, memory));
      medians[lever.name] = memory.resident.median;
    });
    await setting.busy.forgetAdoption();
  }
  return { levers: medians };
}

async function withWatcher<T>(setting: Setting, lever: Lever, use: (watched: Watched) => Promise<T>): Promise<T> {
  const watched = await startWatched(setting.directory, lever, setting.busy.watcherKubeconfig);
  try {
    return await use(watched);
  } finally {
    await watched.process.stop();
  }
}

/** Waits until the watcher has adopted every Deployment and is idle. */
async function adopted(watched: Watched, { options, surroundings }: Setting): Promise<void> {
  await watched.idle(surroundings.signal);
  const count = watched.decisions('adopt');
  if (count !== options.deployments) throw new Error(`${count} of ${options.deployments} Deployments were adopted`);
}

interface Phase {
  readonly memory: ResidentSpread;
  readonly requests: Account;
}

async function measure(setting: Setting): Promise<object> {
  const { busy, options } = setting;
  const account = accountant(busy.cluster, 'restamp-watcher/');
  await account();
  return withWatcher(setting, SHIPPED, async (watched) => {
    const phase = (name: string, act: () => Promise<void>): Promise<Phase> =>
      phaseOf(name, { ...setting, watched, account }, act);
    const start = await phase('start, adoption of everything', () => adopted(watched, setting));
    const changed = await phase(`${options.changes} ConfigMaps changed`, async () => {
      await busy.changeConfigMaps(options.changes);
      await watched.idle(setting.surroundings.signal);
      const rolled = watched.decisions('roll');
      if (rolled !== options.changes) throw new Error(`${rolled} rollouts for ${options.changes} changes`);
    });
    const ignored = await phase(`${options.changes} Secrets changed that nobody uses`, async () => {
      await busy.changeUnusedSecrets(options.changes);
      await watched.idle(setting.surroundings.signal);
    });
    const relisted = await phase('everything listed again', () => relist(setting, watched));
    return {
      resident: memoryOf({ start, changed, ignored, relisted }),
      requests: {
        start: start.requests.tally,
        changed: changed.requests.tally,
        ignored: ignored.requests.tally,
        relisted: relisted.requests.tally,
      },
      unusedSecretReads: unusedReads([start, changed, ignored, relisted], options.deployments),
    };
  });
}

interface PhaseSetting extends Setting {
  readonly watched: Watched;
  readonly account: () => Promise<Account>;
}

async function phaseOf(name: string, setting: PhaseSetting, act: () => Promise<void>): Promise<Phase> {
  const { surroundings, options, watched, account } = setting;
  surroundings.progress.line(`${name} …`);
  await act();
  const requests = await account();
  const memory = await sampleResident(watched.process.pid, options.seconds, surroundings.signal);
  surroundings.print(memoryLine(name, memory));
  for (const line of accountLines(requests)) surroundings.print(line);
  return { memory, requests };
}

/** Makes the API server forget the past, so that every watch begins anew with a list. */
async function relist({ busy, surroundings }: Setting, watched: Watched): Promise<void> {
  const before = await syncs(watched);
  await busy.cluster.compact();
  await busy.cluster.restart('kube-apiserver');
  await eventually(async () => ((await syncs(watched)) >= before * 2 ? true : undefined), {
    what: 'a new list of everything',
    deadlineMs: RELIST_DEADLINE_MS,
    signal: surroundings.signal,
  });
  await watched.idle(surroundings.signal);
}

async function syncs(watched: Watched): Promise<number> {
  const counts = (await watched.process.metrics()).matchAll(/^restamp_watch_syncs_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function memoryOf(phases: Readonly<Record<string, Phase>>): object {
  return Object.fromEntries(Object.entries(phases).map(([name, { memory }]) => [name, memory]));
}

/** Requests for a single Secret that is not one of a Deployment, nor restamp's own key. */
function unusedReads(phases: readonly Phase[], deployments: number): number {
  const used = new Set(Array.from({ length: deployments }, (_, index) => app(index).name));
  return phases
    .flatMap(({ requests }) => requests.entries)
    .filter(({ resource, name }) => resource === 'secrets' && name !== '' && name !== 'restamp-key' && !used.has(name))
    .length;
}
