/**
 * Runs the cases of a group together: everything is created, recorded and looked at; then everything is changed; then
 * the witnesses are touched, and when they have rolled it is seen what came of each change; then the same for the flips.
 */
import { asObject, asText } from '../../core/json.ts';
import type { Action, CompatCase, Group } from './case.ts';
import type { Client } from './client.ts';
import { labelled, type Texts } from './manifest.ts';
import {
  complaint,
  GROUP_LABEL,
  isRecorded,
  isRolledOut,
  look,
  type Sight,
  type Snapshot,
  type View,
} from './observe.ts';
import { type PostSink, startSink } from './sink.ts';
import { Watchers } from './watchers.ts';
import { pause, Witnesses } from './witness.ts';

export interface Surroundings {
  readonly client: Client;
  /** What every watcher is given. */
  readonly watcherArgs: readonly string[];
  /** How long to wait for what does not come; {@link DEADLINE_MS} if left out. */
  readonly deadlineMs?: number;
}

/** What was seen of a case: nothing wrong, or what was. */
export interface Verdict {
  readonly change: string | undefined;
  readonly flip: string | undefined;
}

/** Cases worked on at once: enough to hide the API server's latency. */
const AT_ONCE = 12;

/** A record, or a rollout after the witnesses', comes within a moment; a busy machine gets longer. */
const DEADLINE_MS = 30_000;

export async function runGroup(
  group: Group,
  cases: readonly CompatCase[],
  surroundings: Surroundings,
): Promise<ReadonlyMap<string, Verdict>> {
  const sink = group.sink === true ? await startSink() : undefined;
  const run = new GroupRun(group, cases, { ...surroundings, sink });
  try {
    await run.all();
  } catch (error) {
    run.fail(cases, `the run of the group ended: ${(error as Error).message}`);
  } finally {
    await run.end();
    sink?.close();
  }
  return run.verdicts();
}

type GroupSurroundings = Surroundings & { readonly sink: PostSink | undefined };

class GroupRun {
  readonly #group: Group;
  readonly #cases: readonly CompatCase[];
  readonly #client: Client;
  readonly #deadlineMs: number;
  readonly #watchers: Watchers;
  readonly #witnesses: Witnesses;
  readonly #view: View;
  /** What is wrong with a case: the first thing is what counts, and ends the case. */
  readonly #wrong = new Map<string, string>();
  readonly #wrongFlips = new Map<string, string>();

  constructor(
    group: Group,
    cases: readonly CompatCase[],
    { client, watcherArgs, deadlineMs = DEADLINE_MS, sink }: GroupSurroundings,
  ) {
    this.#group = group;
    this.#cases = cases;
    this.#client = client;
    this.#deadlineMs = deadlineMs;
    this.#watchers = new Watchers({ shared: watcherArgs, group, sinkUrl: sink?.url ?? '' });
    const kinds = group.witnesses ?? ['ConfigMap', 'Secret'];
    this.#witnesses = new Witnesses({ client, namespace: `witness-${group.name}`, kinds });
    this.#view = { client, group: group.name, posts: () => sink?.posts() ?? 0 };
  }

  async all(): Promise<void> {
    await this.#create();
    await this.#watchers.start();
    await this.#awaitRecords();
    await this.#prepare();
    const changed = await this.#change();
    await this.#flip();
    await this.#lookAgain(changed);
  }

  async end(): Promise<void> {
    await this.#watchers.stop();
  }

  fail(cases: readonly CompatCase[], what: string): void {
    for (const { id } of cases) if (!this.#wrong.has(id)) this.#wrong.set(id, what);
  }

  verdicts(): ReadonlyMap<string, Verdict> {
    return new Map(
      this.#cases.map(({ id, flip }) => {
        const change = this.#wrong.get(id);
        const unflipped = flip !== undefined && change !== undefined ? 'not tried' : undefined;
        return [id, { change, flip: this.#wrongFlips.get(id) ?? unflipped }];
      }),
    );
  }

  /** The cases that nothing is wrong with so far. */
  #sound(): readonly CompatCase[] {
    return this.#cases.filter(({ id }) => !this.#wrong.has(id));
  }

