/**
 * Leader election by a Lease (coordination.k8s.io/v1), as client-go's: who holds it writes, the others wait. Time is
 * measured by each process itself; clocks of two machines are never compared.
 */
import { asObject, asText, type JsonObject } from '../core/json.ts';
import { FIELD_MANAGER } from '../core/names.ts';
import type { Clock } from './clock.ts';
import { describeError, isStatus } from './error.ts';
import { LEASES, resourcePath } from './path.ts';
import type { KubeTransport } from './transport.ts';

export interface LeaseTimes {
  /** A holder that was not seen to renew for this long may be replaced. */
  readonly leaseMs: number;
  /** A holder that could not renew for this long takes itself for replaced; less than `leaseMs`. */
  readonly renewDeadlineMs: number;
  /** Between two attempts to renew or acquire. */
  readonly retryMs: number;
}

export type LeaseState =
  | { readonly state: 'standby'; readonly holder: string | undefined }
  | { readonly state: 'leading' }
  /** `why` it is not held any more. */
  | { readonly state: 'lost'; readonly why: string };

export interface LeaseOptions extends LeaseTimes {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly at: { readonly namespace: string; readonly name: string };
  /** Of this process and no other. */
  readonly identity: string;
  readonly onState: (state: LeaseState) => void;
}

/** What was seen of the Lease, and when. */
interface Observed {
  readonly resourceVersion: string;
  readonly holder: string | undefined;
  readonly transitions: number;
  /** Since when the Lease has been as it is, by this process's monotonic clock. */
  readonly since: number;
  readonly leaseMs: number;
}

export class Lease {
  readonly #options: LeaseOptions;
  #observed: Observed | undefined;
  /** When the last renewal that succeeded was sent; others count from its arrival at the earliest. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  #state: LeaseState['state'] | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /**
   * Whether this process may write now. It is asked before each write: a process that was frozen finds the answer
   * changed when it wakes up, before it has done anything.
   */
  get held(): boolean {
    const { clock, renewDeadlineMs } = this.#options;
    return clock.monotonic() < this.#renewedAt + renewDeadlineMs;
  }

  /**
   * Contends for the Lease until the signal aborts. While it is held, `lead` runs with a signal that aborts when it is
   * lost; it is begun again when the Lease is won again. Given back at the end, once `lead` has ended. Never rejects.
   */
  async run(signal: AbortSignal, lead: (held: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      if (!(await this.#acquire(signal))) return;
      const lost = new AbortController();
      const leading = lead(AbortSignal.any([signal, lost.signal]));
      await this.#keep(signal);
      lost.abort();
      await leading;
    }
    await this.#release();
  }

  /** Resolves to whether it was won before the signal aborted. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const failure = await this.#attempt();
      if (failure === undefined) {
        this.#tell({ state: 'leading' });
        return true;
      }
      if (this.#state !== 'standby') this.#tell({ state: 'standby', holder: this.#observed?.holder });
      await clock.sleep(this.#jittered(), signal);
    }
    return false;
  }

  /** Renews until that has failed for too long, or the signal aborts. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, retryMs } = this.#options;
    let why = 'it was not renewed in time';
    while (!signal.aborted) {
      await clock.sleep(retryMs, signal);
      if (signal.aborted) return;
      const failure = this.held ? await this.#attempt() : why;
      if (failure === undefined) continue;
      why = failure;
      if (this.held && !this.#isTaken()) continue;
      this.#renewedAt = Number.NEGATIVE_INFINITY;
      return this.#tell({ state: 'lost', why });
    }
  }

  #isTaken(): boolean {
    return this.#observed?.holder !== this.#options.identity;
  }

  /** Tries to acquire or renew; resolves to why that failed. */
  async #attempt(): Promise<string | undefined> {
    const { clock, identity } = this.#options;
    const sentAt = clock.monotonic();
    try {
      // The holder renews by the version it wrote itself; a conflict tells it to look.
      if (this.#isTaken()) await this.#look();
      const observed = this.#observed;
      if (observed !== undefined && !this.#isFree(observed)) return `it is held by ${observed.holder}`;
      await this.#write(observed, observed?.holder === identity);
      this.#renewedAt = sentAt;
      return undefined;
    } catch (error) {
      if (isStatus(error, 409)) await this.#look().catch(() => undefined);
      return describeError(error);
    }
  }

  #isFree({ holder, since, leaseMs }: Observed): boolean {
    const { clock, identity } = this.#options;
    return holder === undefined || holder === identity || clock.monotonic() >= since + leaseMs;
  }

  async #look(): Promise<void> {
    const { transport, at, clock, retryMs } = this.#options;
    try {
      const path = resourcePath(LEASES, at);
      this.#observe(await transport.request({ method: 'GET', path, timeoutMs: retryMs }), clock.monotonic());
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      this.#observed = undefined;
    }
  }

  #observe(lease: unknown, now: number): void {
    const { metadata, spec } = asObject(lease);
    const resourceVersion = asText(asObject(metadata).resourceVersion) ?? '';
    if (this.#observed?.resourceVersion === resourceVersion) return;
    const { holderIdentity, leaseDurationSeconds, leaseTransitions } = asObject(spec);
    const seconds = typeof leaseDurationSeconds === 'number' && leaseDurationSeconds > 0 ? leaseDurationSeconds : 0;
    this.#observed = {
      resourceVersion,
      holder: asText(holderIdentity),
      transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
      since: now,
      // The holder may have been told another length than this process.
      leaseMs: Math.max(seconds * 1_000, this.#options.leaseMs),
    };
  }

  async #write(observed: Observed | undefined, isOurs: boolean): Promise<void> {
    const { transport, at, clock, identity, leaseMs, retryMs } = this.#options;
    const now = microTime(clock.now());
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(leaseMs / 1_000)),
      renewTime: now,
      ...(isOurs ? {} : { acquireTime: now, leaseTransitions: (observed?.transitions ?? -1) + 1 }),
    };
    const written =
      observed === undefined
        ? await transport.request({
            ...{ method: 'POST', path: resourcePath(LEASES, { namespace: at.namespace }), timeoutMs: retryMs },
            query: { fieldManager: FIELD_MANAGER },
            body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: at, spec },
          })
        : await this.#patch({ metadata: { resourceVersion: observed.resourceVersion }, spec });
    this.#observe(written, clock.monotonic());
  }

  async #patch(body: JsonObject): Promise<unknown> {
    const { transport, at, retryMs } = this.#options;
    return transport.request({
      ...{ method: 'PATCH', path: resourcePath(LEASES, at), timeoutMs: retryMs, body },
      contentType: 'application/merge-patch+json',
      query: { fieldManager: FIELD_MANAGER },
    });
  }

  /** So that the next one need not wait for it to run out. That nobody can be told is no harm but that wait. */
  async #release(): Promise<void> {
    if (!this.held || this.#observed === undefined || this.#isTaken()) return;
    this.#renewedAt = Number.NEGATIVE_INFINITY;
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(this.#options.clock.now()) };
    await this.#patch({ metadata: { resourceVersion: this.#observed.resourceVersion }, spec }).catch(() => undefined);
  }

  /** Those who wait do not come at the same moment (client-go's JitterFactor is 1.2). */
  #jittered(): number {
    const { retryMs, clock } = this.#options;
    return Math.round(retryMs * (1 + 0.2 * clock.random()));
  }

  #tell(state: LeaseState): void {
    this.#state = state.state;
    this.#options.onState(state);
  }
}

/** MicroTime has six digits of a second (metav1.MicroTime). */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
