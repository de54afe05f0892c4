/**
 * References: what a pod spec takes from ConfigMaps and Secrets (DESIGN §6).
 * A pod spec is anything an admission request may hold, so whatever is not of the expected form is passed over.
 */
import { asList, asObject, asText } from './json.ts';
import { type SourceId, type SourceKind, sourceId } from './source.ts';

/** Whether a pod can start without the thing: kubelet waits for what is required. */
export type Need = 'required' | 'optional';

/** All uses of one source by one workload, merged: union of keys, required if any use is. */
export interface Reference {
  readonly kind: SourceKind;
  readonly name: string;
  readonly need: Need;
  /** Every entry of the source is used. */
  readonly all: boolean;
  /** Entries used by name, beside or instead of all. */
  readonly keys: ReadonlyMap<string, Need>;
}

/** One use of one source, as it stands in the pod spec. */
interface Use {
  readonly kind: SourceKind;
  readonly name: string;
  readonly need: Need;
  readonly keys: 'all' | readonly KeyUse[];
}

interface KeyUse {
  readonly key: string;
  readonly need: Need;
}

/**
 * The references of a pod spec, one per source, ordered by source.
 * Ephemeral containers are left out: they belong to a running pod, not to a template.
 */
export function references(podSpec: unknown): readonly Reference[] {
  const merged = new Map<SourceId, Reference>();
  for (const use of uses(podSpec)) {
    const id = sourceId(use);
    merged.set(id, merge(merged.get(id), use));
  }
  return [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reference]) => reference);
}

function uses(podSpec: unknown): readonly Use[] {
  const spec = asObject(podSpec);
  const containers = [...asList(spec.initContainers), ...asList(spec.containers)].map(asObject);
  const mounts = mountsByVolume(containers);
  return [
    ...containers.flatMap((container) => asList(container.env).flatMap(envUses)),
    ...containers.flatMap((container) => asList(container.envFrom).flatMap(envFromUses)),
    ...asList(spec.volumes).flatMap((volume) => volumeUses(asObject(volume), mounts)),
  ];
}

function merge(known: Reference | undefined, use: Use): Reference {
  const keys = new Map(known?.keys);
  for (const { key, need } of use.keys === 'all' ? [] : use.keys) {
    keys.set(key, stronger(keys.get(key), need));
  }
  return {
    kind: use.kind,
    name: use.name,
    need: stronger(known?.need, use.need),
    all: (known?.all ?? false) || use.keys === 'all',
    keys,
  };
}

function stronger(a: Need | undefined, b: Need): Need {
  return a === 'required' || b === 'required' ? 'required' : 'optional';
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
function volumeUses(volume: Record<string, unknown>, mounts: ReadonlyMap<string, readonly Mount[]>): Use[] {
  const mounted = mounts.get(asText(volume.name) ?? '') ?? [];
  const projection = (kind: SourceKind, name: unknown, from: unknown): Use[] =>
    use(kind, name, need(from), projectedKeys(from, mounted));
  return [
    ...projection('ConfigMap', asObject(volume.configMap).name, volume.configMap),
    ...projection('Secret', asObject(volume.secret).secretName, volume.secret),
    ...asList(asObject(volume.projected).sources).flatMap((source) => {
      const { configMap, secret } = asObject(source);
      return [
        ...projection('ConfigMap', asObject(configMap).name, configMap),
        ...projection('Secret', asObject(secret).name, secret),
      ];
    }),
  ];
}

/** A volume mount: the whole volume, one path of it, or a path known only when the pod runs. */
type Mount = { readonly path: string } | 'whole';

function mountsByVolume(containers: readonly Record<string, unknown>[]): ReadonlyMap<string, readonly Mount[]> {
  const mounts = new Map<string, Mount[]>();
  for (const mount of containers.flatMap((container) => asList(container.volumeMounts)).map(asObject)) {
    const name = asText(mount.name) ?? '';
    const path = asText(mount.subPathExpr) === undefined ? cleanPath(mount.subPath) : '';
    mounts.set(name, [...(mounts.get(name) ?? []), path === '' ? 'whole' : { path }]);
  }
  return mounts;
}

/** The entries of a source that a volume shows: the `items` or all of them, less what no mount reaches. */
function projectedKeys(from: unknown, mounts: readonly Mount[]): Use['keys'] {
  const { items } = asObject(from);
  const paths = mounts.flatMap((mount) => (mount === 'whole' ? [] : [mount.path]));
  const narrowed = mounts.length > 0 && paths.length === mounts.length;
  if (asList(items).length > 0) return itemKeys(asList(items), need(from), narrowed ? paths : undefined);
  if (!narrowed) return 'all';
  // Without items a file is called like its key. A key that is not there is no obstacle: kubelet makes an empty
  // directory for a subPath that does not exist.
  return paths.map((key) => ({ key, need: 'optional' }));
}

function itemKeys(items: readonly unknown[], need: Need, paths: readonly string[] | undefined): KeyUse[] {
  return items.flatMap((item) => {
    const { key, path } = asObject(item);
    const text = asText(key);
    const file = cleanPath(path);
    const reached = paths?.some((mount) => file === mount || file.startsWith(`${mount}/`)) ?? true;
    return text === undefined || !reached ? [] : [{ key: text, need }];
  });
}

/** `./a//b/` and `a/b` name the same file. */
function cleanPath(path: unknown): string {
  return (asText(path) ?? '')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}
