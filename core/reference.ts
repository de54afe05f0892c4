/**
 * References: what a pod spec takes from ConfigMaps and Secrets (DESIGN §6).
 * A pod spec is anything an admission request may hold, so whatever is not of the expected form is passed over.
 */
import { asList, asObject, asText } from './json.ts';
import { type SourceId, type SourceKind, sourceId } from './source.ts';

/**
 * What it means that the thing is not there. `required`: pods cannot start, kubelet waits for it. `optional`: they start
 * and its absence is a configuration like any other. `named`: they start, and nobody says what its absence would mean
 * (an annotation names it, an image pull secret): only its content counts.
 */
export type Need = 'required' | 'optional' | 'named';

/** All uses of one source by one workload, merged: union of keys, required if any use is. */
export interface Reference {
  readonly kind: SourceKind;
  /** Only where it is not the workload's own. */
  readonly namespace?: string;
  readonly name: string;
  readonly need: Need;
  /** Counts only while the source is marked to be found (Reloader's `search` and `match`). */
  readonly onlyMarked?: true;
  /** Every entry of the source is used. */
  readonly all: boolean;
  /** Entries used by name, beside or instead of all. */
  readonly keys: ReadonlyMap<string, Need>;
  /** With `all`: entries that do not count, sorted. */
  readonly without?: readonly string[];
}

/** One use of one source. */
export interface Use {
  readonly kind: SourceKind;
  readonly namespace?: string;
  readonly name: string;
  readonly need: Need;
  readonly keys: 'all' | readonly KeyUse[];
  readonly onlyMarked?: true;
}

interface KeyUse {
  readonly key: string;
  readonly need: Need;
}

/** References that count only where an installation asks for them. */
export interface ReferenceOptions {
  readonly imagePullSecrets: boolean;
  /** `nodePublishSecretRef` of CSI volumes, and the Secrets that other types of volume name. */
  readonly volumeSecrets: boolean;
  readonly secretProviderClasses: boolean;
}

export const NO_EXTRA_REFERENCES: ReferenceOptions = {
  imagePullSecrets: false,
  volumeSecrets: false,
  secretProviderClasses: false,
};

/**
 * The references of a pod spec, one per source, ordered by source.
 * Ephemeral containers are left out: they belong to a running pod, not to a template.
 */
export function references(podSpec: unknown, options: ReferenceOptions = NO_EXTRA_REFERENCES): readonly Reference[] {
  return mergeUses(podUses(podSpec, options));
}

/** Uses merged to references: one per source, ordered by source. */
export function mergeUses(uses: readonly Use[]): readonly Reference[] {
  const merged = new Map<SourceId, Growing>();
  for (const use of uses) {
    const id = sourceId(use);
    merged.set(id, merge(merged.get(id), use));
  }
  return [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reference]) => reference);
}

/** A reference as uses again, to be merged with others. */
export function usesOf({ kind, namespace, name, need, all, keys }: Reference): Use[] {
  const base = { kind, ...(namespace === undefined ? {} : { namespace }), name, need };
  const entries = [...keys].map(([key, keyNeed]) => ({ key, need: keyNeed }));
  return [
    ...(all ? [{ ...base, keys: 'all' as const }] : []),
    ...(entries.length > 0 ? [{ ...base, keys: entries }] : []),
  ];
}

/** Every use that a pod spec makes of a source, in the order of the spec. */
export function podUses(podSpec: unknown, options: ReferenceOptions): readonly Use[] {
  const spec = asObject(podSpec);
  const containers = [...asList(spec.initContainers), ...asList(spec.containers)].map(asObject);
  const mounts = mountsByVolume(containers);
  const volumes = asList(spec.volumes).map(asObject);
  return [
    ...containers.flatMap((container) => asList(container.env).flatMap(envUses)),
    ...containers.flatMap((container) => asList(container.envFrom).flatMap(envFromUses)),
    ...mountedVolumes(volumes, mounts).flatMap(([volume, mounted]) => volumeUses(volume, mounted)),
    ...(options.volumeSecrets ? volumes.flatMap(volumeSecretUses) : []),
    ...(options.secretProviderClasses ? volumes.flatMap(classUses) : []),
    ...(options.imagePullSecrets ? asList(spec.imagePullSecrets).flatMap(pullSecretUses) : []),
  ];
}

