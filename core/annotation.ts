/**
 * The catalogue of annotations (and labels of namespaces) that restamp reads or writes: advice is given from it, and
 * `docs/reference/annotations.md` is made from it.
 */
import {
  AUTO,
  DURATION,
  ENABLED,
  ENFORCE,
  EXACTLY_TRUE,
  type Form,
  GO_BOOLEAN,
  LITERAL_NAMES,
  NAME_LIST,
  NAMESPACED_NAMES,
  ROLLOUT_STRATEGY,
  SOURCE_LIST,
  STRATEGY_WORD,
  WRITTEN,
} from './annotation-form.ts';
import {
  CONFIG_HASH,
  EXCLUDE,
  HISTORY,
  IGNORE,
  INCLUDE,
  INJECT,
  LAST_RELOADED_FROM,
  MIN_INTERVAL,
  RECORD,
  RELOADER,
  SETTLE,
  STRATEGY,
  VALIDATE,
  type Vocabulary,
  WAVE,
} from './names.ts';
import { SOURCE_KINDS } from './source.ts';

export type Dialect = 'restamp' | 'reloader' | 'wave';

/** Where an annotation counts: a workload's own metadata, its pod template, a ConfigMap or Secret, a Namespace. */
export type Place = 'workload' | 'template' | 'source' | 'namespace';

export interface Annotation extends Form {
  readonly name: string;
  readonly dialect: Dialect;
  readonly on: readonly Place[];
  /** On a namespace it is a label, since the webhook is registered by labels. */
  readonly label?: true;
  /** One sentence. */
  readonly meaning: string;
  /** restamp writes it. */
  readonly written?: true;
}

/** The catalogue, with Reloader's annotations called as the installation calls them. */
export function annotations(vocabulary: Vocabulary = RELOADER): readonly Annotation[] {
  return [
    ...RESTAMP_ROWS.map((row) => ({ ...row, dialect: 'restamp' as const })),
    ...reloaderRows(vocabulary).map((row) => ({ ...row, dialect: 'reloader' as const })),
    ...WAVE_ROWS.map((row) => ({ ...row, dialect: 'wave' as const })),
  ];
}

type Row = Omit<Annotation, 'dialect'>;

const RESTAMP_ROWS: readonly Row[] = [
  {
    ...ENABLED,
    name: INJECT,
    on: ['namespace', 'workload'],
    label: true,
    meaning: 'Opts all workloads of a namespace, or one workload, in or out.',
  },
  {
    ...SOURCE_LIST,
    name: INCLUDE,
    on: ['workload'],
    meaning: 'The workload rolls for these too, whether its pods refer to them or not.',
  },
  {
    ...SOURCE_LIST,
    name: EXCLUDE,
    on: ['workload'],
    meaning: 'The workload never rolls for these, whatever else selects them.',
  },
  { ...EXACTLY_TRUE, name: IGNORE, on: ['source'], meaning: 'Nobody rolls for this ConfigMap or Secret.' },
  {
    ...DURATION,
    name: SETTLE,
    on: ['workload', 'namespace'],
    meaning: 'Quiet time after a change before it is acted on; in place of `--settle`.',
  },
  {
    ...DURATION,
    name: MIN_INTERVAL,
    on: ['workload', 'namespace'],
    meaning: 'The least time between two rollouts; in place of `--min-interval`.',
  },
  {
    ...STRATEGY_WORD,
    name: STRATEGY,
    on: ['workload', 'namespace'],
    meaning: 'What a rollout writes besides the hash; `restart` has an Argo Rollout restart its pods instead.',
  },
  {
    ...ENFORCE,
    name: VALIDATE,
    on: ['namespace'],
    label: true,
    meaning: "Requests with malformed values of restamp's own annotations are denied, not only warned about.",
  },
  {
    ...WRITTEN,
    name: CONFIG_HASH,
    on: ['template'],
    written: true,
    meaning: 'The stamp: it names the configuration that the pods run with.',
  },
  {
    ...WRITTEN,
    name: RECORD,
    on: ['workload'],
    written: true,
    meaning: 'Fingerprints of the configuration that the running pods are taken to have.',
  },
  {
    ...WRITTEN,
    name: HISTORY,
    on: ['workload'],
    written: true,
    meaning: 'The last rollouts: when, for which sources and keys, and who had changed them.',
  },
];

