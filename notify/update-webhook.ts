/** `--webhook-url`: instead of rolling a workload, somebody else is told that its configuration changed. */
import type { Clock } from '../kube/clock.ts';
import type { Alert } from './alert.ts';
import { createPoster } from './http.ts';
import { jsonMessage } from './payload.ts';

export interface UpdateWebhook {
  /** Resolves on a 2xx, throws a {@link PostError} otherwise. Does not try again: its caller does. */
  notify(facts: Alert, signal?: AbortSignal): Promise<void>;
}

/** A notifier of that URL. The first member is all that Reloader sends; receivers may compare it. */
export function createUpdateWebhook(url: URL, { clock }: { readonly clock: Clock }): UpdateWebhook {
  const post = createPoster({ url, clock });
  return {
    notify: ({ workload, causes, at }, signal) =>
      post(jsonMessage({ webhook: 'update successful', workload, causes, at }), signal),
  };
}
