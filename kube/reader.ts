/** Live reads: what a decision is taken on. Content is digested by the caller and dropped. */
import { type ClassStatus, classSource, parseClassStatus } from '../core/class-status.ts';
import { READS_AT_ONCE } from '../core/defaults.ts';
import type { Sources } from '../core/digest.ts';
import { asList, asObject, asText, type JsonObject } from '../core/json.ts';
import { isObjectName } from '../core/object-name.ts';
import { parseSource } from '../core/parse.ts';
import type { Reference } from '../core/reference.ts';
import { type Source, type SourceId, type SourceName, sourceId } from '../core/source.ts';
import type { WorkloadKind } from '../core/workload.ts';
import { isStatus } from './error.ts';
import { METADATA_ONLY_LIST } from './metadata.ts';
import { pages } from './pages.ts';
import { CLASS_STATUSES, CONFIG_MAPS, type Resource, resourcePath, SECRETS } from './path.ts';
import type { KubeTransport } from './transport.ts';

type ReadKind = 'ConfigMap' | 'Secret';

const RESOURCES = { ConfigMap: CONFIG_MAPS, Secret: SECRETS } as const;

/** Reads what the references name, several at a time. A source that does not exist, or cannot, is left out. */
export async function readSources(
  transport: KubeTransport,
  namespace: string,
  references: readonly Reference[],
  signal?: AbortSignal,
): Promise<Sources> {
  const sources = new Map<SourceId, Source>();
  const statuses = classStatuses(transport, signal);
  await eachOf(references, async (reference) => {
    const name = { ...reference, namespace: reference.namespace ?? namespace };
    const source = isReadKind(name.kind)
      ? await readSource(transport, { ...name, kind: name.kind }, signal)
      : classSource(name.name, await statuses(name.namespace));
    if (source !== undefined) sources.set(sourceId(reference), source);
  });
  return sources;
}

function isReadKind(kind: SourceName['kind']): kind is ReadKind {
  return kind !== 'SecretProviderClass';
}

/** Does something for each item, READS_AT_ONCE of them at a time; rejects with the first that fails, and begins no more. */
async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    try {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
    } catch (error) {
      left.length = 0;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, items.length) }, lane));
}

async function readSource(
  transport: KubeTransport,
  { kind, namespace, name }: SourceName & { kind: ReadKind },
  signal: AbortSignal | undefined,
): Promise<Source | undefined> {
  if (!isObjectName(name)) return undefined;
  return parseSource(kind, await readObject(transport, resourcePath(RESOURCES[kind], { namespace, name }), signal));
}

/** The statuses of a namespace, listed once however many classes are asked about; none where the driver is not installed. */
function classStatuses(
  transport: KubeTransport,
  signal: AbortSignal | undefined,
): (namespace: string) => Promise<readonly ClassStatus[]> {
  const listed = new Map<string, Promise<readonly ClassStatus[]>>();
  return (namespace) => {
    const known = listed.get(namespace) ?? readClassStatuses(transport, namespace, signal);
    listed.set(namespace, known);
    return known;
  };
}

async function readClassStatuses(
  transport: KubeTransport,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<readonly ClassStatus[]> {
  const list = await readObject(transport, resourcePath(CLASS_STATUSES, { namespace }), signal);
  return asList(asObject(list).items).flatMap((item) => parseClassStatus(item) ?? []);
}

/** The names of all sources of a kind in a namespace, as metadata only. For a class: those that pods tell of. */
export async function listSourceNames(
  transport: KubeTransport,
  { kind, namespace }: Omit<SourceName, 'name'>,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (!isReadKind(kind)) {
    const statuses = await readClassStatuses(transport, namespace, signal);
    return [...new Set(statuses.map(({ className }) => className))];
  }
  return listNames(transport, RESOURCES[kind], { namespace, ...(signal === undefined ? {} : { signal }) });
}

async function listNames(
  transport: KubeTransport,
  resource: Resource,
  at: { namespace: string; signal?: AbortSignal },
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const metadata of listMetadata(transport, resource, at)) {
    const name = asText(metadata.name);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Whether a ConfigMap or Secret of a namespace would be deleted with an object, as one that it owns. */
export async function ownsSources(
  transport: KubeTransport,
  { namespace, uid }: { namespace: string; uid: string },
): Promise<boolean> {
  for (const resource of [CONFIG_MAPS, SECRETS]) {
    for await (const { ownerReferences } of listMetadata(transport, resource, { namespace })) {
      if (asList(ownerReferences).some((owner) => asObject(owner).uid === uid)) return true;
    }
  }
  return false;
}

async function* listMetadata(
  transport: KubeTransport,
  resource: Resource,
  { namespace, signal }: { namespace: string; signal?: AbortSignal },
): AsyncIterable<JsonObject> {
  const path = resourcePath(resource, { namespace });
  const request = { path, accept: METADATA_ONLY_LIST, ...(signal === undefined ? {} : { signal }) };
  for await (const { items } of pages(transport, request)) {
    for (const item of items) yield asObject(asObject(item).metadata);
  }
}

/** Reads one workload as it came; `undefined` where it is gone. */
export async function readWorkload(
  transport: KubeTransport,
  kind: WorkloadKind,
  at: { namespace: string; name: string },
): Promise<unknown> {
  return readObject(transport, resourcePath(kind, at));
}

async function readObject(transport: KubeTransport, path: string, signal?: AbortSignal): Promise<unknown> {
  try {
    return await transport.request({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}
