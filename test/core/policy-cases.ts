/** DESIGN §5 as data: what namespace, workload and installation say, and what comes of it. */
import { PROTECTED_NAMESPACES } from '../../core/defaults.ts';
import type { PolicyCase } from './policy-run.ts';

const EVERYTHING = 'auto: ConfigMap Secret SecretProviderClass';
const SEARCHING = 'search: ConfigMap Secret SecretProviderClass';

const INJECT = 'restamp.dev/inject';
const INCLUDE = 'restamp.dev/include';
const EXCLUDE = 'restamp.dev/exclude';
const AUTO = 'reloader.stakater.com/auto';
const SEARCH = 'reloader.stakater.com/search';
const MATCH = 'reloader.stakater.com/match';
const CONFIGMAPS = 'configmap.reloader.stakater.com/reload';
const SECRETS = 'secret.reloader.stakater.com/reload';
const CLASSES = 'secretproviderclass.reloader.stakater.com/reload';
const UPDATE = 'wave.pusher.com/update-on-config-change';
const EXTRA_CONFIGMAPS = 'wave.pusher.com/extra-configmaps';
const EXTRA_SECRETS = 'wave.pusher.com/extra-secrets';

const all = { all: true };

/** One annotation and what it means in a namespace that says nothing. */
const alone = (name: string, value: string, expected: string): PolicyCase => ({
  name: `${name}: ${JSON.stringify(value)}`,
  annotations: { [name]: value },
  expected,
});

const RESTAMP: readonly PolicyCase[] = [
  { name: 'nobody says anything', expected: 'not-opted-in' },
  { name: 'the namespace says yes', label: 'enabled', expected: EVERYTHING },
  { name: 'the namespace says no', label: 'disabled', expected: 'namespace-disabled' },
  { name: 'the namespace says something else', label: 'true', expected: 'not-opted-in' },
  { name: 'the namespace says yes in capitals', label: 'Enabled', expected: 'not-opted-in' },
  { name: 'the namespace says nothing with its label', label: '', expected: 'not-opted-in' },
  alone(INJECT, 'enabled', EVERYTHING),
  alone(INJECT, 'disabled', 'workload-disabled'),
  alone(INJECT, 'yes', 'not-opted-in'),
  alone(INJECT, 'true', 'not-opted-in'),
  alone(INJECT, '', 'not-opted-in'),
  {
    name: 'inject on the pod template is not where it counts',
    templateAnnotations: { [INJECT]: 'enabled' },
    expected: 'not-opted-in',
  },
  { name: 'both say yes', label: 'enabled', annotations: { [INJECT]: 'enabled' }, expected: EVERYTHING },
  {
    name: 'the workload says no in a namespace that says yes',
    label: 'enabled',
    annotations: { [INJECT]: 'disabled' },
    expected: 'workload-disabled',
  },
  {
    name: 'the workload says something else in a namespace that says yes',
    label: 'enabled',
    annotations: { [INJECT]: 'on' },
    expected: EVERYTHING,
  },
  {
    name: 'the workload says yes in a namespace that says no',
    label: 'disabled',
    annotations: { [INJECT]: 'enabled' },
    expected: 'namespace-disabled',
  },
  alone(INCLUDE, 'configmap/a, secret/b#key, configmap/app-*', 'names: configmap/a secret/b#key configmap/~app-*'),
  alone(INCLUDE, 'nonsense', 'not-opted-in'),
  alone(INCLUDE, 'secretproviderclass/vault', 'names: secretproviderclass/vault'),
  alone(EXCLUDE, 'configmap/a', 'not-opted-in'),
  {
    name: 'what is included counts though the workload says no',
    annotations: { [INJECT]: 'disabled', [INCLUDE]: 'configmap/a' },
    expected: 'names: configmap/a',
  },
  {
    name: 'what is included counts on top of a yes',
    annotations: { [INJECT]: 'enabled', [INCLUDE]: 'configmap/a' },
    expected: `${EVERYTHING}; names: configmap/a`,
  },
  {
    name: 'what is excluded is told along',
    label: 'enabled',
    annotations: { [EXCLUDE]: 'configmap/a#key, secret/tls-*' },
    expected: `${EVERYTHING}; not: configmap/a#key secret/~tls-*`,
  },
  {
    name: 'include and exclude on the pod template are not where they count',
    label: 'enabled',
    templateAnnotations: { [INCLUDE]: 'configmap/a', [EXCLUDE]: 'configmap/b' },
    expected: EVERYTHING,
  },
];

