/** From what is selected to the references that count: named, searched, excluded, ignored. */
import t from 'tap';
import { SELECTED_SOURCES } from '../../core/defaults.ts';
import type { JsonObject } from '../../core/json.ts';
import { RELOADER } from '../../core/names.ts';
import { PLAIN_NAMESPACE, type PolicyOptions, policy } from '../../core/policy.ts';
import { NO_EXTRA_REFERENCES, podUses, type Reference } from '../../core/reference.ts';
import {
  applicable,
  type Candidates,
  matchesPattern,
  patternKinds,
  patternTexts,
  type Selection,
  type SourceRules,
  selectReferences,
} from '../../core/selection.ts';
import { sourceId } from '../../core/source.ts';
import {
  ALL_REFERENCES,
  configMapJson,
  configurationOf,
  envFromSpec,
  envSpec,
  podSpec,
  secretJson,
  sourcesOf,
} from './build.ts';
import { POLICY_OPTIONS } from './policy-run.ts';

const AUTO = { 'reloader.stakater.com/auto': 'true' };
const CONFIGMAPS = 'configmap.reloader.stakater.com/reload';
const EXCLUDED = 'configmaps.exclude.reloader.stakater.com/reload';

/** Uses app as a whole, key a of conf, an optional Secret db. */
const SPEC = podSpec({
  envFrom: [{ configMapRef: { name: 'app' } }, { secretRef: { name: 'db', optional: true } }],
  env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'a' } } }],
});

function selectionOf(annotations: Readonly<Record<string, string>>, options: Partial<PolicyOptions> = {}): Selection {
  const workload = { namespace: 'shop', annotations, template: { annotations: {}, spec: undefined } };
  const verdict = policy(workload, PLAIN_NAMESPACE, { ...POLICY_OPTIONS, ...options });
  if (!verdict.managed) throw new Error(`the test selects nothing: ${verdict.reason}`);
  return verdict.selection;
}

/** `configmap/app required *-x-y marked`, `secret/db named k:optional`. */
function shortOf(reference: Reference): string {
  const { need, all, keys, without = [], onlyMarked } = reference;
  return [
    sourceId(reference),
    need,
    ...(all ? [['*', ...without].join('-')] : []),
    ...[...keys].sort().map(([key, need]) => `${key}:${need}`),
    ...(onlyMarked === true ? ['marked'] : []),
  ].join(' ');
}

const WHOLE = ['configmap/app required *', 'configmap/conf required a:required', 'secret/db optional *'];
const CANDIDATES: Candidates = new Map([
  ['ConfigMap', ['app', 'app-1', 'app-2', 'other']],
  ['Secret', ['app-1', 'db']],
]);

