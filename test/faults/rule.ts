/** What can go wrong between a client and the API server, and when it does: by rules, and by a seed where chance decides. */

/** Instead of an answer, or with it. */
export type RequestFault =
  /** The API server is not asked. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly reason?: string;
      readonly retryAfterSeconds?: number;
    }
  /** The connection is reset, and the API server is not asked. */
  | { readonly type: 'refuse' }
  /** Nobody answers, and the API server is not asked. */
  | { readonly type: 'hang' }
  /** The API server does what it is asked to, and the connection is reset before it can say so. */
  | { readonly type: 'lose-answer' };

/** To a line of a watch. */
export type LineFault =
  /** The connection is reset instead of the line, or in the middle of it. */
  | { readonly type: 'reset'; readonly midLine?: true }
  /** Half the line, and then an end as if all had been well. */
  | { readonly type: 'half-line' }
  /** Something that is no JSON, and then the line. */
  | { readonly type: 'garbage' }
  /** Neither this nor any other line; after that time, if one is given, a reset. */
  | { readonly type: 'stall'; readonly forMs?: number }
  /** An ERROR event instead of the line, and then the end. */
  | { readonly type: 'error-event'; readonly code: number; readonly reason: string }
  | { readonly type: 'drop' }
  /** It comes that much later, and so do those behind it. */
  | { readonly type: 'delay'; readonly ms: number }
  /** The same, until that is settled. */
  | { readonly type: 'hold'; readonly until: Promise<unknown> };

export type Fault = RequestFault | LineFault;

/** Everything that is given has to be so. */
export interface Match {
  readonly method?: string;
  /** Without the query. */
  readonly path?: string | RegExp;
  /** Parameters that have to be there: with that value, or with any. */
  readonly query?: Readonly<Record<string, string | true>>;
  readonly userAgent?: RegExp;
  /** Of the line of a watch. */
  readonly event?: { readonly type?: string; readonly name?: string };
}

export interface Rule {
  readonly match?: Match;
  readonly fault: Fault;
  /** How often; for ever unless told otherwise. */
  readonly times?: number;
  /** How many of those that match pass unharmed first. */
  readonly after?: number;
  /** In [0, 1]; 1 unless told otherwise. */
  readonly probability?: number;
}

export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly userAgent: string;
}

export interface LineFacts extends RequestFacts {
  readonly event: { readonly type: string; readonly name: string };
}

export function matches(
  { method, path, query = {}, userAgent, event }: Match,
  facts: RequestFacts | LineFacts,
): boolean {
  return [
    method === undefined || method === facts.method,
    path === undefined || (typeof path === 'string' ? path === facts.path : path.test(facts.path)),
    userAgent === undefined || userAgent.test(facts.userAgent),
    Object.entries(query).every(([name, value]) =>
      value === true ? facts.query.has(name) : facts.query.get(name) === value,
    ),
    event === undefined || ('event' in facts && matchesEvent(event, facts.event)),
  ].every(Boolean);
}

function matchesEvent({ type, name }: NonNullable<Match['event']>, event: LineFacts['event']): boolean {
  return (type === undefined || type === event.type) && (name === undefined || name === event.name);
}

const REQUEST_FAULTS: ReadonlySet<string> = new Set<RequestFault['type']>(['answer', 'refuse', 'hang', 'lose-answer']);

export function isRequestFault(fault: Fault): fault is RequestFault {
  return REQUEST_FAULTS.has(fault.type);
}

export function isLineFault(fault: Fault): fault is LineFault {
  return !isRequestFault(fault);
}
