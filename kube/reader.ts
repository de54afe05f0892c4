/** Live reads of single objects: what a decision is taken on. Content is digested by the caller and dropped. */
import type { Sources } from '../core/digest.ts';
import { parseSource } from '../core/parse.ts';
import type { Reference } from '../core/reference.ts';
import { type Source, type SourceId, type SourceName, sourceId } from '../core/source.ts';
import type { WorkloadKind } from '../core/workload.ts';
import { isStatus } from './error.ts';
import { CONFIG_MAPS, isObjectName, resourcePath, SECRETS } from './path.ts';
import type { KubeTransport } from './transport.ts';

const RESOURCES = { ConfigMap: CONFIG_MAPS, Secret: SECRETS } as const;

/** Reads what the references name, in parallel. A source that does not exist, or cannot, is left out. */
export async function readSources(
  transport: KubeTransport,
  namespace: string,
  references: readonly Reference[],
  signal?: AbortSignal,
): Promise<Sources> {
  const sources = new Map<SourceId, Source>();
  await Promise.all(
    references.map(async ({ kind, name }) => {
      const source = await readSource(transport, { kind, namespace, name }, signal);
      if (source !== undefined) sources.set(sourceId(source), source);
    }),
  );
  return sources;
}

async function readSource(
  transport: KubeTransport,
  { kind, namespace, name }: SourceName,
  signal: AbortSignal | undefined,
): Promise<Source | undefined> {
  if (!isObjectName(name)) return undefined;
  return parseSource(kind, await readObject(transport, resourcePath(RESOURCES[kind], { namespace, name }), signal));
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