/** A reference while uses are merged: a template can name the keys of one source by the thousand, and they are not copied. */
type Growing = Omit<Reference, 'keys'> & { readonly keys: Map<string, Need> };

function merge(known: Growing | undefined, use: Use): Growing {
  const keys = known?.keys ?? new Map<string, Need>();
  for (const { key, need } of use.keys === 'all' ? [] : use.keys) {
    keys.set(key, stronger(keys.get(key), need));
  }
  const onlyMarked = use.onlyMarked === true && (known === undefined || known.onlyMarked === true);
  return {
    kind: use.kind,
    ...(use.namespace === undefined ? {} : { namespace: use.namespace }),
    name: use.name,
    need: stronger(known?.need, use.need),
    ...(onlyMarked ? { onlyMarked } : {}),
    all: (known?.all ?? false) || use.keys === 'all',
    keys,
  };
}

const STRENGTH = { named: 0, optional: 1, required: 2 } as const satisfies Record<Need, number>;

function stronger(a: Need | undefined, b: Need): Need {
  return a !== undefined && STRENGTH[a] > STRENGTH[b] ? a : b;
}

function need(value: unknown): Need {
  return asObject(value).optional === true ? 'optional' : 'required';
}

function use(kind: SourceKind, name: unknown, need: Need, keys: Use['keys']): Use[] {
  const text = asText(name);
  return text === undefined ? [] : [{ kind, name: text, need, keys }];
}

function envUses(variable: unknown): Use[] {
  const from = asObject(asObject(variable).valueFrom);
  return [...keyUse('ConfigMap', from.configMapKeyRef), ...keyUse('Secret', from.secretKeyRef)];
}

function keyUse(kind: SourceKind, selector: unknown): Use[] {
  const { name, key } = asObject(selector);
  const text = asText(key);
  return text === undefined ? [] : use(kind, name, need(selector), [{ key: text, need: need(selector) }]);
}

function envFromUses(source: unknown): Use[] {
  const { configMapRef, secretRef } = asObject(source);
  return [
    ...use('ConfigMap', asObject(configMapRef).name, need(configMapRef), 'all'),
    ...use('Secret', asObject(secretRef).name, need(secretRef), 'all'),
  ];
}

/** A volume counts whether it is mounted or not: kubelet prepares every volume of a pod before it starts. */
function volumeUses(volume: Record<string, unknown>, mounted: Mounts): Use[] {
  const sources = asList(asObject(volume.projected).sources);
  const mounts = mounted === 'whole' || sources.length * mounted.size > NARROWINGS ? 'whole' : mounted;
  const projection = (kind: SourceKind, name: unknown, from: unknown): Use[] =>
    use(kind, name, need(from), projectedKeys(from, mounts));
  return [
    ...projection('ConfigMap', asObject(volume.configMap).name, volume.configMap),
    ...projection('Secret', asObject(volume.secret).secretName, volume.secret),
    ...sources.flatMap((source) => {
      const { configMap, secret } = asObject(source);
      return [
        ...projection('ConfigMap', asObject(configMap).name, configMap),
        ...projection('Secret', asObject(secret).name, secret),
      ];
    }),
  ];
}

/** Types of volume that name a Secret at `secretRef` (core/v1 VolumeSource). */
const SECRET_REF_VOLUMES = ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'] as const;

