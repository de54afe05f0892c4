/**
 * Mirrors a collection into a sink: a list, then a watch, for ever (client-go calls this a reflector).
 * It holds no objects. Whatever breaks it is told to the log, waited out, and taken up where it broke off;
 * where the API server no longer knows that place (410), everything is listed again.
 */
import { asList, asObject, asText } from '../core/json.ts';
import { backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import { describeError, isStatus, KubeError } from './error.ts';
import { METADATA_ONLY_ITEM, METADATA_ONLY_LIST } from './metadata.ts';
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

/** What happens to a reflector, for logs and metrics. */
export interface ReflectorEvents {
  synced(facts: { resource: string; objects: number; how: 'stream' | 'pages' }): void;
  interrupted(facts: { resource: string; cause: string; retryInMs: number }): void;
  state(resource: string, state: ReflectorState): void;
}

export type ReflectorState = 'listing' | 'watching' | 'waiting';

export interface ReflectorOptions<T> {
  /** For logs and metrics: `secrets`. */
  readonly resource: string;
  readonly path: string;
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

/** Pages of a list, client-go's own size: small enough for etcd, big enough to be few. */
const PAGE_SIZE = 500;

/** The API server ends a watch after this; between 5 and 10 minutes like client-go's, so that they do not end together. */
const WATCH_SECONDS = 300;

/** Two of the API server's bookmark periods (1 min, plus jitter of a quarter): silence longer than that is a dead watch. */
const SILENCE_MS = 150_000;

/** The place in the collection's history that was reached; `undefined` means: list everything first. */
type Position = string | undefined;

export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  #position: Position;
  #failures = 0;
  /** Streaming lists can be off (KEP-3157 is a feature gate); then pages, which every API server has. */
  #streaming = true;
  #initial: { objects: number } | undefined;
  readonly #synced = Promise.withResolvers<void>();

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
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
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  /** Lists if there is no position yet, then watches until the server ends the watch. */
  async #advance(signal: AbortSignal): Promise<void> {
    const { resource, events } = this.#options;
    if (this.#position === undefined) {
      events.state(resource, 'listing');
      if (!this.#streaming) await this.#listPages(signal);
    }
    const query = this.#position === undefined ? this.#streamingListQuery() : { resourceVersion: this.#position };
    if (this.#position !== undefined) events.state(resource, 'watching');
    await this.#watch(query, signal);
  }

  #streamingListQuery(): Record<string, string> {
    this.#begin();
    return { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
  }

  async #watch(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const { transport, clock } = this.#options;
    const watchdog = new Watchdog(clock, SILENCE_MS);
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
    if (this.#initial !== undefined) throw this.#fault(0, 'ended before the list was complete');
    if (events === 0) throw this.#fault(0, 'ended empty');
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
    };
  }

  #fault(status: number, reason: string): KubeError {
    return new KubeError(`watch ${this.#options.resource}`, { status, reason });
  }

  #handle(event: WatchEvent): void {
    switch (event.type) {
      case 'applied':
        this.#offer(event.object);
        break;
      case 'deleted':
        this.#withdraw(event.object);
        break;
      case 'bookmark':
        if (event.complete) this.#complete('stream', event.resourceVersion);
        break;
      case 'error':
        throw this.#fault(event.code, event.reason);
      case 'unreadable':
        throw this.#fault(0, 'a line that is no watch event');
    }
    if (this.#initial === undefined && event.resourceVersion !== '') {
      this.#position = event.resourceVersion;
      this.#failures = 0;
    }
  }

  async #listPages(signal: AbortSignal): Promise<void> {
    const { transport, path, query, metadataOnly } = this.#options;
    this.#begin();
    let next: string | undefined = '';
    let resourceVersion = '';
    while (next !== undefined) {
      const page = asObject(
        await transport.request({
          method: 'GET',
          path,
          query: { ...query, limit: String(PAGE_SIZE), ...(next === '' ? {} : { continue: next }) },
          accept: metadataOnly ? METADATA_ONLY_LIST : 'application/json',
          signal,
        }),
      );
      for (const item of asList(page.items)) this.#offer(item);
      const metadata = asObject(page.metadata);
      next = asText(metadata.continue);
      resourceVersion = asText(metadata.resourceVersion) ?? '';
    }
    this.#complete('pages', resourceVersion);
  }

  #begin(): void {
    this.#initial = { objects: 0 };
    this.#options.sink.begin();
  }

  #offer(object: unknown): void {
    const parsed = this.#options.parse(object);
    if (parsed === undefined) return;
    if (this.#initial !== undefined) this.#initial.objects += 1;
    this.#options.sink.applied(parsed);
  }

  #withdraw(object: unknown): void {
    const parsed = this.#options.parse(object);
    if (parsed !== undefined) this.#options.sink.deleted(parsed);
  }

  #complete(how: 'stream' | 'pages', resourceVersion: string): void {
    const { resource, sink, events } = this.#options;
    sink.complete();
    events.synced({ resource, objects: this.#initial?.objects ?? 0, how });
    this.#initial = undefined;
    this.#position = resourceVersion;
    events.state(resource, 'watching');
    this.#synced.resolve();
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { resource, clock, events } = this.#options;
    if (this.#initial !== undefined && (isStatus(error, 400) || isStatus(error, 422))) this.#streaming = false;
    // A list that broke off is begun again; a place that the API server has forgotten cannot be returned to.
    if (this.#initial !== undefined || isStatus(error, 410)) this.#position = undefined;
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const retryInMs = Math.max(asked, backoffMs(this.#failures, clock.random()));
    this.#failures += 1;
    events.interrupted({ resource, cause: describeError(error), retryInMs });
    events.state(resource, 'waiting');
    await clock.sleep(retryInMs, signal);
  }
}
