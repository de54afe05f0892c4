import { asList, asObject, asText } from '../core/json.ts';
import { KubeError } from './error.ts';
import type { KubeRequest, KubeTransport } from './transport.ts';

/** Pages of a list, client-go's own size: small enough for etcd, big enough to be few. */
const PAGE_SIZE = 500;

export interface Page {
  readonly items: readonly unknown[];
  /** That of the whole list, whichever page it is: all show the collection at one moment. */
  readonly resourceVersion: string;
}

type ListRequest = Pick<KubeRequest, 'path' | 'query' | 'accept' | 'signal'>;

/**
 * Lists a collection page by page. Throws where one fails; a token that has expired meanwhile is a 410. What is no list
 * (some JSON from whoever is in between) fails too: it must not be taken for one without objects.
 */
export async function* pages(transport: KubeTransport, request: ListRequest): AsyncIterable<Page> {
  let token: string | undefined = '';
  while (token !== undefined) {
    const query: Record<string, string> = { ...request.query, limit: String(PAGE_SIZE) };
    if (token !== '') query.continue = token;
    const { items, metadata } = asObject(await transport.request({ ...request, method: 'GET', query }));
    const { resourceVersion, continue: next } = asObject(metadata);
    const version = asText(resourceVersion);
    if (version === undefined) throw new KubeError(`GET ${request.path}`, { status: 0, reason: 'not a list' });
    yield { items: asList(items), resourceVersion: version };
    token = asText(next);
  }
}
