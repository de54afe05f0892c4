/** Random reviews: from those that an API server might send to those that nobody should. */
import fc from 'fast-check';
import { isObject, type JsonObject } from '../../core/json.ts';
import { nested } from '../../core/patch.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../../core/workload.ts';
import { hostileKey, spec } from '../core/arbitrary.ts';
import { copy, NAMESPACE } from '../core/build.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, app, of } from '../core/decision-worlds.ts';
import { reviewJson } from '../webhook/build.ts';

const STAMPED = stampedFor(of(APP, app('1')));

/** Names of annotations that mean something to somebody here. */
const annotationName = fc.oneof(
  fc.constantFrom(
    ...['restamp.dev/config-hash', 'restamp.dev/record', 'restamp.dev/history', 'restamp.dev/inject'],
    ...['restamp.dev/include', 'restamp.dev/exclude', 'restamp.dev/settle', 'restamp.dev/min-interval'],
    ...['reloader.stakater.com/auto', 'reloader.stakater.com/search', 'reloader.stakater.com/match'],
    ...['configmap.reloader.stakater.com/reload', 'secret.reloader.stakater.com/reload'],
    ...['configmaps.exclude.reloader.stakater.com/reload', 'deployment.reloader.stakater.com/pause-period'],
    ...['wave.pusher.com/update-on-config-change', 'wave.pusher.com/extra-configmaps', 'restamp.dev/unheard-of'],
  ),
  hostileKey,
);

const annotationValue = fc.oneof(
  fc.constantFrom(
    'true',
    'false',
    'enabled',
    'disabled',
    'app',
    'app,db',
    'configmap/app, secret/db',
    'app.*',
    '(',
    '5m',
  ),
  fc.constantFrom(STAMPED.stamp ?? '', STAMPED.record ?? '', '[]', '{}', 'null', '{"v":1}'),
  fc.string({ unit: 'binary' }),
);

const annotations = fc.dictionary(annotationName, annotationValue, { maxKeys: 5 });

const kind: fc.Arbitrary<WorkloadKind> = fc.constantFrom(...WORKLOAD_KINDS);

/** An object of that kind; what it may lack, it lacks at times. */
function object({ apiKind, templatePath }: WorkloadKind): fc.Arbitrary<JsonObject> {
  return fc
    .record(
      { own: annotations, templates: annotations, spec, name: mostly('web', fc.string(), fc.constantFrom('..', '')) },
      { requiredKeys: ['spec', 'name'] },
    )
    .map(({ own, templates, spec, name }) => ({
      kind: apiKind,
      metadata: { namespace: NAMESPACE, name, ...(own && { annotations: own }) },
      ...nested(templatePath, { ...(templates && { metadata: { annotations: templates } }), spec }),
    }))
    .map(copy);
}

const operation = fc.oneof(
  { arbitrary: fc.constantFrom('CREATE', 'UPDATE'), weight: 8 },
  { arbitrary: fc.constantFrom('DELETE', 'CONNECT', '', 'create'), weight: 1 },
);

/** What a review needs in order to be about anything: the rest of it is looked at only then. */
function mostly<T>(usual: T, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof(
    { arbitrary: fc.constant(usual), weight: 8 },
    ...others.map((arbitrary) => ({ arbitrary, weight: 1 })),
  );
}

/** A review in order, about anything that restamp knows. */
export const review: fc.Arbitrary<JsonObject> = kind.chain((info) =>
  fc
    .record({
      object: object(info),
      oldObject: fc.option(object(info)),
      operation,
      uid: fc.string({ minLength: 1 }),
      dryRun: fc.boolean(),
      namespace: mostly(NAMESPACE, fc.constantFrom('excluded', 'restamp', '..', ''), hostileKey),
    })
    .map((request) =>
      copy(reviewJson({ ...request, resource: { group: info.group, version: info.version, resource: info.resource } })),
    ),
);

/** Where a disturbance begins: mostly within the objects, for a review without its frame is soon refused. */
const frame = fc.constantFrom<readonly string[]>(
  ...[
    ['request', 'object'],
    ['request', 'object'],
    ['request', 'oldObject'],
    ['request', 'oldObject'],
  ],
  ...[['request'], []],
);

/** Where in a review something else stands: any JSON at any depth. */
export const disturbed: fc.Arbitrary<JsonObject> = fc
  .tuple(review, fc.array(fc.tuple(frame, fc.nat(), fc.jsonValue({ maxDepth: 3 })), { minLength: 1, maxLength: 4 }))
  .map(([whole, changes]) =>
    changes.reduce(
      (before, [path, where, value]) =>
        replaceIn(before, path, (found) => replaceAt(found, where, value)) as JsonObject,
      whole,
    ),
  );

function replaceIn(parent: unknown, [name, ...rest]: readonly string[], change: (found: unknown) => unknown): unknown {
  if (name === undefined) return change(parent);
  if (!isObject(parent)) return parent;
  return { ...parent, [name]: replaceIn(parent[name], rest, change) };
}

/** Puts a value in the place of the one that is reached by going where the number says. */
function replaceAt(parent: unknown, where: number, value: unknown): unknown {
  if (typeof parent !== 'object' || parent === null) return value;
  const names = Object.keys(parent);
  const name = names[where % Math.max(1, names.length)];
  // Deeper with nine of ten numbers: the top of a review is soon seen.
  if (name === undefined || where % 10 === 0) return value;
  const child: unknown = (parent as Record<string, unknown>)[name];
  const replaced = replaceAt(child, Math.floor(where / 3), value);
  if (Array.isArray(parent)) return parent.map((item: unknown, index) => (String(index) === name ? replaced : item));
  return Object.fromEntries(Object.entries(parent).map(([key, old]) => [key, key === name ? replaced : old]));
}