/** Go's strconv.ParseBool, from its documentation. */
const YES = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const NO = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

const RELOADER_AUTO: readonly PolicyCase[] = [
  ...YES.map((word) => alone(AUTO, word, EVERYTHING)),
  ...NO.map((word) => alone(AUTO, word, 'workload-disabled')),
  alone(AUTO, '', 'not-opted-in'),
  ...YES.map((word) => alone('configmap.reloader.stakater.com/auto', word, 'auto: ConfigMap')),
  ...NO.map((word) => alone('configmap.reloader.stakater.com/auto', word, 'workload-disabled')),
  alone('secret.reloader.stakater.com/auto', 'true', 'auto: Secret'),
  alone('secret.reloader.stakater.com/auto', 'false', 'workload-disabled'),
  alone('secretproviderclass.reloader.stakater.com/auto', 'true', 'auto: SecretProviderClass'),
  {
    name: 'two typed autos are two kinds',
    annotations: { 'configmap.reloader.stakater.com/auto': 'true', 'secret.reloader.stakater.com/auto': 'true' },
    expected: 'auto: ConfigMap Secret',
  },
  {
    name: 'one typed yes is enough beside a no for all',
    annotations: { [AUTO]: 'false', 'configmap.reloader.stakater.com/auto': 'true' },
    expected: 'auto: ConfigMap',
  },
  {
    name: 'a yes for all is enough beside a typed no',
    annotations: { [AUTO]: 'true', 'configmap.reloader.stakater.com/auto': 'false' },
    expected: EVERYTHING,
  },
  {
    name: 'auto on the pod template counts',
    templateAnnotations: { [AUTO]: 'true' },
    expected: EVERYTHING,
  },
  {
    name: 'the workload wins over its pod template: a no',
    annotations: { [AUTO]: 'false' },
    templateAnnotations: { [AUTO]: 'true' },
    expected: 'workload-disabled',
  },
  {
    name: 'the workload wins over its pod template: a yes',
    annotations: { [AUTO]: 'true' },
    templateAnnotations: { [AUTO]: 'false' },
    expected: EVERYTHING,
  },
  {
    name: 'the two places are merged annotation by annotation',
    annotations: { [CONFIGMAPS]: 'a' },
    templateAnnotations: { [CONFIGMAPS]: 'b', [SECRETS]: 'c' },
    expected: 'names: configmap/a secret/c',
  },
  {
    name: "restamp's yes is stronger than Reloader's no",
    annotations: { [INJECT]: 'enabled', [AUTO]: 'false' },
    expected: EVERYTHING,
  },
  {
    name: "restamp's no is stronger than Reloader's yes",
    annotations: { [INJECT]: 'disabled', [AUTO]: 'true' },
    expected: 'workload-disabled',
  },
  {
    name: "Reloader's no in a namespace that says yes",
    label: 'enabled',
    annotations: { [AUTO]: 'false' },
    expected: 'workload-disabled',
  },
  {
    name: "Reloader's no for one kind in a namespace that says yes leaves the others",
    label: 'enabled',
    annotations: { 'secret.reloader.stakater.com/auto': 'false' },
    expected: 'auto: ConfigMap SecretProviderClass',
  },
];

