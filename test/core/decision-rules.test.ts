/** Missing and returning sources under every rule, and what expressions and classes make of them (DESIGN §8). */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Configuration } from '../../core/digest.ts';
import type { JsonObject } from '../../core/json.ts';
import { formatRecord, parseRecord } from '../../core/record.ts';
import type { Source } from '../../core/source.ts';
import { world } from './arbitrary.ts';
import { configMapJson, envFromSpec, envSpec, NAMESPACE, oursFor, podSpec, secretJson } from './build.ts';
import {
  decideUnder,
  livesUnder,
  type RuledWorld,
  type RuleName,
  ruledConfiguration,
  shortOf,
} from './decision-rules.ts';

type Data = Readonly<Record<string, string>> | undefined;

const SAME: Data = { a: '1', b: '1' };
const OTHER: Data = { a: '2', b: '1' };
const EMPTY: Data = {};
const GONE: Data = undefined;

/** How a source is used, and what comes of a life of it. */
type Use = `${'required' | 'optional' | 'named'} ${'object' | 'key'}`;

const EVERY_RULE = ['usual', 'onCreate', 'onDelete', 'both'] as const;

/** What is decided at each step, for a rule or for all of them. */
type Steps = readonly string[];
type Expected = Steps | Readonly<Record<RuleName, Steps>>;

interface Life {
  readonly name: string;
  readonly data: readonly Data[];
  readonly expected: Readonly<Record<Use, Expected>>;
}

const byRule = (usual: Steps, onCreate: Steps, onDelete: Steps, both: Steps): Expected => ({
  ...{ usual, onCreate, onDelete, both },
});

