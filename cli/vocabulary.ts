/** Options that call Reloader's annotations otherwise, and the vocabulary they come to. */
import { RELOADER, type Vocabulary } from '../core/names.ts';
import { annotationKey, type OptionTable } from './option.ts';
import type { Values } from './parse-options.ts';

/** Reloader 1.4 has a flag for most of these; those of SecretProviderClasses and the exclusions are of the line after it. */
export const VOCABULARY_OPTIONS = {
  'auto-annotation': annotationKey(RELOADER.auto, 'annotation of a workload: roll for all it refers to'),
  'configmap-auto-annotation': annotationKey(
    RELOADER.autoOf.ConfigMap,
    'annotation of a workload: roll for the ConfigMaps it refers to',
  ),
  'secret-auto-annotation': annotationKey(
    RELOADER.autoOf.Secret,
    'annotation of a workload: roll for the Secrets it refers to',
  ),
  'secretproviderclass-auto-annotation': annotationKey(
    RELOADER.autoOf.SecretProviderClass,
    'annotation of a workload: roll for the SecretProviderClasses it refers to',
  ),
  'configmap-annotation': annotationKey(
    RELOADER.reload.ConfigMap,
    'annotation of a workload: roll for these ConfigMaps',
  ),
  'secret-annotation': annotationKey(RELOADER.reload.Secret, 'annotation of a workload: roll for these Secrets'),
  'secretproviderclass-annotation': annotationKey(
    RELOADER.reload.SecretProviderClass,
    'annotation of a workload: roll for these SecretProviderClasses',
  ),
  'configmap-exclude-annotation': annotationKey(
    RELOADER.exclude.ConfigMap,
    'annotation of a workload: never roll for these ConfigMaps',
  ),
  'secret-exclude-annotation': annotationKey(
    RELOADER.exclude.Secret,
    'annotation of a workload: never roll for these Secrets',
  ),
  'secretproviderclass-exclude-annotation': annotationKey(
    RELOADER.exclude.SecretProviderClass,
    'annotation of a workload: never roll for these SecretProviderClasses',
  ),
  'auto-search-annotation': annotationKey(
    RELOADER.search,
    'annotation of a workload: roll for those it refers to that are marked',
  ),
  'search-match-annotation': annotationKey(RELOADER.match, 'annotation of a ConfigMap or Secret: the mark'),
  'ignore-annotation': annotationKey(RELOADER.ignore, 'annotation of a ConfigMap or Secret: nobody rolls for it'),
  'pause-deployment-annotation': annotationKey(
    RELOADER.pausePeriod,
    'annotation of a Deployment: how long it is paused after a rollout',
  ),
  'pause-deployment-time-annotation': annotationKey(
    RELOADER.pausedAt,
    'annotation of a Deployment: since when it is paused',
  ),
} as const satisfies OptionTable;

/** The names that the options give Reloader's annotations. */
export function vocabularyOf(options: Values<typeof VOCABULARY_OPTIONS>): Vocabulary {
  return {
    auto: options['auto-annotation'],
    autoOf: {
      ConfigMap: options['configmap-auto-annotation'],
      Secret: options['secret-auto-annotation'],
      SecretProviderClass: options['secretproviderclass-auto-annotation'],
    },
    reload: {
      ConfigMap: options['configmap-annotation'],
      Secret: options['secret-annotation'],
      SecretProviderClass: options['secretproviderclass-annotation'],
    },
    exclude: {
      ConfigMap: options['configmap-exclude-annotation'],
      Secret: options['secret-exclude-annotation'],
      SecretProviderClass: options['secretproviderclass-exclude-annotation'],
    },
    search: options['auto-search-annotation'],
    match: options['search-match-annotation'],
    ignore: options['ignore-annotation'],
    pausePeriod: options['pause-deployment-annotation'],
    pausedAt: options['pause-deployment-time-annotation'],
    rolloutStrategy: RELOADER.rolloutStrategy,
  };
}