interface Row {
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly options?: Partial<PolicyOptions>;
  readonly spec?: JsonObject;
  readonly expected: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'every reference counts', annotations: AUTO, expected: WHOLE },
  {
    name: 'the references of one kind count',
    annotations: { 'secret.reloader.stakater.com/auto': 'true' },
    expected: ['secret/db optional *'],
  },
  {
    name: 'a name that the pod refers to counts as the pod needs it',
    annotations: { [CONFIGMAPS]: 'app' },
    expected: ['configmap/app required *'],
  },
  {
    name: 'a name of which the pod uses one key counts as a whole',
    annotations: { [CONFIGMAPS]: 'conf' },
    expected: ['configmap/conf required * a:required'],
  },
  {
    name: 'a name that the pod does not refer to counts, and nobody waits for it',
    annotations: { [CONFIGMAPS]: 'other' },
    expected: ['configmap/other named *'],
  },
  {
    name: 'a name of one kind is not a name of another',
    annotations: { 'secret.reloader.stakater.com/reload': 'app' },
    expected: ['secret/app named *'],
  },
  {
    name: 'an expression names what there is, and what the pod refers to',
    annotations: { [CONFIGMAPS]: 'app.*|conf' },
    expected: [
      'configmap/app required *',
      'configmap/app-1 named *',
      'configmap/app-2 named *',
      'configmap/conf required a:required',
    ],
  },
  {
    name: 'an expression matches whole names',
    annotations: { [CONFIGMAPS]: 'pp|(app-)' },
    expected: [],
  },
  {
    name: 'a glob names what there is',
    annotations: { 'restamp.dev/include': 'secret/app-*' },
    expected: ['secret/app-1 named *'],
  },
  {
    name: 'a key that is named is the only one that counts, though the pod uses all',
    annotations: { 'restamp.dev/include': 'configmap/app#k' },
    expected: ['configmap/app required k:optional'],
  },
  {
    name: 'a key that is named beside the one the pod uses counts, and the other does not',
    annotations: { 'restamp.dev/include': 'configmap/conf#k' },
    expected: ['configmap/conf named k:named'],
  },
  {
    name: 'a key that is named and that the pod needs is needed',
    annotations: { 'restamp.dev/include': 'configmap/conf#a' },
    expected: ['configmap/conf required a:required'],
  },
  {
    name: 'a key that is named on top of all references adds nothing to what is used as a whole',
    annotations: { ...AUTO, 'restamp.dev/include': 'configmap/app#k, configmap/other#k' },
    expected: [
      'configmap/app required * k:named',
      'configmap/conf required a:required',
      'configmap/other named k:named',
      'secret/db optional *',
    ],
  },
  {
    name: 'a source of another namespace is not the one of that name that the pod refers to',
    annotations: {
      'wave.pusher.com/update-on-config-change': 'true',
      'wave.pusher.com/extra-configmaps': 'team/app',
      'restamp.dev/inject': 'disabled',
    },
    options: { crossNamespaces: new Set(['team']) },
    expected: ['configmap/team/app named *'],
  },
  {
    name: 'who searches gets its references while they are marked',
    annotations: { 'reloader.stakater.com/search': 'true' },
    expected: [
      'configmap/app required * marked',
      'configmap/conf required a:required marked',
      'secret/db optional * marked',
    ],
  },
  {
    name: 'what is named counts unmarked beside a search',
    annotations: { 'reloader.stakater.com/search': 'true', [CONFIGMAPS]: 'app' },
    expected: ['configmap/app required *', 'configmap/conf required a:required marked', 'secret/db optional * marked'],
  },
  {
    name: 'what is excluded beats all references',
    annotations: { ...AUTO, [EXCLUDED]: 'app' },
    expected: ['configmap/conf required a:required', 'secret/db optional *'],
  },
  {
    name: 'what is excluded beats its being named, in any words',
    annotations: { [CONFIGMAPS]: 'app,other', 'restamp.dev/include': 'configmap/app', [EXCLUDED]: 'app' },
    expected: ['configmap/other named *'],
  },
  {
    name: 'what is excluded beats an expression',
    annotations: { [CONFIGMAPS]: 'app.*', 'restamp.dev/exclude': 'configmap/app-*' },
    expected: ['configmap/app required *'],
  },
  {
    name: 'what is excluded beats a search',
    annotations: { 'reloader.stakater.com/search': 'true', 'restamp.dev/exclude': 'configmap/*' },
    expected: ['secret/db optional * marked'],
  },
  {
    name: "what is excluded beats wave's extras",
    annotations: {
      'wave.pusher.com/update-on-config-change': 'true',
      'wave.pusher.com/extra-secrets': 'x',
      'secrets.exclude.reloader.stakater.com/reload': 'x,db',
    },
    expected: ['configmap/app required *', 'configmap/conf required a:required'],
  },
  {
    name: 'an exclusion of one kind leaves the other kind of that name',
    annotations: { ...AUTO, 'secrets.exclude.reloader.stakater.com/reload': 'app' },
    expected: WHOLE,
  },
  {
    name: 'keys that are excluded are left out of a whole, sorted and once',
    annotations: { ...AUTO, 'restamp.dev/exclude': 'configmap/app#b, configmap/a*#a, configmap/app#b' },
    expected: ['configmap/app required *-a-b', 'configmap/conf required a:required', 'secret/db optional *'],
  },
  {
    name: 'a source of which every used key is excluded does not count',
    annotations: { ...AUTO, 'restamp.dev/exclude': 'configmap/conf#a' },
    expected: ['configmap/app required *', 'secret/db optional *'],
  },
  {
    name: 'a key that is excluded and named is excluded',
    annotations: {
      'restamp.dev/include': 'configmap/other#a, configmap/other#b',
      'restamp.dev/exclude': 'configmap/other#a',
    },
    expected: ['configmap/other named b:named'],
  },
];

