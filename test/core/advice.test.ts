/** What is said to whoever wrote the annotations of a workload. */
import t from 'tap';
import { ADVICE_LIMIT, type Advice, adviceOf, adviceOfSource } from '../../core/advice.ts';
import { ANNOTATION_NAMES } from '../../core/annotation.ts';
import { stringMap } from '../../core/json.ts';
import { RELOADER, type Vocabulary } from '../../core/names.ts';
import { nearest } from '../../core/nearest.ts';
import {
  type Parsed,
  parseLiteralNames,
  parseNameList,
  parseNamespacedNames,
  parseSourceList,
} from '../../core/pattern.ts';
import { PHRASE_LENGTH } from '../../core/phrase.ts';

type Texts = Readonly<Record<string, string>>;

interface Written {
  /** On the workload's metadata. */
  readonly own?: Texts;
  /** On its pod template. */
  readonly template?: Texts;
  readonly kind?: string;
  readonly vocabulary?: Vocabulary;
  readonly crossNamespaces?: ReadonlySet<string>;
}

function advice({ own, template, kind = 'Deployment', vocabulary = RELOADER, crossNamespaces }: Written): Told {
  const workload = {
    kind,
    namespace: 'shop',
    annotations: stringMap(own),
    template: { annotations: stringMap(template), spec: {} },
  };
  return adviceOf(workload, { vocabulary, ...(crossNamespaces && { crossNamespaces }) });
}

type Told = readonly Advice[];

/** `malformed` and `mistake` are the severities; `own!` before it says that it is about an annotation of restamp's. */
function told(advice: Told): readonly string[] {
  return advice.map(({ severity, own, text }) => `${own ? 'own ' : ''}${severity}: ${text}`);
}

/** The words of a list's fault are those of its parser. */
function faultOf({ faults }: Parsed<unknown>): string {
  const [fault] = faults;
  if (fault === undefined) throw new Error('the test takes a list for wrong that is right');
  return fault;
}

interface Row extends Written {
  readonly name: string;
  readonly told: readonly string[];
}

const CUSTOM: Vocabulary = { ...RELOADER, auto: 'example.com/auto', match: 'example.com/match' };

const SILENT: readonly Row[] = [
  { name: 'no annotations', told: [] },
  {
    name: 'every annotation of restamp in its right form',
    own: {
      'restamp.dev/inject': 'enabled',
      'restamp.dev/include': 'configmap/app, secret/db#password, configmap/team-*',
      'restamp.dev/exclude': 'configmap/noise',
      'restamp.dev/settle': '5s',
      'restamp.dev/min-interval': '5m',
      'restamp.dev/strategy': 'annotations',
    },
    told: [],
  },
  {
    name: 'what restamp writes itself, whatever it is',
    own: {
      'restamp.dev/record': '{',
      'restamp.dev/history': '',
      'deployment.reloader.stakater.com/paused-at': 'x',
      'wave.pusher.com/scheduling-disabled': 'default-scheduler',
    },
    template: {
      'restamp.dev/config-hash': 'v1.x.y',
      'reloader.stakater.com/last-reloaded-from': '{}',
      'wave.pusher.com/config-hash': 'abc',
    },
    told: [],
  },
  {
    name: "Reloader's annotations on the pod template",
    template: {
      'reloader.stakater.com/auto': 'true',
      'configmap.reloader.stakater.com/reload': 'app,team-.*',
      'secrets.exclude.reloader.stakater.com/reload': 'db',
      'deployment.reloader.stakater.com/pause-period': '5m',
      'reloader.stakater.com/search': 'true',
    },
    told: [],
  },
  {
    name: 'a rollout strategy on an Argo Rollout',
    kind: 'Rollout',
    own: { 'reloader.stakater.com/rollout-strategy': 'restart', 'restamp.dev/strategy': 'restart' },
    told: [],
  },
  {
    name: "wave's annotations, naming its own namespace and one that is allowed",
    own: {
      'wave.pusher.com/update-on-config-change': 'true',
      'wave.pusher.com/extra-configmaps': 'a,shop/b,team/c',
    },
    crossNamespaces: new Set(['team']),
    told: [],
  },
  {
    name: 'annotations of others, among them names that look alike',
    own: { 'restamp.dev.example.com/a': '', 'my-restamp.dev/a': '', 'restamp.dev': '', inject: 'x', 'wave/x': '' },
    template: { 'my-reloader.stakater.com/auto': 'x', 'sub.wave.pusher.com/x': '', 'stakater.com/x': '' },
    told: [],
  },
  {
    name: 'a malformed value on the template that the metadata overrules',
    own: { 'reloader.stakater.com/search': 'true' },
    template: { 'reloader.stakater.com/search': 'maybe' },
    told: [],
  },
  {
    name: 'an expression that takes in an excluded name',
    own: {
      'configmap.reloader.stakater.com/reload': 'app-.*',
      'configmaps.exclude.reloader.stakater.com/reload': 'app-a',
    },
    told: [],
  },
  {
    name: 'one key excluded of an object that is named as a whole, or by another key',
    own: { 'restamp.dev/include': 'configmap/a, configmap/b#x', 'restamp.dev/exclude': 'configmap/a#y,configmap/b#y' },
    told: [],
  },
  {
    name: 'names of one kind included and of another excluded',
    own: {
      'configmap.reloader.stakater.com/reload': 'app',
      'secrets.exclude.reloader.stakater.com/reload': 'app',
    },
    told: [],
  },
];

