/** Every step that is possible in a state: those of restamp, which are free, and those of the world around it. */
import { CONTENTS, SOURCE_INDICES, WORKLOAD_INDICES, type WorkloadIndex } from './cast.ts';
import { contentsOf, readingsOf, seenNow } from './contents.ts';
import { BLIND, DOWN, GONE, type LifeId, OPTED_IN, ROTATED, up, type WebhookCode } from './lives.ts';
import type { InFlight, State } from './state.ts';
import type { Fare } from './step.ts';
import { bitOf, type Emit, IDLE, NO_REQUEST, type World } from './world.ts';
import { ACTS, type Act } from './writes.ts';

/** What goes on by itself: watchers begin and end looks, and requests that came to the webhook are stored. */
export function freeSteps(world: World, state: State, emit: Emit): void {
  storeRequest(world, state, emit);
  const [first, second] = state.looks;
  if (first === IDLE || second === IDLE) beginLooks(world, state, emit);
  endLook(world, state, 0, emit);
  // Two watchers that are in the middle of the same do the same.
  if (second !== first) endLook(world, state, 1, emit);
}

/** A watcher reads a workload; there may have been a reason, or only a late event, a relist, or a start. */
function beginLooks(world: World, state: State, emit: Emit): void {
  if ((state.setting & OPTED_IN) === 0) return; // By policy not its business: it does not go that far.
  for (const workload of WORKLOAD_INDICES) {
    const id = state.lives[workload];
    if (id === GONE) continue;
    const { readsAgain, carriesVersion } = world.restamp;
    // What was read before the workload may be of an older template: all sources count.
    const seen = seenNow(state.contents, (index) => !readsAgain || world.lives.uses(id, index));
    const code = world.looks.codeOf({ workload, seen, base: carriesVersion ? GONE : id, write: 0, overtaken: false });
    const next = withLook(state, state.looks[0] === IDLE ? 0 : 1, code);
    emit(world.settled({ ...next, neglected: state.neglected | bitOf(workload) }), { kind: 'begin-look', workload });
  }
}

function withLook(state: State, watcher: 0 | 1, code: number): State {
  return { ...state, looks: watcher === 0 ? [code, state.looks[1]] : [state.looks[0], code] };
}

/** It has read: whatever each source was in the meantime. It decides, and writes at once or not at all. */
function endLook(world: World, state: State, watcher: 0 | 1, emit: Emit): void {
  const look = world.looks.get(state.looks[watcher]);
  if (look === undefined) return;
  const { workload } = look;
  const idle = withLook(state, watcher, IDLE);
  const id = state.lives[workload];
  const base = look.base === GONE ? id : look.base;
  if (id === GONE) {
    emit(world.settled(idle), { kind: 'end-look', workload });
    return;
  }
  const writes = (read: number): boolean => world.lives.outcome(base, read, state).writes > 0;
  const readings = readingsOf(look.seen);
  const quiet = readings.find((read) => !writes(read));
  if (quiet !== undefined) emit(world.settled(idle), { kind: 'end-look', workload, read: quiet });
  for (const read of readings.filter(writes)) {
    for (const webhook of world.webhooks(state)) {
      write({ world, state: idle, watcher, emit }, { look, base, read, webhook });
    }
  }
}

interface Stage {
  readonly world: World;
  readonly state: State;
  readonly watcher: 0 | 1;
  readonly emit: Emit;
}

interface Writing {
  readonly look: InFlight;
  readonly base: LifeId;
  readonly read: number;
  readonly webhook: WebhookCode;
}

function write({ world, state, watcher, emit }: Stage, { look, base, read, webhook }: Writing): void {
  const { workload } = look;
  const { contents, setting } = state;
  const id = state.lives[workload];
  const step = world.lives.watcherWrites(id, { ...look, base, read }, { contents, setting, webhook });
  const isRefused = step.life === id;
  const next = isRefused
    ? world.settled({ ...state, neglected: state.neglected & ~bitOf(workload) })
    : world.withWorkload(state, workload, step.life);
  const isLast = isRefused || look.write + 1 >= world.lives.outcome(base, read, state).writes;
  const seen = seenNow(read, (index) => world.lives.uses(base, index));
  const code = isLast ? IDLE : world.looks.codeOf({ workload, seen, base, write: 1, overtaken: false });
  emit(withLook(next, watcher, code), { kind: 'end-look', workload, read, fare: fareOf(webhook) }, step.fault);
}

