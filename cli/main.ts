#!/usr/bin/env node
/** The `restamp` command. */
import { runCommand } from './run-command.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  onSignal: (signal, listener) =>
    process.once(signal, () => {
      // The next signal, whichever it is, meets no handler and ends the process at once.
      for (const handled of ['SIGTERM', 'SIGINT']) process.removeAllListeners(handled);
      listener();
    }),
});