const VALUES: readonly Row[] = [
  {
    name: 'inject that is no word of its own',
    own: { 'restamp.dev/inject': 'yes' },
    told: ['own malformed: restamp.dev/inject: "yes" counts as not given; write enabled or disabled'],
  },
  {
    name: 'a strategy that is none',
    own: { 'restamp.dev/strategy': 'Hash' },
    told: [
      'own malformed: restamp.dev/strategy: "Hash" counts as not given; write hash, annotations, env-vars or restart',
    ],
  },
  {
    name: 'durations that are none, or too long',
    own: {
      'restamp.dev/settle': '10 s',
      'restamp.dev/min-interval': '8d',
      'deployment.reloader.stakater.com/pause-period': '169h',
    },
    told: [
      'own malformed: restamp.dev/settle: "10 s": write a duration like 1h30m, at most 168h',
      'own malformed: restamp.dev/min-interval: "8d": write a duration like 1h30m, at most 168h',
      'malformed: deployment.reloader.stakater.com/pause-period: "169h": write a duration like 1h30m, at most 168h',
    ],
  },
  {
    name: 'a source written as kubectl calls it, beside one that is right',
    own: { 'restamp.dev/include': 'configmap/a,cm/b' },
    told: [`own malformed: restamp.dev/include: ${faultOf(parseSourceList('cm/b'))}`],
  },
  {
    name: 'an expression that is none',
    own: { 'secret.reloader.stakater.com/reload': 'app,(((' },
    told: [`malformed: secret.reloader.stakater.com/reload: ${faultOf(parseNameList('((('))}`],
  },
  {
    name: 'an expression that no name can match',
    own: { 'configmap.reloader.stakater.com/reload': 'My-Config' },
    told: [`malformed: configmap.reloader.stakater.com/reload: ${faultOf(parseNameList('My-Config'))}`],
  },
  {
    name: 'an expression where only names count',
    own: { 'configmaps.exclude.reloader.stakater.com/reload': 'app-.*' },
    told: [`malformed: configmaps.exclude.reloader.stakater.com/reload: ${faultOf(parseLiteralNames('app-.*'))}`],
  },
  {
    name: 'a search that is no boolean',
    own: { 'reloader.stakater.com/search': 'maybe' },
    told: ['malformed: reloader.stakater.com/search: "maybe" counts as not given; write "true" or "false"'],
  },
  {
    name: "Reloader's strategy that is none",
    own: { 'reloader.stakater.com/rollout-strategy': 'recreate' },
    told: [
      'malformed: reloader.stakater.com/rollout-strategy: "recreate" counts as not given; write rollout or restart',
    ],
  },
  {
    name: "wave's switch in any other word than its own",
    own: { 'wave.pusher.com/update-on-config-change': 'True' },
    told: ['malformed: wave.pusher.com/update-on-config-change: "True" counts as not given; write "true"'],
  },
  {
    name: 'a name that no object can have, in a list of wave',
    own: {
      'wave.pusher.com/update-on-config-change': 'true',
      'wave.pusher.com/extra-secrets': 'a/b/c',
    },
    told: [`malformed: wave.pusher.com/extra-secrets: ${faultOf(parseNamespacedNames('a/b/c'))}`],
  },
];

