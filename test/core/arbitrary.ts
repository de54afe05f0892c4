/** Random worlds for property tests: few names and few values, so that they meet often. */
import fc from 'fast-check';
import type { JsonObject } from '../../core/json.ts';
import { configMapJson, copy, podSpec, secretJson } from './build.ts';
import type { World } from './decision-case.ts';

const name = fc.constantFrom('app', 'db');
const entry = fc.constantFrom('a', 'b', 'c');
const optional = fc.boolean();

const env = fc.record({
  field: fc.constantFrom('configMapKeyRef', 'secretKeyRef'),
  selector: fc.record({ name, key: entry, optional }),
});
const envFrom = fc.record({
  field: fc.constantFrom('configMapRef', 'secretRef'),
  selector: fc.record({ name, optional }),
});
const volume = fc.record({ configMap: fc.record({ name, optional }) });

export const spec: fc.Arbitrary<JsonObject> = fc
  .record({
    env: fc.array(env, { maxLength: 3 }),
    envFrom: fc.array(envFrom, { maxLength: 2 }),
    volumes: fc.array(volume, { maxLength: 1 }),
  })
  .map(({ env, envFrom, volumes }) =>
    podSpec(
      {
        env: env.map(({ field, selector }, index) => ({ name: `V${index}`, valueFrom: { [field]: selector } })),
        envFrom: envFrom.map(({ field, selector }) => ({ [field]: selector })),
      },
      { volumes: volumes.map((source, index) => ({ name: `v${index}`, ...source })) },
    ),
  )
  .map(copy);

const data = fc.dictionary(entry, fc.constantFrom('', '1', '2'), { maxKeys: 3 });

/** Any of the four objects may be there or not. */
export const objects: fc.Arbitrary<readonly JsonObject[]> = fc
  .record({
    configMaps: fc.dictionary(name, data),
    secrets: fc.dictionary(name, data),
  })
  .map(({ configMaps, secrets }) => [
    ...Object.entries(configMaps).map(([name, entries]) => configMapJson(name, entries)),
    ...Object.entries(secrets).map(([name, entries]) => secretJson(name, entries)),
  ]);

export const world: fc.Arbitrary<World> = fc.record({ spec, objects });

/** Keys and names as nobody should choose them. */
export const hostileKey: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '',
    '*',
    '#',
    'a#b',
    '0',
    '.',
    '/',
  ),
  fc.string(),
);
