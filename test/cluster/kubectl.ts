import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { loopbackEnvironment } from './processes.ts';

export interface KubectlOptions {
  /** What kubectl reads for `-f -`. */
  readonly stdin?: string;
  /** Resolve with the exit code instead of rejecting. */
  readonly allowFailure?: boolean;
  /** Act as another user than the admin. */
  readonly kubeconfig?: string;
}

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

interface Kubectl {
  readonly path: string;
  readonly kubeconfig: string;
  readonly cacheDirectory: string;
}

/** Runs kubectl. Rejects when it fails, with the command and what it said. */
export async function runKubectl(
  kubectl: Kubectl,
  args: readonly string[],
  options: KubectlOptions,
): Promise<KubectlResult> {
  const child = spawn(kubectl.path, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: kubectlEnvironment(kubectl, options),
  });
  const exit = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  // kubectl may end before it has read everything; its exit code says more than the broken pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  if (code !== 0 && options.allowFailure !== true) {
    throw new Error(`kubectl ${args.join(' ')} ended with code ${code}: ${stderr.trim()}`);
  }
  return { stdout, stderr, code };
}

function kubectlEnvironment(kubectl: Kubectl, options: KubectlOptions): NodeJS.ProcessEnv {
  return {
    ...loopbackEnvironment(process.env),
    KUBECONFIG: options.kubeconfig ?? kubectl.kubeconfig,
    // The discovery cache is keyed by host and port, and ports are used again by other clusters.
    KUBECACHEDIR: kubectl.cacheDirectory,
    // The user's own aliases and defaults are not part of a test.
    KUBECTL_KUBERC: 'false',
  };
}
