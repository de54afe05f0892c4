/** restamp's answers, each asked for once: they depend on objects and contents, never on what pods really have. */
import { applyMergePatch } from '../core/json-patch.ts';
import type { Contents, WorkloadIndex } from './cast.ts';
import { contentsCode } from './contents.ts';
import { rawOf, type Stored, sameButForOurs, storedOf } from './objects.ts';
import type { Fault } from './promises.ts';
import { admitted, type Look, look, type Restamp, type Setting, type Webhook } from './restamp.ts';

export interface StoreRequest {
  readonly workload: WorkloadIndex;
  readonly before: Stored | undefined;
  readonly sent: Stored;
}

export class Answers {
  readonly #restamp: Restamp;
  readonly #ids = new Map<string, number>();
  readonly #looks = new Map<string, Look>();
  readonly #stores = new Map<string, Stored | Fault>();
  readonly #patched = new Map<string, Stored | Fault>();

  constructor(restamp: Restamp) {
    this.#restamp = restamp;
  }

  /** What the watcher decides on an object and a reading. */
  look(workload: WorkloadIndex, object: Stored, read: Contents, setting: Setting): Look {
    const key = `${this.#idOf(workload, object)} ${contentsCode(read)} ${settingKey(setting)}`;
    return remembered(this.#looks, key, () => look(rawOf(workload, object), read, setting, this.#restamp));
  }

  /** What one of the watcher's writes makes of an object, before the webhook sees it. */
  patched(workload: WorkloadIndex, object: Stored, patch: unknown): Stored | Fault {
    const key = `${this.#idOf(workload, object)} ${JSON.stringify(patch)}`;
    return remembered(this.#patched, key, () => {
      const before = rawOf(workload, object);
      const sent = applyMergePatch(before, patch);
      return sameButForOurs(before, sent)
        ? storedOf(sent)
        : 'Never in the way: the watcher changed what is not its own.';
    });
  }

  /** What a request leaves in the store, or what is wrong with that. */
  store({ workload, before, sent }: StoreRequest, webhook: Webhook, setting: Setting): Stored | Fault {
    const objects = `${before === undefined ? 0 : this.#idOf(workload, before)} ${this.#idOf(workload, sent)}`;
    const read = webhook.is === 'up' ? contentsCode(webhook.read) : webhook.is;
    return remembered(this.#stores, `${objects} ${read} ${settingKey(setting)}`, () => {
      const request = { before: before && rawOf(workload, before), sent: rawOf(workload, sent) };
      try {
        const raw = admitted(request, webhook, setting, this.#restamp);
        return sameButForOurs(raw, request.sent)
          ? storedOf(raw)
          : 'Never in the way: the webhook changed what is not its own.';
      } catch (error) {
        return `Never in the way: the webhook failed: ${error instanceof Error ? error.message : 'it threw'}.`;
      }
    });
  }

  #idOf(workload: WorkloadIndex, { variant, stamp, record }: Stored): number {
    return remembered(this.#ids, `${workload}${variant} ${stamp} ${record}`, () => this.#ids.size + 1);
  }
}

function settingKey({ optedIn, rotated }: Setting): string {
  return `${optedIn ? 1 : 0}${rotated ? 1 : 0}`;
}

/** What was computed for a key before, or else is now. */
export function remembered<K, V>(memo: Map<K, V>, key: K, compute: () => V): V {
  const known = memo.get(key);
  if (known !== undefined || memo.has(key)) return known as V;
  const value = compute();
  memo.set(key, value);
  return value;
}