const LIVES: readonly Life[] = [
  {
    name: 'never seen, then created',
    data: [GONE, SAME],
    expected: {
      'required object': byRule(['accept'], ['roll a b'], ['accept'], ['roll a b']),
      'optional object': ['roll a b'],
      'named object': byRule(['accept'], ['roll a b'], ['accept'], ['roll a b']),
      'required key': byRule(['accept'], ['roll a'], ['accept'], ['roll a']),
      'optional key': ['roll a'],
      'named key': byRule(['accept'], ['roll a'], ['accept'], ['roll a']),
    },
  },
  {
    name: 'never seen, and still not there',
    data: [GONE, GONE],
    expected: {
      'required object': ['nothing'],
      'optional object': ['nothing'],
      'named object': ['nothing'],
      'required key': ['nothing'],
      'optional key': ['nothing'],
      'named key': ['nothing'],
    },
  },
  {
    name: 'never seen, created empty, then filled',
    data: [GONE, EMPTY, SAME],
    expected: {
      'required object': byRule(
        ['accept', 'roll a b'],
        ['roll *', 'roll a b'],
        ['accept', 'roll a b'],
        ['roll *', 'roll a b'],
      ),
      'optional object': ['roll *', 'roll a b'],
      'named object': byRule(
        ['accept', 'roll a b'],
        ['roll *', 'roll a b'],
        ['accept', 'roll a b'],
        ['roll *', 'roll a b'],
      ),
      'required key': byRule(
        ['nothing', 'accept'],
        ['nothing', 'roll a'],
        ['nothing', 'accept'],
        ['nothing', 'roll a'],
      ),
      'optional key': ['nothing', 'roll a'],
      'named key': byRule(['nothing', 'accept'], ['nothing', 'roll a'], ['nothing', 'accept'], ['nothing', 'roll a']),
    },
  },
  {
    name: 'deleted, and back with the same content',
    data: [SAME, GONE, SAME],
    expected: {
      'required object': byRule(
        ['keep', 'nothing'],
        ['keep', 'nothing'],
        ['roll a b', 'accept'],
        ['roll a b', 'roll a b'],
      ),
      'optional object': ['roll a b', 'roll a b'],
      'named object': byRule(
        ['nothing', 'nothing'],
        ['nothing', 'nothing'],
        ['roll a b', 'accept'],
        ['roll a b', 'roll a b'],
      ),
      'required key': byRule(['keep', 'nothing'], ['keep', 'nothing'], ['roll a', 'accept'], ['roll a', 'roll a']),
      'optional key': ['roll a', 'roll a'],
      'named key': byRule(['nothing', 'nothing'], ['nothing', 'nothing'], ['roll a', 'accept'], ['roll a', 'roll a']),
    },
  },
  {
    name: 'deleted, and back with other content',
    data: [SAME, GONE, OTHER],
    expected: {
      'required object': byRule(
        ['keep', 'roll a'],
        ['keep', 'roll a'],
        ['roll a b', 'accept'],
        ['roll a b', 'roll a b'],
      ),
      'optional object': ['roll a b', 'roll a b'],
      'named object': byRule(
        ['nothing', 'roll a'],
        ['nothing', 'roll a'],
        ['roll a b', 'accept'],
        ['roll a b', 'roll a b'],
      ),
      'required key': byRule(['keep', 'roll a'], ['keep', 'roll a'], ['roll a', 'accept'], ['roll a', 'roll a']),
      'optional key': ['roll a', 'roll a'],
      'named key': byRule(['nothing', 'roll a'], ['nothing', 'roll a'], ['roll a', 'accept'], ['roll a', 'roll a']),
    },
  },
  {
    name: 'emptied, and back with the same content',
    data: [SAME, EMPTY, SAME],
    expected: {
      'required object': ['roll a b', 'roll a b'],
      'optional object': ['roll a b', 'roll a b'],
      'named object': ['roll a b', 'roll a b'],
      'required key': byRule(['keep', 'nothing'], ['keep', 'nothing'], ['roll a', 'accept'], ['roll a', 'roll a']),
      'optional key': ['roll a', 'roll a'],
      'named key': byRule(['nothing', 'nothing'], ['nothing', 'nothing'], ['roll a', 'accept'], ['roll a', 'roll a']),
    },
  },
  {
    name: 'emptied, and back with other content',
    data: [SAME, EMPTY, OTHER],
    expected: {
      'required object': ['roll a b', 'roll a b'],
      'optional object': ['roll a b', 'roll a b'],
      'named object': ['roll a b', 'roll a b'],
      'required key': byRule(['keep', 'roll a'], ['keep', 'roll a'], ['roll a', 'accept'], ['roll a', 'roll a']),
      'optional key': ['roll a', 'roll a'],
      'named key': byRule(['nothing', 'roll a'], ['nothing', 'roll a'], ['roll a', 'accept'], ['roll a', 'roll a']),
    },
  },
  {
    name: 'changed under a rule about coming and going',
    data: [SAME, OTHER, OTHER],
    expected: {
      'required object': ['roll a', 'nothing'],
      'optional object': ['roll a', 'nothing'],
      'named object': ['roll a', 'nothing'],
      'required key': ['roll a', 'nothing'],
      'optional key': ['roll a', 'nothing'],
      'named key': ['roll a', 'nothing'],
    },
  },
  {
    name: 'deleted, and gone for long',
    data: [SAME, GONE, GONE],
    expected: {
      'required object': byRule(['keep', 'keep'], ['keep', 'keep'], ['roll a b', 'nothing'], ['roll a b', 'nothing']),
      'optional object': ['roll a b', 'nothing'],
      'named object': byRule(
        ['nothing', 'nothing'],
        ['nothing', 'nothing'],
        ['roll a b', 'nothing'],
        ['roll a b', 'nothing'],
      ),
      'required key': byRule(['keep', 'keep'], ['keep', 'keep'], ['roll a', 'nothing'], ['roll a', 'nothing']),
      'optional key': ['roll a', 'nothing'],
      'named key': byRule(['nothing', 'nothing'], ['nothing', 'nothing'], ['roll a', 'nothing'], ['roll a', 'nothing']),
    },
  },
];

/** The workload that uses a source in one way: by its pods, or by its annotations alone. */
function using(use: Use, kind: 'ConfigMap' | 'Secret'): Pick<RuledWorld, 'annotations' | 'spec'> {
  const [need, by] = use.split(' ');
  const prefix = kind === 'ConfigMap' ? 'configMap' : 'secret';
  if (need === 'named') {
    return { annotations: { 'restamp.dev/include': `${kind.toLowerCase()}/app${by === 'key' ? '#a' : ''}` } };
  }
  const from = { name: 'app', optional: need === 'optional' };
  return {
    spec:
      by === 'key' ? envSpec({ [`${prefix}KeyRef`]: { ...from, key: 'a' } }) : envFromSpec({ [`${prefix}Ref`]: from }),
  };
}

function expectedUnder(rule: RuleName, expected: Expected): Steps {
  return 'usual' in expected ? expected[rule] : expected;
}

