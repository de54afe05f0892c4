/** One workload, the store it lives in, and looks at it: the world of the tests of reconcile. */
import { asObject, asText, type JsonObject } from '../../core/json.ts';
import type { Keyring } from '../../core/key.ts';
import { INJECT } from '../../core/names.ts';
import { NOTHING_OURS, type Ours, oursOf } from '../../core/ours.ts';
import { parseWorkload } from '../../core/parse.ts';
import { type NamespaceFacts, PLAIN_NAMESPACE, type PolicyOptions } from '../../core/policy.ts';
import { WORKLOAD_KINDS, type WorkloadKind, workloadId } from '../../core/workload.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import type { Released } from '../../watcher/care.ts';
import { parseIndexed } from '../../watcher/indexed.ts';
import { type ReconcileOptions, reconcile } from '../../watcher/reconcile.ts';
import { usualRules, type WatcherRules } from '../../watcher/rules.ts';
import type { Told } from '../../watcher/told.ts';
import type { WorkResult } from '../../watcher/workers.ts';
import { WorkloadIndex } from '../../watcher/workload-index.ts';
import { DEPLOYMENT, KEYRING, NAMESPACE } from '../core/build.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { Store } from './store.ts';

export const ID = `Deployment ${NAMESPACE}/web`;
export const PATH = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web`;
export const POLICY: PolicyOptions = { excludedNamespaces: new Set(), ownNamespace: 'restamp', all: false };
export const RULES: WatcherRules = usualRules(POLICY);

/** What is known of a namespace with this label, or none. */
export function labelled(inject: string | undefined, facts: Partial<NamespaceFacts> = {}): NamespaceFacts {
  return { ...PLAIN_NAMESPACE, ...facts, inject };
}

export interface World {
  readonly store: Store;
  readonly index: WorkloadIndex;
  readonly clock: FakeClock;
  /** What was decided, in order. */
  readonly told: Told[];
  /** What was advised about workloads that are not managed. */
  readonly advised: (readonly string[])[];
  /** Tells the index of the workload as it is in the store, as the watch would; answers with what has to be looked at. */
  readonly watch: () => readonly string[];
  readonly look: (keyring?: Keyring, transport?: KubeTransport) => Promise<WorkResult>;
  /** The annotations of the workload in the store that are restamp's. */
  readonly ours: () => Ours;
  /** The workload as it is in the store. */
  readonly stored: () => JsonObject;
}

export interface WorldOptions extends Pick<Partial<ReconcileOptions>, 'notify'> {
  /** The label of the namespace. */
  readonly label?: string;
  /** The settings of the namespace. */
  readonly settings?: NamespaceFacts['settings'];
  readonly rules?: Partial<WatcherRules>;
}

/** A workload in a namespace that is opted in, with these objects around it; the index knows it. */
export function worldOf(workload: JsonObject, objects: readonly JsonObject[], options: WorldOptions = {}): World {
  const { label = 'enabled', settings = {}, notify } = options;
  const rules: WatcherRules = { ...RULES, ...options.rules };
  const kindInfo = kindOfObject(workload);
  const store = new Store(workload, ...objects);
  const index = new WorkloadIndex(POLICY, PLAIN_NAMESPACE);
  const clock = new FakeClock();
  const told: Told[] = [];
  const advised: (readonly string[])[] = [];
  const released: Released = new Set();
  const watch = (): readonly string[] => watched(index, store.get(workload), rules);
  index.applyNamespace(NAMESPACE, labelled(label, { settings }));
  watch();
  return {
    ...{ store, index, clock, told, advised, watch },
    look: (keyring = KEYRING, transport = store) =>
      reconcile(workloadId({ kind: kindInfo.kind, ...nameOf(workload) }), {
        ...{ index, keyring, rules, transport, clock, released, ...(notify && { notify }) },
        onDecision: (each) => told.push(each),
        onAdvice: ({ advice }) => advised.push(advice),
      }),
    ours: () => {
      const stored = parseWorkload(store.get(workload), kindInfo);
      return stored === undefined ? NOTHING_OURS : oursOf(stored);
    },
    stored: () => store.get(workload),
  };
}

/** Tells an index of an object, as the watch of its kind would; answers with what has to be looked at. */
export function watched(
  index: WorkloadIndex,
  object: JsonObject,
  rules: Pick<WatcherRules, 'vocabulary' | 'references' | 'policy'> = RULES,
): readonly string[] {
  const parsed = parseIndexed(object, kindOfObject(object), rules);
  if (parsed === undefined) return [];
  const { advise, ...workload } = parsed;
  return index.applyWorkload(workload, advise);
}

/** The kind of an object that restamp knows. */
export function kindOfObject({ apiVersion, kind }: JsonObject): WorkloadKind {
  const found = WORKLOAD_KINDS.find(
    (known) => known.apiKind === kind && `${known.group}/${known.version}` === apiVersion,
  );
  return found ?? DEPLOYMENT;
}

function nameOf(object: JsonObject): { readonly namespace: string; readonly name: string } {
  const { namespace, name } = asObject(object.metadata);
  return { namespace: asText(namespace) ?? '', name: asText(name) ?? '' };
}

/** The workload with this word of its own about being managed. */
export function saying(word: string, workload: JsonObject): JsonObject {
  return annotated(workload, { [INJECT]: word });
}

/** The object with these annotations beside its own. */
export function annotated(object: JsonObject, annotations: JsonObject): JsonObject {
  const metadata = asObject(object.metadata);
  return { ...object, metadata: { ...metadata, annotations: { ...asObject(metadata.annotations), ...annotations } } };
}

/** The object with these members of its spec. */
export function specced(object: JsonObject, spec: JsonObject): JsonObject {
  return { ...object, spec: { ...asObject(object.spec), ...spec } };
}
