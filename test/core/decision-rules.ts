/**
 * DESIGN §8 for a source that comes, goes, is emptied and comes back, under the rules an installation may add (Reloader's
 * reload-on-create and reload-on-delete): decisions in a row, each after what the one before it wrote.
 */
import { type Decision, type DecisionRules, decide } from '../../core/decision.ts';
import { type Configuration, configurationOf, nextStamp } from '../../core/digest.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Ours } from '../../core/ours.ts';
import { PLAIN_NAMESPACE, policy } from '../../core/policy.ts';
import { formatRecord } from '../../core/record.ts';
import { NO_EXTRA_REFERENCES, podUses } from '../../core/reference.ts';
import { running } from '../../core/running.ts';
import { matchesPattern, type Selection, selectReferences } from '../../core/selection.ts';
import { parseSourceId, type Source, type SourceId, type SourceKind } from '../../core/source.ts';
import { ALL_REFERENCES, KEY, KEYRING, NAMESPACE, oursFor, podSpec, sourcesOf } from './build.ts';
import { POLICY_OPTIONS } from './policy-run.ts';

export type RuleName = 'usual' | 'onCreate' | 'onDelete' | 'both';

export const RULES: Readonly<Record<RuleName, Pick<DecisionRules, 'onCreate' | 'onDelete'>>> = {
  usual: { onCreate: false, onDelete: false },
  onCreate: { onCreate: true, onDelete: false },
  onDelete: { onCreate: false, onDelete: true },
  both: { onCreate: true, onDelete: true },
};

/** What a workload says, what its pods refer to, and what there is. */
export interface RuledWorld {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: JsonObject;
  readonly objects: readonly JsonObject[];
  /** SecretProviderClasses, which no test object stands for. */
  readonly classes?: readonly Source[];
}

function selectionOf(annotations: Readonly<Record<string, string>>): Selection {
  const workload = { namespace: NAMESPACE, annotations, template: { annotations: {}, spec: undefined } };
  const verdict = policy(workload, PLAIN_NAMESPACE, POLICY_OPTIONS);
  return verdict.managed ? verdict.selection : ALL_REFERENCES;
}

function sources({ objects, classes = [] }: RuledWorld): ReadonlyMap<SourceId, Source> {
  return new Map([
    ...sourcesOf(objects),
    ...classes.map((source) => [`secretproviderclass/${source.name}`, source] as const),
  ]);
}

export function ruledConfiguration(world: RuledWorld): Configuration {
  const { annotations = {}, spec = podSpec() } = world;
  const selection = selectionOf(annotations);
  const found = sources(world);
  const names = (kind: SourceKind): readonly string[] =>
    [...found.values()].filter((source) => source.kind === kind).map(({ name }) => name);
  const candidates = new Map((['ConfigMap', 'Secret'] as const).map((kind) => [kind, names(kind)] as const));
  const options = { ...NO_EXTRA_REFERENCES, secretProviderClasses: true };
  const references = selectReferences(podUses(spec, options), selection, candidates);
  const patterns = selection.named.flatMap(({ matcher }) => (matcher.type === 'pattern' ? [matcher.text] : []));
  return configurationOf({ references, sources: found, patterns }, KEY);
}

export function decideUnder(rule: RuleName, world: RuledWorld, ours: Ours): Decision {
  const selection = selectionOf(world.annotations ?? {});
  return decide({
    running: running(ours, KEYRING),
    stamp: ours.stamp,
    wanted: ruledConfiguration(world),
    key: KEY,
    rules: { ...RULES[rule], matches: (id) => matchesPattern(selection, parseSourceId(id, NAMESPACE)) },
  });
}

/** What each step after the first comes to, in short: the outcome, and for a rollout its causes. */
export function livesUnder(rule: RuleName, worlds: readonly RuledWorld[]): readonly string[] {
  const [first, ...later] = worlds;
  if (first === undefined) return [];
  let ours = oursFor(ruledConfiguration(first));
  return later.map((world) => {
    const decision = decideUnder(rule, world, ours);
    ours = after(decision, ours, ruledConfiguration(world));
    return shortOf(decision);
  });
}

function after(decision: Decision, ours: Ours, wanted: Configuration): Ours {
  if (decision.outcome === 'adopt' || decision.outcome === 'accept') {
    return { ...ours, record: formatRecord(decision.record) };
  }
  if (decision.outcome !== 'roll') return ours;
  const stamp = nextStamp(ours.stamp, wanted, KEY);
  return { ...ours, stamp, record: formatRecord({ ...wanted, stamp }) };
}

/** `nothing`, `accept`, `accept other`, `keep`, `hold`, or `roll a b` with the keys. */
export function shortOf(decision: Decision): string {
  switch (decision.outcome) {
    case 'none':
      return 'nothing';
    case 'accept':
      return decision.reason === 'source-appeared' ? 'accept' : 'accept other';
    case 'roll':
      return ['roll', ...decision.causes.flatMap(({ keys }) => keys)].join(' ');
    case 'keep':
    case 'hold':
    case 'adopt':
      return decision.outcome;
  }
}
