/** `npm run docs`: writes the pages of the reference that are made from the code. */
import { writeFile } from 'node:fs/promises';
import { annotationsPage } from './annotations-page.ts';
import { flagsPage } from './flags-page.ts';

export interface Page {
  /** Within the repository. */
  readonly path: string;
  /** The whole text. The same code gives the same text. */
  readonly render: () => string;
}

/** Every generated page. A test compares each with the file in the repository. */
export const PAGES: readonly Page[] = [
  { path: 'docs/reference/flags.md', render: flagsPage },
  { path: 'docs/reference/annotations.md', render: annotationsPage },
];

/** Where a page stands on this machine. */
export function locationOf({ path }: Pick<Page, 'path'>): URL {
  return new URL(`../${path}`, import.meta.url);
}

async function main(): Promise<void> {
  for (const page of PAGES) {
    await writeFile(locationOf(page), page.render());
    process.stdout.write(`${page.path}\n`);
  }
}

if (import.meta.main) await main();
