/** The world that is explored: what every step of a person, a fault or restamp leaves behind in it. */
import { type Content, type Contents, type SourceIndex, WORKLOAD_INDICES, type WorkloadIndex } from './cast.ts';
import { contentsCode, sawToo, seenNow, withContent } from './contents.ts';
import { usesOf } from './life.ts';
import {
  type BadEnd,
  BLIND,
  DOWN,
  GONE,
  type LifeId,
  Lives,
  OPTED_IN,
  type Rules,
  up,
  type WebhookCode,
} from './lives.ts';
import type { Fault } from './promises.ts';
import type { Restamp } from './restamp.ts';
import { Looks, Pendings, type State } from './state.ts';
import type { WorldStep } from './step.ts';
import { type Act, sentBy } from './writes.ts';

/** Told of every step that is possible in a state. */
export type Emit = (next: State, step: WorldStep, fault?: Fault) => void;

export const IDLE = 0;
export const NO_REQUEST = 0;

const AT_THE_START: Contents = ['A', 'A', 'absent'];

export class World {
  readonly lives: Lives;
  readonly looks = new Looks();
  readonly pendings = new Pendings();

  readonly #reliable: boolean;

  constructor(restamp: Restamp, { strict = new Set(), reliable = false }: Partial<Rules> = {}) {
    this.lives = new Lives(restamp, { strict, reliable });
    this.#reliable = reliable;
  }

  /** The webhook may be there, be down, or be unable to read; it is not asked where the namespace is not opted in. */
  webhooks({ setting, contents }: State): readonly WebhookCode[] {
    if ((setting & OPTED_IN) === 0) return [DOWN];
    return this.#reliable ? [up(contents)] : [up(contents), DOWN, BLIND];
  }

  get restamp(): Restamp {
    return this.lives.restamp;
  }

  /** Where every history begins: before the namespace is opted in, and with workloads made under the webhook. */
  beginnings(): readonly State[] {
    return [this.#beginning(0, DOWN), this.#beginning(OPTED_IN, up(contentsCode(AT_THE_START)))];
  }

  #beginning(setting: number, webhook: WebhookCode): State {
    const contents = contentsCode(AT_THE_START);
    const make = (workload: WorkloadIndex): LifeId =>
      this.lives.personWrites(workload, GONE, 'create', { contents, setting, webhook })?.life ?? GONE;
    return { contents, setting, neglected: 0, lives: [make(0), make(1)], looks: [IDLE, IDLE], pending: NO_REQUEST };
  }

  /** A source is what it was not: pods that wait may start, who reads may find either, and watchers are told. */
  withSource(state: State, source: SourceIndex, content: Content): State {
    const { lives } = this;
    const contents = withContent(state.contents, source, content);
    const affected = WORKLOAD_INDICES.filter((workload) => lives.uses(state.lives[workload], source));
    const told = affected.reduce((neglected, workload) => this.#told(state, neglected, workload), state.neglected);
    return this.settled({
      ...state,
      contents,
      neglected: told,
      lives: [
        lives.sourceChanged(state.lives[0], source, contents),
        lives.sourceChanged(state.lives[1], source, contents),
      ],
      looks: [this.#lookSees(state.looks[0], source, content), this.#lookSees(state.looks[1], source, content)],
      pending: this.#requestSees(state.pending, source, content),
    });
  }

  /** The watchers' queue hears of a change: a bit less that is neglected, unless a bug makes it forget. */
  #told({ looks }: State, neglected: number, workload: WorkloadIndex): number {
    const forgets = !this.restamp.remembers && this.isLookedAt(looks, workload);
    return forgets ? neglected | bitOf(workload) : neglected & ~bitOf(workload);
  }

  #lookSees(code: number, source: SourceIndex, content: Content): number {
    const look = this.looks.get(code);
    if (look === undefined || look.write > 0) return code;
    return this.looks.codeOf({ ...look, seen: sawToo(look.seen, source, content) });
  }

  #requestSees(code: number, source: SourceIndex, content: Content): number {
    const pending = this.pendings.get(code);
    if (pending === undefined) return code;
    return this.pendings.codeOf({ ...pending, seen: sawToo(pending.seen, source, content) });
  }

  isLookedAt(looks: State['looks'], workload: WorkloadIndex): boolean {
    return looks.some((code) => this.looks.get(code)?.workload === workload);
  }

  /**
   * A workload is what it was not. A look that read it before is over: its write would be refused, and the workload looked
   * at again. A request that is on its way is admitted once more. Watchers are told.
   */
  withWorkload(state: State, workload: WorkloadIndex, life: LifeId): State {
    const lives: State['lives'] = workload === 0 ? [life, state.lives[1]] : [state.lives[0], life];
    const [first, second] = state.looks;
    const changed: State = {
      ...state,
      lives,
      neglected: state.neglected & ~bitOf(workload),
      looks: [this.#overtaken(first, workload), this.#overtaken(second, workload)],
    };
    return this.settled({ ...changed, pending: this.#requestAgain(changed, workload) });
  }

  #overtaken(code: number, workload: WorkloadIndex): number {
    const { carriesVersion, readsAgain } = this.restamp;
    const look = this.looks.get(code);
    if (look?.workload !== workload) return code;
    return carriesVersion && readsAgain ? IDLE : this.looks.codeOf({ ...look, overtaken: true });
  }

  #requestAgain(state: State, workload: WorkloadIndex): number {
    const pending = this.pendings.get(state.pending);
    return pending?.workload === workload ? this.pendingOf(state, workload, pending.act) : state.pending;
  }

  /** A request comes to the webhook, which begins to read what the new template uses. */
  pendingOf({ lives, contents }: State, workload: WorkloadIndex, act: Act): number {
    const id = lives[workload];
    const sent = sentBy(act, id === GONE ? undefined : this.lives.get(id).life);
    if (sent === undefined) return NO_REQUEST;
    const uses = usesOf(workload, sent.variant);
    return this.pendings.codeOf({ workload, act, seen: seenNow(contents, (index) => uses[index] !== 'unused') });
  }

  /** Nobody neglects what is in step: until something changes there is nothing to be told of. */
  settled(state: State): State {
    if (state.neglected === 0) return state;
    const neglected = WORKLOAD_INDICES.filter((workload) => this.isNeglected(state, workload));
    return { ...state, neglected: neglected.reduce<number>((bits, workload) => bits | bitOf(workload), 0) };
  }

  isNeglected(state: State, workload: WorkloadIndex): boolean {
    if ((state.neglected & bitOf(workload)) === 0) return false;
    return !this.lives.rests(state.lives[workload], state) || this.isLookedAt(state.looks, workload);
  }

  /** What goes wrong from a state on, were everybody but the watchers to stop here. */
  endOf(state: State): BadEnd | undefined {
    for (const workload of WORKLOAD_INDICES) {
      // What a watcher is in the middle of is judged where it ends.
      if (this.isLookedAt(state.looks, workload)) continue;
      if (this.isNeglected(state, workload)) return { steps: [], fault: FORGOTTEN };
      const end = this.lives.endOf(state.lives[workload], state);
      if (end !== undefined) return end;
    }
    return undefined;
  }
}

const FORGOTTEN: Fault =
  'Never stale: a change was forgotten; the workload is not in step, and nobody will look any more.';

export function bitOf(workload: WorkloadIndex): number {
  return 1 << workload;
}
