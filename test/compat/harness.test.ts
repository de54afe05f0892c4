/** The harness itself: that it sees a rollout, that it sees none, and that it tells a case that is wrong. */
import t from 'tap';
import { annotate, edit, label } from './actions.ts';
import type { CompatCase } from './case.ts';
import { configMap, podUsing, secret, workload } from './manifest.ts';
import { runGroup } from './run.ts';
import { surround } from './suite.ts';

const INJECT = 'restamp.dev/inject';
const enabled = { [INJECT]: 'enabled' };

const base = {
  tool: 'reloader',
  covers: [],
  group: 'harness',
  form: 'none',
} as const;

const CASES: readonly CompatCase[] = [
  ...(['Deployment', 'StatefulSet', 'DaemonSet'] as const).map(
    (kind): CompatCase => ({
      ...base,
      id: `rolls-${kind.toLowerCase()}`,
      name: `a ${kind} rolls when its ConfigMap changes`,
      kind,
      use: 'env-from',
      workload: workload(kind, { annotations: enabled, pod: podUsing('env-from', 'ConfigMap') }),
      sources: [configMap()],
      change: [edit('ConfigMap')],
      outcome: 'rolls',
    }),
  ),
  {
    ...base,
    id: 'stays-label',
    name: 'a Deployment stays when only a label of its Secret changes',
    kind: 'Deployment',
    use: 'volume',
    workload: workload('Deployment', { annotations: enabled, pod: podUsing('volume', 'Secret') }),
    sources: [secret()],
    change: [label('Secret', { team: 'a' })],
    outcome: 'stays',
    flip: { change: [edit('Secret')] },
  },
  {
    ...base,
    id: 'stays-not-opted-in',
    name: 'a StatefulSet that nobody opted in stays',
    kind: 'StatefulSet',
    use: 'env-key',
    unrecorded: true,
    workload: workload('StatefulSet', { pod: podUsing('env-key', 'ConfigMap') }),
    sources: [configMap()],
    change: [edit('ConfigMap')],
    outcome: 'stays',
    flip: { set: [annotate('StatefulSet', enabled)], change: [edit('ConfigMap', { used: 'three' })] },
  },
];

/** Cases that are wrong, and what the harness has to say of them. */
const WRONG: readonly { readonly one: CompatCase; readonly change?: RegExp; readonly flip?: RegExp }[] = [
  {
    one: {
      ...base,
      id: 'wrong-rolls',
      name: 'a change of another key is told not to have rolled',
      kind: 'Deployment',
      use: 'env-key',
      workload: workload('Deployment', { annotations: enabled, pod: podUsing('env-key', 'ConfigMap') }),
      sources: [configMap()],
      change: [edit('ConfigMap', { unused: 'two' })],
      outcome: 'rolls',
    },
    change: /it did not roll \(template unchanged, generation 2 to 2, revisions 1 to 1\)/,
  },
  {
    one: {
      ...base,
      id: 'wrong-stays',
      name: 'a rollout is told where none is expected',
      kind: 'DaemonSet',
      use: 'env-from',
      workload: workload('DaemonSet', { annotations: enabled, pod: podUsing('env-from', 'Secret') }),
      sources: [secret()],
      change: [edit('Secret')],
      outcome: 'stays',
      flip: { change: [edit('Secret', { used: 'three' })] },
    },
    change: /its template changed \(template changed, generation 1 to 2, revisions 1 to 2\)/,
  },
  {
    one: {
      ...base,
      id: 'wrong-flip',
      name: 'a flip that changes nothing is told',
      kind: 'Deployment',
      use: 'env-from',
      unrecorded: true,
      workload: workload('Deployment', { pod: podUsing('env-from', 'Secret') }),
      sources: [secret()],
      change: [edit('Secret')],
      outcome: 'stays',
      flip: { change: [edit('Secret', { used: 'three' })] },
    },
    flip: /it did not roll/,
  },
  {
    one: {
      ...base,
      id: 'wrong-record',
      name: 'a workload that is not managed is told to have no record',
      kind: 'Deployment',
      use: 'env-from',
      workload: workload('Deployment', { pod: podUsing('env-from', 'Secret') }),
      sources: [secret()],
      change: [edit('Secret')],
      outcome: 'rolls',
    },
    change: /it has no record/,
  },
];

const surroundings = { ...(await surround(t)), deadlineMs: 6_000 };
const all = [...CASES, ...WRONG.map(({ one }) => one)];
const verdicts = await runGroup({ name: 'harness', args: [] }, all, surroundings);

for (const { id, name, flip } of CASES) {
  t.same(verdicts.get(id), { change: undefined, flip: undefined }, name);
  t.ok(flip !== undefined || !id.startsWith('stays'), 'what stays has a flip');
}
for (const { one, change, flip } of WRONG) {
  const verdict = verdicts.get(one.id);
  t.match(verdict?.change ?? '', change ?? /^$/, one.name);
  if (flip !== undefined) t.match(verdict?.flip ?? '', flip, one.name);
}