const AUTO: readonly Row[] = [
  {
    name: 'a plain word for a boolean is understood',
    own: { 'reloader.stakater.com/auto': 'yes', 'secret.reloader.stakater.com/auto': 'Off' },
    told: [
      'mistake: reloader.stakater.com/auto: understood as "true"; write "true", which Reloader knows too',
      'mistake: secret.reloader.stakater.com/auto: understood as "false"; write "false", which Reloader knows too',
    ],
  },
  {
    name: 'names are understood, and belong elsewhere (the tutorial)',
    own: { 'reloader.stakater.com/auto': 'my-configmap,my-secret' },
    told: [
      'mistake: reloader.stakater.com/auto: understood as names; write them in configmap.reloader.stakater.com/reload or secret.…/reload',
    ],
  },
  {
    name: 'names in a typed auto',
    own: {
      'configmap.reloader.stakater.com/auto': 'a',
      'secretproviderclass.reloader.stakater.com/auto': 'a',
    },
    told: [
      'mistake: configmap.reloader.stakater.com/auto: understood as names; write them in configmap.reloader.stakater.com/reload',
      'mistake: secretproviderclass.reloader.stakater.com/auto: names belong in secretproviderclass.reloader.stakater.com/reload',
    ],
  },
  {
    name: 'what cannot be understood',
    own: { 'reloader.stakater.com/auto': '(', 'secret.reloader.stakater.com/auto': '' },
    told: [
      'malformed: reloader.stakater.com/auto: "(" is no boolean and counts as "false"',
      'malformed: secret.reloader.stakater.com/auto: "" counts as not given; write "true" or "false"',
    ],
  },
];

