/** What one review may cost: reads are bounded in number, and what is written has room in the object. */
import t from 'tap';
import { READS_PER_REVIEW, SELECTED_SOURCES } from '../../core/defaults.ts';
import { asObject, type JsonObject } from '../../core/json.ts';
import { NOTHING_OURS } from '../../core/ours.ts';
import { configMapJson, envFromSpec, envSpec, withOurs, workloadJson } from '../core/build.ts';
import { stampedFor } from '../core/decision-run.ts';
import { app, of } from '../core/decision-worlds.ts';
import { type Done, mutateOptions, oursAfter, requestOf, reviewJson, send, updateJson } from '../webhook/build.ts';
import { type FakeApi, fakeApi } from '../webhook/fake-api.ts';

/** apimachinery's TotalAnnotationSizeLimitB: names and values together, in bytes. */
const TOTAL_ANNOTATION_SIZE = 262_144;

const names = (count: number): readonly string[] => [...Array(count).keys()].map((number) => `config-map-${number}`);
const using = (sources: readonly string[]): JsonObject =>
  envFromSpec(...sources.map((name) => ({ configMapRef: { name } })));

/** Answers each read alike, from no store: ten thousand objects would take the test's time. */
function anything(): FakeApi {
  const counting = fakeApi([]);
  return {
    ...counting,
    request: async (request) => {
      await counting.request(request).catch(() => {});
      return configMapJson(request.path.split('/').at(-1) ?? '', { a: '1' });
    },
  };
}

t.test('a template that names as many sources as one review may read is stamped with all of them', async (t) => {
  const api = anything();
  const review = reviewJson({ object: workloadJson({ spec: using(names(READS_PER_REVIEW)) }) });
  const { told, response } = await send(review, mutateOptions(api));
  t.equal(told.reason, 'created');
  t.equal(response.warnings, undefined);
  t.equal(api.requests.length, READS_PER_REVIEW);
});

for (const count of [READS_PER_REVIEW + 1, 10_000]) {
  t.test(`a template that names ${count} sources passes unstamped, with a warning, and nothing is read`, async (t) => {
    const api = anything();
    const review = reviewJson({ object: workloadJson({ spec: using(names(count)) }) });
    const { told, response } = await send(review, mutateOptions(api));
    t.equal(response.allowed, true);
    t.equal(response.patch, undefined);
    t.strictSame(response.warnings, [
      `restamp stamped nothing: ${count} ConfigMaps and Secrets are referred to, and no more than ${READS_PER_REVIEW} are read for one workload`,
    ]);
    t.strictSame([told.outcome, told.reason], ['skip', 'read-failed']);
    t.strictSame(api.requests, []);
  });
}

t.test('one source that is named ten thousand times is read once', async (t) => {
  const api = anything();
  const spec = envSpec(...Array(10_000).fill({ configMapKeyRef: { name: 'config-map-1', key: 'a' } }));
  const { told } = await send(reviewJson({ object: workloadJson({ spec }) }), mutateOptions(api));
  t.equal(told.reason, 'created');
  t.equal(api.requests.length, 1);
});

t.test('an update to a template that names too many carries the old stamp over', async (t) => {
  const before = { ...stampedFor(of(using(['app']), app('1'))), history: '[]' };
  const old = withOurs({ spec: using(['app']) }, before);
  const changed = withOurs({ spec: using(names(10_000)) }, NOTHING_OURS);
  const api = anything();
  const { response } = await send(updateJson(old, changed), mutateOptions(api));
  t.strictSame(oursAfter(changed, response), before);
  t.strictSame(api.requests, []);
});

t.test('what annotations name counts as well, and no more than they may select', async (t) => {
  const api = anything();
  const named = names(10_000).map((name) => `other-${name}`);
  const annotations = { 'configmap.reloader.stakater.com/reload': named.join(',') };
  const spec = using(names(READS_PER_REVIEW - SELECTED_SOURCES));
  await send(reviewJson({ object: workloadJson({ spec, annotations }) }), mutateOptions(api));
  t.ok(api.requests.length <= READS_PER_REVIEW, `${api.requests.length} reads`);
});

/** Sources and keys so many that their record alone is more than an object's annotations may be. */
const LARGE = names(READS_PER_REVIEW);
const LARGE_SPEC = using(LARGE);
const LARGE_API = fakeApi(
  LARGE.map((name) =>
    configMapJson(
      name,
      Object.fromEntries([...Array(32).keys()].map((key) => [`a.rather.long.name.of.a.key.${key}`, '1'])),
    ),
  ),
);

t.test('a record that the API server would refuse is not written: the object passes with a warning', async (t) => {
  const done = await send(reviewJson({ object: workloadJson({ spec: LARGE_SPEC }) }), mutateOptions(LARGE_API));
  leftOut(t, done);
  t.equal(done.response.patch, undefined);
});

t.test('annotations of its own count, to the byte, beside what restamp adds', async (t) => {
  const api = fakeApi([app('1')]);
  for (const size of [200_000, 250_000, 255_000, 262_000]) {
    const object = workloadJson({ spec: using(['app']), annotations: { large: 'x'.repeat(size) } });
    const { response } = await send(reviewJson({ object }), mutateOptions(api));
    t.equal(response.allowed, true);
    const stored = oursAfter(object, response);
    t.equal(stored.record !== undefined, size <= 250_000, `${size} bytes`);
    t.ok(size + 'large'.length + annotationBytes(stored) <= TOTAL_ANNOTATION_SIZE);
  }
});

t.test('the same holds for the annotations of the template', async (t) => {
  const object = workloadJson({ spec: using(['app']), templateAnnotations: { large: 'x'.repeat(262_100) } });
  const done = await send(reviewJson({ object }), mutateOptions(fakeApi([app('1')])));
  leftOut(t, done);
  t.strictSame(oursAfter(object, done.response), NOTHING_OURS);
});

t.test(
  'where not even the old record has room beside what an update brings, the object stays as it came',
  async (t) => {
    const before = { ...stampedFor(of(using(['app']), app('1'))), record: 'x'.repeat(100_000), history: '[]' };
    const old = withOurs({ spec: using(['app']) }, before);
    const annotations = { large: 'x'.repeat(200_000) };
    const stripped = withOurs({ spec: using(['app']), annotations }, NOTHING_OURS);
    const { response } = await send(updateJson(old, stripped), mutateOptions(fakeApi([app('1')])));
    t.equal(response.allowed, true);
    t.equal(response.patch, undefined);
    t.strictSame(asObject(requestOf(updateJson(old, stripped)).object), stripped);
  },
);

function leftOut(t: { equal: Tap; strictSame: Tap }, { response, told }: Done): void {
  t.equal(response.allowed, true);
  t.strictSame(response.warnings, [
    'restamp stamped nothing: its record has no room in the 256 KiB that the annotations of an object share',
  ]);
  t.equal(told.cause, 'the record has no room among the annotations');
}

type Tap = (found: unknown, wanted: unknown) => boolean;

function annotationBytes({
  record,
  history,
}: {
  readonly record?: string | undefined;
  readonly history?: string | undefined;
}): number {
  const bytes = (name: string, value: string | undefined): number =>
    value === undefined ? 0 : name.length + value.length;
  return bytes('restamp.dev/record', record) + bytes('restamp.dev/history', history);
}
