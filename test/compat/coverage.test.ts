/** That the tables hold what they promise: enough cases, of every sort, each negative with a flip. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ANNOTATION_NAMES } from '../../core/annotation.ts';
import type { CompatCase, Form, Use } from './case.ts';
import { ALL_CASES, coveredNames } from './coverage.ts';
import type { WorkloadKind } from './kinds.ts';
import { RELOADER_CASES } from './reloader/cases.ts';
import { RELOADER_GROUPS } from './reloader/groups.ts';
import { WAVE_CASES } from './wave/cases.ts';
import { WAVE_GROUPS } from './wave/groups.ts';

const FIVE_KINDS: readonly WorkloadKind[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Rollout'];
const WAVE_KINDS: readonly WorkloadKind[] = ['Deployment', 'StatefulSet', 'DaemonSet'];
const FORMS: readonly Form[] = ['auto', 'typed-auto', 'named', 'regex', 'search'];

/** The ways to refer to a source that every kind is tried with; with the variants of an init container as one. */
const METHODS: Readonly<Record<string, readonly Use[]>> = {
  'env key': ['env-key'],
  envFrom: ['env-from'],
  volume: ['volume'],
  'projected volume': ['projected'],
  'init container': ['init-env-key', 'init-env-from', 'init-volume', 'sidecar-env-from'],
};

const isNegative = ({ outcome }: CompatCase): boolean => outcome === 'stays';

const some = (cases: readonly CompatCase[], holds: (one: CompatCase) => boolean, what: string): void => {
  t.ok(cases.some(holds), what);
};

t.ok(RELOADER_CASES.length >= 160, `${RELOADER_CASES.length} cases of Reloader`);
t.ok(WAVE_CASES.length >= 60, `${WAVE_CASES.length} cases of wave`);

for (const cases of [RELOADER_CASES, WAVE_CASES]) {
  const [tool] = cases.map((one) => one.tool);
  t.equal(new Set(cases.map(({ id }) => id)).size, cases.length, `the ids of the cases of ${tool} are unique`);
  t.equal(new Set(cases.map(({ name }) => name)).size, cases.length, `and so are their names`);
}
for (const { id } of ALL_CASES) t.match(id, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, `${id} can be a namespace`);

for (const one of ALL_CASES.filter(isNegative)) {
  const { flip } = one;
  t.ok(flip !== undefined && flip.outcome !== 'stays', `${one.id}: what stays has a flip in which something happens`);
}

for (const kind of FIVE_KINDS) {
  const ofKind = RELOADER_CASES.filter((one) => one.kind === kind);
  for (const [method, uses] of Object.entries(METHODS)) {
    some(ofKind, (one) => uses.includes(one.use) && !isNegative(one), `Reloader: a ${kind} with ${method} rolls`);
  }
  for (const form of FORMS) {
    const ofForm = ofKind.filter((one) => one.form === form);
    some(ofForm, (one) => !isNegative(one), `Reloader: a ${kind} by ${form} rolls`);
    some(ofForm, isNegative, `Reloader: a ${kind} by ${form} stays`);
  }
}
for (const method of Object.values(METHODS)) {
  const ofMethod = RELOADER_CASES.filter(({ use }) => method.includes(use));
  for (const source of ['configmap', 'secret']) {
    some(ofMethod, ({ id }) => id.includes(source), `Reloader: ${method.join(', ')} with a ${source}`);
  }
}
for (const kind of WAVE_KINDS) {
  const ofKind = WAVE_CASES.filter((one) => one.kind === kind);
  some(ofKind, isNegative, `wave: a ${kind} stays`);
  for (const [method, uses] of Object.entries(METHODS)) {
    some(ofKind, (one) => uses.includes(one.use) && !isNegative(one), `wave: a ${kind} with ${method} rolls`);
  }
}

for (const [groups, cases] of [
  [RELOADER_GROUPS, RELOADER_CASES],
  [WAVE_GROUPS, WAVE_CASES],
] as const) {
  const named = new Set(groups.map(({ name }) => name));
  t.equal(named.size, groups.length, 'the names of the groups are unique');
  t.same(new Set(cases.map(({ group }) => group)), named, 'every case has a group, every group has cases');
}

/** Reloader's flags and annotations, and wave's annotations. */
const NAMES: readonly string[] = [
  'reloader.stakater.com/auto',
  'configmap.reloader.stakater.com/auto',
  'secret.reloader.stakater.com/auto',
  'secretproviderclass.reloader.stakater.com/auto',
  'configmap.reloader.stakater.com/reload',
  'secret.reloader.stakater.com/reload',
  'secretproviderclass.reloader.stakater.com/reload',
  'configmaps.exclude.reloader.stakater.com/reload',
  'secrets.exclude.reloader.stakater.com/reload',
  'secretproviderclasses.exclude.reloader.stakater.com/reload',
  'reloader.stakater.com/search',
  'reloader.stakater.com/match',
  'reloader.stakater.com/ignore',
  'reloader.stakater.com/rollout-strategy',
  'reloader.stakater.com/last-reloaded-from',
  'deployment.reloader.stakater.com/pause-period',
  'deployment.reloader.stakater.com/paused-at',
  'wave.pusher.com/update-on-config-change',
  'wave.pusher.com/extra-configmaps',
  'wave.pusher.com/extra-secrets',
  'wave.pusher.com/scheduling-disabled',
  'wave.pusher.com/finalizer',
  '--auto-reload-all',
  '--reload-on-create',
  '--reload-on-delete',
  '--reload-strategy',
  '--resources-to-ignore',
  '--ignored-workload-types',
  '--namespace-selector',
  '--namespaces-to-ignore',
  '--resource-label-selector',
  '--sync-after-restart',
  '--webhook-url',
  '--enable-ha',
  '--is-Argo-Rollouts',
  '--enable-csi-integration',
  '--log-format',
  '--log-level',
  '--enable-pprof',
  '--pprof-addr',
  '--cronjobs',
  '--jobs',
  '--cross-namespaces',
];

const covered = coveredNames();
for (const name of NAMES) t.ok(covered.has(name), `some case exercises ${name}`);

/** Annotations of restamp's own that no case of another tool's needs, and the tests on a real control plane that use them. */
const OWN: Readonly<Record<string, readonly [constant: string, file: string]>> = {
  'restamp.dev/include': ['INCLUDE', 'live/settings.test.ts'],
  'restamp.dev/exclude': ['EXCLUDE', 'live/settings.test.ts'],
  'restamp.dev/ignore': ['IGNORE', 'live/settings.test.ts'],
  'restamp.dev/settle': ['SETTLE', 'live/settings.test.ts'],
  'restamp.dev/min-interval': ['MIN_INTERVAL', 'live/settings.test.ts'],
  'restamp.dev/strategy': ['STRATEGY', 'live/strategies.test.ts'],
  'restamp.dev/validate': ['VALIDATE', 'live/validate.test.ts'],
  'restamp.dev/config-hash': ['CONFIG_HASH', 'live/writes.test.ts'],
  'restamp.dev/record': ['RECORD', 'live/writes.test.ts'],
  'restamp.dev/history': ['HISTORY', 'live/writes.test.ts'],
};

for (const name of ANNOTATION_NAMES) {
  const own = OWN[name];
  const uses = own === undefined ? '' : readFileSync(new URL(`../${own[1]}`, import.meta.url), 'utf8');
  const isUsed = own !== undefined && new RegExp(`\\b${own[0]}\\b`).test(uses.replace(/^import.*$/gm, ''));
  t.ok(covered.has(name) || isUsed, `${name}, a row of the reference, has a test`);
}
