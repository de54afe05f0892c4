import { asObject, asText, parseJson } from '../core/json.ts';

/** An API request that did not succeed. Its message holds no body: that may be a Secret's. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0 where no answer came (refused, reset, timed out). */
  readonly status: number;
  /** The API's own word (`NotFound`, `Conflict`, `Expired`), or the network's (`ECONNRESET`). */
  readonly reason: string;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(request: string, facts: { status: number; reason: string; retryAfterMs?: number | undefined }) {
    super(`${request}: ${facts.status === 0 ? 'no answer' : facts.status} ${facts.reason}`.trimEnd());
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Whether the API server answered with this status. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof KubeError && error.status === status;
}

/** `reason` of a metav1.Status, which is what the API server sends with an error. */
export function statusReason(body: string): string {
  return asText(asObject(parseJson(body)).reason) ?? '';
}

/** Says what went wrong without quoting what anybody sent: for logs, metrics and Events. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
