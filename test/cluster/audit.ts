import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** One request to the API server. Fields that a request does not have are empty strings. */
export interface AuditEntry {
  readonly userAgent: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  /** HTTP status of the answer. */
  readonly code: number;
  /** ResponseStarted (watches only), ResponseComplete, or Panic. */
  readonly stage: string;
}

interface AuditEvent {
  readonly userAgent?: string;
  readonly verb?: string;
  readonly stage?: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: Readonly<Partial<Record<'resource' | 'subresource' | 'namespace' | 'name', string>>>;
  readonly responseStatus?: { readonly code?: number };
}

/** Reads the audit log, oldest entry first, with the files that the API server has rotated away (audit-TIME.log). */
export async function readAuditLog(path: string): Promise<AuditEntry[]> {
  const directory = dirname(path);
  const names = await readdir(directory);
  const rotated = names.filter((name) => /^audit-.*\.log$/.test(name)).toSorted();
  const current = names.filter((name) => name === 'audit.log');
  const entries: AuditEntry[] = [];
  for (const name of [...rotated, ...current]) {
    for await (const line of createInterface({ input: createReadStream(join(directory, name)) })) {
      const entry = parseAuditLine(line);
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries;
}

/** Parses one line; undefined for a line that is only half written yet. */
export function parseAuditLine(line: string): AuditEntry | undefined {
  let event: AuditEvent;
  try {
    event = JSON.parse(line) as AuditEvent;
  } catch {
    return undefined;
  }
  const { objectRef = {} } = event;
  return {
    userAgent: event.userAgent ?? '',
    verb: event.verb ?? '',
    resource: objectRef.resource ?? '',
    subresource: objectRef.subresource ?? '',
    namespace: objectRef.namespace ?? '',
    name: objectRef.name ?? '',
    user: event.user?.username ?? '',
    code: event.responseStatus?.code ?? 0,
    stage: event.stage ?? '',
  };
}
