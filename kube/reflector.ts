/**
 * Mirrors a collection into a sink: a list, then a watch, for ever (client-go calls this a reflector).
 * It holds no objects, only a position in the history of the collection. Its states:
 *
 *     no position          a position
 *     listing ───────────> opening ──────> watching     a list by streaming becomes the watch: listing ─> watching
 *        ^                  ^    ^            │
 *        │                  │    └── ended ───┘         by the server, as each watch is after some minutes
 *        └──── waiting ─────┘
 *
 * Trouble in any of them leads to waiting, told to the log. Afterwards it goes on where it was: from the position where
 * that is good yet, from an empty page where it is not.
 */
import { retryMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import { describeError, isStatus, KubeError } from './error.ts';
import { METADATA_ONLY_ITEM, METADATA_ONLY_LIST } from './metadata.ts';
import { pages } from './pages.ts';
import type { KubeRequest, KubeTransport } from './transport.ts';
import { lines, parseWatchLine, type WatchEvent } from './watch-line.ts';
import { Watchdog } from './watchdog.ts';

/** Receives the collection. Between `begin` and `complete` comes every object that exists. */
export interface Sink<T> {
  begin(): void;
  applied(object: T): void;
  deleted(object: T): void;
  complete(): void;
}

/** Which watch it is: `secrets`, and their path, since there can be a watch for each of some namespaces. */
export interface WatchName {
  readonly resource: string;
  readonly path: string;
}

/** What happens to a reflector, for logs, metrics and readiness. */
export interface ReflectorEvents {
  synced(facts: WatchName & { objects: number; how: ListMethod; tookMs: number }): void;
  interrupted(facts: WatchName & { cause: string; retryInMs: number }): void;
  state(facts: WatchName & { state: ReflectorState }): void;
  /** Something came on a watch, besides the objects of a list. */
  heard?(facts: WatchName & { type: HeardType }): void;
}

export type ReflectorState =
  | 'listing'
  /** A watch is asked for and not answered yet. */
  | 'opening'
  | 'watching'
  /** After trouble, before the next attempt. */
  | 'waiting'
  /** For good. */
  | 'stopped';

export type ListMethod = 'stream' | 'pages';
export type HeardType = 'applied' | 'deleted' | 'bookmark';

export interface ReflectorOptions<T> extends WatchName {
  readonly query?: Readonly<Record<string, string>>;
  /** Ask for metadata only: names, labels, annotations, versions, never content. */
  readonly metadataOnly: boolean;
  /** Narrows an object; what it answers `undefined` for is passed over. */
  readonly parse: (object: unknown) => T | undefined;
  readonly sink: Sink<T>;
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly events: ReflectorEvents;
}

/** The API server ends a watch after this; between 5 and 10 minutes like client-go's, so that they do not end together. */
const WATCH_SECONDS = 300;

/** Two of the API server's bookmark periods (1 min, plus jitter of a quarter): silence longer than that is a dead watch. */
const SILENCE_MS = 150_000;

/** What the API server itself lets a plain list take (`--request-timeout`). A streaming list that takes longer has no end. */
const LIST_MS = 60_000;

/** API servers are upgraded more seldom than this, and a request that is refused costs little. */
const STREAM_AGAIN_MS = 3_600_000;

/** KEP-3157: the objects that exist as events, then a bookmark that says so. */
const STREAMING_LIST = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };

/** A list under way. */
interface List {
  readonly how: ListMethod;
  readonly begunAt: number;
  objects: number;
  /** It was answered, so whatever ended it came later. */
  opened: boolean;
}

