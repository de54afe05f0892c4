/** `deployment.reloader.stakater.com/pause-period`: several changes within it are one rollout. */
import { edit, patch, wait } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import { notPaused, pausedSince, stillPaused } from '../checks.ts';
import { configMap, podUsing, secret, type Texts, together } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PAUSE, PAUSE_RESTART } from './groups.ts';
import { RELOAD } from './named.ts';

export const PAUSE_PERIOD = 'deployment.reloader.stakater.com/pause-period';
const PAUSED_AT = 'deployment.reloader.stakater.com/paused-at';
const APP = { kind: 'Deployment', name: 'app' };

const TABLE: Table = { tool: 'reloader', group: PAUSE, form: 'auto' };

/** Longer than a look at all cases of the group takes, shorter than anybody waits for the resumption. */
const PERIOD = '15s';

const auto = (period: string): Texts => ({ [AUTO]: 'true', [PAUSE_PERIOD]: period });

const resumes = { change: [], outcome: 'resumes', checks: [notPaused()] } as const;

const twoSources: Pick<Row, 'sources' | 'parts'> = {
  sources: [configMap(), secret('other')],
  parts: { pod: together(podUsing('env-from', 'ConfigMap'), podUsing('volume', 'Secret', { name: 'other' })) },
};

const ROWS: readonly Row[] = [
  {
    id: 'pause-auto',
    name: 'a Deployment with a pause period is stamped and paused in one write, and rolls once when the period is over',
    annotations: auto(PERIOD),
    covers: [PAUSED_AT],
    outcome: 'stamped',
    checks: [pausedSince()],
    flip: resumes,
  },
  {
    id: 'pause-named',
    name: 'a Deployment with a pause period is paused for a Secret that it names',
    form: 'named',
    use: 'none',
    source: 'Secret',
    annotations: { [RELOAD.Secret]: 'source', [PAUSE_PERIOD]: PERIOD },
    outcome: 'stamped',
    checks: [pausedSince()],
    flip: resumes,
  },
  {
    id: 'pause-two-changes',
    name: 'changes of a ConfigMap and, after the settle time, of a Secret within the period are one rollout',
    ...twoSources,
    annotations: auto(PERIOD),
    change: [edit('ConfigMap'), wait(2_500), edit('Secret', { used: 'two' }, 'other')],
    outcome: 'changes',
    checks: [pausedSince()],
    flip: resumes,
  },
  {
    id: 'pause-by-a-person',
    name: 'a Deployment that a person has paused is stamped, and stays paused long after the period',
    annotations: auto('1s'),
    prepare: [patch(APP, { spec: { paused: true } })],
    change: [edit('ConfigMap'), wait(4_000)],
    outcome: 'stamped',
    checks: [stillPaused],
    flip: { change: [patch(APP, { spec: { paused: false } })], outcome: 'resumes' },
  },
  {
    id: 'pause-none-by-a-person',
    name: 'a paused Deployment without a period is stamped and stays paused',
    annotations: { [AUTO]: 'true' },
    prepare: [patch(APP, { spec: { paused: true } })],
    outcome: 'stamped',
    checks: [stillPaused],
    flip: { change: [patch(APP, { spec: { paused: false } })], outcome: 'resumes' },
  },
  {
    id: 'pause-unreadable',
    name: 'a period that is no duration pauses nothing: it rolls at once',
    annotations: auto('five minutes'),
    checks: [notPaused()],
  },
  {
    id: 'pause-zero',
    name: 'a period of 0s pauses nothing: it rolls at once',
    annotations: auto('0s'),
    checks: [notPaused()],
  },
  {
    id: 'pause-statefulset',
    name: 'a period on a StatefulSet says nothing: it rolls at once',
    kind: 'StatefulSet',
    annotations: auto(PERIOD),
    checks: [notPaused()],
  },
  {
    id: 'pause-other-key',
    name: 'a change that concerns nobody pauses nobody',
    use: 'env-key',
    annotations: auto(PERIOD),
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    checks: [notPaused()],
    flip: { change: [edit('ConfigMap')], outcome: 'stamped', checks: [pausedSince()] },
  },
  {
    id: 'pause-template',
    name: 'a period on the pod template counts too (Reloader reads the metadata only)',
    annotations: { [AUTO]: 'true' },
    templateAnnotations: { [PAUSE_PERIOD]: PERIOD },
    outcome: 'stamped',
    checks: [pausedSince()],
    flip: resumes,
  },
];

const RESTARTED: readonly Row[] = [
  {
    id: 'pause-restart',
    name: 'a Deployment that was paused before restamp restarted resumes when its period is over',
    annotations: auto('25s'),
    outcome: 'stamped',
    checks: [pausedSince()],
    flip: resumes,
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(TABLE, ROWS),
  ...casesOf({ ...TABLE, group: PAUSE_RESTART }, RESTARTED),
];
