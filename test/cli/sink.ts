/** A log that writes into memory. */
import { createLog, type Logger } from '../../cli/log.ts';
import { asObject, type JsonObject, parseJson } from '../../core/json.ts';

export interface Sink {
  readonly log: Logger;
  /** The lines as they were written. */
  readonly text: () => string;
  readonly lines: () => readonly JsonObject[];
}

export function sink(level = 'trace'): Sink {
  const written: string[] = [];
  return {
    log: createLog('test', level, { write: (line) => void written.push(line) }),
    text: () => written.join(''),
    lines: () => written.map((line) => asObject(parseJson(line))),
  };
}
