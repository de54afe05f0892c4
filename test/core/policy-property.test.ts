/** What holds whatever anybody writes: no text or template throws, takes long, or decides about another workload. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { RELOADER, WAVE } from '../../core/names.ts';
import {
  LABELLED_NAMESPACE,
  type NamespaceFacts,
  PLAIN_NAMESPACE,
  type PolicyOptions,
  policy,
  type Verdict,
} from '../../core/policy.ts';
import { podUses, type Reference } from '../../core/reference.ts';
import { type Candidates, matchesPattern, patternKinds, patternTexts, selectReferences } from '../../core/selection.ts';
import { SOURCE_KINDS, type SourceKind, sourceId } from '../../core/source.ts';
import { spec as specs } from './arbitrary.ts';
import { envFromSpec, podSpec } from './build.ts';
import { POLICY_OPTIONS } from './policy-run.ts';

const NAMES: readonly string[] = [
  'restamp.dev/inject',
  'restamp.dev/include',
  'restamp.dev/exclude',
  RELOADER.auto,
  RELOADER.search,
  RELOADER.match,
  ...SOURCE_KINDS.flatMap((kind) => [RELOADER.autoOf[kind], RELOADER.reload[kind], RELOADER.exclude[kind]]),
  WAVE.update,
  WAVE.extraConfigMaps,
  WAVE.extraSecrets,
];

const word = fc.constantFrom(
  ...['enabled', 'disabled', 'true', 'false', 'yes', 'app', 'db', 'app,db', 'a.*|d.', '(', '.*', '__proto__'],
  ...['configmap/app', 'secret/*', 'configmap/app#a, secret/d*#b', 'team/app', ',', 'constructor'],
);
const value = fc.oneof(
  word,
  fc.array(word, { maxLength: 4 }).map((words) => words.join(',')),
  fc.string({ unit: 'binary' }),
);
const annotations = fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), value, { maxKeys: 6 });

const CANDIDATES: Candidates = new Map(
  SOURCE_KINDS.map((kind) => [kind, ['app', 'app-1', 'db', 'constructor', 'a.b']] as const),
);
const OPTIONS: PolicyOptions = { ...POLICY_OPTIONS, crossNamespaces: new Set(['team']) };
const EVERYTHING = { imagePullSecrets: true, volumeSecrets: true, secretProviderClasses: true };

interface Written {
  readonly annotations: Readonly<Record<string, string>>;
  readonly templateAnnotations?: Readonly<Record<string, string>>;
  readonly spec: unknown;
}

interface Judged {
  readonly verdict: Verdict;
  readonly references: readonly Reference[];
}

/** Everything that is asked about one workload, as webhook and watcher do. */
function judge(
  { annotations, templateAnnotations = {}, spec }: Written,
  facts: NamespaceFacts = PLAIN_NAMESPACE,
  options: PolicyOptions = OPTIONS,
): Judged {
  const workload = { namespace: 'shop', annotations, template: { annotations: templateAnnotations, spec } };
  const verdict = policy(workload, facts, options);
  const uses = podUses(spec, EVERYTHING);
  if (!verdict.managed) return { verdict, references: [] };
  patternKinds(verdict.selection);
  patternTexts(verdict.selection);
  matchesPattern(verdict.selection, { kind: 'ConfigMap', name: 'app' });
  return { verdict, references: selectReferences(uses, verdict.selection, CANDIDATES) };
}

const template = fc.oneof(specs, fc.anything());
const written: fc.Arbitrary<Written> = fc.record({ annotations, templateAnnotations: annotations, spec: template });
const facts = fc.constantFrom(PLAIN_NAMESPACE, LABELLED_NAMESPACE);

/** Two workloads about which everything is known, one that all words are read for and one that says nothing. */
const WITNESSES: readonly Written[] = [
  {
    annotations: {
      [RELOADER.auto]: 'true',
      [RELOADER.reload.ConfigMap]: 'app.*,(db|other)',
      'restamp.dev/exclude': 'configmap/app-1, secret/d*#k',
    },
    spec: envFromSpec({ configMapRef: { name: 'app' } }, { secretRef: { name: 'db' } }),
  },
  { annotations: {}, spec: podSpec() },
];

/** What can be said about it, without the functions in it. */
function told({ verdict, references }: Judged): unknown {
  return verdict.managed
    ? [[...verdict.selection.automatic], [...verdict.selection.searching], patternTexts(verdict.selection), references]
    : verdict;
}

const BEFORE = WITNESSES.map((witness) => told(judge(witness)));

/** A promise of the issue, for each input: 50 ms. Processor time, so that a busy machine does not count. */
const LIMIT_MS = 50;

