/** From the values of options to the rules that webhook and watcher decide by: the same for both, or they would disagree. */
import type { PolicyOptions } from '../core/policy.ts';
import type { SourceKind } from '../core/source.ts';
import { declaredKind, WORKLOAD_KINDS, type WorkloadKind } from '../core/workload.ts';
import { usualRules, type WatcherRules } from '../watcher/rules.ts';
import type { MutateOptions } from '../webhook/mutate.ts';
import type { JudgingValues, WATCHER_OPTIONS } from './commands.ts';
import type { Values } from './parse-options.ts';
import { vocabularyOf } from './vocabulary.ts';

type Place = { readonly namespace: string };

/** Who is managed. */
export function policyOptions(options: JudgingValues & Place): PolicyOptions {
  return {
    excludedNamespaces: new Set(options['exclude-namespaces']),
    ownNamespace: options.namespace,
    all: options.all,
    vocabulary: vocabularyOf(options),
    ignoredSources: ignoredSources(options),
    crossNamespaces: new Set(options['cross-namespaces']),
  };
}

/** Kinds of source that nobody rolls for. Classes count by option only. */
export function ignoredSources(options: JudgingValues): ReadonlySet<SourceKind> {
  const words = new Set<string>(options['ignore-sources']);
  return new Set<SourceKind>([
    ...(words.has('configmaps') ? (['ConfigMap'] as const) : []),
    ...(words.has('secrets') ? (['Secret'] as const) : []),
    ...(options['secret-provider-classes'] ? [] : (['SecretProviderClass'] as const)),
  ]);
}

/** The kinds of workload that are served: those restamp knows, less those that are ignored, and those that are declared. */
export function workloadKinds(options: JudgingValues): readonly WorkloadKind[] {
  const ignoredTypes = new Set<string>(options['ignored-workload-types']);
  const ignored = new Set([
    ...(options.cronjobs === 'ignore' || ignoredTypes.has('cronjobs') ? ['CronJob'] : []),
    ...(options.jobs === 'ignore' || ignoredTypes.has('jobs') ? ['Job'] : []),
    ...(options['argo-rollouts'] ? [] : ['Rollout']),
  ]);
  const declared = options['workload-kind'].map(declaredKind);
  return [...WORKLOAD_KINDS.filter(({ kind }) => !ignored.has(kind)), ...declared];
}

/** All that the watcher decides and acts by. */
export function watcherRules(options: Values<typeof WATCHER_OPTIONS>): WatcherRules {
  const sourceSelector = options['source-selector'];
  const namespaceSelector = options['namespace-selector'];
  return {
    ...usualRules(policyOptions(options)),
    ...{ vocabulary: vocabularyOf(options), kinds: workloadKinds(options), references: referenceOptions(options) },
    ignoredSources: ignoredSources(options),
    ...(sourceSelector === undefined ? {} : { sourceSelector }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
    namespaces: options.namespaces,
    onCreate: options['reload-on-create'],
    onDelete: options['reload-on-delete'],
    settings: {
      settleMs: options.settle,
      minIntervalMs: options['min-interval'],
      strategy: options['reload-strategy'],
    },
    effects: {
      cronJobs: options.cronjobs === 'run' ? 'run' : 'stamp',
      jobs: options.jobs === 'recreate' ? 'recreate' : 'report',
      notify: options['webhook-url'] !== undefined,
    },
  };
}

/** All that the webhook decides by. */
export function admissionRules(
  options: JudgingValues & Place,
): Omit<MutateOptions, 'transport' | 'keyring' | 'budgetMs'> {
  const sourceSelector = options['source-selector'];
  return {
    policy: policyOptions(options),
    kinds: workloadKinds(options),
    references: referenceOptions(options),
    sources: { vocabulary: vocabularyOf(options), ...(sourceSelector === undefined ? {} : { sourceSelector }) },
    onCreate: options['reload-on-create'],
    onDelete: options['reload-on-delete'],
    rollsElsewhere: options['webhook-url'] !== undefined,
  };
}

/** References that count by option. */
export function referenceOptions(options: JudgingValues): WatcherRules['references'] {
  return {
    imagePullSecrets: options['image-pull-secrets'],
    volumeSecrets: options['volume-secrets'],
    secretProviderClasses: options['secret-provider-classes'],
  };
}
