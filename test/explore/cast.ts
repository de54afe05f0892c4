/** Who and what there is in the explored world: three sources, two workloads, two keys. */
import type { JsonObject } from '../../core/json.ts';
import { type Keyring, keyOf, keyring } from '../../core/key.ts';
import { type Source, type SourceId, type SourceName, sourceId } from '../../core/source.ts';

export const NAMESPACE = 'shop';

/** What a source holds: nothing, for it is not there, or one of two contents. */
export type Content = 'absent' | 'A' | 'B';
export const CONTENTS = ['absent', 'A', 'B'] as const satisfies readonly Content[];

/** Something for each of the three sources, in the order of {@link SOURCES}. */
export type PerSource<T> = readonly [T, T, T];
export type SourceIndex = 0 | 1 | 2;
export const SOURCE_INDICES = [0, 1, 2] as const satisfies readonly SourceIndex[];

export type Contents = PerSource<Content>;

export const SOURCES: PerSource<SourceName> = [
  { kind: 'ConfigMap', namespace: NAMESPACE, name: 'settings' },
  { kind: 'Secret', namespace: NAMESPACE, name: 'password' },
  { kind: 'Secret', namespace: NAMESPACE, name: 'extra' },
];

export function perSource<T>(of: (index: SourceIndex) => T): PerSource<T> {
  return [of(0), of(1), of(2)];
}

/** How a pod template uses a source; not at all, or so. */
export type Use = 'unused' | 'required' | 'optional';

export type WorkloadIndex = 0 | 1;
export const WORKLOAD_INDICES = [0, 1] as const satisfies readonly WorkloadIndex[];

/** The two templates that a person changes between. */
export type Variant = 1 | 2;

/** A source is used as a whole, or one entry of it. */
export type Form = 'whole' | 'entry';
/** The one entry that a source has. */
export const ENTRY = 'value';

interface Cast {
  readonly name: string;
  readonly forms: PerSource<Form>;
  /** By template: what it takes from `settings`, `password` and `extra`. */
  readonly uses: Readonly<Record<Variant, PerSource<Use>>>;
}

/** With another template `web` takes one source more; what `worker` could do without becomes required. */
export const WORKLOADS: readonly [Cast, Cast] = [
  {
    name: 'web',
    forms: ['whole', 'whole', 'whole'],
    uses: { 1: ['required', 'required', 'unused'], 2: ['required', 'required', 'optional'] },
  },
  {
    name: 'worker',
    forms: ['whole', 'whole', 'entry'],
    uses: { 1: ['required', 'unused', 'optional'], 2: ['required', 'unused', 'required'] },
  },
];

const FIRST_KEY = keyOf(new Uint8Array(32).fill(1));
const SECOND_KEY = keyOf(new Uint8Array(32).fill(2));

/** The keys of the installation before and after their rotation. */
export const KEYRINGS: readonly [Keyring, Keyring] = [keyring(FIRST_KEY), keyring(SECOND_KEY, [FIRST_KEY])];

/** A source as restamp reads it; `undefined` where it is not there. */
function sourceOf(index: SourceIndex, content: Content): Source | undefined {
  if (content === 'absent') return undefined;
  const entries = new Map([[ENTRY, Buffer.from(content)]]);
  return { ...SOURCES[index], uid: '', resourceVersion: '', entries, writers: [], labels: {}, annotations: {} };
}

/** The sources of the namespace, those that are not there left out. */
export function sourcesOf(contents: Contents): ReadonlyMap<SourceId, Source> {
  return new Map(
    SOURCE_INDICES.flatMap((index) => {
      const source = sourceOf(index, contents[index]);
      return source === undefined ? [] : [[sourceId({ kind: source.kind, name: source.name }), source] as const];
    }),
  );
}

/** The pod spec of a template. */
export function podSpecOf(workload: WorkloadIndex, variant: Variant): JsonObject {
  const { name, uses, forms } = WORKLOADS[workload];
  const used = SOURCE_INDICES.filter((index) => uses[variant][index] !== 'unused');
  const optional = (index: SourceIndex): JsonObject => (uses[variant][index] === 'optional' ? { optional: true } : {});
  const whole = (index: SourceIndex): JsonObject => {
    const { kind, name } = SOURCES[index];
    return { [kind === 'ConfigMap' ? 'configMapRef' : 'secretRef']: { name, ...optional(index) } };
  };
  const entry = (index: SourceIndex): JsonObject => {
    const { kind, name } = SOURCES[index];
    const from = kind === 'ConfigMap' ? 'configMapKeyRef' : 'secretKeyRef';
    return { name: name.toUpperCase(), valueFrom: { [from]: { name, key: ENTRY, ...optional(index) } } };
  };
  const envFrom = used.filter((index) => forms[index] === 'whole').map(whole);
  const env = used.filter((index) => forms[index] === 'entry').map(entry);
  return { containers: [{ name, image: `${name}:${variant}`, env, envFrom }] };
}