const RELOADER_NAMES: readonly PolicyCase[] = [
  alone(CONFIGMAPS, 'a', 'names: configmap/a'),
  alone(CONFIGMAPS, 'a, b.c ,,d', 'names: configmap/a configmap/b.c configmap/d'),
  alone(CONFIGMAPS, 'app-.*', 'names: configmap/~app-.*'),
  alone(CONFIGMAPS, '^app-(a|b)$,c', 'names: configmap/~^app-(a|b)$ configmap/c'),
  alone(CONFIGMAPS, '(', 'not-opted-in'),
  alone(CONFIGMAPS, '(, a', 'names: configmap/a'),
  alone(CONFIGMAPS, '', 'not-opted-in'),
  alone(CONFIGMAPS, ',', 'not-opted-in'),
  alone(SECRETS, 'a,tls-.+', 'names: secret/a secret/~tls-.+'),
  alone(CLASSES, 'vault', 'names: secretproviderclass/vault'),
  {
    name: 'names count even though auto says no',
    annotations: { [AUTO]: 'false', [CONFIGMAPS]: 'a' },
    expected: 'names: configmap/a',
  },
  {
    name: 'names count beside auto',
    annotations: { [AUTO]: 'true', [SECRETS]: 'a' },
    expected: `${EVERYTHING}; names: secret/a`,
  },
  {
    name: "names of Reloader's count though restamp's word is no",
    annotations: { [INJECT]: 'disabled', [CONFIGMAPS]: 'a' },
    expected: 'names: configmap/a',
  },
  {
    name: 'names on the pod template count',
    templateAnnotations: { [CONFIGMAPS]: 'a' },
    expected: 'names: configmap/a',
  },
  ...(['configmap', 'secret', 'secretproviderclass'] as const).map((kind) => {
    const annotation = `${kind === 'secretproviderclass' ? 'secretproviderclasse' : kind}s.exclude.reloader.stakater.com/reload`;
    return {
      name: `${annotation} names what is left out, as names only`,
      annotations: { [AUTO]: 'true', [annotation]: 'a, b-.*' },
      expected: `${EVERYTHING}; not: ${kind}/a`,
    };
  }),
  {
    name: 'exclude on the pod template counts',
    annotations: { [AUTO]: 'true' },
    templateAnnotations: { 'configmaps.exclude.reloader.stakater.com/reload': 'a' },
    expected: `${EVERYTHING}; not: configmap/a`,
  },
  alone('configmaps.exclude.reloader.stakater.com/reload', 'a', 'not-opted-in'),
];

const RELOADER_SEARCH: readonly PolicyCase[] = [
  ...YES.map((word) => alone(SEARCH, word, SEARCHING)),
  ...NO.map((word) => alone(SEARCH, word, 'not-opted-in')),
  alone(SEARCH, 'yes', 'not-opted-in'),
  {
    name: 'search on the pod template counts',
    templateAnnotations: { [SEARCH]: 'true' },
    expected: SEARCHING,
  },
  {
    name: 'search beside names is both',
    annotations: { [SEARCH]: 'true', [CONFIGMAPS]: 'a' },
    expected: `${SEARCHING}; names: configmap/a`,
  },
  {
    name: 'search is a word of its own where auto says no',
    annotations: { [SEARCH]: 'true', [AUTO]: 'false' },
    expected: SEARCHING,
  },
  {
    name: 'search looks at references, so a no of restamp ends it',
    annotations: { [SEARCH]: 'true', [INJECT]: 'disabled' },
    expected: 'workload-disabled',
  },
];

const WAVE: readonly PolicyCase[] = [
  alone(UPDATE, 'true', EVERYTHING),
  alone(UPDATE, 'false', 'not-opted-in'),
  alone(UPDATE, 'True', 'not-opted-in'),
  alone(UPDATE, '1', 'not-opted-in'),
  {
    name: 'wave is not read on the pod template',
    templateAnnotations: { [UPDATE]: 'true' },
    expected: 'not-opted-in',
  },
  alone(EXTRA_CONFIGMAPS, 'a', 'not-opted-in'),
  {
    name: "wave's extras count where wave is told to update",
    annotations: { [UPDATE]: 'true', [EXTRA_CONFIGMAPS]: 'a,b', [EXTRA_SECRETS]: 'c' },
    expected: `${EVERYTHING}; names: configmap/a configmap/b secret/c`,
  },
  {
    name: "wave's extras of other namespaces count where these are allowed",
    annotations: { [UPDATE]: 'true', [EXTRA_CONFIGMAPS]: 'team/a,other/b', [EXTRA_SECRETS]: 'team/c' },
    options: { crossNamespaces: new Set(['team']) },
    expected: `${EVERYTHING}; names: configmap/team/a secret/team/c`,
  },
  {
    name: "wave's extras of other namespaces do not count otherwise",
    annotations: { [UPDATE]: 'true', [EXTRA_CONFIGMAPS]: 'team/a,b' },
    expected: `${EVERYTHING}; names: configmap/b`,
  },
  {
    name: "an extra that names the workload's own namespace is like one that names none",
    annotations: { [UPDATE]: 'true', [EXTRA_CONFIGMAPS]: 'shop/a' },
    expected: `${EVERYTHING}; names: configmap/a`,
  },
  {
    name: "a yes of wave's is enough beside a no of Reloader's",
    annotations: { [UPDATE]: 'true', [AUTO]: 'false' },
    expected: EVERYTHING,
  },
  {
    name: "a no of restamp's leaves wave its extras",
    annotations: { [UPDATE]: 'true', [INJECT]: 'disabled', [EXTRA_SECRETS]: 'a' },
    expected: 'names: secret/a',
  },
];

