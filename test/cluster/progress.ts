/** What long work says about itself. */
export interface Progress {
  /** Something worth a line of its own. */
  line(text: string): void;
  /** How far it is now. Called often; only some of the calls are shown. */
  update(text: string): void;
  /** The work is over: nothing half-written stays on the terminal. */
  end(): void;
}

// Often enough to see that it lives, rarely enough for a log.
const LINE_EVERY_MS = 15_000;
// A terminal cannot be read faster than this.
const REWRITE_EVERY_MS = 200;

/** Progress as plain lines: an update at most every 15 s. */
export function lineProgress(report: (line: string) => void, now: () => number = () => performance.now()): Progress {
  // The first update waits too, so that short work says nothing.
  let shown = now();
  return {
    line: report,
    update: (text) => {
      if (now() - shown < LINE_EVERY_MS) return;
      shown = now();
      report(text);
    },
    end: () => {},
  };
}

/** Progress on a terminal: updates rewrite one line, which is cut at the terminal's width. */
export function terminalProgress(terminal: NodeJS.WriteStream, now: () => number = () => performance.now()): Progress {
  let shown = Number.NEGATIVE_INFINITY;
  let dirty = false;
  const clear = (): void => {
    // \r to the first column, ESC [K erases to the end of the line.
    if (dirty) terminal.write('\r\u001b[K');
    dirty = false;
  };
  return {
    line: (text) => {
      clear();
      terminal.write(`${text}\n`);
    },
    update: (text) => {
      if (now() - shown < REWRITE_EVERY_MS) return;
      shown = now();
      clear();
      terminal.write(text.slice(0, (terminal.columns ?? 80) - 1));
      dirty = true;
    },
    end: clear,
  };
}

/** `2 min 10 s` */
export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `119 MB` */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
