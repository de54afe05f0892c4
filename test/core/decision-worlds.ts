/** The few pod specs, ConfigMaps and Secrets that rows about decisions talk about. */
import type { JsonObject } from '../../core/json.ts';
import { configMapJson, envFromSpec, envSpec, podSpec, secretJson } from './build.ts';
import type { World } from './decision-case.ts';

export const APP = envFromSpec({ configMapRef: { name: 'app' } });
export const APP_AND_DB = envFromSpec({ configMapRef: { name: 'app' } }, { secretRef: { name: 'db' } });
export const app = (a: string, b = '1'): JsonObject => configMapJson('app', { a, b });
export const db = (password = '1'): JsonObject => secretJson('db', { password });
export const optionalApp = (optional: boolean): JsonObject =>
  envSpec({ configMapKeyRef: { name: 'app', key: 'a', optional } });

export const entryOfApp = (entry: 'a' | 'b'): JsonObject => envSpec({ configMapKeyRef: { name: 'app', key: entry } });

/** The same, but the Secret is not needed. */
export const OPTIONAL_DB = envFromSpec(
  { configMapRef: { name: 'app' } },
  { secretRef: { name: 'db', optional: true } },
);
export const TWO_KEYS = envSpec(
  { configMapKeyRef: { name: 'app', key: 'a' } },
  { configMapKeyRef: { name: 'app', key: 'b' } },
);
export const WHOLE_AND_KEY = podSpec({
  envFrom: [{ configMapRef: { name: 'app' } }],
  env: [{ name: 'V', valueFrom: { configMapKeyRef: { name: 'app', key: 'a' } } }],
});

export const of = (spec: JsonObject, ...objects: readonly JsonObject[]): World => ({ spec, objects });
export const many = (count: number, first: string): World =>
  of(
    APP,
    configMapJson('app', {
      k0: first,
      ...Object.fromEntries([...Array(count - 1).keys()].map((n) => [`k${n + 1}`, '1'])),
    }),
  );