export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #name: WatchName;
  readonly #synced = Promise.withResolvers<void>();
  /** The place in the collection's history that was reached; without one everything is listed first. */
  #position: string | undefined;
  #list: List | undefined;
  /** In a row, with nothing heard in between. A list in between counts for nothing: it is what costs most. */
  #failures = 0;
  /** Streaming lists do not work here, as far as is known; pages do, on every API server. */
  #pagesUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#name = { resource: options.resource, path: options.path };
  }

  /** Resolves when the sink has been completed for the first time. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#advance(signal);
      } catch (error) {
        if (!signal.aborted) await this.#recover(error, signal);
      }
    }
    this.#enter('stopped');
  }

  async #advance(signal: AbortSignal): Promise<void> {
    if (this.#position !== undefined) {
      this.#enter('opening');
      return this.#watch({ resourceVersion: this.#position }, signal);
    }
    const list = this.#begin();
    return list.how === 'pages' ? this.#listPages(signal) : this.#watch(STREAMING_LIST, signal);
  }

  /** Handles what comes until the server ends the watch. A watch that asks for a list is in a list until that is complete. */
  async #watch(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const { transport, clock } = this.#options;
    const watchdog = new Watchdog(clock, (heardAt) => this.#deadline(heardAt));
    const stream = transport.stream(this.#watchRequest(query, AbortSignal.any([signal, watchdog.signal])));
    let events = 0;
    try {
      for await (const line of lines(watchdog.guard(stream))) {
        this.#handle(parseWatchLine(line));
        events += 1;
      }
    } catch (error) {
      throw watchdog.signal.aborted ? this.#fault(0, 'silent for too long') : error;
    }
    // A watch lives for minutes and has a bookmark each minute, and a list that began has an end. What ends without
    // either must not be reopened in a loop.
    if (this.#list !== undefined) throw this.#fault(0, 'ended before the list was complete');
    if (events === 0) throw this.#fault(0, 'ended empty');
  }

  #deadline(heardAt: number): number {
    return this.#list === undefined ? heardAt + SILENCE_MS : this.#list.begunAt + LIST_MS;
  }

  #watchRequest(position: Readonly<Record<string, string>>, signal: AbortSignal): KubeRequest {
    const { clock, path, query, metadataOnly } = this.#options;
    const seconds = Math.round(WATCH_SECONDS * (1 + clock.random()));
    return {
      method: 'GET',
      path,
      query: {
        ...query,
        ...position,
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(seconds),
      },
      accept: metadataOnly ? METADATA_ONLY_ITEM : 'application/json',
      signal,
      onOpen: () => this.#opened(),
    };
  }

  #opened(): void {
    if (this.#list === undefined) this.#enter('watching');
    else this.#list.opened = true;
  }

  #fault(status: number, reason: string): KubeError {
    return new KubeError(`watch ${this.#options.resource}`, { status, reason });
  }

  #handle(event: WatchEvent): void {
    const isOfList = this.#list !== undefined;
    switch (event.type) {
      case 'applied':
        this.#offer(event.object);
        break;
      case 'deleted':
        this.#withdraw(event.object);
        break;
      case 'bookmark':
        if (event.complete) this.#complete(event.resourceVersion);
        break;
      case 'error':
        throw this.#fault(event.code, event.reason);
      case 'unreadable':
        throw this.#fault(0, 'a line that is no watch event');
    }
    if (!isOfList) this.#heard(event.type, event.resourceVersion);
  }

  #heard(type: HeardType, resourceVersion: string): void {
    if (resourceVersion !== '') this.#position = resourceVersion;
    this.#failures = 0;
    this.#options.events.heard?.({ ...this.#name, type });
  }

  async #listPages(signal: AbortSignal): Promise<void> {
    const { transport, path, query = {}, metadataOnly } = this.#options;
    const accept = metadataOnly ? METADATA_ONLY_LIST : 'application/json';
    let reached = '';
    for await (const { items, resourceVersion } of pages(transport, { path, query, accept, signal })) {
      for (const item of items) this.#offer(item);
      reached = resourceVersion;
    }
    this.#complete(reached);
  }

  #begin(): List {
    const begunAt = this.#options.clock.monotonic();
    const how = begunAt < this.#pagesUntil ? 'pages' : 'stream';
    const list: List = { how, begunAt, objects: 0, opened: false };
    this.#list = list;
    this.#enter('listing');
    this.#options.sink.begin();
    return list;
  }

  #offer(object: unknown): void {
    const parsed = this.#options.parse(object);
    if (parsed === undefined) return;
    if (this.#list !== undefined) this.#list.objects += 1;
    this.#options.sink.applied(parsed);
  }

  #withdraw(object: unknown): void {
    const parsed = this.#options.parse(object);
    if (parsed !== undefined) this.#options.sink.deleted(parsed);
  }

  #complete(resourceVersion: string): void {
    const { sink, events, clock } = this.#options;
    if (this.#list === undefined) return;
    const { how, begunAt, objects } = this.#list;
    sink.complete();
    this.#list = undefined;
    this.#position = resourceVersion;
    events.synced({ ...this.#name, objects, how, tookMs: clock.monotonic() - begunAt });
    if (how === 'stream') this.#enter('watching');
    this.#synced.resolve();
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, events } = this.#options;
    const now = clock.monotonic();
    if (this.#list?.how === 'stream' && (this.#list.opened || isRefusal(error)))
      this.#pagesUntil = now + STREAM_AGAIN_MS;
    if (isRefusal(error) || isStatus(error, 410) || isStatus(error, 404)) this.#position = undefined;
    this.#list = undefined;
    const asked = error instanceof KubeError ? error.retryAfterMs : undefined;
    const retryInMs = retryMs(this.#failures, clock.random(), asked);
    this.#failures += 1;
    events.interrupted({ ...this.#name, cause: describeError(error), retryInMs });
    this.#enter('waiting');
    await clock.sleep(retryInMs, signal);
  }

  #enter(state: ReflectorState): void {
    this.#options.events.state({ ...this.#name, state });
  }
}

/** The server does not understand what it was asked: a streaming list, or a position that it did not give out. */
function isRefusal(error: unknown): boolean {
  return isStatus(error, 400) || isStatus(error, 422);
}
