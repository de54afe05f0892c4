/** `--reload-strategy`: what a rollout leaves in the pod template for tools that look for it. */
import { edit } from '../actions.ts';
import { type Cell, casesOf, cellId, cellWords, type Row, type Table } from '../build.ts';
import type { CompatCase, Group } from '../case.ts';
import { nothingWritten, reloadedFrom, variable, writtenIsLeft } from '../checks.ts';
import { configMap, container, podUsing, secret, sourceObject, together } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { ANNOTATIONS, ENV_VARS, PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';

const TRUE = { [AUTO]: 'true' };
const LAST_RELOADED_FROM = 'reloader.stakater.com/last-reloaded-from';
const table = (group: Group): Table => ({ tool: 'reloader', group, form: 'auto' });
const typeOf = (source: 'ConfigMap' | 'Secret'): 'CONFIGMAP' | 'SECRET' =>
  source === 'ConfigMap' ? 'CONFIGMAP' : 'SECRET';

const CELLS: readonly Cell[] = [
  ['Deployment', 'env-from', 'ConfigMap'],
  ['Deployment', 'volume', 'Secret'],
  ['StatefulSet', 'env-key', 'Secret'],
  ['DaemonSet', 'projected', 'ConfigMap'],
  ['CronJob', 'env-from', 'Secret'],
  ['Rollout', 'volume', 'ConfigMap'],
];

const refersTo = (source: 'ConfigMap' | 'Secret', containerRefs: readonly string[] = ['app']) =>
  ({ type: typeOf(source), name: 'source', containerRefs }) as const;

/** Two containers, of which the second uses the source. */
const second: Pick<Row, 'parts'> = {
  parts: {
    podSpec: {
      containers: [container('first', {}), container('second', { envFrom: [{ configMapRef: { name: 'source' } }] })],
    },
  },
};

const ANNOTATED: readonly Row[] = [
  ...CELLS.map(
    ([kind, use, source]): Row => ({
      id: `annotations-${cellId([kind, use, source])}`,
      name: `strategy annotations: the template of a ${cellWords([kind, use, source])} tells what it was reloaded from`,
      kind,
      use,
      source,
      annotations: TRUE,
      covers: [LAST_RELOADED_FROM],
      checks: [reloadedFrom(refersTo(source))],
    }),
  ),
  {
    id: 'annotations-unused',
    name: 'strategy annotations: a named ConfigMap that no container uses has no containerRefs',
    form: 'named',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    checks: [reloadedFrom(refersTo('ConfigMap', []))],
  },
  {
    ...second,
    id: 'annotations-second-container',
    name: 'strategy annotations: containerRefs names the container that uses the ConfigMap',
    annotations: TRUE,
    checks: [reloadedFrom(refersTo('ConfigMap', ['second']))],
  },
  {
    id: 'annotations-first-sight',
    name: 'strategy annotations: nothing is written at first sight, and once for a change',
    annotations: TRUE,
    change: [],
    outcome: 'stays',
    checks: [nothingWritten],
    flip: { change: [edit('ConfigMap')], checks: [reloadedFrom(refersTo('ConfigMap'))] },
  },
  {
    id: 'annotations-other-key',
    name: 'strategy annotations: a change of another key writes nothing, a later one is told',
    use: 'env-key',
    annotations: TRUE,
    change: [edit('ConfigMap', { unused: 'two' })],
    outcome: 'stays',
    checks: [nothingWritten],
    flip: { change: [edit('ConfigMap')], checks: [reloadedFrom(refersTo('ConfigMap'))] },
  },
  {
    id: 'annotations-again',
    name: 'strategy annotations: a second change is told anew, in a rollout of its own',
    annotations: TRUE,
    prepare: [edit('ConfigMap')],
    change: [edit('ConfigMap', { used: 'three' })],
    checks: [reloadedFrom(refersTo('ConfigMap'), 'again')],
  },
];

/** Names of sources, and what Reloader makes of them. */
const VARIABLES: readonly (readonly [string, 'ConfigMap' | 'Secret', string])[] = [
  ['my-app', 'ConfigMap', 'STAKATER_MY_APP_CONFIGMAP'],
  ['my.app.config', 'Secret', 'STAKATER_MY_APP_CONFIG_SECRET'],
  ['my--app.v1', 'ConfigMap', 'STAKATER_MY_APP_V1_CONFIGMAP'],
  ['2-fast', 'Secret', 'STAKATER_2_FAST_SECRET'],
];

const VARIED: readonly Row[] = [
  ...CELLS.map(
    ([kind, use, source]): Row => ({
      id: `env-vars-${cellId([kind, use, source])}`,
      name: `strategy env-vars: the container of a ${cellWords([kind, use, source])} gets a variable`,
      kind,
      use,
      source,
      annotations: TRUE,
      checks: [variable('app', `STAKATER_SOURCE_${typeOf(source)}`)],
    }),
  ),
  ...VARIABLES.map(
    ([name, source, variableName]): Row => ({
      id: `env-vars-name-${name.replaceAll('.', '-')}`,
      name: `strategy env-vars: the ${source} ${name} gives the variable ${variableName}`,
      use: 'env-from',
      annotations: TRUE,
      sources: [sourceObject(source, name)],
      parts: { pod: podUsing('env-from', source, { name }) },
      change: [edit(source, { used: 'two' }, name)],
      checks: [variable('app', variableName)],
    }),
  ),
  {
    ...second,
    id: 'env-vars-second-container',
    name: 'strategy env-vars: the variable is in the container that uses the ConfigMap, and in no other',
    annotations: TRUE,
    checks: [variable('second', 'STAKATER_SOURCE_CONFIGMAP')],
  },
  {
    id: 'env-vars-unused',
    name: 'strategy env-vars: for a named Secret that no container uses the variable is in the first one',
    form: 'named',
    use: 'none',
    source: 'Secret',
    annotations: { [RELOAD.Secret]: 'source' },
    parts: { podSpec: { containers: [container('first', {}), container('second', {})] } },
    checks: [variable('first', 'STAKATER_SOURCE_SECRET')],
  },
  {
    id: 'env-vars-init',
    name: 'strategy env-vars: for a ConfigMap that an init container uses the variable is in the first container',
    use: 'init-env-from',
    annotations: TRUE,
    checks: [variable('app', 'STAKATER_SOURCE_CONFIGMAP')],
  },
  {
    id: 'env-vars-first-sight',
    name: 'strategy env-vars: nothing is written at first sight, and once for a change',
    annotations: TRUE,
    change: [],
    outcome: 'stays',
    checks: [nothingWritten],
    flip: { change: [edit('ConfigMap')], checks: [variable('app', 'STAKATER_SOURCE_CONFIGMAP')] },
  },
  {
    id: 'env-vars-again',
    name: 'strategy env-vars: a second change gives the variable another value, and makes no second variable',
    annotations: TRUE,
    prepare: [edit('ConfigMap')],
    change: [edit('ConfigMap', { used: 'three' })],
    checks: [variable('app', 'STAKATER_SOURCE_CONFIGMAP')],
  },
  {
    id: 'env-vars-keeps-env',
    name: 'strategy env-vars: the variables of a user stay, and a Secret has its own beside that of a ConfigMap',
    annotations: TRUE,
    sources: [configMap(), secret('other')],
    parts: { pod: together(podUsing('env-key', 'ConfigMap'), podUsing('env-from', 'Secret', { name: 'other' })) },
    prepare: [edit('ConfigMap')],
    change: [edit('Secret', { used: 'two' }, 'other')],
    checks: [variable('app', 'STAKATER_OTHER_SECRET'), holds('STAKATER_SOURCE_CONFIGMAP'), holds('VALUE')],
  },
];

/** A variable is there, whatever it is worth. */
function holds(name: string): NonNullable<Row['checks']>[number] {
  return ({ template }) => (JSON.stringify(template).includes(`"name":"${name}"`) ? undefined : `${name} is gone`);
}

/** What Reloader left, under restamp's own strategy. */
const LEFT: readonly Row[] = [
  {
    id: 'hash-leaves-variable',
    name: 'strategy hash: a variable that Reloader left stays as it is when a change rolls',
    annotations: TRUE,
    parts: {
      pod: together(podUsing('env-from', 'ConfigMap'), {
        container: { env: [{ name: 'STAKATER_SOURCE_CONFIGMAP', value: '0123' }] },
      }),
    },
    checks: [writtenIsLeft],
  },
  {
    id: 'hash-leaves-annotation',
    name: 'strategy hash: a last-reloaded-from that Reloader left stays as it is when a change rolls',
    kind: 'StatefulSet',
    annotations: TRUE,
    templateAnnotations: { [LAST_RELOADED_FROM]: '{"type":"CONFIGMAP","name":"source"}' },
    checks: [writtenIsLeft],
  },
  {
    id: 'hash-writes-neither',
    name: 'strategy hash: a rollout writes neither variable nor last-reloaded-from',
    kind: 'DaemonSet',
    source: 'Secret',
    annotations: TRUE,
    checks: [nothingWritten],
  },
];

export const CASES: readonly CompatCase[] = [
  ...casesOf(table(ANNOTATIONS), ANNOTATED),
  ...casesOf(table(ENV_VARS), VARIED),
  ...casesOf(table(PLAIN), LEFT),
];
