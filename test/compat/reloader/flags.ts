/** Flags of Reloader's that say for a whole installation what counts. */
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase, Group } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, podUsing, secret, together } from '../manifest.ts';
import { AUTO } from './auto.ts';
import {
  ACCEPTED,
  AUTO_ALL,
  HA,
  IGNORED_NAMESPACES,
  NO_CONFIGMAPS,
  NO_ROLLOUTS,
  NO_SECRETS,
  WEBHOOK_URL,
  WEBHOOK_URL_QUIET,
} from './groups.ts';
import { RELOAD } from './named.ts';

const TRUE = { [AUTO]: 'true' };
const table = (group: Group): Table => ({ tool: 'reloader', group, form: 'auto' });

const ALL: readonly Row[] = [
  ...(
    [
      ['Deployment', 'ConfigMap'],
      ['StatefulSet', 'Secret'],
      ['DaemonSet', 'ConfigMap'],
      ['CronJob', 'Secret'],
      ['Rollout', 'ConfigMap'],
    ] as const satisfies readonly (readonly [WorkloadKind, SourceKind])[]
  ).map(
    ([kind, source]): Row => ({
      id: `flags-all-${kind.toLowerCase()}`,
      name: `auto-reload-all: a ${kind} without annotations rolls for a ${source}`,
      kind,
      source,
      form: 'none',
    }),
  ),
  {
    id: 'flags-all-false',
    name: 'auto-reload-all: a workload with auto "false" stays',
    annotations: { [AUTO]: 'false' },
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', { [AUTO]: null })], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'flags-all-unrecognized',
    name: 'auto-reload-all: a value of auto that nobody understands is a no',
    annotations: { [AUTO]: '!!' },
    unrecorded: true,
    outcome: 'stays',
    flip: { set: [annotate('Deployment', TRUE)], change: [edit('ConfigMap', { used: 'three' })] },
  },
  {
    id: 'flags-all-false-named',
    name: 'auto-reload-all: with auto "false" what is named still counts',
    form: 'named',
    annotations: { [AUTO]: 'false', [RELOAD.ConfigMap]: 'source' },
  },
];

const bothSources: Pick<Row, 'sources' | 'parts'> = {
  sources: [configMap(), secret()],
  parts: {
    pod: together(podUsing('env-from', 'ConfigMap'), podUsing('env-from', 'Secret')),
  },
};

/** Cases for `--resources-to-ignore`, with the kind that is ignored and the one that is not. */
const ignoring = (ignored: SourceKind, other: SourceKind): readonly Row[] => [
  {
    ...bothSources,
    id: `flags-no-${ignored.toLowerCase()}-auto`,
    name: `resources-to-ignore: a ${ignored} that changes does not roll`,
    source: ignored,
    annotations: TRUE,
    outcome: 'stays',
    flip: { change: [edit(ignored, { used: 'three' })] },
  },
  {
    id: `flags-no-${ignored.toLowerCase()}-named`,
    name: `resources-to-ignore: a ${ignored} that is named does not roll`,
    kind: 'StatefulSet',
    form: 'named',
    source: ignored,
    annotations: { [RELOAD[ignored]]: 'source' },
    unrecorded: true,
    outcome: 'stays',
    flip: { change: [edit(ignored, { used: 'three' })] },
  },
  {
    ...bothSources,
    id: `flags-no-${ignored.toLowerCase()}-other`,
    name: `resources-to-ignore: a ${other} that changes rolls all the same`,
    kind: 'DaemonSet',
    source: other,
    annotations: TRUE,
  },
];

const NAMESPACES: readonly Row[] = [
  ...['first', 'second'].map(
    (place): Row => ({
      id: `flags-ns-ignored-${place}`,
      name: `namespaces-to-ignore: nothing rolls in the ${place} of two`,
      annotations: TRUE,
      unrecorded: true,
      outcome: 'stays',
      flip: { change: [edit('ConfigMap', { used: 'three' })] },
    }),
  ),
  {
    id: 'flags-ns-not-ignored',
    name: 'namespaces-to-ignore: elsewhere it rolls',
    annotations: TRUE,
  },
];

const ROLLOUTS: readonly Row[] = [
  {
    id: 'flags-no-rollouts',
    name: 'is-Argo-Rollouts=false: a Rollout stays',
    kind: 'Rollout',
    annotations: TRUE,
    unrecorded: true,
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'three' })] },
  },
];

const UNDERSTOOD: readonly Row[] = [
  {
    id: 'flags-rollouts',
    name: 'is-Argo-Rollouts=true: a Rollout rolls (restamp needs no flag for that)',
    kind: 'Rollout',
    annotations: TRUE,
  },
  {
    id: 'flags-understood',
    name: 'flags for the log and the profiler are understood, and a Deployment rolls',
    use: 'volume',
    source: 'Secret',
    annotations: TRUE,
  },
];

const POSTS: readonly Row[] = [
  {
    id: 'flags-webhook-url',
    name: 'webhook-url: a change is posted once, and nothing rolls',
    annotations: TRUE,
    outcome: 'posts',
    flip: { change: [edit('ConfigMap', { used: 'three' })], outcome: 'posts' },
  },
];

const QUIET: readonly Row[] = [
  {
    id: 'flags-webhook-url-quiet',
    name: 'webhook-url: what nobody uses is not posted',
    use: 'env-key',
    annotations: TRUE,
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    checks: [({ posts }) => (posts === 0 ? undefined : 'something was posted')],
    flip: { change: [edit('ConfigMap')], outcome: 'posts' },
  },
];

const TWO_WATCHERS: readonly Row[] = [
  {
    id: 'flags-ha',
    name: 'enable-ha with two watchers: a change is one rollout of a Deployment',
    annotations: TRUE,
  },
  {
    id: 'flags-ha-statefulset',
    name: 'enable-ha with two watchers: a change is one rollout of a StatefulSet',
    kind: 'StatefulSet',
    use: 'volume',
    source: 'Secret',
    annotations: TRUE,
  },
  {
    id: 'flags-ha-cronjob',
    name: 'enable-ha with two watchers: a change is one write of a CronJob',
    kind: 'CronJob',
    annotations: TRUE,
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(table(AUTO_ALL), ALL),
  ...casesOf(table(NO_SECRETS), ignoring('Secret', 'ConfigMap')),
  ...casesOf(table(NO_CONFIGMAPS), ignoring('ConfigMap', 'Secret')),
  ...casesOf(table(IGNORED_NAMESPACES), NAMESPACES),
  ...casesOf(table(NO_ROLLOUTS), ROLLOUTS),
  ...casesOf(table(ACCEPTED), UNDERSTOOD),
  ...casesOf(table(WEBHOOK_URL), POSTS),
  ...casesOf(table(WEBHOOK_URL_QUIET), QUIET),
  ...casesOf(table(HA), TWO_WATCHERS),
];
