export interface Access {
  readonly server: string;
  /** PEM of the certificate authority. */
  readonly ca: string;
  readonly user: string;
  readonly token: string;
  readonly cluster: string;
  readonly namespace?: string;
}

/** A kubeconfig with one context. It is JSON, which is YAML too. */
export function kubeconfigText(access: Access): string {
  const context = { cluster: access.cluster, user: access.user, namespace: access.namespace ?? 'default' };
  const cluster = { server: access.server, 'certificate-authority-data': Buffer.from(access.ca).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: access.cluster, cluster }],
    users: [{ name: access.user, user: { token: access.token } }],
    contexts: [{ name: access.cluster, context }],
    'current-context': access.cluster,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