const PLACES: readonly Row[] = [
  {
    name: "restamp's settings on the pod template",
    template: { 'restamp.dev/settle': 'nonsense', 'restamp.dev/inject': 'enabled' },
    told: [
      "own mistake: restamp.dev/inject does nothing on the pod template; it belongs on the workload's metadata",
      "own mistake: restamp.dev/settle does nothing on the pod template; it belongs on the workload's metadata",
    ],
  },
  {
    name: 'the stamp on the workload, where it means nothing',
    own: { 'restamp.dev/config-hash': 'x' },
    told: ["own mistake: restamp.dev/config-hash does nothing on the workload's metadata; restamp writes it itself"],
  },
  {
    name: 'a label of namespaces as an annotation',
    own: { 'restamp.dev/validate': 'enforce' },
    told: ["own mistake: restamp.dev/validate does nothing on the workload's metadata; it is a label of the Namespace"],
  },
  {
    name: 'ignore, which belongs on the source',
    own: { 'restamp.dev/ignore': 'true' },
    template: { 'reloader.stakater.com/ignore': 'true' },
    told: [
      "own mistake: restamp.dev/ignore does nothing on the workload's metadata; it belongs on a ConfigMap or Secret",
      'mistake: reloader.stakater.com/ignore does nothing on the pod template; it belongs on a ConfigMap or Secret',
    ],
  },
  {
    name: 'match, which is understood (the tutorial)',
    own: { 'reloader.stakater.com/match': 'true' },
    told: [
      'mistake: reloader.stakater.com/match belongs on a ConfigMap or Secret; here write reloader.stakater.com/auto: "true"',
    ],
  },
  {
    name: 'match that says no',
    own: { 'reloader.stakater.com/match': 'false' },
    told: [
      "mistake: reloader.stakater.com/match does nothing on the workload's metadata; it belongs on a ConfigMap or Secret",
    ],
  },
  {
    name: "wave's switch on the pod template",
    template: { 'wave.pusher.com/update-on-config-change': 'true' },
    told: [
      "mistake: wave.pusher.com/update-on-config-change does nothing on the pod template; it belongs on the workload's metadata",
    ],
  },
  {
    name: 'what only some kinds can do',
    kind: 'StatefulSet',
    own: { 'restamp.dev/strategy': 'restart', 'deployment.reloader.stakater.com/pause-period': '5m' },
    template: { 'reloader.stakater.com/rollout-strategy': 'restart' },
    told: [
      'mistake: deployment.reloader.stakater.com/pause-period does nothing on a StatefulSet; only Deployments can be paused',
      'mistake: reloader.stakater.com/rollout-strategy: "restart" does nothing on a StatefulSet; it is for Argo Rollouts',
      'own mistake: restamp.dev/strategy: "restart" does nothing on a StatefulSet; it is for Argo Rollouts',
    ],
  },
];

const PAIRS: readonly Row[] = [
  {
    name: "wave's lists without its switch",
    own: { 'wave.pusher.com/extra-configmaps': 'a', 'wave.pusher.com/extra-secrets': 'team/b' },
    told: [
      'mistake: wave.pusher.com/extra-configmaps counts only with wave.pusher.com/update-on-config-change: "true"',
      'mistake: wave.pusher.com/extra-secrets counts only with wave.pusher.com/update-on-config-change: "true"',
    ],
  },
  {
    name: 'another namespace that is not allowed, once',
    own: { 'wave.pusher.com/update-on-config-change': 'true', 'wave.pusher.com/extra-secrets': 'team/a,team/b,c' },
    told: ['mistake: wave.pusher.com/extra-secrets: namespace team is none of --cross-namespaces'],
  },
  {
    name: 'the same thing included and excluded',
    own: { 'restamp.dev/include': 'configmap/a,secret/b#k', 'restamp.dev/exclude': 'configmap/a,secret/b#k' },
    told: [
      'own mistake: restamp.dev/exclude wins over another annotation that names configmap/a too',
      'own mistake: restamp.dev/exclude wins over another annotation that names secret/b too',
    ],
  },
  {
    name: "the same thing named in Reloader's words and excluded in either's",
    own: { 'configmap.reloader.stakater.com/reload': 'a,b', 'restamp.dev/exclude': 'configmap/a' },
    template: { 'configmaps.exclude.reloader.stakater.com/reload': 'b' },
    told: [
      'own mistake: restamp.dev/exclude wins over another annotation that names configmap/a too',
      'mistake: configmaps.exclude.reloader.stakater.com/reload wins over another annotation that names b too',
    ],
  },
];

