/** How a command reaches the API server: what is said on the command line, else what is found around it. */
import { KubeConfig } from '@kubernetes/client-node';
import { createTransport, type KubeTransport } from '../kube/transport.ts';
import { VERSION } from './version.ts';

/** Connects as `restamp-<component>/<version>`; `kubeconfig` wins over `$KUBECONFIG`, a pod's own account, and `~/.kube/config`. */
export function connect(component: string, kubeconfig: string | undefined): KubeTransport {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'it is no kubeconfig';
    throw new Error(`--kubeconfig is "${kubeconfig ?? '(found by default)'}", which cannot be read: ${why}`);
  }
  return createTransport(config, `restamp-${component}/${VERSION}`);
}
