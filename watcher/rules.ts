/** All that an installation says about how the watcher decides and acts; what it does not say are the defaults. */
import { MIN_INTERVAL_MS, SETTLE_MS } from '../core/defaults.ts';
import type { EffectOptions } from '../core/effect.ts';
import { RELOADER, type Vocabulary } from '../core/names.ts';
import type { PolicyOptions } from '../core/policy.ts';
import { NO_EXTRA_REFERENCES, type ReferenceOptions } from '../core/reference.ts';
import type { Settings } from '../core/settings.ts';
import type { SourceKind } from '../core/source.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../core/workload.ts';

export interface LabelTest {
  /** As the API server takes it for a query. */
  readonly text: string;
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean;
}

export interface WatcherRules {
  readonly policy: PolicyOptions;
  readonly vocabulary: Vocabulary;
  readonly kinds: readonly WorkloadKind[];
  readonly references: ReferenceOptions;
  readonly ignoredSources: ReadonlySet<SourceKind>;
  readonly sourceSelector?: LabelTest;
  readonly namespaceSelector?: LabelTest;
  /** Only these namespaces; all, if it is empty. */
  readonly namespaces: readonly string[];
  readonly onCreate: boolean;
  readonly onDelete: boolean;
  readonly settings: Settings;
  readonly effects: EffectOptions;
}

/** The rules of an installation that says nothing but who is managed. */
export function usualRules(policy: PolicyOptions): WatcherRules {
  return {
    policy,
    vocabulary: RELOADER,
    kinds: WORKLOAD_KINDS,
    references: NO_EXTRA_REFERENCES,
    ignoredSources: new Set(),
    namespaces: [],
    onCreate: false,
    onDelete: false,
    settings: { settleMs: SETTLE_MS, minIntervalMs: MIN_INTERVAL_MS, strategy: 'hash' },
    effects: { cronJobs: 'stamp', jobs: 'report', notify: false },
  };
}
