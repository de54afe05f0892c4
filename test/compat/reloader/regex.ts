/** Regular expressions in the lists of names. Anchored as a whole: `^(?:…)$`. */
import type { JsonObject } from '../../../core/json.ts';
import { create, edit } from '../actions.ts';
import { casesOf, type Row, type Table } from '../build.ts';
import type { Action, CompatCase } from '../case.ts';
import type { SourceKind, WorkloadKind } from '../kinds.ts';
import { configMap, sourceObject } from '../manifest.ts';
import { PLAIN } from './groups.ts';
import { RELOAD } from './named.ts';

const TABLE: Table = { tool: 'reloader', group: PLAIN, form: 'regex' };

const CELLS: readonly (readonly [WorkloadKind, SourceKind, string])[] = [
  ['Deployment', 'ConfigMap', 'app-.*'],
  ['StatefulSet', 'Secret', 'app-(config|secret)'],
  ['DaemonSet', 'ConfigMap', '.*-config'],
  ['CronJob', 'ConfigMap', 'app-[a-z]+'],
  ['Rollout', 'Secret', 'app-c[a-z]nfig'],
];

const MATRIX: readonly Row[] = CELLS.flatMap(([kind, source, expression]): Row[] => {
  const common = {
    kind,
    source,
    use: 'none' as const,
    annotations: { [RELOAD[source]]: expression },
    sources: [sourceObject(source, 'app-config'), sourceObject(source, 'app-config-2')],
  };
  const id = `regex-${kind.toLowerCase()}-${source.toLowerCase()}`;
  return [
    {
      ...common,
      id,
      name: `"${expression}" names the ${source} app-config: a ${kind} rolls for it`,
      change: [edit(source, { used: 'two' }, 'app-config')],
    },
    ...(expression === 'app-.*'
      ? []
      : [
          {
            ...common,
            id: `${id}-2`,
            name: `"${expression}" does not name the ${source} app-config-2: a ${kind} stays`,
            change: [edit(source, { used: 'two' }, 'app-config-2')],
            outcome: 'stays' as const,
            flip: { change: [edit(source, { used: 'two' }, 'app-config')] },
          },
        ]),
  ];
});

const maps = (...names: readonly string[]): readonly JsonObject[] => names.map((name) => configMap(name));
const change = (name: string): readonly Action[] => [edit('ConfigMap', { used: 'two' }, name)];

const DETAILS: readonly Row[] = [
  {
    id: 'regex-alternatives-end',
    name: '"db|web" is anchored as a whole: my-web is not named (Reloader reads ^db|web$ and rolls)',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'db|web' },
    sources: maps('my-web', 'web'),
    change: change('my-web'),
    outcome: 'stays',
    flip: { change: change('web') },
  },
  {
    id: 'regex-alternatives-begin',
    name: '"db|web" is anchored as a whole: db-main is not named (Reloader reads ^db|web$ and rolls)',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'db|web' },
    sources: maps('db-main', 'db'),
    change: change('db-main'),
    outcome: 'stays',
    flip: { change: change('db') },
  },
  {
    id: 'regex-beside-a-name',
    name: 'a list may hold a name and an expression: the name counts',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'plain, app-[0-9]+' },
    sources: maps('plain', 'app-7'),
    change: change('plain'),
  },
  {
    id: 'regex-beside-a-name-2',
    name: 'a list may hold a name and an expression: the expression counts',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'plain, app-[0-9]+' },
    sources: maps('plain', 'app-7'),
    change: change('app-7'),
  },
  {
    id: 'regex-dot',
    name: 'a dot alone makes no expression, names have them: app.conf does not name app-conf (Reloader: it does)',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'app.conf' },
    sources: maps('app.conf', 'app-conf'),
    change: change('app-conf'),
    outcome: 'stays',
    flip: { change: change('app.conf') },
  },
  {
    id: 'regex-referenced',
    name: 'what an expression names may be what the pod refers to: one rollout',
    annotations: { [RELOAD.ConfigMap]: 'sou.*' },
  },
  {
    id: 'regex-unbalanced',
    name: 'an expression that cannot be read names nothing, and the rest of the list counts',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'plain, app-(' },
    sources: maps('plain'),
    change: change('plain'),
  },
  {
    id: 'regex-new-match',
    name: 'an object that comes and is named by an expression does not roll by itself',
    use: 'none',
    annotations: { [RELOAD.ConfigMap]: 'app-.*' },
    sources: maps('app-1'),
    change: [create(configMap('app-2'))],
    outcome: 'stays',
    flip: { change: change('app-2') },
  },
];

export const CASES: readonly CompatCase[] = casesOf(TABLE, [...MATRIX, ...DETAILS]);