/** What people write and plainly mean. */
const MISTAKES: readonly PolicyCase[] = [
  alone(
    AUTO,
    'my-configmap,my-secret',
    'names: configmap/my-configmap configmap/my-secret secret/my-configmap secret/my-secret',
  ),
  alone(AUTO, 'my-app', 'names: configmap/my-app secret/my-app'),
  alone('configmap.reloader.stakater.com/auto', 'a', 'names: configmap/a'),
  alone('secret.reloader.stakater.com/auto', 'a, b', 'names: secret/a secret/b'),
  alone('secretproviderclass.reloader.stakater.com/auto', 'vault', 'names: secretproviderclass/vault'),
  ...['yes', 'Yes', 'on', 'enabled', ' true ', 'tRUE'].map((word) => alone(AUTO, word, EVERYTHING)),
  ...['no', 'off', 'disabled', ' false '].map((word) => alone(AUTO, word, 'workload-disabled')),
  // Not understood: as in Reloader it is a no.
  ...['?', 'a,(', '[]', ',', ' '].map((word) => alone(AUTO, word, 'workload-disabled')),
  ...YES.map((word) => alone(MATCH, word, EVERYTHING)),
  alone(MATCH, 'false', 'not-opted-in'),
  alone(MATCH, 'my-app', 'not-opted-in'),
  { name: 'match on the pod template', templateAnnotations: { [MATCH]: 'true' }, expected: EVERYTHING },
  {
    name: 'both mistakes of the tutorial at once',
    annotations: { [MATCH]: 'true', [AUTO]: 'my-configmap' },
    expected: `${EVERYTHING}; names: configmap/my-configmap secret/my-configmap`,
  },
];

const NAMESPACES: readonly PolicyCase[] = [
  { name: 'an excluded namespace', namespace: 'excluded', expected: 'namespace-excluded' },
  {
    name: 'everybody says yes in an excluded namespace',
    namespace: 'excluded',
    label: 'enabled',
    annotations: { [INJECT]: 'enabled', [AUTO]: 'true', [CONFIGMAPS]: 'a' },
    options: all,
    expected: 'namespace-excluded',
  },
  {
    name: 'a namespace that the installation does not select',
    selected: false,
    label: 'enabled',
    annotations: { [INJECT]: 'enabled', [CONFIGMAPS]: 'a' },
    options: all,
    expected: 'namespace-not-selected',
  },
  {
    name: 'a namespace that is excluded and not selected is excluded',
    namespace: 'excluded',
    selected: false,
    expected: 'namespace-excluded',
  },
  {
    name: 'a namespace that says no and is not selected is not selected',
    label: 'disabled',
    selected: false,
    expected: 'namespace-not-selected',
  },
  {
    name: 'names do not count in a namespace that says no',
    label: 'disabled',
    annotations: { [CONFIGMAPS]: 'a', [UPDATE]: 'true' },
    options: all,
    expected: 'namespace-disabled',
  },
  {
    name: 'a workload that names sources in a namespace that says yes keeps to them',
    label: 'enabled',
    annotations: { [CONFIGMAPS]: 'a' },
    expected: 'names: configmap/a',
  },
  {
    name: 'a workload that searches in a namespace that says yes keeps to that',
    label: 'enabled',
    annotations: { [SEARCH]: 'true' },
    expected: SEARCHING,
  },
  {
    name: 'a workload with a typed auto in a namespace that says yes keeps to that kind',
    label: 'enabled',
    annotations: { 'secret.reloader.stakater.com/auto': 'true' },
    expected: 'auto: Secret',
  },
  {
    name: 'a name that cannot be read does not keep a workload from what its namespace says',
    label: 'enabled',
    annotations: { [CONFIGMAPS]: '(' },
    expected: EVERYTHING,
  },
  ...['restamp', ...PROTECTED_NAMESPACES].flatMap((namespace): PolicyCase[] => [
    { name: `${namespace} says yes`, namespace, label: 'enabled', expected: 'not-opted-in' },
    { name: `all are managed, but not ${namespace}`, namespace, options: all, expected: 'not-opted-in' },
    {
      name: `a workload in ${namespace} says yes`,
      namespace,
      annotations: { [INJECT]: 'enabled' },
      expected: EVERYTHING,
    },
    {
      name: `a workload in ${namespace} says yes in Reloader's words`,
      namespace,
      annotations: { 'configmap.reloader.stakater.com/auto': 'true' },
      options: all,
      expected: 'auto: ConfigMap',
    },
    {
      name: `a workload in ${namespace} names what it wants`,
      namespace,
      label: 'enabled',
      annotations: { [CONFIGMAPS]: 'a' },
      options: all,
      expected: 'names: configmap/a',
    },
    {
      name: `${namespace} says no`,
      namespace,
      label: 'disabled',
      annotations: { [INJECT]: 'enabled' },
      expected: 'namespace-disabled',
    },
  ]),
];

