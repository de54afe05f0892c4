/** What old versions of wave left on workloads: parked ones, and a finalizer. */

import { asList, asObject } from '../../../core/json.ts';
import { annotate, create, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { Check, CompatCase } from '../case.ts';
import { annotationGone, noFinalizer, templateSpecIs } from '../checks.ts';
import type { WorkloadKind } from '../kinds.ts';
import { configMap, podUsing, secret, together, type WorkloadParts } from '../manifest.ts';
import { PLAIN } from './groups.ts';
import { FINALIZER, PARKED, SCHEDULING_DISABLED, TRUE } from './names.ts';

const TABLE: Table = { tool: 'wave', group: PLAIN, form: 'wave' };

const parked = (scheduler: string): NonNullable<Row['annotations']> => ({
  ...TRUE,
  [SCHEDULING_DISABLED]: scheduler,
});
const parkedPod: WorkloadParts = {
  pod: podUsing('env-from', 'ConfigMap'),
  podSpec: { schedulerName: PARKED },
};
const released = (scheduler: string): readonly Check[] => [
  templateSpecIs('schedulerName', scheduler),
  annotationGone(SCHEDULING_DISABLED),
];
const stillParked: readonly Check[] = [
  templateSpecIs('schedulerName', PARKED),
  ({ annotations }) => (annotations[SCHEDULING_DISABLED] === undefined ? 'it is not parked any more' : undefined),
];

const KINDS: readonly WorkloadKind[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

const PARKING: readonly Row[] = [
  ...KINDS.map(
    (kind): Row => ({
      id: `parked-${kind.toLowerCase()}`,
      name: `wave: a parked ${kind} gets its scheduler back when its ConfigMap comes`,
      kind,
      annotations: parked('special-scheduler'),
      parts: parkedPod,
      sources: [],
      change: [create(configMap())],
      checks: released('special-scheduler'),
    }),
  ),
  {
    id: 'parked-default',
    name: 'wave: a parked Deployment that had no scheduler of its own gets the default one back',
    annotations: parked(''),
    parts: parkedPod,
    sources: [],
    change: [create(configMap())],
    checks: released('default-scheduler'),
  },
  {
    id: 'parked-first-sight',
    name: 'wave: a parked Deployment whose sources are there is not parked any more once it is met',
    annotations: parked('special-scheduler'),
    parts: parkedPod,
    change: [],
    outcome: 'stays',
    checks: released('special-scheduler'),
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'parked-half',
    name: 'wave: a parked Deployment stays parked while one of two sources is missing',
    annotations: parked('special-scheduler'),
    parts: {
      pod: together(podUsing('env-from', 'ConfigMap'), podUsing('env-from', 'Secret', { name: 'other' })),
      podSpec: { schedulerName: PARKED },
    },
    sources: [],
    change: [create(configMap())],
    outcome: 'stays',
    checks: stillParked,
    flip: { change: [create(secret('other'))], checks: released('special-scheduler') },
  },
  {
    id: 'parked-optional',
    name: 'wave: an optional source that is missing keeps nothing parked',
    annotations: parked('special-scheduler'),
    parts: {
      pod: together(
        podUsing('env-from', 'ConfigMap'),
        podUsing('env-from', 'Secret', { name: 'other', optional: true }),
      ),
      podSpec: { schedulerName: PARKED },
    },
    sources: [],
    change: [create(configMap())],
    checks: released('special-scheduler'),
  },
  {
    id: 'parked-unmanaged',
    name: 'wave: a parked Deployment without update-on-config-change is left as it is',
    annotations: { [SCHEDULING_DISABLED]: 'special-scheduler' },
    parts: parkedPod,
    unrecorded: true,
    outcome: 'stays',
    checks: stillParked,
    flip: { change: [annotate('Deployment', TRUE)], checks: released('special-scheduler') },
  },
];

const finalizersAre =
  (...expected: readonly string[]): Check =>
  ({ workload }) => {
    const found = asList(asObject(workload.metadata).finalizers);
    return found.join() === expected.join() ? undefined : `finalizers are [${found.join()}]`;
  };

const FINALIZING: readonly Row[] = [
  ...KINDS.map(
    (kind): Row => ({
      id: `finalizer-${kind.toLowerCase()}`,
      name: `wave: its finalizer is taken off a ${kind}, which does not roll for that`,
      kind,
      annotations: TRUE,
      covers: [FINALIZER],
      parts: { metadata: { finalizers: [FINALIZER] }, pod: podUsing('env-from', 'ConfigMap') },
      change: [],
      outcome: 'stays',
      checks: [noFinalizer],
      flip: { change: [edit('ConfigMap')] },
    }),
  ),
  {
    id: 'finalizer-of-others',
    name: 'wave: finalizers of others stay where they are',
    annotations: TRUE,
    parts: {
      metadata: { finalizers: ['example.com/keep', FINALIZER] },
      pod: podUsing('env-from', 'ConfigMap'),
    },
    checks: [finalizersAre('example.com/keep')],
  },
  {
    id: 'finalizer-unmanaged',
    name: 'wave: its finalizer stays on a Deployment that is not managed',
    parts: { metadata: { finalizers: [FINALIZER] }, pod: podUsing('env-from', 'ConfigMap') },
    unrecorded: true,
    outcome: 'stays',
    checks: [finalizersAre(FINALIZER)],
    flip: {
      set: [annotate('Deployment', TRUE)],
      change: [edit('ConfigMap', { used: 'three' })],
      checks: [noFinalizer],
    },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...PARKING, ...FINALIZING]);
