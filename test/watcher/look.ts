/** One workload, the store it lives in, and looks at it: the world of the tests of reconcile. */
import type { JsonObject } from '../../core/json.ts';
import type { Keyring } from '../../core/key.ts';
import { INJECT } from '../../core/names.ts';
import { type Ours, oursOf } from '../../core/ours.ts';
import type { PolicyOptions } from '../../core/policy.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../../core/workload.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import { indexedWorkload } from '../../watcher/feeds.ts';
import { reconcile, type Told } from '../../watcher/reconcile.ts';
import type { WorkResult } from '../../watcher/workers.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { KEYRING, NAMESPACE, workloadOf } from '../core/build.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { Store } from './store.ts';

export const ID = `Deployment ${NAMESPACE}/web`;
export const PATH = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web`;
export const POLICY: PolicyOptions = { excludedNamespaces: new Set(), ownNamespace: 'restamp', all: false };
export const DEPLOYMENT: WorkloadKind = WORKLOAD_KINDS[0] ?? { kind: '', group: '', version: '', resource: '' };

export interface World {
  readonly store: Store;
  readonly index: WorkloadIndex;
  /** What was decided, in order. */
  readonly told: Told[];
  /** Tells the index of the workload as it is in the store, as the watch would. */
  readonly watch: () => void;
  readonly look: (keyring?: Keyring, transport?: KubeTransport) => Promise<WorkResult>;
  /** The annotations of the workload in the store that are restamp's. */
  readonly ours: () => Ours;
}

/** A workload in a namespace that is opted in, with these objects around it; the index knows it. */
export function worldOf(workload: JsonObject, objects: readonly JsonObject[], label = 'enabled'): World {
  const store = new Store(workload, ...objects);
  const index = new WorkloadIndex(POLICY);
  const clock = new FakeClock();
  const told: Told[] = [];
  const watch = (): void => {
    index.applyWorkload(indexedWorkload(workloadOf(store.get(workload)), DEPLOYMENT));
  };
  index.applyNamespace(NAMESPACE, label);
  watch();
  return {
    store,
    index,
    told,
    watch,
    look: (keyring = KEYRING, transport = store) =>
      reconcile(ID, { index, keyring, policy: POLICY, transport, clock, onDecision: (each) => told.push(each) }),
    ours: () => oursOf(workloadOf(store.get(workload))),
  };
}

/** The workload with this word of its own about being managed. */
export function saying(word: string, workload: JsonObject): JsonObject {
  const metadata = workload.metadata as JsonObject;
  return { ...workload, metadata: { ...metadata, annotations: { ...(metadata.annotations ?? {}), [INJECT]: word } } };
}
