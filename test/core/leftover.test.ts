/** What old versions of wave left on workloads, and the patch that takes it off. */
import fc from 'fast-check';
import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { type Leftover, leftovers, releasePatch } from '../../core/leftover.ts';
import { DEPLOYMENT, kindNamed } from './build.ts';
import { applyMergePatch } from './json-patch.ts';

const DISABLED = 'wave.pusher.com/scheduling-disabled';
const FINALIZER = 'wave.pusher.com/finalizer';

interface Fields {
  readonly annotations?: unknown;
  readonly finalizers?: unknown;
  readonly scheduler?: unknown;
}

function json({ annotations, finalizers, scheduler }: Fields): JsonObject {
  return {
    metadata: { name: 'web', resourceVersion: '7', annotations, finalizers },
    spec: { replicas: 1, template: { spec: { schedulerName: scheduler, containers: [] } } },
  };
}

const LEFT: readonly (readonly [string, Fields, readonly Leftover[]])[] = [
  ['nothing', {}, []],
  ['other annotations and finalizers', { annotations: { a: 'b' }, finalizers: ['x'] }, []],
  ['parked with a scheduler', { annotations: { [DISABLED]: 'default-scheduler' } }, ['parked']],
  ['parked without a scheduler', { annotations: { [DISABLED]: '' } }, ['parked']],
  ['a finalizer', { finalizers: ['x', FINALIZER] }, ['finalizer']],
  ['both', { annotations: { [DISABLED]: '' }, finalizers: [FINALIZER] }, ['parked', 'finalizer']],
  ["wave's annotations of today", { annotations: { 'wave.pusher.com/update-on-config-change': 'true' } }, []],
  ["a scheduler that does not exist, without wave's word for it", { scheduler: 'wave.pusher.com/invalid' }, []],
  ['an annotation that is no text', { annotations: { [DISABLED]: 7 } }, []],
  ['no lists and no maps', { annotations: [DISABLED], finalizers: FINALIZER }, []],
];

for (const [what, fields, expected] of LEFT) {
  t.test(`left by wave: ${what}`, (t) => {
    t.strictSame(leftovers(json(fields)), expected);
    t.end();
  });
}

const BOTH: readonly Leftover[] = ['parked', 'finalizer'];
const release = (fields: Fields, which: readonly Leftover[] = BOTH): unknown =>
  applyMergePatch(json(fields), releasePatch(json(fields), { kindInfo: DEPLOYMENT, which }));

t.test('a parked workload gets the scheduler back that it had', (t) => {
  for (const scheduler of ['wave.pusher.com/invalid', 'invalid']) {
    t.strictSame(release({ annotations: { [DISABLED]: 'custom', a: 'b' }, scheduler }, ['parked']), {
      metadata: { name: 'web', resourceVersion: '7', annotations: { a: 'b' }, finalizers: undefined },
      spec: { replicas: 1, template: { spec: { schedulerName: 'custom', containers: [] } } },
    });
  }
  t.end();
});

t.test('a parked workload that had no scheduler gets none, so that the default comes in', (t) => {
  t.strictSame(release({ annotations: { [DISABLED]: '' }, scheduler: 'invalid' }, ['parked']), {
    metadata: { name: 'web', resourceVersion: '7', annotations: {}, finalizers: undefined },
    spec: { replicas: 1, template: { spec: { containers: [] } } },
  });
  t.end();
});

t.test('a workload whose scheduler somebody has set meanwhile keeps it, and loses the annotation', (t) => {
  const fields = { annotations: { [DISABLED]: 'default-scheduler' }, scheduler: 'own' };
  t.strictSame(releasePatch(json(fields), { kindInfo: DEPLOYMENT, which: ['parked'] }), {
    metadata: { resourceVersion: '7', annotations: { [DISABLED]: null } },
  });
  t.end();
});

t.test("a finalizer of wave's goes and the others stay, in their order", (t) => {
  const fields = { finalizers: ['x', FINALIZER, 'y'] };
  t.strictSame(releasePatch(json(fields), { kindInfo: DEPLOYMENT, which: ['finalizer'] }), {
    metadata: { resourceVersion: '7', finalizers: ['x', 'y'] },
  });
  t.end();
});

t.test('only what is asked for is taken off', (t) => {
  const fields = { annotations: { [DISABLED]: 'custom' }, finalizers: [FINALIZER], scheduler: 'invalid' };
  const kindInfo = DEPLOYMENT;
  t.notOk('spec' in releasePatch(json(fields), { kindInfo, which: ['finalizer'] }));
  t.notOk('finalizers' in (releasePatch(json(fields), { kindInfo, which: ['parked'] }).metadata as JsonObject));
  t.strictSame(releasePatch(json(fields), { kindInfo, which: [] }), { metadata: { resourceVersion: '7' } });
  t.end();
});

t.test('the scheduler stands where the kind has its template', (t) => {
  const template = { spec: { schedulerName: 'invalid' } };
  const raw = { metadata: { annotations: { [DISABLED]: 'custom' } }, spec: { jobTemplate: { spec: { template } } } };
  t.strictSame(releasePatch(raw, { kindInfo: kindNamed('CronJob'), which: ['parked'] }).spec, {
    jobTemplate: { spec: { template: { spec: { schedulerName: 'custom' } } } },
  });
  t.end();
});

t.test('nothing is left after a release, whatever was there', (t) => {
  const text = fc.constantFrom(DISABLED, FINALIZER, 'x', '', 'invalid', 'wave.pusher.com/invalid', 'custom');
  const fields = fc.record({
    annotations: fc.oneof(fc.dictionary(text, text, { noNullPrototype: true }), fc.jsonValue()),
    finalizers: fc.oneof(fc.array(text), fc.jsonValue()),
    scheduler: fc.oneof(text, fc.jsonValue()),
  });
  fc.assert(fc.property(fields, (fields) => leftovers(release(fields, leftovers(json(fields)))).length === 0));
  t.end();
});

t.test('an object of any kind is read without an error', (t) => {
  fc.assert(
    fc.property(fc.anything(), (raw) => {
      leftovers(raw);
      leftovers({ metadata: raw });
      releasePatch({ metadata: raw, spec: raw }, { kindInfo: DEPLOYMENT, which: BOTH });
    }),
  );
  t.end();
});
