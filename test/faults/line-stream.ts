import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LineFault } from './rule.ts';

/** A watch on its way to the client: lines in their order, each with what is done to it. */
export class LineStream {
  readonly #response: ServerResponse;
  readonly #reset: () => void;
  #last: Promise<void> = Promise.resolve();
  /** Nothing comes any more: it has ended, or it is silent. */
  #over = false;

  constructor(response: ServerResponse, reset: () => void) {
    this.#response = response;
    this.#reset = reset;
  }

  /** Sends a line when those before it have been sent. What is late or held does not hinder anybody from being read. */
  send(line: string, fault: LineFault | undefined): void {
    const takenAt = performance.now();
    this.#next(() => this.#act(line, fault, takenAt));
  }

  end(): void {
    this.#next(() => this.#finish());
  }

  #next(step: () => void | Promise<void>): void {
    this.#last = this.#last.then(() => (this.#over ? undefined : step()));
  }

  async #act(line: string, fault: LineFault | undefined, takenAt: number): Promise<void> {
    switch (fault?.type) {
      case undefined:
        return this.#write(`${line}\n`);
      case 'drop':
        return;
      case 'delay':
        await sleep(Math.max(0, takenAt + fault.ms - performance.now()));
        return this.#write(`${line}\n`);
      case 'hold':
        await fault.until;
        return this.#write(`${line}\n`);
      case 'garbage':
        return this.#write(`<html>\n${line}\n`);
      case 'error-event':
        await this.#write(`${errorEvent(fault)}\n`);
        return this.#finish();
      case 'half-line':
        await this.#write(half(line));
        return this.#finish();
      case 'stall':
        this.#over = true;
        if (fault.forMs !== undefined) await sleep(fault.forMs).then(this.#reset);
        return;
      case 'reset':
        this.#over = true;
        if (fault.midLine) await this.#write(half(line));
        return this.#reset();
    }
  }

  /** Resolves when it is on its way: a reset takes back what is not. */
  #write(text: string): Promise<void> {
    return new Promise((resolve) => this.#response.write(text, () => resolve()));
  }

  #finish(): void {
    this.#over = true;
    this.#response.end();
  }
}

function half(line: string): string {
  return line.slice(0, Math.ceil(line.length / 2));
}

function errorEvent({ code, reason }: { code: number; reason: string }): string {
  return JSON.stringify({ type: 'ERROR', object: status(code, reason) });
}

/** As the API server says that something went wrong. */
export function status(code: number, reason: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'injected', reason, code };
}
