/** The command with everything around it replaced: what it was told, and what it said. */
import { runCommand } from '../../cli/run-command.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const code = await runCommand(argv, {
    environment,
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    onSignal: () => {},
  });
  return { code, ...said };
}
