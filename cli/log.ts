/** The log: JSON lines by pino, constant messages, facts as keys, secrets nowhere. */
import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/**
 * Code never passes content to the log. Should it happen all the same, what these paths hold is cut out:
 * the places where the API and TLS keep content.
 */
const REDACTED = [
  'data',
  'stringData',
  'binaryData',
  'key',
  'token',
  '*.data',
  '*.stringData',
  '*.binaryData',
  '*.key',
  '*.token',
];

/** A logger that writes to `destination`, standard output by default. */
export function createLog(component: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'message',
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, remove: true },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