const NAMES: readonly Row[] = [
  {
    name: 'slips of the pen',
    own: {
      'restamp.dev/injekt': 'enabled',
      'restamp.dev/Inject': 'enabled',
      'restamp.dev/min_interval': '5s',
      'reloader.stakater.com/atuo': 'true',
      'wave.pusher.com/update-on-config-changes': 'true',
    },
    told: [
      'own mistake: restamp.dev/injekt is unknown and does nothing; did you mean restamp.dev/inject?',
      'own mistake: restamp.dev/Inject is unknown and does nothing; did you mean restamp.dev/inject?',
      'own mistake: restamp.dev/min_interval is unknown and does nothing; did you mean restamp.dev/min-interval?',
      'mistake: reloader.stakater.com/atuo is unknown and does nothing; did you mean reloader.stakater.com/auto?',
      'mistake: wave.pusher.com/update-on-config-changes: did you mean wave.pusher.com/update-on-config-change?',
    ],
  },
  {
    name: 'plurals and a missing part, as people write them',
    own: {
      'configmaps.reloader.stakater.com/reload': 'a',
      'reloader.stakater.com/reload': 'a',
      'reloader.stakater.com/pause-period': '5m',
    },
    told: [
      'mistake: configmaps.reloader.stakater.com/reload: did you mean configmap.reloader.stakater.com/reload?',
      'mistake: reloader.stakater.com/reload is unknown and does nothing; did you mean configmap.reloader.stakater.com/reload?',
      'mistake: reloader.stakater.com/pause-period: did you mean deployment.reloader.stakater.com/pause-period?',
    ],
  },
  {
    name: 'names that nothing is near to',
    own: { 'restamp.dev/hash': '', 'x.restamp.dev/y': '', 'reloader.stakater.com/triggerRollout': '' },
    template: { 'a.b.reloader.stakater.com/zzz': '', 'wave.pusher.com/zzz': '' },
    told: [
      'own mistake: restamp.dev/hash is unknown and does nothing; known: inject, include, exclude, settle, min-interval, strategy',
      'own mistake: x.restamp.dev/y is unknown and does nothing; known: inject, include, exclude, settle, min-interval, strategy',
      'mistake: reloader.stakater.com/triggerRollout is unknown and does nothing',
      'mistake: a.b.reloader.stakater.com/zzz is unknown and does nothing',
      'mistake: wave.pusher.com/zzz is unknown and does nothing',
    ],
  },
  {
    name: "Reloader's own name where the installation calls it otherwise",
    vocabulary: CUSTOM,
    own: { 'reloader.stakater.com/auto': 'true', 'example.com/auto': 'maybe(' },
    told: [
      'malformed: example.com/auto: "maybe(" is no boolean and counts as "false"',
      'mistake: reloader.stakater.com/auto does nothing: it is called example.com/auto here',
    ],
  },
  {
    name: 'match on a workload, where the installation calls it otherwise',
    vocabulary: CUSTOM,
    own: { 'example.com/match': '1' },
    told: ['mistake: example.com/match belongs on a ConfigMap or Secret; here write example.com/auto: "true"'],
  },
  {
    name: 'a name that stands on both, once',
    own: { 'restamp.dev/injekt': '' },
    template: { 'restamp.dev/injekt': '' },
    told: ['own mistake: restamp.dev/injekt is unknown and does nothing; did you mean restamp.dev/inject?'],
  },
];

for (const { name, told: expected, ...written } of [...SILENT, ...VALUES, ...AUTO, ...PLACES, ...PAIRS, ...NAMES]) {
  t.test(`${name}: ${expected.length === 0 ? 'nothing is said' : 'it is said'}`, (t) => {
    t.strictSame(told(advice(written)), expected);
    for (const { text } of advice(written)) t.ok(text.length <= PHRASE_LENGTH, text);
    t.end();
  });
}

t.test('a value is quoted to 24 characters, and what cannot be printed is escaped', (t) => {
  const [long] = told(advice({ own: { 'restamp.dev/inject': 'x'.repeat(1_000) } }));
  t.match(long, `"${'x'.repeat(24)}…" counts`);
  const [strange] = told(advice({ own: { 'restamp.dev/inject': 'a\nb\u0000\ud800' } }));
  t.equal(
    strange,
    'own malformed: restamp.dev/inject: "a\\u000ab\\u0000\\ud800" counts as not given; write enabled or disabled',
  );
  t.end();
});