/** The least of three runs: the first one of a process compiles. */
function processorMs(run: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

t.test('whatever a workload says and holds, nothing throws, takes long, or changes what another one comes to', (t) => {
  fc.assert(
    fc.property(written, facts, fc.boolean(), (written, facts, all) => {
      const took = processorMs(() => judge(written, facts, { ...OPTIONS, all }));
      assert.ok(took < LIMIT_MS, `${took} ms`);
      assert.deepEqual(
        WITNESSES.map((witness) => told(judge(witness))),
        BEFORE,
      );
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('the verdict is the same however often it is asked for', (t) => {
  fc.assert(
    fc.property(written, facts, (written, facts) => {
      assert.deepEqual(told(judge(written, facts)), told(judge(written, facts)));
    }),
  );
  t.end();
});

const excluding = fc.record({
  kind: fc.constantFrom<SourceKind>('ConfigMap', 'Secret'),
  name: fc.constantFrom('app', 'db', 'app-1'),
  words: fc.constantFrom('restamp', 'reloader'),
});

t.test('a source that is excluded never is among the references, whatever else is said', (t) => {
  fc.assert(
    fc.property(written, facts, fc.boolean(), excluding, (written, facts, all, { kind, name, words }) => {
      const excluded =
        words === 'restamp'
          ? { 'restamp.dev/exclude': `${kind.toLowerCase()}/${name}` }
          : { [RELOADER.exclude[kind]]: name };
      const { annotations } = written;
      const judged = judge({ ...written, annotations: { ...annotations, ...excluded } }, facts, { ...OPTIONS, all });
      assert.ok(!judged.references.some((reference) => reference.kind === kind && reference.name === name));
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('an ignored kind of source never is among the references, whatever is said', (t) => {
  fc.assert(
    fc.property(written, facts, fc.constantFrom(...SOURCE_KINDS), (written, facts, kind) => {
      const { references } = judge(written, facts, { ...OPTIONS, all: true, ignoredSources: new Set([kind]) });
      assert.ok(references.every((reference) => reference.kind !== kind));
    }),
  );
  t.end();
});

t.test('no source of a namespace that is not allowed is among the references, whatever is said', (t) => {
  const allowed = ['team', undefined];
  fc.assert(
    fc.property(written, (written) => {
      const extra = { [WAVE.update]: 'true', [WAVE.extraSecrets]: 'team/a,kube-system/b,shop/c,d' };
      const { references } = judge({ ...written, annotations: { ...written.annotations, ...extra } });
      assert.ok(references.every(({ namespace }) => allowed.includes(namespace)));
    }),
  );
  t.end();
});

t.test('in an excluded, disabled or unselected namespace nothing is managed, whatever is said', (t) => {
  const refused: readonly (readonly [NamespaceFacts, Partial<PolicyOptions>])[] = [
    [LABELLED_NAMESPACE, { excludedNamespaces: new Set(['shop']) }],
    [{ ...PLAIN_NAMESPACE, inject: 'disabled' }, {}],
    [{ ...LABELLED_NAMESPACE, selected: false }, {}],
  ];
  fc.assert(
    fc.property(written, fc.constantFrom(...refused), (written, [facts, options]) => {
      assert.equal(judge(written, facts, { ...OPTIONS, all: true, ...options }).verdict.managed, false);
    }),
  );
  t.end();
});

t.test('references are one per source and ordered, whatever is said', (t) => {
  fc.assert(
    fc.property(written, facts, (written, facts) => {
      const ids = judge(written, facts).references.map(sourceId);
      assert.deepEqual(ids, [...new Set(ids)].sort());
    }),
  );
  t.end();
});

const MEGABYTE = 1_000_000;
const list = (length: number, of: (n: number) => string): string => [...Array(length).keys()].map(of).join(',');

/** What an annotation may hold that is meant to take long: an object's annotations share 256 KiB, a request more. */
const HOSTILE: Readonly<Record<string, string>> = {
  'a megabyte of text': 'x'.repeat(MEGABYTE),
  'a megabyte of commas': ','.repeat(MEGABYTE),
  'ten thousand names': list(10_000, (n) => `name-${n}`),
  'ten thousand expressions': list(10_000, (n) => `(a|b)*${n}`),
  'an expression that doubles with each letter': '(a+)+$'.repeat(10),
  'expressions with counted repetitions': list(250, () => '((a{1,100}){1,100}){1,100}'),
  'expressions of all letters': list(250, (n) => `[\\p{L}]{${n}}.*.*.*.*x`),
  'as many sources as are read, of restamp': list(250, (n) => `configmap/a*b*c*d*${n}`),
  'as many sources as are read, of wave': list(250, (n) => `team/name-${n}`),
  'open brackets': '('.repeat(MEGABYTE),
  'a megabyte of nothing that is seen': '\u0000\u200b\ud800'.repeat(MEGABYTE / 3),
  slashes: 'configmap/'.repeat(100_000),
};

for (const [what, text] of Object.entries(HOSTILE)) {
  t.test(`${what} in any annotation is read in no time`, (t) => {
    for (const name of NAMES) {
      const annotations = { [WAVE.update]: 'true', [name]: text };
      const took = processorMs(() => judge({ annotations, spec: podSpec() }));
      t.ok(took < LIMIT_MS, `${name}: ${took.toFixed(1)} ms`);
    }
    t.end();
  });
}