for (const { name, annotations, options, spec = SPEC, expected } of ROWS) {
  t.test(`selection: ${name}`, (t) => {
    const uses = podUses(spec, NO_EXTRA_REFERENCES);
    t.strictSame(selectReferences(uses, selectionOf(annotations, options), CANDIDATES).map(shortOf), expected);
    t.end();
  });
}

t.test('the selection of everything takes every reference as it is', (t) => {
  t.strictSame(selectReferences(podUses(SPEC, NO_EXTRA_REFERENCES), ALL_REFERENCES).map(shortOf), WHOLE);
  t.end();
});

t.test('the kinds whose names have to be known are those that expressions are for', (t) => {
  const of = (annotations: Readonly<Record<string, string>>): readonly string[] => [
    ...patternKinds(selectionOf(annotations)),
  ];
  t.strictSame(of({ [CONFIGMAPS]: 'a,b' }), []);
  t.strictSame(of({ [CONFIGMAPS]: 'a.*,b.*' }), ['ConfigMap']);
  t.strictSame(of({ 'restamp.dev/include': 'secret/a*#k, configmap/b' }), ['Secret']);
  t.strictSame(of({ ...AUTO, 'restamp.dev/exclude': 'secret/a*' }), [], 'an exclusion names nothing');
  t.end();
});

t.test('expressions as text are the same in whatever order they are written, and differ by kind and key', (t) => {
  const of = (...lists: readonly string[]): readonly string[] =>
    patternTexts(selectionOf({ 'restamp.dev/include': lists.join(',') }));
  t.strictSame(of('configmap/a*', 'secret/b*#k', 'configmap/c'), ['ConfigMap a*#*', 'Secret b*#k']);
  t.strictSame(of('secret/b*#k', 'configmap/c', 'configmap/a*'), of('configmap/a*', 'secret/b*#k'));
  t.notSame(of('configmap/a*'), of('secret/a*'));
  t.notSame(of('configmap/a*'), of('configmap/a*#k'));
  t.end();
});

t.test('whether an expression names a source: names do not count, and what is excluded is not named', (t) => {
  const selection = selectionOf({
    [CONFIGMAPS]: 'app-.*,plain',
    'restamp.dev/exclude': 'configmap/app-2, configmap/app-3#key',
  });
  const matches = (kind: 'ConfigMap' | 'Secret', name: string): boolean => matchesPattern(selection, { kind, name });
  t.equal(matches('ConfigMap', 'app-1'), true);
  t.equal(matches('ConfigMap', 'app-3'), true, 'of which only a key is excluded');
  t.equal(matches('ConfigMap', 'app-2'), false);
  t.equal(matches('ConfigMap', 'plain'), false);
  t.equal(matches('Secret', 'app-1'), false);
  t.equal(matches('ConfigMap', 'an-app-1'), false);
  t.end();
});

t.test('annotations select no more sources than can be kept, those first by name', (t) => {
  const names = [...Array(SELECTED_SOURCES + 50).keys()].map((n) => `app-${String(n).padStart(4, '0')}`);
  const selection = selectionOf({ ...AUTO, [CONFIGMAPS]: 'app-.*' });
  const selected = selectReferences(podUses(SPEC, NO_EXTRA_REFERENCES), selection, new Map([['ConfigMap', names]]));
  const found = selected.map(({ name }) => name).filter((name) => name.startsWith('app-'));
  t.strictSame(found, names.slice(0, SELECTED_SOURCES));
  t.equal(selected.length, SELECTED_SOURCES + WHOLE.length, 'what the pod refers to counts in any case');
  t.end();
});

interface Mark {
  readonly name: string;
  readonly metadata?: JsonObject;
  readonly rules?: SourceRules;
  /** Whether it counts for who refers to it, and for who searches. */
  readonly referred: boolean;
  readonly searched: boolean;
}