function fareOf(webhook: WebhookCode): Fare {
  if (webhook === DOWN) return 'down';
  return webhook === BLIND ? 'blind' : 'up';
}

function storeRequest(world: World, state: State, emit: Emit): void {
  const pending = world.pendings.get(state.pending);
  if (pending === undefined) return;
  const { workload, act } = pending;
  const { contents, setting } = state;
  for (const read of readingsOf(pending.seen)) {
    const step = world.lives.personWrites(workload, state.lives[workload], act, {
      contents,
      setting,
      webhook: up(read),
    });
    if (step === undefined) continue;
    const next = afterWrite(world, { ...state, pending: NO_REQUEST }, workload, step.life);
    emit(next, { kind: 'store', workload, act, read }, step.fault);
  }
}

/** A write that changes nothing is no change of the object: nobody is told, nobody is overtaken. */
function afterWrite(world: World, state: State, workload: WorkloadIndex, life: LifeId): State {
  return life === state.lives[workload] ? state : world.withWorkload(state, workload, life);
}

/** What is done to restamp and around it. Each costs one disturbance. */
export function disturbances(world: World, state: State, emit: Emit): void {
  for (const source of SOURCE_INDICES) {
    for (const content of CONTENTS) {
      if (contentsOf(state.contents)[source] === content) continue;
      emit(world.withSource(state, source, content), { kind: 'change-source', source, content });
    }
  }
  for (const workload of WORKLOAD_INDICES) disturbWorkload(world, state, workload, emit);
  for (const watcher of [0, 1] as const) {
    if (state.looks[watcher] !== IDLE) emit({ ...withLook(state, watcher, IDLE), neglected: 0 }, { kind: 'crash' });
  }
  if ((state.setting & OPTED_IN) === 0)
    emit({ ...state, setting: state.setting | OPTED_IN, neglected: 0 }, { kind: 'opt-in' });
  if ((state.setting & ROTATED) === 0)
    emit(world.settled({ ...state, setting: state.setting | ROTATED }), { kind: 'rotate-key' });
}

function disturbWorkload(world: World, state: State, workload: WorkloadIndex, emit: Emit): void {
  const id = state.lives[workload];
  requests(world, state, workload, emit);
  if (id === GONE) return;
  emit(world.withWorkload(state, workload, GONE), { kind: 'delete', workload });
  // Scaling passes the webhook by and changes nothing that restamp reads, but the object's version.
  if (world.isLookedAt(state.looks, workload))
    emit(world.withWorkload(state, workload, id), { kind: 'scale', workload });
}

function requests(world: World, state: State, workload: WorkloadIndex, emit: Emit): void {
  for (const act of ACTS) {
    for (const webhook of world.webhooks(state)) {
      if (webhook === DOWN || webhook === BLIND) request({ world, state, workload, act }, webhook, emit);
      else send({ world, state, workload, act }, emit);
    }
  }
}

interface Requesting {
  readonly world: World;
  readonly state: State;
  readonly workload: WorkloadIndex;
  readonly act: Act;
}

function request({ world, state, workload, act }: Requesting, webhook: WebhookCode, emit: Emit): void {
  const { contents, setting, lives } = state;
  const step = world.lives.personWrites(workload, lives[workload], act, { contents, setting, webhook });
  if (step === undefined) return;
  const next = afterWrite(world, state, workload, step.life);
  emit(next, { kind: 'request', workload, act, fare: fareOf(webhook) }, step.fault);
}

/** One request at a time is with the webhook. */
function send({ world, state, workload, act }: Requesting, emit: Emit): void {
  if (state.pending !== NO_REQUEST) return;
  const pending = world.pendingOf(state, workload, act);
  if (pending !== NO_REQUEST) emit({ ...state, pending }, { kind: 'send', workload, act });
}
