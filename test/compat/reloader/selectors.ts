/** `--namespaces`, `--namespace-selector` and `--resource-label-selector`. */
import { edit, label, patch } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase, Group } from '../case.ts';
import { AUTO } from './auto.ts';
import { LABELLED, SCOPED, SELECTED, SELECTED_SET } from './groups.ts';
import { RELOAD } from './named.ts';

const TRUE = { [AUTO]: 'true' };
const table = (group: Group): Table => ({ tool: 'reloader', group, form: 'auto' });

/** The case's own namespace. */
const NAMESPACE = { kind: 'Namespace', name: 'own' };
const labelNamespace = (labels: Readonly<Record<string, string | null>>) => patch(NAMESPACE, { metadata: { labels } });
const later = (set: Readonly<Record<string, string | null>>): NonNullable<Row['flip']> => ({
  set: [labelNamespace(set)],
  change: [edit('ConfigMap', { used: 'three' })],
});
const staying: Pick<Row, 'outcome' | 'unrecorded' | 'annotations'> = {
  annotations: TRUE,
  outcome: 'stays',
  unrecorded: true,
};

const EQUAL: readonly Row[] = [
  { id: 'selected-equal', name: 'namespace-selector team=a: in such a namespace it rolls', annotations: TRUE },
  {
    ...staying,
    id: 'selected-other-value',
    name: 'namespace-selector team=a: in a namespace with another value it stays',
    namespaceLabels: { team: 'b' },
    flip: later({ team: 'a' }),
  },
  {
    ...staying,
    id: 'selected-no-label',
    name: 'namespace-selector team=a: a namespace with half of the labels is not selected',
    kind: 'StatefulSet',
    namespaceLabels: { team: '' },
    flip: later({ team: 'a' }),
  },
];

const SETS: readonly Row[] = [
  { id: 'selected-in-set', name: 'namespace-selector team in (a,b): in b it rolls', annotations: TRUE },
  {
    id: 'selected-in-set-first',
    name: 'namespace-selector team in (a,b): in a it rolls',
    kind: 'DaemonSet',
    source: 'Secret',
    annotations: TRUE,
    namespaceLabels: { team: 'a' },
  },
  {
    ...staying,
    id: 'selected-not-in-set',
    name: 'namespace-selector team in (a,b): in c it stays',
    namespaceLabels: { team: 'c' },
    flip: later({ team: 'a' }),
  },
  {
    ...staying,
    id: 'selected-excluded-label',
    name: 'namespace-selector !frozen: in a namespace with the label it stays',
    namespaceLabels: { frozen: 'yes' },
    flip: later({ frozen: null }),
  },
];

const WATCHED = { labels: { compat: 'watched' } };
const toBeWatched = (kind: 'ConfigMap' | 'Secret'): NonNullable<Row['flip']> => ({
  set: [label(kind, { compat: 'watched' })],
  change: [edit(kind, { used: 'three' })],
});

const SOURCES: readonly Row[] = [
  {
    id: 'labelled-configmap',
    name: 'resource-label-selector: a ConfigMap with the label rolls',
    annotations: TRUE,
    sourceMetadata: WATCHED,
  },
  {
    id: 'labelled-secret',
    name: 'resource-label-selector: a named Secret with the label rolls',
    kind: 'StatefulSet',
    source: 'Secret',
    form: 'named',
    use: 'none',
    annotations: { [RELOAD.Secret]: 'source' },
    sourceMetadata: WATCHED,
  },
  {
    ...staying,
    id: 'labelled-not',
    name: 'resource-label-selector: a ConfigMap without the label does not roll',
    flip: toBeWatched('ConfigMap'),
  },
  {
    ...staying,
    id: 'labelled-otherwise',
    name: 'resource-label-selector: a Secret with another value does not roll',
    source: 'Secret',
    sourceMetadata: { labels: { compat: 'other' } },
    flip: toBeWatched('Secret'),
  },
  {
    ...staying,
    id: 'labelled-not-named',
    name: 'resource-label-selector: a named ConfigMap without the label does not roll',
    form: 'named',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    flip: toBeWatched('ConfigMap'),
  },
];

const PLACES: readonly Row[] = [
  { id: 'scoped-inside', name: 'namespaces: in the first of a list it rolls', annotations: TRUE },
  {
    id: 'scoped-inside-too',
    name: 'namespaces: in the second of a list it rolls',
    kind: 'StatefulSet',
    source: 'Secret',
    annotations: TRUE,
  },
  {
    ...staying,
    id: 'scoped-outside',
    name: 'namespaces: in a namespace that is not in the list it stays',
    flip: { change: [edit('ConfigMap', { used: 'three' })] },
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(table(SCOPED), PLACES),
  ...casesOf(table(SELECTED), EQUAL),
  ...casesOf(table(SELECTED_SET), SETS),
  ...casesOf(table(LABELLED), SOURCES),
];
