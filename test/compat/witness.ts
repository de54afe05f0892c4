/**
 * Witnesses: workloads of which it is certain that they roll. Touched after a change, they show by rolling that the
 * watcher has dealt with what came before: events of a kind come in order, and what settled first is worked on first.
 */
import { asObject } from '../../core/json.ts';
import { INJECT, RECORD } from '../../core/names.ts';
import { eventually } from '../cluster/deadline.ts';
import type { Client } from './client.ts';
import type { SourceKind } from './kinds.ts';
import { labelled, podUsing, sourceObject, type Texts, workload } from './manifest.ts';

export interface WitnessesOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly kinds: readonly SourceKind[];
}

/** Witness sources carry this, for watchers that look at labelled sources only. */
export const WATCHED: Texts = { compat: 'watched' };

/** A watcher acts within its settle time of 1 s and a write; a busy machine gets longer. */
const DEADLINE_MS = 60_000;

/** A write that was under way when the witnesses rolled is over by then. */
const QUIET_MS = 800;

/** Without a witness: the settle time of 1 s, the time for a write, and a margin. */
const BLIND_MS = 4_000;

export class Witnesses {
  readonly #options: WitnessesOptions;

  constructor(options: WitnessesOptions) {
    this.#options = options;
  }

  /** Created last, so that a record of theirs means that everything else has been met. */
  async create(): Promise<void> {
    const { client, namespace, kinds } = this.#options;
    for (const kind of kinds) {
      const name = nameOf(kind);
      await client.create(namespace, labelled(sourceObject(kind, name), WATCHED));
      const object = workload('Deployment', {
        metadata: { name },
        annotations: { [INJECT]: 'enabled' },
        pod: podUsing('env-from', kind, { name }),
      });
      await client.create(namespace, object);
    }
  }

  /** Waits until the watcher has met them, and with them whatever was created before. */
  async met(): Promise<void> {
    const { client, namespace, kinds } = this.#options;
    if (kinds.length === 0) return pause(BLIND_MS);
    for (const kind of kinds) {
      const at = { kind: 'Deployment', namespace, name: nameOf(kind) };
      const record = async (): Promise<unknown> =>
        asObject(asObject((await client.get(at)).metadata).annotations)[RECORD];
      await eventually(record, {
        what: `a record of the witness of a ${kind}`,
        deadlineMs: DEADLINE_MS,
        everyMs: 200,
      });
    }
  }

  /** Touches all witnesses and waits until they have rolled, and a little longer. */
  async pass(): Promise<void> {
    const { kinds } = this.#options;
    if (kinds.length === 0) return pause(BLIND_MS);
    await Promise.all(kinds.map((kind) => this.#touch(kind)));
    await pause(QUIET_MS);
  }

  async #touch(kind: SourceKind): Promise<void> {
    const { client, namespace } = this.#options;
    const name = nameOf(kind);
    const at = { kind: 'Deployment', namespace, name };
    const before = await this.#template(at);
    const field = kind === 'ConfigMap' ? 'data' : 'stringData';
    await client.patch({ kind, namespace, name }, { body: { [field]: { used: crypto.randomUUID() } } });
    await eventually(async () => (await this.#template(at)) !== before || undefined, {
      what: `a rollout of the witness of a ${kind}`,
      deadlineMs: DEADLINE_MS,
      everyMs: 200,
    });
  }

  async #template(at: { kind: string; namespace: string; name: string }): Promise<string> {
    return JSON.stringify((await this.#options.client.get(at)).spec);
  }
}

function nameOf(kind: SourceKind): string {
  return `witness-${kind.toLowerCase()}`;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