t.test('of a name that cannot be an annotation, only what is printable is shown, and not all of it', (t) => {
  const [strange] = told(advice({ own: { 'restamp.dev/a\n\u202eb': '' } }));
  t.match(strange, /^own mistake: restamp\.dev\/a\?\?b is unknown/);
  const [long] = told(advice({ own: { [`reloader.stakater.com/${'x'.repeat(1_000)}`]: '' } }));
  t.match(long, /^mistake: reloader\.stakater\.com\/x{41}… is unknown and does nothing$/);
  t.end();
});

t.test('no more than eight things are said of one workload, and how many more there are', (t) => {
  const own = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`wave.pusher.com/z${index}`, '']));
  const eight = advice({ own: Object.fromEntries(Object.entries(own).slice(0, ADVICE_LIMIT)) });
  t.equal(eight.length, 8);
  const twelve = advice({ own });
  t.equal(twelve.length, 9);
  t.strictSame(told(twelve).at(-1), 'mistake: and 4 more');
  t.end();
});

t.test('a malformed value of restamp is told first, however much else there is to say', (t) => {
  const own = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`restamp.dev/z${index}`, '']));
  const [first, second] = told(
    advice({ own: { ...own, 'reloader.stakater.com/search': 'x', 'restamp.dev/settle': 'x' } }),
  );
  t.match(first, /^own malformed: restamp\.dev\/settle/);
  t.match(second, /^malformed: reloader\.stakater\.com\/search/);
  t.end();
});

t.test('where a name is suggested, it is one that exists', (t) => {
  for (const name of ANNOTATION_NAMES) {
    const slip = `${name.slice(0, -1)}_`;
    if (ANNOTATION_NAMES.includes(slip)) continue;
    const suggested = told(advice({ own: { [slip]: '' } }))[0]?.match(/did you mean (.*)\?$/)?.[1];
    if (suggested !== undefined) t.ok(ANNOTATION_NAMES.includes(suggested), slip);
  }
  t.end();
});

const SOURCES = [
  { name: 'nothing of ours', annotations: { a: 'b', 'restamp.dev/unknown': '' }, told: [] },
  {
    name: 'what belongs on it',
    annotations: { 'restamp.dev/ignore': 'true', 'reloader.stakater.com/match': 'true' },
    told: [],
  },
  {
    name: 'what belongs on workloads',
    annotations: {
      'reloader.stakater.com/search': 'true',
      'reloader.stakater.com/auto': 'true',
      'restamp.dev/include': 'configmap/a',
    },
    told: [
      'own mistake: configmap/app carries restamp.dev/include, which does nothing there',
      'mistake: configmap/app carries reloader.stakater.com/auto, which does nothing there',
      'mistake: configmap/app carries reloader.stakater.com/search, which does nothing there',
    ],
  },
  {
    name: 'a word that is none of its own',
    annotations: { 'reloader.stakater.com/match': 'yes', 'restamp.dev/ignore': '1' },
    told: [
      'own malformed: configmap/app: restamp.dev/ignore: "1" counts as not given; write "true"',
      'malformed: configmap/app: reloader.stakater.com/match: "yes" counts as not given; write "true"',
    ],
  },
];

for (const { name, annotations, told: expected } of SOURCES) {
  t.test(`on a ConfigMap, ${name}`, (t) => {
    const source = { kind: 'ConfigMap', name: 'app', annotations: stringMap(annotations) } as const;
    t.strictSame(told(adviceOfSource(source)), expected);
    t.end();
  });
}

t.test('the nearest name differs by two slips at most, or begins alike', (t) => {
  const names = ['settle', 'inject', 'include', 'include-all'];
  t.equal(nearest('setle', names), 'settle');
  t.equal(nearest('stetle', names), 'settle');
  t.equal(nearest('inkject', names), 'inject');
  t.equal(nearest('inc', names), 'include');
  t.equal(nearest('include-everything', names), 'include');
  t.equal(nearest('xettxx', names), undefined);
  t.equal(nearest('', names), undefined);
  t.equal(nearest('a', ['b']), undefined, 'of one letter nothing would be left');
  t.equal(nearest('x'.repeat(1_000_000), names), undefined);
  t.end();
});