  async #create(): Promise<void> {
    const { name, namespaceLabels = {} } = this.#group;
    const labels = { ...namespaceLabels, [GROUP_LABEL]: name };
    await this.#each(this.#cases, async ({ id, sources, workload, ownedBy, namespaceLabels: own = {} }) => {
      await this.#client.create(undefined, namespaceObject(id, { ...labels, ...own }));
      await this.#act(
        id,
        sources.map((object) => ({ do: 'create', object })),
      );
      await this.#act(id, [{ do: 'create', object: workload, ...(ownedBy && { ownedBy }) }]);
    });
    await this.#client.create(undefined, namespaceObject(`witness-${name}`, labels));
    await this.#witnesses.create();
  }

  async #awaitRecords(): Promise<void> {
    const unready = ({ id, unrecorded }: CompatCase, seen: Snapshot): boolean => {
      const sight = seen.get(id);
      return sight === undefined || !isRolledOut(sight) || (unrecorded !== true && !isRecorded(sight));
    };
    await this.#witnesses.met();
    const missing = await this.#until(unready);
    for (const one of missing) {
      this.fail([one], `it has no record, or its controller made no revision (${this.#watchers.lastDecision(one.id)})`);
    }
  }

  async #prepare(): Promise<void> {
    const prepared = this.#sound().filter(({ prepare }) => prepare !== undefined);
    if (prepared.length === 0) return;
    await this.#each(prepared, ({ id, prepare = [] }) => this.#act(id, prepare));
    await this.#witnesses.pass();
  }

  /** Answers what was there before. */
  async #change(): Promise<Snapshot> {
    const cases = this.#sound();
    const before = await look(this.#view, cases);
    if (this.#group.down === true) await this.#watchers.stop();
    await this.#each(cases, ({ id, change }) => this.#act(id, change));
    if (this.#group.down === true) await this.#watchers.start();
    const found = await this.#whatCame(cases, before, expectation);
    for (const [id, what] of found) this.#wrong.set(id, what);
    return before;
  }

  async #flip(): Promise<void> {
    const cases = this.#sound().filter(({ flip }) => flip !== undefined);
    if (cases.length === 0) return;
    await this.#setForFlips(cases);
    const before = await look(this.#view, cases);
    await this.#eachFlip(cases, ({ id, flip }) => this.#act(id, flip?.change ?? []));
    const found = await this.#whatCame(cases, before, flipExpectation);
    for (const [id, what] of found) if (!this.#wrongFlips.has(id)) this.#wrongFlips.set(id, what);
  }

  async #setForFlips(cases: readonly CompatCase[]): Promise<void> {
    const { flipArgs } = this.#group;
    if (flipArgs !== undefined) {
      await this.#watchers.stop();
      await this.#watchers.start(flipArgs);
    }
    const set = cases.filter(({ flip }) => flip?.set !== undefined);
    await this.#eachFlip(set, ({ id, flip }) => this.#act(id, flip?.set ?? []));
    if (flipArgs !== undefined || set.length > 0) await this.#witnesses.pass();
    // Workloads and the witnesses' ConfigMaps come by different watches: one that is managed from now on may be late.
    const ids = new Set(set.map(({ id }) => id));
    await this.#until(({ id }, seen) => {
      const sight = seen.get(id);
      return ids.has(id) && sight !== undefined && !isRecorded(sight);
    });
  }

  /** What rolled once has still rolled once when the flips of others are over. */
  async #lookAgain(before: Snapshot): Promise<void> {
    const cases = this.#sound().filter(({ flip }) => flip === undefined);
    const now = await look(this.#view, cases);
    for (const one of cases) {
      const what = judge(one.id, expectation(one), now, before);
      if (what !== undefined) this.#wrong.set(one.id, `later: ${what}`);
    }
  }

  /** Waits until what is expected is there, or cannot be late any more, and answers what is wrong. */
  async #whatCame(
    cases: readonly CompatCase[],
    before: Snapshot,
    expected: (one: CompatCase) => Expectation,
  ): Promise<ReadonlyMap<string, string>> {
    await this.#witnesses.pass();
    await this.#until((one, now) => {
      const { outcome } = expected(one);
      return outcome !== 'stays' && cases.includes(one) && judge(one.id, expected(one), now, before) !== undefined;
    });
    const now = await look(this.#view, cases);
    return new Map(
      cases.flatMap((one) => {
        const what = judge(one.id, expected(one), now, before);
        return what === undefined ? [] : [[one.id, `${what}; ${this.#watchers.lastDecision(one.id)}`] as const];
      }),
    );
  }

  /** Looks until no sound case is lacking something any more, or time is up; answers those that are. */
  async #until(lacking: (one: CompatCase, seen: Snapshot) => boolean): Promise<readonly CompatCase[]> {
    const end = performance.now() + this.#deadlineMs;
    while (true) {
      const cases = this.#sound();
      const seen = await look(this.#view, cases);
      const missing = cases.filter((one) => lacking(one, seen));
      if (missing.length === 0 || performance.now() > end) return missing;
      await pause(500);
    }
  }

  async #act(namespace: string, actions: readonly Action[]): Promise<void> {
    const labels = { [GROUP_LABEL]: this.#group.name };
    for (const action of actions) await act(action, { client: this.#client, namespace, labels });
  }

  /** Does something for each case, several at a time; a case that cannot be done has failed, and the others go on. */
  #each(cases: readonly CompatCase[], work: (one: CompatCase) => Promise<void>): Promise<void> {
    return inParallel(cases, work, (one, error) => this.fail([one], error.message));
  }

  #eachFlip(cases: readonly CompatCase[], work: (one: CompatCase) => Promise<void>): Promise<void> {
    return inParallel(cases, work, ({ id }, error) => this.#wrongFlips.set(id, error.message));
  }
}

