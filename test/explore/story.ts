/** A history in sentences, for whoever has to understand a violation. */
import {
  type Contents,
  SOURCE_INDICES,
  SOURCES,
  type SourceIndex,
  WORKLOAD_INDICES,
  WORKLOADS,
  type WorkloadIndex,
} from './cast.ts';
import { contentsOf } from './contents.ts';
import { type Life, sameTemplate, usesOf } from './life.ts';
import { type AloneStep, GONE, type LifeId, OPTED_IN } from './lives.ts';
import type { Moment, Violation } from './search.ts';
import type { State } from './state.ts';
import type { Fare, WorldStep } from './step.ts';
import type { World } from './world.ts';
import type { Act } from './writes.ts';

/** The shortest history that was found to a violation, a line for each step, and what is wrong at its end. */
export function tell(world: World, { history, alone, fault }: Violation): readonly string[] {
  const lines = history.map((moment, index) => {
    const before = history[index - 1];
    return before === undefined ? beginning(moment.state) : sentence(world, before, moment);
  });
  const numbered = [...lines, ...alone.map((step) => leftAlone(world, step))].map(
    (line, index) => `${String(index).padStart(3)}  ${line}`,
  );
  return [...numbered, `     => ${fault}`];
}

/** What a watcher does when everybody else has stopped. */
function leftAlone(world: World, { from, to, outcome, isUp }: AloneStep): string {
  const { workload } = world.lives.get(from);
  const start = `Left alone, the watcher looks at ${WORKLOADS[workload].name}, reads what there is and decides: ${outcome}. It writes; `;
  const landed = effect(world, workload, from, to).join(' ');
  return `${start}${FARE_WORDS[isUp ? 'up' : 'down']}. ${landed}`.trim();
}

function beginning({ setting, contents }: State): string {
  const opted =
    (setting & OPTED_IN) === 0 ? 'not opted in yet' : 'opted in, and the webhook has stamped both workloads';
  const sources = SOURCE_INDICES.map((index) => `${sourceName(index)} ${contentWord(contentsOf(contents), index)}`);
  return `At the start the namespace is ${opted}. ${sources.join(', ')}. Pods run with just that.`;
}

function sentence(world: World, before: Moment, { state, step }: Moment): string {
  if (step === undefined) return '';
  const effects = WORKLOAD_INDICES.flatMap((workload) =>
    effect(world, workload, before.state.lives[workload], state.lives[workload]),
  );
  return [happening(world, before.state, step), ...effects].join(' ');
}

function happening(world: World, before: State, step: WorldStep): string {
  const { workload = 0, act = 'create', fare = 'none', read = 0, source = 0, content } = step;
  const { name } = WORKLOADS[workload];
  switch (step.kind) {
    case 'change-source':
      return content === 'absent' ? `${sourceName(source)} is deleted.` : `${sourceName(source)} becomes ${content}.`;
    case 'request':
      return `${ACT_WORDS[act](name)}; ${FARE_WORDS[fare]}.`;
    case 'send':
      return `${ACT_WORDS[act](name)}; the webhook begins to read the sources.`;
    case 'store':
      return `The webhook has read ${reading(world, before, workload, read)}and answers; the request is stored.`;
    case 'scale':
      return `A person scales ${name}, which gives it another resourceVersion.`;
    case 'delete':
      return `A person deletes ${name}.`;
    case 'opt-in':
      return 'The namespace is opted in.';
    case 'rotate-key':
      return 'The key of the installation is rotated; the old one is kept.';
    case 'crash':
      return 'A watcher dies; the next one looks at everything.';
    case 'begin-look':
      return `A watcher begins to look at ${name}, and reads it.`;
    case 'end-look':
      return lookEnds(world, before, { workload, fare, read });
  }
}

interface End {
  readonly workload: WorkloadIndex;
  readonly fare: Fare;
  readonly read: number;
}

function lookEnds(world: World, before: State, { workload, fare, read }: End): string {
  const id = before.lives[workload];
  const { name } = WORKLOADS[workload];
  if (id === GONE) return `The watcher finds ${name} gone.`;
  const look = before.looks.map((code) => world.looks.get(code)).find((inFlight) => inFlight?.workload === workload);
  const base = look === undefined || look.base === GONE ? id : look.base;
  const { outcome } = world.lives.outcome(base, read, before);
  const found = `The watcher that looks at ${name} has read ${reading(world, before, workload, read)}and decides: ${outcome}.`;
  return fare === 'none' ? `${found} It writes nothing.` : `${found} It writes; ${FARE_WORDS[fare]}.`;
}

const ACT_WORDS: Readonly<Record<Act, (name: string) => string>> = {
  create: (name) => `A person creates ${name}`,
  edit: (name) => `A person changes the template of ${name}`,
  replace: (name) => `A person replaces ${name} by its old manifest, without restamp's annotations`,
  reset: (name) => `A tool resets the pod template of ${name} and drops the stamp`,
  strip: (name) => `A person removes the record from ${name}`,
  restore: (name) => `A tool puts the template of ${name} back to the one before, stamp and all, and leaves the record`,
  undo: (name) => `A person undoes the last rollout of ${name}`,
};

const FARE_WORDS: Readonly<Record<Fare, string>> = {
  none: 'nothing is sent',
  down: 'the webhook is down',
  blind: 'the webhook cannot read',
  up: 'the webhook agrees if it is true',
};

/** What the look or the request had to read, with the blank that follows it. */
function reading(world: World, { lives }: State, workload: WorkloadIndex, read: number): string {
  const id = lives[workload];
  const contents = contentsOf(read);
  const counts = (index: SourceIndex): boolean =>
    id === GONE || contents[index] !== 'absent' || world.lives.uses(id, index);
  return `${SOURCE_INDICES.filter(counts)
    .map((index) => `${SOURCES[index].name} ${contentWord(contents, index)}`)
    .join(', ')} `;
}

function effect(world: World, workload: WorkloadIndex, from: LifeId, to: LifeId): string[] {
  if (from === to || to === GONE) return [];
  const { life } = world.lives.get(to);
  const { name } = WORKLOADS[workload];
  if (from === GONE) return [`${name} is there; its pods ${podsWord(life, workload)}.`];
  return changeOf(world.lives.get(from).life, life).map((what) => `${name}: ${what} ${podsWord(life, workload)}.`);
}

function changeOf(before: Life, after: Life): string[] {
  if (!sameTemplate(before.object, after.object)) return ['new pods'];
  if (before.pods === 'waiting' && after.pods !== 'waiting') return ['the pods that waited'];
  return before.object.record === after.object.record ? [] : ['another record, while its pods'];
}

function podsWord({ pods, object }: Life, workload: WorkloadIndex): string {
  if (pods === 'waiting') return 'wait for something that is missing';
  const uses = usesOf(workload, object.variant);
  const used = SOURCE_INDICES.filter((index) => uses[index] !== 'unused');
  return `have ${used.map((index) => `${SOURCES[index].name} ${contentWord(pods, index)}`).join(', ')}`;
}

function sourceName(index: SourceIndex): string {
  const { kind, name } = SOURCES[index];
  return `${kind} ${name}`;
}

function contentWord(contents: Contents, index: SourceIndex): string {
  return contents[index] === 'absent' ? 'not there' : contents[index];
}
