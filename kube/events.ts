/** Kubernetes Events: what restamp decided about a workload, where its owner looks (`kubectl describe`). */
import type { WorkloadKind, WorkloadName } from '../core/workload.ts';
import type { Clock } from './clock.ts';
import { EVENTS, resourcePath } from './path.ts';
import type { KubeTransport } from './transport.ts';

export interface KubeEvent {
  readonly workload: WorkloadName & { readonly uid: string; readonly kindInfo: WorkloadKind };
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase, from the outcome: `Rolled`. */
  readonly reason: string;
  /** At most 1 KiB is kept by the API server; longer text is cut. */
  readonly note: string;
}

/** The API server's limit for `note` (events.k8s.io/v1, validation of Event). */
const NOTE_LIMIT = 1024;

const REPORTER = 'restamp.dev/watcher';

/** Writes an Event. It tells, it decides nothing: callers report a failure and go on. */
export async function writeEvent(
  event: KubeEvent,
  { transport, clock, instance }: { transport: KubeTransport; clock: Clock; instance: string },
): Promise<void> {
  const { workload, type, reason, note } = event;
  const { namespace, name, uid, kindInfo } = workload;
  await transport.request({
    method: 'POST',
    path: resourcePath(EVENTS, { namespace }),
    body: {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace, generateName: `${name.slice(0, 200).replace(/[^a-z0-9]+$/, '')}-` },
      // MicroTime: six digits of a second (metav1.MicroTime).
      eventTime: clock.now().toISOString().replace('Z', '000Z'),
      reportingController: REPORTER,
      reportingInstance: instance,
      action: reason,
      reason,
      type,
      regarding: { apiVersion: `${kindInfo.group}/${kindInfo.version}`, kind: kindInfo.apiKind, namespace, name, uid },
      note: note.slice(0, NOTE_LIMIT),
    },
  });
}
