/**
 * `npm run bundle`: the program as it ships. `dist/restamp.js` and its chunks need Node and nothing else, the licences
 * of what they hold are in `dist/LICENSES.txt`, and the same sources give the same bytes.
 */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

export interface Chunk {
  /** Path within the directory. */
  readonly path: string;
  readonly bytes: number;
}

/** How Node is to be started for restamp: what is measured in bench/README.md. */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=1', '--optimize-for-size'];

/** The same for its environment: one arena of glibc's allocator in place of one per thread. */
export const NODE_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Chunks name their sources by paths from here, so that it does not matter where they are written to. */
const OUTPUT = 'dist';

const ENTRY = 'restamp.js';

/** CommonJS packages ask for Node's own modules by `require`, which an ES module does not have by itself. */
const REQUIRE = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);`;

/** Writes the bundle into a directory, which is emptied first; resolves to what is in it, largest first. */
export async function bundle(directory: string): Promise<readonly Chunk[]> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { restamp: 'cli/main.ts' },
    outdir: OUTPUT,
    write: false,
    metafile: true,
    bundle: true,
    // A chunk for each `import()`: the watcher does not load what only the webhook needs, nor the other way round.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    // The text of a module stays in memory as long as it runs, at two bytes a character if one of them is not Latin-1.
    charset: 'ascii',
    // All of the package that is used; its index would bring in clients for every API, WebSockets and an archiver.
    alias: { '@kubernetes/client-node': '@kubernetes/client-node/dist/config.js' },
    minifyWhitespace: true,
    minifySyntax: true,
    // Names stay, for stack traces; the maps are for reading them, and are not loaded.
    sourcemap: 'external',
    legalComments: 'none',
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  refuseMissing(metafile);
  await emptied(directory);
  for (const { path, contents } of outputFiles) {
    await write(join(directory, relative(join(ROOT, OUTPUT), path)), contents);
  }
  await write(join(directory, 'LICENSES.txt'), await licences(metafile));
  await chmod(join(directory, ENTRY), 0o755);
  return Object.entries(metafile.outputs)
    .filter(([path]) => path.endsWith('.js'))
    .map(([path, { bytes }]) => ({ path: relative(OUTPUT, path), bytes }))
    .toSorted((a, b) => b.bytes - a.bytes);
}

/** Throws where something would still be looked for in a `node_modules` at run time. */
function refuseMissing({ outputs }: Metafile): void {
  const missing = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true && !isBuiltin(path))
    .map(({ path }) => path);
  if (missing.length > 0) throw new Error(`not in the bundle: ${[...new Set(missing)].join(', ')}`);
}

/** Empties a directory of an earlier bundle, and of nothing else. */
async function emptied(directory: string): Promise<void> {
  const names: readonly string[] = await readdir(directory).catch(() => []);
  if (names.length > 0 && !names.includes(ENTRY)) {
    throw new Error(`${directory} holds other things than a bundle: name a directory that is empty or not there yet`);
  }
  await rm(directory, { recursive: true, force: true });
}

async function write(path: string, contents: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The packages whose code is in the bundle, each with the licence it came with. */
async function licences({ outputs }: Metafile): Promise<string> {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? packageOf(path) : [])),
  );
  const texts = await Promise.all([...new Set(used)].map((path) => licence(join(ROOT, path))));
  return texts.toSorted().join(`\n${'-'.repeat(80)}\n\n`);
}

/** `node_modules/a/node_modules/@b/c/lib/index.js` belongs to `node_modules/a/node_modules/@b/c`. */
function packageOf(path: string): string[] {
  return path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/) ?? [];
}

async function licence(directory: string): Promise<string> {
  const about = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Package;
  const files = (await readdir(directory)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).toSorted();
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
  const terms = `${about.name} ${about.version}: ${about.license ?? 'see below'}\n`;
  return [terms, ...texts.map((text) => `${text.trim()}\n`)].join('\n');
}

async function main(): Promise<void> {
  const directory = resolve(process.argv[2] ?? join(ROOT, OUTPUT));
  for (const { path, bytes } of await bundle(directory)) {
    process.stdout.write(`${String(Math.ceil(bytes / 1024)).padStart(6)} KiB  ${path}\n`);
  }
}

if (import.meta.main) await main();
