/** Clients that keep a webhook busy and write down what became of each request. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, call, type Target } from './client.ts';

export interface Outcome {
  /** When the request began, as Date.now() tells. */
  readonly at: number;
  readonly call?: Call;
  /** The word for the error, where no answer came. */
  readonly error?: string;
}

export interface Load {
  readonly outcomes: readonly Outcome[];
  /** Ends the clients; resolves when the last request has come to something. */
  stop(): Promise<readonly Outcome[]>;
}

/** No test goes on for longer than that, whatever happens to it. */
const MOST_REQUESTS = 20_000;

/** Each client sends one request after the other, with a short pause between them. */
export function keepSending(target: Target, clients: number, pauseMs = 2): Load {
  const outcomes: Outcome[] = [];
  let going = true;
  const loop = async (): Promise<void> => {
    while (going && outcomes.length < MOST_REQUESTS) {
      outcomes.push(await attempt(target));
      await sleep(pauseMs);
    }
  };
  const loops = Array.from({ length: clients }, loop);
  return {
    outcomes,
    stop: async () => {
      going = false;
      await Promise.all(loops);
      return outcomes;
    },
  };
}

export async function attempt(target: Target): Promise<Outcome> {
  const at = Date.now();
  try {
    return { at, call: await call(target) };
  } catch (error) {
    return { at, error: wordFor(error) };
  }
}

function wordFor(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** `200 close: 12, ECONNREFUSED: 3`: for the comment of a test. */
export function summary(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { call, error } of outcomes) {
    const what = call === undefined ? String(error) : `${call.status} ${call.connection ?? ''}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${what}: ${count}`).join(', ');
}
