/** What the API server itself counts of its calls to webhooks. */
import { asText } from '../../core/json.ts';
import type { Cluster } from '../cluster/cluster.ts';

export interface WebhookCounts {
  /** Reviews that were sent to restamp. */
  readonly calls: number;
  /** Of those: answered with another code than 200. */
  readonly notOk: number;
  /** Requests turned away because of a webhook, by its answer or by its failure. */
  readonly rejections: number;
  /** Requests let through though a webhook could not be called. */
  readonly failOpen: number;
}

const PREFIX = 'apiserver_admission_webhook_';

export async function webhookCounts(cluster: Pick<Cluster, 'kubectl'>): Promise<WebhookCounts> {
  const { stdout } = await cluster.kubectl(['get', '--raw', '/metrics']);
  return countsIn(stdout);
}

/** Counters that are not there have not been counted yet. */
export function countsIn(metrics: string): WebhookCounts {
  const calls = samples(metrics, 'request_total');
  return {
    calls: sum(calls),
    notOk: sum(calls.filter(({ labels }) => !labels.includes('code="200"'))),
    rejections: sum(samples(metrics, 'rejection_count')),
    failOpen: sum(samples(metrics, 'fail_open_count')),
  };
}

export function since(before: WebhookCounts, after: WebhookCounts): WebhookCounts {
  return {
    calls: after.calls - before.calls,
    notOk: after.notOk - before.notOk,
    rejections: after.rejections - before.rejections,
    failOpen: after.failOpen - before.failOpen,
  };
}

interface Sample {
  readonly labels: string;
  readonly value: number;
}

function samples(metrics: string, name: string): readonly Sample[] {
  const line = new RegExp(`^${PREFIX}${name}\\{([^}]*)\\} (\\S+)$`, 'gm');
  return [...metrics.matchAll(line)].map(([, labels, value]) => ({
    labels: asText(labels) ?? '',
    value: Number(value),
  }));
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}