for (const { name, data, expected } of LIVES) {
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    const json = kind === 'ConfigMap' ? configMapJson : secretJson;
    t.test(`a ${kind} ${name}`, (t) => {
      for (const [use, steps] of Object.entries(expected) as [Use, Expected][]) {
        const worlds = data.map((data) => ({
          ...using(use, kind),
          objects: data === undefined ? [] : [json('app', data)],
        }));
        for (const rule of EVERY_RULE) {
          t.strictSame(livesUnder(rule, worlds), expectedUnder(rule, steps), `${use}, ${rule}`);
        }
      }
      t.end();
    });
  }
}

const PATTERN = { 'configmap.reloader.stakater.com/reload': 'app-.*' };
const APPS = (...names: readonly string[]): readonly JsonObject[] =>
  names.map((name) => configMapJson(name, { a: '1' }));
const matching = (...names: readonly string[]): RuledWorld => ({ annotations: PATTERN, objects: APPS(...names) });

interface PatternLife {
  readonly name: string;
  readonly worlds: readonly RuledWorld[];
  readonly expected: Readonly<Record<RuleName, Steps>>;
}

const PATTERN_LIVES: readonly PatternLife[] = [
  {
    name: 'a source that an expression selects is created',
    worlds: [matching('app-1'), matching('app-1', 'app-2')],
    expected: { usual: ['accept other'], onCreate: ['roll a'], onDelete: ['accept other'], both: ['roll a'] },
  },
  {
    name: 'the first source that an expression selects is created',
    worlds: [matching(), matching('app-1')],
    expected: { usual: ['accept other'], onCreate: ['roll a'], onDelete: ['accept other'], both: ['roll a'] },
  },
  {
    name: 'a source that an expression selects is deleted, and created again',
    worlds: [matching('app-1', 'app-2'), matching('app-1'), matching('app-1', 'app-2')],
    expected: {
      usual: ['accept other', 'accept other'],
      onCreate: ['accept other', 'roll a'],
      onDelete: ['roll a', 'accept other'],
      both: ['roll a', 'roll a'],
    },
  },
  {
    name: 'the last source that an expression selects is deleted',
    worlds: [matching('app-1'), matching()],
    expected: { usual: ['accept other'], onCreate: ['accept other'], onDelete: ['roll a'], both: ['roll a'] },
  },
  {
    name: 'a source that no expression selects is created and deleted',
    worlds: [matching('app-1'), matching('app-1', 'other'), matching('app-1')],
    expected: {
      usual: ['nothing', 'nothing'],
      onCreate: ['nothing', 'nothing'],
      onDelete: ['nothing', 'nothing'],
      both: ['nothing', 'nothing'],
    },
  },
  {
    name: 'an expression that is edited comes to select another source, and not one it did',
    worlds: [
      { annotations: { 'configmap.reloader.stakater.com/reload': 'app-1|x-.*' }, objects: APPS('app-1', 'app-2') },
      { annotations: { 'configmap.reloader.stakater.com/reload': 'app-2|x-.*' }, objects: APPS('app-1', 'app-2') },
    ],
    expected: {
      usual: ['accept other'],
      onCreate: ['accept other'],
      onDelete: ['accept other'],
      both: ['accept other'],
    },
  },
  {
    name: 'an expression is edited while a source that it selects is created',
    worlds: [
      { annotations: { 'configmap.reloader.stakater.com/reload': 'app-.*' }, objects: APPS('app-1') },
      { annotations: { 'configmap.reloader.stakater.com/reload': 'app.*' }, objects: APPS('app-1', 'app-2') },
    ],
    expected: {
      usual: ['accept other'],
      onCreate: ['accept other'],
      onDelete: ['accept other'],
      both: ['accept other'],
    },
  },
  {
    name: 'a name in a list is replaced by another one',
    worlds: [
      { annotations: { 'configmap.reloader.stakater.com/reload': 'app-1' }, objects: APPS('app-1', 'app-2') },
      { annotations: { 'configmap.reloader.stakater.com/reload': 'app-2' }, objects: APPS('app-1', 'app-2') },
    ],
    expected: {
      usual: ['accept other'],
      onCreate: ['accept other'],
      onDelete: ['accept other'],
      both: ['accept other'],
    },
  },
  {
    name: 'the pods come to refer to another source besides what an expression selects',
    worlds: [
      { ...matching('app-1'), annotations: { ...PATTERN, 'reloader.stakater.com/auto': 'true' } },
      {
        annotations: { ...PATTERN, 'reloader.stakater.com/auto': 'true' },
        spec: envFromSpec({ configMapRef: { name: 'other' } }),
        objects: APPS('app-1', 'other'),
      },
    ],
    expected: {
      usual: ['accept other'],
      onCreate: ['accept other'],
      onDelete: ['accept other'],
      both: ['accept other'],
    },
  },
  {
    name: 'a source that an expression selects changes while another one is created',
    worlds: [
      matching('app-1'),
      { annotations: PATTERN, objects: [configMapJson('app-1', { a: '2' }), configMapJson('app-2', { b: '1' })] },
    ],
    expected: { usual: ['roll a'], onCreate: ['roll a b'], onDelete: ['roll a'], both: ['roll a b'] },
  },
  {
    name: 'a source that is excluded is created and deleted',
    worlds: [[], ['app-2'], []].map((names) => ({
      annotations: { ...PATTERN, 'restamp.dev/exclude': 'configmap/app-2' },
      objects: APPS('app-1', ...names),
    })),
    expected: {
      usual: ['nothing', 'nothing'],
      onCreate: ['nothing', 'nothing'],
      onDelete: ['nothing', 'nothing'],
      both: ['nothing', 'nothing'],
    },
  },
];

