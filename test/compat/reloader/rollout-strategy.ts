/** `reloader.stakater.com/rollout-strategy`, and Argo Rollouts that run the template of a Deployment. */
import type { JsonObject } from '../../../core/json.ts';
import { edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import { configMap, podUsing, workload } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';

export const ROLLOUT_STRATEGY = 'reloader.stakater.com/rollout-strategy';
const RESTART = { [AUTO]: 'true', [ROLLOUT_STRATEGY]: 'restart' };
const restartsAgain = { change: [edit('ConfigMap', { used: 'three' })], outcome: 'restarts' } as const;

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'auto' };

/** A Rollout that takes its template from the Deployment that is looked at. */
function referring(annotations: Readonly<Record<string, string>>): readonly JsonObject[] {
  const rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'runner', annotations },
    spec: { replicas: 0, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' } },
  };
  return [configMap(), rollout];
}

const ROWS: readonly Row[] = [
  {
    id: 'strategy-restart',
    name: 'strategy restart: spec.restartAt of a Rollout is set once for a change, its template is left alone',
    kind: 'Rollout',
    annotations: RESTART,
    outcome: 'restarts',
    flip: restartsAgain,
  },
  {
    id: 'strategy-restart-secret',
    name: 'strategy restart: a Rollout restarts for a Secret in a volume',
    kind: 'Rollout',
    use: 'volume',
    source: 'Secret',
    annotations: RESTART,
    outcome: 'restarts',
  },
  {
    id: 'strategy-restart-named',
    name: 'strategy restart: a Rollout restarts for a ConfigMap that it names',
    kind: 'Rollout',
    form: 'named',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'source', [ROLLOUT_STRATEGY]: 'restart' },
    outcome: 'restarts',
  },
  {
    id: 'strategy-restart-template',
    name: 'strategy restart on the pod template of a Rollout counts too',
    kind: 'Rollout',
    annotations: { [AUTO]: 'true' },
    templateAnnotations: { [ROLLOUT_STRATEGY]: 'restart' },
    outcome: 'restarts',
  },
  {
    id: 'strategy-restart-other-key',
    name: 'strategy restart: a change of another key restarts nothing',
    kind: 'Rollout',
    use: 'env-key',
    annotations: RESTART,
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')], outcome: 'restarts' },
  },
  {
    id: 'strategy-rollout',
    name: 'strategy rollout is the default: the template of a Rollout is stamped',
    kind: 'Rollout',
    annotations: { [AUTO]: 'true', [ROLLOUT_STRATEGY]: 'rollout' },
  },
  {
    id: 'strategy-unknown',
    name: 'a strategy that does not exist is none: the template of a Rollout is stamped',
    kind: 'Rollout',
    annotations: { [AUTO]: 'true', [ROLLOUT_STRATEGY]: 'replace' },
  },
  {
    id: 'strategy-restart-deployment',
    name: 'strategy restart on a Deployment: there is no restartAt, it is stamped',
    annotations: RESTART,
  },
  {
    id: 'strategy-workload-ref',
    name: 'a Rollout with a workloadRef: the template of the Deployment counts and is stamped',
    sources: referring({ [AUTO]: 'true' }),
    unrecorded: true,
    covers: [AUTO],
  },
  {
    id: 'strategy-workload-ref-other-key',
    name: 'a Rollout with a workloadRef: a key that the template of the Deployment does not use may change',
    sources: referring({ [AUTO]: 'true' }),
    workload: workload('Deployment', { pod: podUsing('env-key', 'ConfigMap') }),
    use: 'env-key',
    unrecorded: true,
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, ROWS);
