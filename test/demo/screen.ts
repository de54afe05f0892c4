/** What the demo shows: numbered steps, the commands a user would type, and what comes of them with the time it took. */

const BOLD = 1;
const DIM = 2;
const GREEN = 32;
const CYAN = 36;

export interface Screen {
  step(title: string): void;
  /** A command as a user would type it. */
  command(text: string): void;
  /** Something that happened, with the time since the step or the last command began. */
  happened(text: string): void;
  detail(text: string): void;
  good(text: string): void;
}

/** Writes lines to `write`; in colour where `colour` says so (a terminal, and not NO_COLOR). */
export function createScreen(write: (line: string) => void, colour: boolean): Screen {
  const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  let steps = 0;
  let since = performance.now();
  return {
    step: (title) => {
      steps += 1;
      since = performance.now();
      write(`\n${paint(BOLD, `${steps}. ${title}`)}`);
    },
    command: (text) => {
      since = performance.now();
      write(`   ${paint(CYAN, `$ ${text}`)}`);
    },
    happened: (text) =>
      write(`   ${paint(DIM, `+${((performance.now() - since) / 1_000).toFixed(1)} s`.padStart(7))}  ${text}`),
    detail: (text) => write(`            ${paint(DIM, text)}`),
    good: (text) => write(`   ${paint(GREEN, text)}`),
  };
}
