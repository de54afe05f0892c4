/**
 * How a pod reaches the API server with its own ServiceAccount: two files and two variables. @kubernetes/client-node
 * can do that too; but what it brings along would be most of the code that a shipped restamp keeps in memory.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../kube/clock.ts';

/** What of a `KubeConfig` the transport uses. */
export type Access = Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>;

type Environment = Readonly<Record<string, string | undefined>>;

interface AccountFiles {
  readonly token: string;
  readonly ca: string;
}

/** Kubernetes replaces the token well before it expires, and client-go looks for a new one this often. */
const REREAD_MS = 60_000;

/** Whether this is a pod with a ServiceAccount. */
export function isPod(environment: Environment): boolean {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  return Boolean(host) && Boolean(port) && existsSync(join(directoryIn(environment), 'token'));
}

/** Where Kubernetes mounts `token` and `ca.crt`. The variable is Kubernetes' own too, for containers with the root of a host. */
function directoryIn({ CONTAINER_SANDBOX_MOUNT_POINT: root = '/' }: Environment): string {
  return join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
}

/** Requests go to this server with the token of the moment. */
export function podAccess(environment: Environment, clock: Pick<Clock, 'monotonic'>): Access {
  const directory = directoryIn(environment);
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = environment;
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  let last: { readonly files: AccountFiles; readonly at: number } | undefined;
  let reading: Promise<AccountFiles> | undefined;

  const files = async (): Promise<AccountFiles> => {
    if (last !== undefined && clock.monotonic() - last.at < REREAD_MS) return last.files;
    reading ??= readFiles(directory).finally(() => {
      reading = undefined;
    });
    try {
      last = { files: await reading, at: clock.monotonic() };
    } catch (error) {
      // While they cannot be read, the old ones may be good yet; they are looked for again at the next request.
      if (last === undefined) throw error;
    }
    return last.files;
  };

  return {
    getCurrentCluster: () => ({ name: 'pod', server, skipTLSVerify: false }),
    applyToHTTPSOptions: async (options: RequestOptions) => {
      const { token, ca } = await files();
      options.ca = ca;
      options.headers = { ...options.headers, authorization: `Bearer ${token}` };
    },
  };
}

async function readFiles(directory: string): Promise<AccountFiles> {
  const [token, ca] = await Promise.all([
    readFile(join(directory, 'token'), 'utf8'),
    readFile(join(directory, 'ca.crt'), 'utf8'),
  ]);
  return { token: token.trim(), ca };
}
