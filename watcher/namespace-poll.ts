/**
 * What the watched namespaces say, where only some are watched: each is asked for by its name, since Roles cannot allow
 * a watch of Namespaces. It may be forbidden as well; then nothing is known of the namespace, and annotations decide.
 */
import { describeError, isStatus } from '../kube/error.ts';
import { parseMetadata } from '../kube/metadata.ts';
import { NAMESPACES, resourcePath } from '../kube/path.ts';
import { type FeedsOptions, namespaceFacts } from './feeds.ts';

/** Labels of a namespace change by hand: a minute is soon enough, and one small request is no burden. */
const POLL_MS = 60_000;

export class NamespacePoll {
  readonly #options: FeedsOptions;
  readonly #unsure: (facts: { about: string; cause: string; retryInMs: number }) => void;
  readonly #synced = Promise.withResolvers<void>();
  readonly #told = new Map<string, string>();

  constructor(options: FeedsOptions, unsure: (facts: { about: string; cause: string; retryInMs: number }) => void) {
    this.#options = options;
    this.#unsure = unsure;
  }

  /** Resolves when each namespace has been asked for once. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Runs until the signal aborts; at once where all namespaces are watched. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, rules } = this.#options;
    const { namespaces } = rules;
    while (namespaces.length > 0 && !signal.aborted) {
      await Promise.all(namespaces.map((name) => this.#ask(name, signal)));
      this.#synced.resolve();
      await clock.sleep(POLL_MS, signal);
    }
    this.#synced.resolve();
  }

  async #ask(name: string, signal: AbortSignal): Promise<void> {
    const { transport, index, onDirty, rules } = this.#options;
    try {
      const object = await transport.request({ method: 'GET', path: resourcePath(NAMESPACES, { name }), signal });
      const metadata = parseMetadata(object);
      this.#told.delete(name);
      if (metadata !== undefined)
        onDirty(index.applyNamespace(name, namespaceFacts(metadata, rules.namespaceSelector)));
    } catch (error) {
      if (isStatus(error, 404)) onDirty(index.applyNamespace(name, undefined));
      else if (!signal.aborted) this.#tell(name, describeError(error));
    }
  }

  /** The same trouble with the same namespace is told once. */
  #tell(name: string, cause: string): void {
    if (this.#told.get(name) === cause) return;
    this.#told.set(name, cause);
    this.#unsure({ about: `namespace ${name}`, cause, retryInMs: POLL_MS });
  }
}