const INSTALLATION: readonly PolicyCase[] = [
  { name: 'all are managed', options: all, expected: EVERYTHING },
  {
    name: 'all are managed, but the workload says no',
    options: all,
    annotations: { [INJECT]: 'disabled' },
    expected: 'workload-disabled',
  },
  {
    name: "all are managed, but the workload says no in Reloader's words",
    options: all,
    annotations: { [AUTO]: 'false' },
    expected: 'workload-disabled',
  },
  {
    name: 'all are managed, but the workload says no in no words that anybody knows',
    options: all,
    annotations: { [AUTO]: '?' },
    expected: 'workload-disabled',
  },
  {
    name: 'all are managed, but the namespace says no',
    options: all,
    label: 'disabled',
    expected: 'namespace-disabled',
  },
  {
    name: 'all are managed, and names count besides',
    options: all,
    annotations: { [CONFIGMAPS]: 'a' },
    expected: `${EVERYTHING}; names: configmap/a`,
  },
  {
    name: 'all are managed: a kind that is not spoken of counts beside one that is',
    options: all,
    annotations: { 'configmap.reloader.stakater.com/auto': 'true' },
    expected: EVERYTHING,
  },
  {
    name: 'all are managed: a no for one kind leaves the others',
    options: all,
    annotations: { 'configmap.reloader.stakater.com/auto': 'false' },
    expected: 'auto: Secret SecretProviderClass',
  },
  {
    name: 'all are managed, and a no leaves what is named',
    options: all,
    annotations: { [AUTO]: 'false', [SECRETS]: 'a' },
    expected: 'names: secret/a',
  },
  {
    name: 'nobody rolls for ignored kinds of source',
    label: 'enabled',
    options: { ignoredSources: new Set(['Secret']) },
    expected: 'auto: ConfigMap SecretProviderClass',
  },
  {
    name: 'nobody rolls for ignored kinds of source, however they are selected',
    annotations: { [SEARCH]: 'true', [SECRETS]: 'a', [CONFIGMAPS]: 'b', [INCLUDE]: 'secret/c' },
    options: { ignoredSources: new Set(['Secret']) },
    expected: 'search: ConfigMap SecretProviderClass; names: configmap/b',
  },
  {
    name: 'a workload of which only ignored kinds are selected is managed, for nothing',
    annotations: { 'secret.reloader.stakater.com/auto': 'true' },
    options: { ignoredSources: new Set(['Secret']) },
    expected: 'nothing',
  },
];

export const POLICY_CASES: readonly PolicyCase[] = [
  ...RESTAMP,
  ...RELOADER_AUTO,
  ...RELOADER_NAMES,
  ...RELOADER_SEARCH,
  ...WAVE,
  ...MISTAKES,
  ...NAMESPACES,
  ...INSTALLATION,
];
