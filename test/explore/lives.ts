/**
 * The lives of workloads by number, and every step of one of them computed once. What a step comes to depends on the
 * life, the sources and the setting alone: `core/` is asked some ten thousand times, not some hundred million.
 */
import { Answers, remembered } from './answers.ts';
import { SOURCE_INDICES, type SourceIndex, WORKLOAD_INDICES, type WorkloadIndex } from './cast.ts';
import { ALL_CONTENTS, contentsOf } from './contents.ts';
import { type Life, sourceChanged, usesOf } from './life.ts';
import { type Fault, faultAtRest, gapsAtRest, type Limit } from './promises.ts';
import type { Outcome, Restamp, Setting, Webhook } from './restamp.ts';
import { ACTS, type Act, personWrites, type Scene, type Written, watcherWrites } from './writes.ts';

/** What the watcher writes to a workload that is left alone. */
export interface AloneStep {
  readonly from: LifeId;
  readonly to: LifeId;
  readonly outcome: Outcome;
  /** Whether the webhook was there. */
  readonly isUp: boolean;
}

/** What a workload that is left alone comes to, where that is wrong. */
export interface BadEnd {
  readonly steps: readonly AloneStep[];
  readonly fault: Fault;
}

/** A life by number; no number is that of another workload's. */
export type LifeId = number;
/** A workload that is not there. */
export const GONE: LifeId = 0;

export interface Step {
  readonly life: LifeId;
  readonly fault?: Fault;
}

/** Whether the webhook was asked, could read, and what; by number. */
export type WebhookCode = number;
export const DOWN: WebhookCode = 0;
export const BLIND: WebhookCode = 1;
export const up = (read: number): WebhookCode => 2 + read;

function webhookOf(code: WebhookCode): Webhook {
  if (code === DOWN) return { is: 'down' };
  return code === BLIND ? { is: 'blind' } : { is: 'up', read: contentsOf(code - 2) };
}

const WEBHOOKS = 2 + ALL_CONTENTS;

/** Opted in, and key rotated; by number. */
export type SettingCode = number;
export const OPTED_IN: SettingCode = 1;
export const ROTATED: SettingCode = 2;
const SETTINGS = 4;

export function settingOf(code: SettingCode): Setting {
  return { optedIn: (code & OPTED_IN) !== 0, rotated: (code & ROTATED) !== 0 };
}

/** What the sources hold, and the setting. */
export interface Now {
  readonly contents: number;
  readonly setting: SettingCode;
}

export type Asked = Now & { readonly webhook: WebhookCode };
const ASKED = ALL_CONTENTS * SETTINGS * WEBHOOKS;

export interface Plan {
  readonly outcome: Outcome;
  readonly writes: number;
}

/** What a watcher writes, or would: decided on this life's object and this reading. */
export interface Intent {
  readonly base: LifeId;
  readonly read: number;
  readonly write: 0 | 1;
  readonly overtaken: boolean;
}

/** The first write of a decision or, with a bug, the second; overtaken or not. */
const WAYS = 4;

/** The writes after which a workload that is left alone has to be at rest. */
const WRITES_TO_REST = 1;

interface Known {
  readonly workload: WorkloadIndex;
  readonly life: Life;
}

/** Which worlds are explored. */
export interface Rules {
  /** Limits that are stated, and count as violations all the same. */
  readonly strict: ReadonlySet<Limit>;
  /** The webhook answers every request it is asked about. */
  readonly reliable: boolean;
}