const marks = (annotations: JsonObject): JsonObject => ({ annotations });

const MARKS: readonly Mark[] = [
  { name: 'says nothing', referred: true, searched: false },
  { name: 'matches', metadata: marks({ 'reloader.stakater.com/match': 'true' }), referred: true, searched: true },
  {
    name: 'matches in other words',
    metadata: marks({ 'reloader.stakater.com/match': 'True' }),
    referred: true,
    searched: false,
  },
  { name: 'is to be ignored', metadata: marks({ 'restamp.dev/ignore': 'true' }), referred: false, searched: false },
  {
    name: "is to be ignored, in Reloader's words, though it matches",
    metadata: marks({ 'reloader.stakater.com/ignore': 'true', 'reloader.stakater.com/match': 'true' }),
    referred: false,
    searched: false,
  },
  {
    name: 'is not to be ignored',
    metadata: marks({ 'restamp.dev/ignore': 'false', 'reloader.stakater.com/ignore': 'false' }),
    referred: true,
    searched: false,
  },
  {
    name: 'is called otherwise by the installation',
    metadata: marks({ 'example.com/ignore': 'true', 'reloader.stakater.com/match': 'true' }),
    rules: { vocabulary: { ...RELOADER, ignore: 'example.com/ignore' } },
    referred: false,
    searched: false,
  },
  {
    name: 'has the labels that the installation selects',
    metadata: { labels: { team: 'us' } },
    rules: { sourceSelector: { matches: ({ team }) => team === 'us' } },
    referred: true,
    searched: false,
  },
  {
    name: 'has not the labels that the installation selects',
    metadata: { ...marks({ 'reloader.stakater.com/match': 'true' }), labels: { team: 'them' } },
    rules: { sourceSelector: { matches: ({ team }) => team === 'us' } },
    referred: false,
    searched: false,
  },
];

for (const { name, metadata = {}, rules = {}, referred, searched } of MARKS) {
  t.test(`a source that ${name} counts or not`, (t) => {
    const json = configMapJson('app', { a: '1' }, { metadata: { namespace: 'shop', name: 'app', ...metadata } });
    const counts = (selection: Selection): boolean => {
      const uses = podUses(envFromSpec({ configMapRef: { name: 'app' } }), NO_EXTRA_REFERENCES);
      return applicable(selectReferences(uses, selection), sourcesOf([json]), rules).length === 1;
    };
    t.equal(counts(ALL_REFERENCES), referred);
    t.equal(counts(selectionOf({ 'reloader.stakater.com/search': 'true' })), searched);
    t.end();
  });
}

t.test('a source that is not there says nothing about itself, and counts', (t) => {
  const uses = podUses(SPEC, NO_EXTRA_REFERENCES);
  const selected = selectReferences(uses, selectionOf({ 'reloader.stakater.com/search': 'true' }));
  const rules: SourceRules = { sourceSelector: { matches: () => false } };
  t.strictSame(applicable(selected, new Map(), rules), selected);
  const there = sourcesOf([configMapJson('app'), secretJson('db')]);
  t.strictSame(applicable(selected, there, {}).map(sourceId), ['configmap/conf']);
  t.end();
});

t.test('labels of a SecretProviderClass are not known, so they are not asked for', (t) => {
  const reference: Reference = {
    kind: 'SecretProviderClass',
    name: 'vault',
    need: 'named',
    all: true,
    keys: new Map(),
  };
  const source = { ...reference, namespace: 'shop', uid: '', resourceVersion: '1', entries: new Map(), writers: [] };
  const sources = new Map([['secretproviderclass/vault', { ...source, labels: {}, annotations: {} }]]);
  t.equal(applicable([reference], sources, { sourceSelector: { matches: () => false } }).length, 1);
  t.end();
});

t.test('a source that is referred to by key only is not asked for more than that', (t) => {
  const parts = configurationOf(envSpec({ configMapKeyRef: { name: 'app', key: 'a' } }), [configMapJson('app')]).parts;
  t.strictSame([...parts.keys()], ['configmap/app#a']);
  t.end();
});
