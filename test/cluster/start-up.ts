import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { AUDIT_POLICY, type Layout, USERS } from './components.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventually } from './deadline.ts';
import { type Answer, ask, type Question } from './http.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { writePrivate } from './state.ts';
import type { ComponentName } from './versions.ts';

/** Bearer tokens of the users in `USERS`. */
export type Tokens = Readonly<Record<keyof typeof USERS, string>>;

// A start takes some seconds; a machine busy with other work can take ten times that.
const START_DEADLINE_MS = 120_000;

/** New tokens. They are written into the cluster's directory, which only its user can read. */
export function newTokens(): Tokens {
  const names = Object.keys(USERS) as (keyof typeof USERS)[];
  return Object.fromEntries(names.map((name) => [name, randomBytes(24).toString('hex')])) as Tokens;
}

/** The address of the API server. */
export function serverAddress(layout: Pick<Layout, 'ports'>): string {
  return `https://127.0.0.1:${layout.ports.apiserver}`;
}

/** Writes what the components read before anything runs. */
export async function writeInputs({ spec, files }: Layout, tokens: Tokens): Promise<void> {
  await mkdir(files.certificates, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writePrivate(files.serviceAccountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const users = Object.entries(USERS).map(
    ([key, user]) => `${tokens[key as keyof Tokens]},${user},${user},"system:masters"`,
  );
  await writePrivate(files.tokens, `${users.join('\n')}\n`);
  await writePrivate(files.auditPolicy, JSON.stringify(AUDIT_POLICY));
  // Copies: a kwok that is restarted later must find the stages it began with.
  await Promise.all(spec.stages.map(async (path, index) => writeFile(files.stage(index), await readFile(path))));
}

/** Starts everything in order; resolves when the cluster is up: its nodes can take pods and `default` can be used in a pod. */
export async function bringUp(
  plane: ControlPlane,
  layout: Layout,
  tokens: Tokens,
  report: (line: string) => void,
): Promise<void> {
  const patience = { deadlineMs: START_DEADLINE_MS, signal: plane.startUpFailed };
  // The API server waits for etcd by itself.
  await Promise.all([plane.start('etcd'), plane.start('kube-apiserver')]);
  await eventually(() => healthy('etcd', layout, tokens), { ...patience, what: 'an answer of etcd' });
  report('etcd answers');
  await eventually(() => healthy('kube-apiserver', layout, tokens), { ...patience, what: 'a ready kube-apiserver' });
  report(`kube-apiserver is ready at ${serverAddress(layout)}`);
  await writeKubeconfigs(layout, tokens);
  await Promise.all([plane.start('kube-controller-manager'), plane.start('kube-scheduler'), plane.start('kwok')]);
  await createNodes(layout, tokens, patience);
  await eventually(() => isUsable(layout, tokens), {
    ...patience,
    what: 'a Ready node and the ServiceAccount "default"',
  });
  report(`${layout.spec.nodes} node${layout.spec.nodes === 1 ? ' is' : 's are'} Ready`);
}

/** Waits until a component answers; those without a server of their own count at once. */
export async function waitHealthy(component: ComponentName, layout: Layout, tokens: Tokens): Promise<void> {
  await eventually(() => healthy(component, layout, tokens), {
    what: `an answer of ${component}`,
    deadlineMs: START_DEADLINE_MS,
  });
}

async function healthy(component: ComponentName, layout: Layout, tokens: Tokens): Promise<true | undefined> {
  if (component === 'etcd')
    return (await ask(`http://127.0.0.1:${layout.ports.etcdClient}/health`)).status === 200 || undefined;
  if (component === 'kube-apiserver') return (await askServer('/readyz', layout, tokens)).status === 200 || undefined;
  return true;
}

async function askServer(path: string, layout: Layout, tokens: Tokens, question: Question = {}): Promise<Answer> {
  const ca = await readFile(layout.files.certificateAuthority, 'utf8');
  return await ask(`${serverAddress(layout)}${path}`, { ...question, ca, token: tokens.admin });
}

/**
 * Deletes the leases of the nodes. A kwok that starts takes a new identity, and would leave the nodes of the one before it alone until
 * their leases run out (40 s). Without an API server there is only that wait.
 */
export async function releaseNodes(layout: Layout, tokens: Tokens): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  await askServer(leases, layout, tokens, { method: 'DELETE', timeoutMs: 2000 }).catch(() => {});
}

async function writeKubeconfigs(layout: Layout, tokens: Tokens): Promise<void> {
  const { files, spec } = layout;
  const ca = await readFile(files.certificateAuthority, 'utf8');
  const write = async (path: string, key: keyof Tokens): Promise<void> => {
    const access = { server: serverAddress(layout), ca, user: USERS[key], token: tokens[key], cluster: spec.name };
    await writePrivate(path, kubeconfigText(access));
  };
  await write(files.kubeconfig, 'admin');
  for (const component of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const) {
    await write(files.componentKubeconfig(component), component);
  }
}

async function createNodes(
  layout: Layout,
  tokens: Tokens,
  patience: { deadlineMs: number; signal: AbortSignal },
): Promise<void> {
  for (const name of nodeNames(layout)) {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
    const create = async (): Promise<true> => {
      const { status, body } = await askServer('/api/v1/nodes', layout, tokens, { method: 'POST', json: node });
      if (status !== 201 && status !== 409) throw new Error(`${status} ${body}`);
      return true;
    };
    await eventually(create, { ...patience, what: `creating the node ${name}` });
  }
}

function nodeNames({ spec }: Layout): string[] {
  return Array.from({ length: spec.nodes }, (_, index) => `node-${index + 1}`);
}

interface NodeObject {
  readonly spec?: { readonly taints?: readonly unknown[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function isUsable(layout: Layout, tokens: Tokens): Promise<true | undefined> {
  const account = await askServer('/api/v1/namespaces/default/serviceaccounts/default', layout, tokens);
  if (account.status !== 200) return undefined;
  const { status, body } = await askServer('/api/v1/nodes', layout, tokens);
  if (status !== 200) return undefined;
  const nodes = (JSON.parse(body) as { items: NodeObject[] }).items;
  return nodes.length >= layout.spec.nodes && nodes.every(canTakePods) ? true : undefined;
}

/** Ready, and the taint `not-ready` that admission puts on a new node is off again. */
function canTakePods({ spec, status }: NodeObject): boolean {
  const ready = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  return ready === true && (spec?.taints ?? []).length === 0;
}
