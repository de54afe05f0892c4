/** The API server's own count of what a client asked for. */
import type { AuditEntry, Cluster } from '../test/cluster/cluster.ts';

/** Requests by verb and resource: `get secrets`. */
export type Tally = Readonly<Record<string, number>>;

export interface Account {
  readonly total: number;
  readonly tally: Tally;
  readonly entries: readonly AuditEntry[];
}

/** Counts what one client asks for, from one call to the next. */
export function accountant(cluster: Cluster, userAgent: string): () => Promise<Account> {
  let seen = 0;
  return async () => {
    const log = await cluster.auditLog();
    const entries = log.slice(seen).filter((entry) => entry.userAgent.startsWith(userAgent) && counts(entry));
    seen = log.length;
    return { total: entries.length, tally: tallyOf(entries), entries };
  };
}

/** A watch is logged when it begins and when it ends; anything else once, when it is answered. */
function counts({ verb, stage }: AuditEntry): boolean {
  return stage === (verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete');
}

function tallyOf(entries: readonly AuditEntry[]): Tally {
  const tally = new Map<string, number>();
  for (const { verb, resource } of entries) {
    const key = `${verb} ${resource}`;
    tally.set(key, (tally.get(key) ?? 0) + 1);
  }
  return Object.fromEntries([...tally].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
