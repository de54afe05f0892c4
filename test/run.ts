/**
 * `npm test [-- FILE…]`: every test, and at the end the plain line `N passed, N failed`.
 * The programs of the control plane are fetched or built first, where their progress can be seen.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const files = process.argv.slice(2);
process.exitCode = (await run('node', ['test/cluster/cli.ts', 'binaries'])) || (await runTests());

async function runTests(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'restamp-tap-'));
  const output = join(directory, 'all.tap');
  // tap keeps its generated test class in node_modules; this makes it once, and is quick when it is there.
  await run('tap', ['build']);
  const reporter = process.stdout.isTTY ? [] : ['--reporter=terse'];
  const code = await run('tap', ['run', ...reporter, `--output-file=${output}`, ...files]);
  const { passed, failed } = count(await readFile(output, 'utf8').catch(() => ''));
  await rm(directory, { recursive: true, force: true });
  // A file that died before it could fail an assertion is a failure too.
  const failures = code === 0 ? failed : Math.max(failed, 1);
  // On a line of its own: tap ends with the code that shows the cursor again, and no newline.
  process.stdout.write(`\n${passed} passed, ${failures} failed\n`);
  return failures === 0 && passed > 0 ? 0 : 1;
}

/** The totals of all assertions, from the summary that tap writes last: `# { total: 3, pass: 2, fail: 1 }`. */
function count(tap: string): { passed: number; failed: number } {
  const summary = [...tap.matchAll(/^# \{ total: .* \}$/gm)].at(-1)?.[0] ?? '';
  const total = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(summary)?.[1] ?? 0);
  return { passed: total('pass'), failed: total('fail') };
}

function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    // Where nobody watches, tap shall not redraw its screen: CI is how it is told.
    const env = process.stdout.isTTY ? process.env : { ...process.env, CI: 'true' };
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
