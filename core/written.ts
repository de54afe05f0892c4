/**
 * What Reloader's strategies write into a pod template when a change rolls it, for tools that look for it: the annotation
 * `last-reloaded-from`, or a variable `STAKATER_<NAME>_<TYPE>` in the container that uses the source.
 */
import type { Cause } from './decision.ts';
import { asList, asObject, asText, type JsonObject } from './json.ts';
import { RELOADER_VARIABLE_PREFIX } from './names.ts';
import { NO_EXTRA_REFERENCES, podUses } from './reference.ts';
import { parseSourceId, type SourceKind, type SourceName } from './source.ts';

/** What is told of a rollout: the first of its causes, as Reloader tells of one object. */
export interface Trigger {
  readonly cause: Cause;
  /** The workload's namespace. */
  readonly namespace: string;
  /** Names the content of now; from a keyed digest, so that nothing can be guessed from it. */
  readonly hash: string;
}

const TYPES = {
  ConfigMap: 'CONFIGMAP',
  Secret: 'SECRET',
  SecretProviderClass: 'SECRETPROVIDERCLASS',
} as const satisfies Record<SourceKind, string>;

/** The value of `reloader.stakater.com/last-reloaded-from`. `at` is in milliseconds since 1970. */
export function lastReloadedFrom(podSpec: unknown, { cause, namespace, hash }: Trigger, at: number): string {
  const source = parseSourceId(cause.source, namespace);
  const containers = asList(asObject(podSpec).containers).map(asObject);
  return JSON.stringify({
    type: TYPES[source.kind],
    name: source.name,
    namespace: source.namespace,
    hash,
    containerRefs: containers
      .filter((container) => uses(podSpec, container, source))
      .flatMap(({ name }) => asText(name) ?? []),
    observedAt: Math.floor(at / 1_000),
  });
}

/**
 * The containers with the variable set in the first one that uses the source, else in the first of all; `podSpec` has
 * their volumes. Variables of earlier changes stay as they are, but for the one of the same source.
 */
export function withVariable(
  podSpec: unknown,
  containers: unknown,
  { cause, namespace, hash }: Trigger,
): readonly JsonObject[] {
  const source = parseSourceId(cause.source, namespace);
  const known = asList(containers).map(asObject);
  const using = known.findIndex((container) => uses(podSpec, container, source));
  const name = `${RELOADER_VARIABLE_PREFIX}${variableName(source.name)}_${TYPES[source.kind]}`;
  return known.map((container, index) =>
    index === Math.max(using, 0) ? { ...container, env: setVariable(asList(container.env), name, hash) } : container,
  );
}

/** `app-config.v1` is `APP_CONFIG_V1`: upper case, one `_` for each run of anything else. */
function variableName(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}

function setVariable(env: readonly unknown[], name: string, value: string): readonly unknown[] {
  const known = env.some((variable) => asObject(variable).name === name);
  if (!known) return [...env, { name, value }];
  return env.map((variable) => (asObject(variable).name === name ? { name, value } : variable));
}

/** Whether a container uses a source: its environment, or a volume it mounts. */
function uses(podSpec: unknown, container: JsonObject, source: SourceName): boolean {
  const mounted = new Set(asList(container.volumeMounts).map((mount) => asText(asObject(mount).name)));
  const volumes = asList(asObject(podSpec).volumes).filter((volume) => mounted.has(asText(asObject(volume).name)));
  const alone = { containers: [container], volumes };
  const options = { ...NO_EXTRA_REFERENCES, secretProviderClasses: true };
  return podUses(alone, options).some(({ kind, name }) => kind === source.kind && name === source.name);
}