for (const { name, worlds, expected } of PATTERN_LIVES) {
  t.test(name, (t) => {
    for (const rule of EVERY_RULE) t.strictSame(livesUnder(rule, worlds), expected[rule], rule);
    t.end();
  });
}

const EXCLUDING = (exclude: string | undefined, objects: readonly JsonObject[]): RuledWorld => ({
  annotations: {
    'reloader.stakater.com/auto': 'true',
    ...(exclude === undefined ? {} : { 'restamp.dev/exclude': exclude }),
  },
  spec: envFromSpec({ configMapRef: { name: 'app' } }),
  objects,
});

t.test('a change of an excluded key is nothing, and one of another key is named', (t) => {
  const worlds = [SAME, { a: '2', b: '1' }, { b: '1' }, { a: '1', b: '2' }].map((data) =>
    EXCLUDING('configmap/app#a', [configMapJson('app', data)]),
  );
  t.strictSame(livesUnder('both', worlds), ['nothing', 'nothing', 'roll b']);
  t.end();
});

t.test('a list of exclusions that is edited rolls nothing by itself', (t) => {
  const lists = [undefined, 'configmap/app#a', 'configmap/app#a, configmap/app#b', 'configmap/app', 'configmap/app#b'];
  const worlds = lists.map((list) => EXCLUDING(list, [configMapJson('app', SAME)]));
  for (const rule of EVERY_RULE) {
    t.strictSame(
      livesUnder(rule, worlds),
      lists.slice(1).map(() => 'accept other'),
      rule,
    );
  }
  t.end();
});

t.test('an excluded key is part of neither the digest nor the entries that are explained', (t) => {
  const of = (data: Data): Configuration =>
    ruledConfiguration(EXCLUDING('configmap/app#a', [configMapJson('app', data ?? {})]));
  t.strictSame([...of(SAME).parts.keys()], ['configmap/app#*!a']);
  t.strictSame(
    [...(of(SAME).entries.get('configmap/app') ?? [])].map(([name]) => name),
    ['b'],
  );
  t.strictSame(of(SAME), of(OTHER));
  t.strictSame(of(SAME), of({ b: '1' }));
  t.notSame(of(SAME).parts, of({ a: '1', b: '2' }).parts);
  t.end();
});

const vault = (version: string): Source => ({
  ...{ kind: 'SecretProviderClass', namespace: NAMESPACE, name: 'vault', uid: '', resourceVersion: version },
  ...{ entries: new Map([['db', Buffer.from(version)]]), writers: [], labels: {}, annotations: {} },
});
const MOUNTS_VAULT = podSpec(
  {},
  {
    volumes: [
      {
        name: 'v',
        csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'vault' } },
      },
    ],
  },
);
const rotation = (version: string | undefined): RuledWorld => ({
  spec: MOUNTS_VAULT,
  objects: [],
  classes: version === undefined ? [] : [vault(version)],
});

t.test('what a class brings rolls when it is rotated, whatever the rules', (t) => {
  for (const rule of EVERY_RULE) {
    t.strictSame(livesUnder(rule, ['1', '2', '2', '3'].map(rotation)), ['roll db', 'nothing', 'roll db'], rule);
  }
  t.end();
});

