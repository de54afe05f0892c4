/** For tests against a real API server on a bad day: a reflector, what it makes of a collection, and what is true. */
import { KubeConfig } from '@kubernetes/client-node';
import type { Test } from 'tap';
import { asList, asObject } from '../../core/json.ts';
import { type Clock, systemClock } from '../../kube/clock.ts';
import { parseMetadata } from '../../kube/metadata.ts';
import { type Resource, resourcePath } from '../../kube/path.ts';
import { Reflector, type ReflectorEvents } from '../../kube/reflector.ts';
import { createTransport, type KubeTransport } from '../../kube/transport.ts';
import { WatchHealth } from '../../kube/watch-health.ts';
import { eventually } from '../cluster/deadline.ts';
import { PATIENCE_MS } from './live.ts';

/** How often the clock of a test goes round for one of the wall: 150 s of silence are 3 s. */
const HASTE = 50;

/** A clock in a hurry. The API server has its own, so what it is to wait for is as long as ever. */
export const hastyClock: Clock = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() * HASTE,
  sleep: (ms, signal) => systemClock.sleep(ms / HASTE, signal),
};

export function transportBy(kubeconfig: string, userAgent = 'restamp-test/1'): KubeTransport {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return createTransport(config, userAgent);
}

export interface Collection {
  readonly resource: Resource;
  readonly namespace: string;
}

/** Name to uid and version. */
type Contents = Readonly<Record<string, string>>;

export interface Mirror {
  readonly contents: () => Contents;
  readonly interruptions: { readonly cause: string; readonly retryInMs: number }[];
  /** How each list was made. */
  readonly lists: string[];
  readonly health: WatchHealth;
  /** Resolves when it shows what the API server has. */
  agrees(truth: KubeTransport): Promise<void>;
  /** Resolves when an interruption has told such a cause. */
  interrupted(cause: RegExp): Promise<void>;
}

/** Runs a reflector until the test ends; resolves when it is in sync. */
export async function startMirror(
  t: Test,
  { resource, namespace }: Collection,
  transport: KubeTransport,
  clock: Clock = hastyClock,
): Promise<Mirror> {
  const objects = new Map<string, string>();
  const listed = new Set<string>();
  const health = new WatchHealth(clock);
  const interruptions: { cause: string; retryInMs: number }[] = [];
  const lists: string[] = [];
  const events: ReflectorEvents = {
    synced: ({ how }) => lists.push(how),
    interrupted: (facts) => interruptions.push(facts),
    state: (facts) => health.state(facts),
    heard: (facts) => health.heard(facts),
  };
  const reflector = new Reflector({
    ...{ resource: resource.resource, path: resourcePath(resource, { namespace }), metadataOnly: true },
    ...{ parse: parseMetadata, transport, clock, events },
    sink: {
      begin: () => listed.clear(),
      applied: ({ name, uid, resourceVersion }) => {
        listed.add(name);
        objects.set(name, `${uid} ${resourceVersion}`);
      },
      deleted: ({ name }) => objects.delete(name),
      complete: () => {
        for (const name of objects.keys()) if (!listed.has(name)) objects.delete(name);
      },
    },
  });
  const controller = new AbortController();
  const running = reflector.run(controller.signal);
  t.teardown(async () => {
    controller.abort();
    await running;
    transport.close();
  });
  await reflector.synced;
  const contents = (): Contents => Object.fromEntries([...objects].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return {
    ...{ contents, interruptions, lists, health },
    agrees: async (truth) => {
      await until(`the mirror of ${namespace} in agreement`, async () => {
        return JSON.stringify(contents()) === JSON.stringify(await truthOf(truth, { resource, namespace }));
      });
    },
    interrupted: (wanted) =>
      until(`an interruption by ${wanted}`, async () => interruptions.some(({ cause }) => wanted.test(cause))),
  };
}

async function truthOf(transport: KubeTransport, { resource, namespace }: Collection): Promise<Contents> {
  const { items } = asObject(await transport.request({ method: 'GET', path: resourcePath(resource, { namespace }) }));
  const all = asList(items)
    .flatMap((item) => parseMetadata(item) ?? [])
    .map(({ name, uid, resourceVersion }) => [name, `${uid} ${resourceVersion}`] as const);
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await eventually(async () => (await isSo()) || undefined, { what, deadlineMs: PATIENCE_MS });
}