type Expectation = Pick<CompatCase, 'outcome' | 'checks'>;

const expectation = ({ outcome, checks = [] }: CompatCase): Expectation => ({ outcome, checks });

const flipExpectation = ({ flip }: CompatCase): Expectation => ({
  outcome: flip?.outcome ?? 'rolls',
  checks: flip?.checks ?? [],
});

function judge(id: string, { outcome, checks = [] }: Expectation, now: Snapshot, before: Snapshot): string | undefined {
  const [seen, seenBefore] = [now.get(id), before.get(id)];
  if (seen === undefined || seenBefore === undefined) return 'the workload is not there';
  return complaint(outcome, seen, seenBefore) ?? firstComplaint(checks, seen, seenBefore);
}

function firstComplaint(checks: NonNullable<CompatCase['checks']>, now: Sight, before: Sight): string | undefined {
  for (const check of checks) {
    const wrong = check(now, before);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

interface Stage {
  readonly client: Client;
  readonly namespace: string;
  /** By which workloads of the group are found; whatever is created gets them. */
  readonly labels: Texts;
}

/** Does one thing in the namespace of a case. */
export async function act(action: Action, stage: Stage): Promise<void> {
  const { client, namespace } = stage;
  switch (action.do) {
    case 'wait':
      return pause(action.ms);
    case 'create':
      return createObject(action, stage);
    case 'delete':
      return client.remove(placed(action, namespace));
    case 'patch': {
      const subresource = action.status === true ? { subresource: 'status' as const } : {};
      await client.patch(placed(action, namespace), { body: action.patch, ...subresource });
    }
  }
}

async function createObject(
  { object, ownedBy, activates }: Extract<Action, { do: 'create' }>,
  { client, namespace, labels }: Stage,
): Promise<void> {
  const at = object.kind === 'Namespace' ? undefined : (asText(asObject(object.metadata).namespace) ?? namespace);
  const found = labelled(object, labels);
  if (ownedBy === undefined) return void (await client.create(at, found));
  const ownerAt = { kind: ownedBy.kind, name: ownedBy.name, namespace };
  const { apiVersion, metadata } = await client.get(ownerAt);
  const reference = { ...ownedBy, apiVersion, uid: asObject(metadata).uid };
  const owned = { ...found, metadata: { ...asObject(found.metadata), ownerReferences: [reference] } };
  const { uid, name } = asObject((await client.create(at, owned)).metadata);
  if (activates !== true) return;
  const active = [{ apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid }];
  await client.patch(ownerAt, { body: { status: { active } }, subresource: 'status' });
}

/** Where an object is: a Namespace is in none. */
function placed({ kind, name, namespace }: { kind: string; name: string; namespace?: string }, own: string) {
  return kind === 'Namespace'
    ? { kind, name: name === 'own' ? own : name }
    : { kind, name, namespace: namespace ?? own };
}

function namespaceObject(name: string, labels: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  failed: (item: T, error: Error) => void,
): Promise<void> {
  const left = [...items];
  const hand = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      const one = item;
      await work(one).catch((error: Error) => failed(one, error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, hand));
}
