/** How a command reaches the API server: what is said on the command line, else what is found around it. */
import type { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../kube/clock.ts';
import { createTransport, type KubeTransport } from '../kube/transport.ts';
import { type Access, isPod, podAccess } from './pod.ts';
import { VERSION } from './version.ts';

/** Connects as `restamp-<component>/<version>`; `kubeconfig` wins over `$KUBECONFIG`, a pod's own account, and `~/.kube/config`. */
export async function connect(component: string, kubeconfig: string | undefined): Promise<KubeTransport> {
  const access = await accessFor(kubeconfig);
  // Of a KubeConfig the transport uses no more than that.
  return createTransport(access as KubeConfig, `restamp-${component}/${VERSION}`);
}

async function accessFor(kubeconfig: string | undefined): Promise<Access> {
  const { env: environment } = process;
  if (kubeconfig === undefined && !environment.KUBECONFIG && isPod(environment)) {
    return podAccess(environment, systemClock);
  }
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'it is no kubeconfig';
    throw new Error(`--kubeconfig is "${kubeconfig ?? '(found by default)'}", which cannot be read: ${why}`);
  }
  return config;
}