export class Lives {
  readonly restamp: Restamp;
  readonly #rules: Rules;
  readonly #answers: Answers;
  readonly #known: Known[] = [];
  readonly #ids = new Map<string, LifeId>();
  readonly #memos = {
    source: new Map<number, LifeId>(),
    person: new Map<number, Step | undefined>(),
    plan: new Map<number, Plan>(),
    watcher: new Map<LifeId, Map<number, Step>>(),
    ends: new Map<number, BadEnd | undefined>(),
  };

  constructor(restamp: Restamp, rules: Rules) {
    this.restamp = restamp;
    this.#rules = rules;
    this.#answers = new Answers(restamp);
  }

  idOf(workload: WorkloadIndex, life: Life): LifeId {
    const text = `${workload} ${JSON.stringify(life)}`;
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#known.push({ workload, life });
    this.#ids.set(text, id);
    return id;
  }

  /** The life of that number, and whose it is. */
  get(id: LifeId): Known {
    const known = this.#known[id - 1];
    if (known === undefined) throw new RangeError(`no life has the number ${id}`);
    return known;
  }

  /** Whether the workload's pods use a source. */
  uses(id: LifeId, index: SourceIndex): boolean {
    if (id === GONE) return false;
    const { workload, life } = this.get(id);
    return usesOf(workload, life.object.variant)[index] !== 'unused';
  }

  sourceChanged(id: LifeId, index: SourceIndex, contents: number): LifeId {
    if (!this.uses(id, index)) return id;
    const key = (id * ALL_CONTENTS + contents) * SOURCE_INDICES.length + index;
    return remembered(this.#memos.source, key, () => {
      const { workload, life } = this.get(id);
      return this.idOf(workload, sourceChanged(life, index, { workload, now: contentsOf(contents) }));
    });
  }

  personWrites(workload: WorkloadIndex, id: LifeId, act: Act, at: Asked): Step | undefined {
    const what = (id * WORKLOAD_INDICES.length + workload) * ACTS.length + ACTS.indexOf(act);
    return remembered(this.#memos.person, what * ASKED + askedCode(at), () => {
      const life = id === GONE ? undefined : this.get(id).life;
      const written = personWrites(act, life, webhookOf(at.webhook), this.#scene(workload, at));
      return written && this.#step(workload, written);
    });
  }

  /** What the watcher decides, and in how many writes it does it. */
  outcome(base: LifeId, read: number, now: Now): Plan {
    const key = (base * ALL_CONTENTS + read) * SETTINGS + now.setting;
    return remembered(this.#memos.plan, key, () => {
      const { workload, life } = this.get(base);
      const { outcome, patches } = this.#answers.look(workload, life.object, contentsOf(read), settingOf(now.setting));
      return { outcome, writes: patches.length };
    });
  }

  watcherWrites(id: LifeId, { base, read, write, overtaken }: Intent, at: Asked): Step {
    const memo = remembered(this.#memos.watcher, base === id ? GONE : base, () => new Map<number, Step>());
    const way = write * 2 + (overtaken ? 1 : 0);
    const key = ((id * ALL_CONTENTS + read) * WAYS + way) * ASKED + askedCode(at);
    return remembered(memo, key, () => {
      const { workload, life } = this.get(id);
      const by = { object: this.get(base).life.object, read: contentsOf(read), write, overtaken };
      return this.#step(workload, watcherWrites(life, by, webhookOf(at.webhook), this.#scene(workload, at)));
    });
  }

  /** Whether the watcher, should it look now, would write nothing. */
  rests(id: LifeId, now: Now): boolean {
    return id === GONE || this.outcome(id, now.contents, now).writes === 0;
  }

  /** What goes wrong with a workload that nobody but the watcher touches from now on, the webhook being there or not. */
  endOf(id: LifeId, now: Now): BadEnd | undefined {
    if (id === GONE) return undefined;
    const key = (id * ALL_CONTENTS + now.contents) * SETTINGS + now.setting;
    return remembered(this.#memos.ends, key, () => this.#endAfter(id, now, []));
  }

  #endAfter(id: LifeId, now: Now, before: readonly AloneStep[]): BadEnd | undefined {
    const { writes, outcome } = this.outcome(id, now.contents, now);
    if (writes === 0) return badEnd(before, this.#faultAtRest(id, now));
    if (before.length === WRITES_TO_REST)
      return badEnd(before, 'Never twice: left alone, the watcher does not come to rest with one write.');
    for (const webhook of this.#rules.reliable ? [up(now.contents)] : [DOWN, up(now.contents)]) {
      const intent = { base: id, read: now.contents, write: 0, overtaken: false } as const;
      const step = this.#writesAll(id, intent, { ...now, webhook });
      const steps = [...before, { from: id, to: step.life, outcome, isUp: webhook !== DOWN }];
      const putBack = step.life === id ? 'Never stale: what the watcher writes is put back, for ever.' : undefined;
      const end = badEnd(steps, step.fault ?? putBack) ?? this.#endAfter(step.life, now, steps);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  #writesAll(id: LifeId, intent: Intent, at: Asked): Step {
    const step = this.watcherWrites(id, intent, at);
    const isLast = intent.write + 1 >= this.outcome(intent.base, intent.read, at).writes;
    if (isLast || step.fault !== undefined || step.life === id) return step;
    return this.#writesAll(step.life, { ...intent, write: 1 }, at);
  }

  #faultAtRest(id: LifeId, { contents, setting }: Now): Fault | undefined {
    const { workload, life } = this.get(id);
    const place = { workload, now: contentsOf(contents) };
    const fault = faultAtRest(life, place, settingOf(setting));
    if (fault !== undefined) return fault;
    const gap = gapsAtRest(life, place, settingOf(setting)).find(
      (found) => found !== 'none' && this.#rules.strict.has(found),
    );
    return gap === undefined ? undefined : `Beyond a limit that is stated: the pods are stale (${gap}).`;
  }

  #step(workload: WorkloadIndex, { life, fault, second = false }: Written): Step {
    const beyond =
      second && this.#rules.strict.has('second') ? 'Beyond a limit that is stated: a second rollout.' : undefined;
    const found = fault ?? beyond;
    return { life: this.idOf(workload, life), ...(found === undefined ? {} : { fault: found }) };
  }

  #scene(workload: WorkloadIndex, { contents, setting }: Now): Scene {
    return { workload, now: contentsOf(contents), setting: settingOf(setting), answers: this.#answers };
  }
}

function badEnd(steps: readonly AloneStep[], fault: Fault | undefined): BadEnd | undefined {
  return fault === undefined ? undefined : { steps, fault };
}

function askedCode({ contents, setting, webhook }: Asked): number {
  return (contents * SETTINGS + setting) * WEBHOOKS + webhook;
}
