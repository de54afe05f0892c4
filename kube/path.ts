/** Paths of the Kubernetes API. */

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export const CONFIG_MAPS: Resource = { group: '', version: 'v1', resource: 'configmaps' };
export const SECRETS: Resource = { group: '', version: 'v1', resource: 'secrets' };
export const NAMESPACES: Resource = { group: '', version: 'v1', resource: 'namespaces' };
export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', resource: 'events' };

/** What the Secrets Store CSI driver tells of each pod that mounted a class. */
export const CLASS_STATUSES: Resource = {
  group: 'secrets-store.csi.x-k8s.io',
  version: 'v1',
  resource: 'secretproviderclasspodstatuses',
};
export const JOBS: Resource = { group: 'batch', version: 'v1', resource: 'jobs' };

/** The path of a collection, or of one object in it; without a namespace, of all namespaces or a cluster's object. */
export function resourcePath(resource: Resource, at: { namespace?: string | undefined; name?: string } = {}): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const namespace = at.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(at.namespace)}`;
  const name = at.name === undefined ? '' : `/${encodeURIComponent(at.name)}`;
  return `${root}${namespace}/${resource.resource}${name}`;
}