/** A ConfigMap of which pods keep running without is `ConfigMaps` in a sentence. */
const PLURAL = { ConfigMap: 'ConfigMaps', Secret: 'Secrets', SecretProviderClass: 'SecretProviderClasses' } as const;

const WORKLOAD_OR_TEMPLATE = ['workload', 'template'] as const;

function reloaderRows(keys: Vocabulary): readonly Row[] {
  return [
    {
      ...AUTO,
      name: keys.auto,
      on: WORKLOAD_OR_TEMPLATE,
      meaning: 'The workload rolls for all that its pods refer to; with `"false"`, only for what it names.',
    },
    ...SOURCE_KINDS.flatMap((kind) => listRows(keys, kind)),
    {
      ...GO_BOOLEAN,
      name: keys.search,
      on: WORKLOAD_OR_TEMPLATE,
      meaning: `The workload rolls for what its pods refer to where that carries \`${keys.match}: "true"\`.`,
    },
    {
      ...EXACTLY_TRUE,
      name: keys.match,
      on: ['source'],
      meaning: `Workloads with \`${keys.search}: "true"\` roll for this ConfigMap or Secret.`,
    },
    { ...EXACTLY_TRUE, name: keys.ignore, on: ['source'], meaning: 'Nobody rolls for this ConfigMap or Secret.' },
    {
      ...DURATION,
      name: keys.pausePeriod,
      on: WORKLOAD_OR_TEMPLATE,
      meaning: 'A Deployment is paused for that long after a change, so that further changes are the same rollout.',
    },
    {
      ...WRITTEN,
      name: keys.pausedAt,
      on: ['workload'],
      written: true,
      meaning: 'Since when a Deployment is paused for its pause period.',
    },
    {
      ...ROLLOUT_STRATEGY,
      name: keys.rolloutStrategy,
      on: WORKLOAD_OR_TEMPLATE,
      meaning: 'With `restart`, an Argo Rollout restarts its pods in place of rolling out a new template.',
    },
    {
      ...WRITTEN,
      name: LAST_RELOADED_FROM,
      on: ['template'],
      written: true,
      meaning: 'What triggered the last rollout, as JSON; with the strategy `annotations`.',
    },
  ];
}

function listRows(keys: Vocabulary, kind: (typeof SOURCE_KINDS)[number]): readonly Row[] {
  const things = PLURAL[kind];
  return [
    {
      ...AUTO,
      name: keys.autoOf[kind],
      on: WORKLOAD_OR_TEMPLATE,
      meaning: `The workload rolls for the ${things} that its pods refer to.`,
    },
    {
      ...NAME_LIST,
      name: keys.reload[kind],
      on: WORKLOAD_OR_TEMPLATE,
      meaning: `The workload rolls for these ${things}, whether its pods refer to them or not.`,
    },
    {
      ...LITERAL_NAMES,
      name: keys.exclude[kind],
      on: WORKLOAD_OR_TEMPLATE,
      meaning: `The workload never rolls for these ${things}, whatever else selects them.`,
    },
  ];
}

const WAVE_ROWS: readonly Row[] = [
  {
    ...EXACTLY_TRUE,
    name: WAVE.update,
    on: ['workload'],
    meaning: 'The workload rolls for all that its pods refer to, and for what the two lists name.',
  },
  {
    ...NAMESPACED_NAMES,
    name: WAVE.extraConfigMaps,
    on: ['workload'],
    meaning: 'ConfigMaps the workload rolls for too; of other namespaces only those in `--cross-namespaces`.',
  },
  {
    ...NAMESPACED_NAMES,
    name: WAVE.extraSecrets,
    on: ['workload'],
    meaning: 'Secrets the workload rolls for too; of other namespaces only those in `--cross-namespaces`.',
  },
  {
    form: 'written by wave',
    name: WAVE.configHash,
    on: ['template'],
    meaning: "wave's hash: it is not read, and left alone, as to take it away would be a rollout of its own.",
  },
  {
    form: 'written by wave',
    name: WAVE.schedulingDisabled,
    on: ['workload'],
    meaning: 'The scheduler of a workload that wave parked, until restamp gives it back and takes this away.',
  },
];

/** The names of all rows, as Reloader and wave call them. */
export const ANNOTATION_NAMES: readonly string[] = annotations().map(({ name }) => name);