function volumeSecretUses(volume: Record<string, unknown>): Use[] {
  return [
    ...SECRET_REF_VOLUMES.flatMap((type) =>
      use('Secret', asObject(asObject(volume[type]).secretRef).name, 'required', 'all'),
    ),
    ...use('Secret', asObject(volume.azureFile).secretName, 'required', 'all'),
    ...use('Secret', asObject(asObject(volume.csi).nodePublishSecretRef).name, 'required', 'all'),
  ];
}

const SECRETS_STORE_DRIVER = 'secrets-store.csi.k8s.io';

/** What the class brings is known once a pod has mounted it, so its absence means nothing. */
function classUses(volume: Record<string, unknown>): Use[] {
  const { driver, volumeAttributes } = asObject(volume.csi);
  const name = driver === SECRETS_STORE_DRIVER ? asObject(volumeAttributes).secretProviderClass : undefined;
  return use('SecretProviderClass', name, 'named', 'all');
}

/** A pod starts without it where the image is there or public. */
function pullSecretUses(secret: unknown): Use[] {
  return use('Secret', asObject(secret).name, 'named', 'all');
}

/** What the mounts of a volume show of it: the whole, as is one that nobody mounts, or only these paths. */
type Mounts = ReadonlySet<string> | 'whole';

/**
 * Any of the paths may be in any of a projected volume's sources. Beyond this many combinations, far more than anybody
 * writes, all of them count: that is never too little.
 */
const NARROWINGS = 10_000;

function mountsByVolume(containers: readonly Record<string, unknown>[]): ReadonlyMap<string, Mounts> {
  const mounts = new Map<string, Set<string> | 'whole'>();
  for (const mount of containers.flatMap((container) => asList(container.volumeMounts)).map(asObject)) {
    const name = asText(mount.name) ?? '';
    // A subPathExpr is known only when the pod runs.
    const path = asText(mount.subPathExpr) === undefined ? cleanPath(mount.subPath) : '';
    const known = mounts.get(name) ?? new Set();
    mounts.set(name, path === '' || known === 'whole' ? 'whole' : known.add(path));
  }
  return mounts;
}

/** The volumes with what is mounted of each. Of several that are called alike, which the API server refuses, all counts. */
function mountedVolumes(
  volumes: readonly Record<string, unknown>[],
  mounts: ReadonlyMap<string, Mounts>,
): readonly (readonly [Record<string, unknown>, Mounts])[] {
  const left = new Map(mounts);
  return volumes.map((volume) => {
    const name = asText(volume.name) ?? '';
    const mounted = left.get(name) ?? 'whole';
    left.delete(name);
    return [volume, mounted] as const;
  });
}

/** The entries of a source that a volume shows: the `items` or all of them, less what no mount reaches. */
function projectedKeys(from: unknown, mounts: Mounts): Use['keys'] {
  const items = asList(asObject(from).items);
  if (items.length > 0) return itemKeys(items, need(from), mounts);
  if (mounts === 'whole') return 'all';
  // Without items a file is called like its key. A key that is not there is no obstacle: kubelet makes an empty
  // directory for a subPath that does not exist.
  return [...mounts].map((key) => ({ key, need: 'optional' }));
}

function itemKeys(items: readonly unknown[], need: Need, mounts: Mounts): KeyUse[] {
  return items.flatMap((item) => {
    const { key, path } = asObject(item);
    const text = asText(key);
    const isReached = mounts === 'whole' || reaches(mounts, cleanPath(path));
    return text === undefined || !isReached ? [] : [{ key: text, need }];
  });
}

/** Directories beyond which a file counts without being looked for: nobody nests that deep, and looking takes its time. */
const DEPTH = 64;

/** Whether one of the paths is the file or a directory it is in: `a/b` is reached at `a/b` and at `a`. */
function reaches(paths: ReadonlySet<string>, file: string): boolean {
  const segments = file.split('/');
  return segments.length > DEPTH || segments.some((_, index) => paths.has(segments.slice(0, index + 1).join('/')));
}

/** `./a//b/` and `a/b` name the same file. */
function cleanPath(path: unknown): string {
  return (asText(path) ?? '')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}
