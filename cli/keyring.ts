/** Gets the key of the installation, however long that takes: without it no stamp can be made or compared. */
import { randomBytes } from 'node:crypto';
import type { Keyring } from '../core/key.ts';
import { backoffMs } from '../kube/backoff.ts';
import type { Clock } from '../kube/clock.ts';
import { describeError } from '../kube/error.ts';
import { loadKeyring } from '../kube/key-secret.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Logger } from './log.ts';

export interface KeyringOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly log: Logger;
  readonly at: { readonly namespace: string; readonly name: string };
}

/** Resolves to the keyring, or to `undefined` when the signal aborts first. Never rejects. */
export async function awaitKeyring(options: KeyringOptions, signal: AbortSignal): Promise<Keyring | undefined> {
  const { transport, clock, log, at } = options;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const keyring = await loadKeyring(transport, at, randomBytes);
      log.info({ secret: `${at.namespace}/${at.name}`, keyId: keyring.current.id }, 'key loaded');
      return keyring;
    } catch (error) {
      const retryInMs = backoffMs(attempt, clock.random());
      log.error({ secret: `${at.namespace}/${at.name}`, cause: describeError(error), retryInMs }, 'key not available');
      await clock.sleep(retryInMs, signal);
    }
  }
  return undefined;
}
