/** A compatibility suite as tap tests: one control plane, a subtest for each group, and in it one for each case. */
import type { Test } from 'tap';
import { startCluster } from '../cluster/cluster.ts';
import { type CrdName, installCrds } from '../cluster/crds.ts';
import { install } from '../install/installation.ts';
import type { CompatCase, Group } from './case.ts';
import { Client } from './client.ts';
import { runGroup, type Surroundings, type Verdict } from './run.ts';

export interface Suite {
  readonly groups: readonly Group[];
  readonly cases: readonly CompatCase[];
}

/** The kinds of others that cases speak of. */
const CRDS: readonly CrdName[] = [
  'rollouts.argoproj.io',
  'deploymentconfigs.apps.openshift.io',
  'clonesets.apps.kruise.io',
  'secretproviderclasses.secrets-store.csi.x-k8s.io',
  'secretproviderclasspodstatuses.secrets-store.csi.x-k8s.io',
];

const JOBS_RIGHTS = 'deploy/components/jobs/watcher-jobs-rbac.yaml';

/** Groups that run at once: more would only queue for two cores. */
const GROUPS_AT_ONCE = 3;

/** `COMPAT_ONLY=csi npx tap test/compat/reloader.test.ts` runs the cases whose id holds that text. */
const only = process.env.COMPAT_ONLY ?? '';

/** Starts a control plane with restamp's manifests and its webhook on it, and runs the groups. */
export async function runSuite(t: Test, suite: Suite): Promise<void> {
  const surroundings = await surround(t);
  t.jobs = GROUPS_AT_ONCE;
  for (const group of suite.groups) {
    const cases = suite.cases.filter((one) => one.group === group.name && one.id.includes(only));
    if (cases.length === 0) continue;
    t.test(`${group.name} ${group.args.join(' ')}`.trim(), { buffered: true }, async (t) => {
      const verdicts = await runGroup(group, cases, surroundings);
      for (const one of cases) report(t, one, verdicts.get(one.id));
    });
  }
}

function report(t: Test, { id, name, flip }: CompatCase, verdict: Verdict | undefined): void {
  const wrong = (what: string | undefined): string => (what === undefined ? '' : `${id}: ${what}`);
  t.equal(wrong(verdict?.change), '', name);
  if (flip !== undefined) t.equal(wrong(verdict?.flip), '', `and otherwise it would: ${name}`);
}

/** Starts a control plane with restamp's manifests and its webhook; all of it ends with the test. */
export async function surround(t: Test): Promise<Surroundings> {
  const cluster = await startCluster({ name: 'compat' });
  t.teardown(() => cluster.stop());
  await installCrds(cluster, ...CRDS);
  const restamp = await install(cluster, { without: ['watcher'] });
  // For Reloader's way with CronJobs and Jobs; groups without those flags do not use it.
  await cluster.kubectl(['apply', '-f', JOBS_RIGHTS]);
  t.teardown(() => restamp.stop());
  const client = new Client(cluster.kubeconfig);
  t.teardown(() => client.close());
  return { client, watcherArgs: restamp.watcher.args };
}
