/** Flags that call Reloader's annotations otherwise. The names of old then say nothing. */
import { annotate, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import { notPaused, pausedSince } from '../checks.ts';
import { configMap, secret } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { CUSTOM } from './groups.ts';
import { IGNORE } from './ignore.ts';
import { RELOAD } from './named.ts';
import { MATCH, SEARCH } from './search-match.ts';
import { TYPED } from './typed-auto.ts';

const TABLE: Table = { tool: 'reloader', group: CUSTOM, form: 'auto' };
const key = (name: string): string => `custom.example/${name}`;
const TRUE = { [key('auto')]: 'true' };

const ROLLING: readonly Row[] = [
  { id: 'custom-auto', name: 'auto under a name of its own: it rolls', annotations: TRUE },
  {
    id: 'custom-configmap-auto',
    name: 'typed auto for ConfigMaps under a name of its own: it rolls',
    kind: 'StatefulSet',
    form: 'typed-auto',
    annotations: { [key('configmap-auto')]: 'true' },
  },
  {
    id: 'custom-secret-auto',
    name: 'typed auto for Secrets under a name of its own: it rolls',
    kind: 'DaemonSet',
    form: 'typed-auto',
    source: 'Secret',
    annotations: { [key('secret-auto')]: 'true' },
  },
  {
    id: 'custom-configmaps',
    name: 'named ConfigMaps under a name of its own: it rolls',
    kind: 'CronJob',
    form: 'named',
    use: 'none',
    annotations: { [key('configmaps')]: 'source' },
  },
  {
    id: 'custom-secrets',
    name: 'named Secrets under a name of its own: it rolls',
    kind: 'Rollout',
    form: 'regex',
    use: 'none',
    source: 'Secret',
    annotations: { [key('secrets')]: 'sou.*' },
  },
  {
    id: 'custom-search',
    name: 'search and match under names of their own: it rolls',
    form: 'search',
    annotations: { [key('search')]: 'true' },
    sourceMetadata: { annotations: { [key('match')]: 'true' } },
  },
  {
    id: 'custom-pause',
    name: 'pause-period and paused-at under names of their own: it is paused and rolls when the period is over',
    annotations: { ...TRUE, [key('pause')]: '20s' },
    outcome: 'stamped',
    checks: [pausedSince(key('since'))],
    flip: { change: [], outcome: 'resumes', checks: [notPaused(key('since'))] },
  },
];

const staying: Pick<Row, 'outcome' | 'unrecorded'> = { outcome: 'stays', unrecorded: true };
const optIn = { set: [annotate('Deployment', TRUE)], change: [edit('ConfigMap', { used: 'three' })] };

const STAYING: readonly Row[] = [
  {
    ...staying,
    id: 'custom-old-auto',
    name: 'the name of old for auto says nothing any more',
    annotations: { [AUTO]: 'true' },
    flip: optIn,
  },
  {
    ...staying,
    id: 'custom-old-typed',
    name: 'the name of old for typed auto says nothing any more',
    form: 'typed-auto',
    annotations: { [TYPED.ConfigMap]: 'true' },
    flip: optIn,
  },
  {
    ...staying,
    id: 'custom-old-named',
    name: 'the name of old for named ConfigMaps says nothing any more',
    form: 'named',
    annotations: { [RELOAD.ConfigMap]: 'source' },
    flip: optIn,
  },
  {
    ...staying,
    id: 'custom-old-search',
    name: 'the names of old for search and match say nothing any more',
    form: 'search',
    annotations: { [SEARCH]: 'true' },
    sources: [configMap('source', undefined, { annotations: { [MATCH]: 'true', [key('match')]: 'true' } })],
    flip: {
      set: [annotate('Deployment', { [key('search')]: 'true' })],
      change: [edit('ConfigMap', { used: 'three' })],
    },
  },
  {
    ...staying,
    id: 'custom-ignore',
    name: 'ignore under a name of its own: it stays',
    source: 'Secret',
    annotations: TRUE,
    sources: [secret('source', undefined, { annotations: { [key('ignore')]: 'true' } })],
    flip: { set: [annotate('Secret', { [key('ignore')]: null })], change: [edit('Secret', { used: 'three' })] },
  },
  {
    id: 'custom-old-ignore',
    name: 'the name of old for ignore says nothing any more: it rolls',
    annotations: TRUE,
    sourceMetadata: { annotations: { [IGNORE]: 'true' } },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...ROLLING, ...STAYING]);
