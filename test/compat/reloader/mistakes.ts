/** What people write by mistake and plainly mean: with Reloader it silently does nothing, with restamp it does that. */
import { edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { CompatCase } from '../case.ts';
import { eventSays } from '../checks.ts';
import { configMap, podUsing, secret, together } from '../manifest.ts';
import { AUTO } from './auto.ts';
import { PLAIN } from './groups.ts';
import { MATCH } from './search-match.ts';
import { TYPED } from './typed-auto.ts';

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'auto' };

const NAMES = { [AUTO]: 'my-configmap,my-secret' };
const bothSources: Pick<Row, 'sources'> = { sources: [configMap('my-configmap'), secret('my-secret'), configMap()] };
const bothUsed: Pick<Row, 'parts'> = {
  parts: {
    pod: together(
      podUsing('env-from', 'ConfigMap', { name: 'my-configmap' }),
      podUsing('env-from', 'Secret', { name: 'my-secret' }),
      podUsing('volume', 'ConfigMap'),
    ),
  },
};

const ROWS: readonly Row[] = [
  {
    ...bothSources,
    ...bothUsed,
    id: 'mistake-auto-names-configmap',
    name: 'auto with names: it rolls for the ConfigMap (Reloader does nothing)',
    annotations: NAMES,
    change: [edit('ConfigMap', { used: 'two' }, 'my-configmap')],
  },
  {
    ...bothSources,
    ...bothUsed,
    id: 'mistake-auto-names-secret',
    name: 'auto with names: it rolls for the Secret (Reloader does nothing)',
    kind: 'StatefulSet',
    annotations: NAMES,
    change: [edit('Secret', { used: 'two' }, 'my-secret')],
  },
  {
    ...bothSources,
    id: 'mistake-auto-names-unused',
    name: 'auto with names: it rolls for what it names though its pod does not refer to it',
    use: 'none',
    annotations: NAMES,
    change: [edit('ConfigMap', { used: 'two' }, 'my-configmap')],
  },
  {
    ...bothSources,
    ...bothUsed,
    id: 'mistake-auto-names-others',
    name: 'auto with names: it does not roll for what it does not name',
    annotations: NAMES,
    change: [edit('ConfigMap')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap', { used: 'two' }, 'my-configmap')] },
  },
  {
    id: 'mistake-typed-auto-name',
    name: 'typed auto with a name: it rolls for that ConfigMap',
    form: 'typed-auto',
    annotations: { [TYPED.ConfigMap]: 'source' },
  },
  {
    id: 'mistake-match-configmap',
    name: 'match on a workload: it rolls for the ConfigMap in envFrom (Reloader does nothing)',
    form: 'search',
    annotations: { [MATCH]: 'true' },
  },
  {
    id: 'mistake-match-secret',
    name: 'match on a workload: it rolls for the Secret in a volume (Reloader does nothing)',
    kind: 'DaemonSet',
    form: 'search',
    use: 'volume',
    source: 'Secret',
    annotations: { [MATCH]: 'true' },
  },
  {
    id: 'mistake-match-other',
    name: 'match on a workload: a ConfigMap that it does not refer to may change',
    form: 'search',
    annotations: { [MATCH]: 'true' },
    sources: [configMap(), configMap('stranger')],
    change: [edit('ConfigMap', { used: 'two' }, 'stranger')],
    outcome: 'stays',
    flip: { change: [edit('ConfigMap')] },
  },
  {
    id: 'mistake-auto-event',
    name: 'auto with a name: an Event gives the right form',
    annotations: { [AUTO]: 'source' },
    events: true,
    checks: [eventSays(/configmap\.reloader\.stakater\.com\/reload/)],
  },
  {
    id: 'mistake-match-event',
    name: 'match on a workload: an Event gives the right form',
    annotations: { [MATCH]: 'true' },
    events: true,
    checks: [eventSays(/reloader\.stakater\.com\/auto/)],
  },
  {
    id: 'mistake-auto-yes',
    name: 'auto "yes" is plainly a yes (Reloader reads it as a no)',
    annotations: { [AUTO]: 'yes' },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, ROWS);