t.test('what a class brings is forgotten when no pod tells of it, and taken up anew, whatever the rules', (t) => {
  for (const rule of EVERY_RULE) {
    t.strictSame(
      livesUnder(rule, ['1', undefined, undefined, '2', '3'].map(rotation)),
      ['accept other', 'nothing', 'accept', 'roll db'],
      rule,
    );
  }
  t.end();
});

t.test(
  'the first pods of a workload tell what a class brought, and nothing rolls for that, whatever the rules',
  (t) => {
    for (const rule of EVERY_RULE) t.strictSame(livesUnder(rule, [undefined, '1'].map(rotation)), ['accept'], rule);
    t.end();
  },
);

t.test('a change is held while something required is missing, unless deletions are to roll', (t) => {
  const spec = envFromSpec({ configMapRef: { name: 'app' } }, { secretRef: { name: 'db' } });
  const worlds: readonly RuledWorld[] = [
    { spec, objects: [configMapJson('app', SAME), secretJson('db', { p: '1' })] },
    { spec, objects: [configMapJson('app', OTHER)] },
  ];
  t.strictSame(livesUnder('usual', worlds), ['hold']);
  t.strictSame(livesUnder('onCreate', worlds), ['hold']);
  t.strictSame(livesUnder('onDelete', worlds), ['roll a p']);
  t.strictSame(livesUnder('both', worlds), ['roll a p']);
  t.end();
});

t.test('what only annotations name never holds a rollout up', (t) => {
  const annotations = {
    'restamp.dev/include': 'secret/nowhere, secret/app#nowhere',
    'reloader.stakater.com/auto': 'true',
  };
  const worlds = [SAME, OTHER].map((data) => ({
    annotations,
    spec: envFromSpec({ configMapRef: { name: 'app' } }),
    objects: [configMapJson('app', data)],
  }));
  for (const rule of EVERY_RULE) t.strictSame(livesUnder(rule, worlds), ['roll a'], rule);
  t.end();
});

t.test('a workload met for the first time is adopted, whatever the rules', (t) => {
  const nothing = { stamp: undefined, record: undefined, history: undefined };
  for (const rule of EVERY_RULE) t.equal(shortOf(decideUnder(rule, matching('app-1'), nothing)), 'adopt', rule);
  t.end();
});

t.test('a workload whose expressions select nothing yet is adopted, so that what comes is known to have come', (t) => {
  const nothing = { stamp: undefined, record: undefined, history: undefined };
  const decision = decideUnder('usual', matching(), nothing);
  t.match(decision, { outcome: 'adopt', reason: 'never-seen' });
  const record = decision.outcome === 'adopt' ? formatRecord(decision.record) : '';
  t.equal(shortOf(decideUnder('both', matching(), { ...nothing, record })), 'nothing');
  t.equal(shortOf(decideUnder('both', matching('app-1'), { ...nothing, record })), 'roll a');
  t.equal(shortOf(decideUnder('both', { annotations: {}, objects: [] }, nothing)), 'nothing', 'without expressions');
  t.end();
});

t.test('a record of before there were expressions takes them up without a rollout, whatever the rules', (t) => {
  const ours = oursFor(
    ruledConfiguration({ ...matching('app-1'), annotations: { 'restamp.dev/include': 'configmap/app-1' } }),
  );
  t.equal(parseRecord(ours.record)?.patterns, undefined);
  for (const rule of EVERY_RULE) {
    t.equal(shortOf(decideUnder(rule, matching('app-1', 'app-2'), ours)), 'accept other', rule);
  }
  t.end();
});

t.test('rules add rollouts and take none away', (t) => {
  fc.assert(
    fc.property(world, world, (before, now) => {
      const ours = oursFor(ruledConfiguration(before));
      const usual = decideUnder('usual', now, ours).outcome;
      for (const rule of EVERY_RULE) {
        const { outcome } = decideUnder(rule, now, ours);
        if (usual === 'roll') assert.equal(outcome, 'roll');
        if (rule === 'onCreate' && usual === 'keep') assert.ok(outcome === 'keep' || outcome === 'hold');
      }
    }),
  );
  t.end();
});

t.test('the same configuration is nothing, whatever the rules', (t) => {
  fc.assert(
    fc.property(world, fc.constantFrom(...EVERY_RULE), (world, rule) => {
      assert.equal(decideUnder(rule, world, oursFor(ruledConfiguration(world))).outcome, 'none');
    }),
  );
  t.end();
});
