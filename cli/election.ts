/** The Lease of the watcher, by its options. */
import { hostname } from 'node:os';
import { formatDuration } from '../core/duration.ts';
import type { Clock } from '../kube/clock.ts';
import { Lease } from '../kube/lease.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { WATCHER_OPTIONS } from './commands.ts';
import type { Logger } from './log.ts';
import type { Values } from './parse-options.ts';

type Options = Pick<
  Values<typeof WATCHER_OPTIONS>,
  'leader-election' | 'lease' | 'lease-duration' | 'lease-renew-deadline' | 'lease-retry-period' | 'namespace'
>;

/** The Lease to contend for, if one is wanted. Throws where its times do not fit together. */
export function createLease(
  options: Options,
  { transport, clock, log }: { transport: KubeTransport; clock: Clock; log: Logger },
): { lease?: Lease } {
  if (!options['leader-election']) return {};
  less(options, 'lease-retry-period', 'lease-renew-deadline');
  less(options, 'lease-renew-deadline', 'lease-duration');
  const lease = new Lease({
    ...{ transport, clock, at: { namespace: options.namespace, name: options.lease } },
    leaseMs: options['lease-duration'],
    renewDeadlineMs: options['lease-renew-deadline'],
    retryMs: options['lease-retry-period'],
    // A pod's name, and what tells a process from the one before it in the same pod.
    identity: `${hostname()}_${crypto.randomUUID()}`,
    onState: (state) => log[state.state === 'lost' ? 'warn' : 'info'](state, 'lease'),
  });
  return { lease };
}

type Time = 'lease-duration' | 'lease-renew-deadline' | 'lease-retry-period';

function less(options: Options, one: Time, other: Time): void {
  if (options[one] < options[other]) return;
  const [short, long] = [options[one], options[other]].map(formatDuration);
  throw new Error(`--${one} is ${short}; it must be less than --${other}, which is ${long}`);
}
