import { asObject, asText, parseJson } from '../core/json.ts';

/** One line of a watch (metav1.WatchEvent), told apart by what has to be done about it. */
export type WatchEvent =
  | { readonly type: 'applied'; readonly object: unknown; readonly resourceVersion: string }
  | { readonly type: 'deleted'; readonly object: unknown; readonly resourceVersion: string }
  /** `complete` ends the initial events of a streaming list (KEP-3157). */
  | { readonly type: 'bookmark'; readonly resourceVersion: string; readonly complete: boolean }
  | { readonly type: 'error'; readonly code: number; readonly reason: string }
  | { readonly type: 'unreadable' };

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Reads a line of a watch. */
export function parseWatchLine(line: string): WatchEvent {
  const { type, object } = asObject(parseJson(line));
  const metadata = asObject(asObject(object).metadata);
  const resourceVersion = asText(metadata.resourceVersion) ?? '';
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { type: 'applied', object, resourceVersion };
    case 'DELETED':
      return { type: 'deleted', object, resourceVersion };
    case 'BOOKMARK':
      return {
        type: 'bookmark',
        resourceVersion,
        complete: asObject(metadata.annotations)[INITIAL_EVENTS_END] === 'true',
      };
    case 'ERROR':
      return {
        type: 'error',
        code: Number(asObject(object).code) || 500,
        reason: asText(asObject(object).reason) ?? '',
      };
    default:
      return { type: 'unreadable' };
  }
}

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into its lines. A last line without its end was cut off on the way, and is not a line. */
export async function* lines(stream: AsyncIterable<Buffer>): AsyncIterable<string> {
  let pending: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...pending, chunk.subarray(start, end)]).toString('utf8');
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
}
