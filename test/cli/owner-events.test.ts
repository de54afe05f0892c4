/** What owners of workloads are told by Events: news, each once. */
import t from 'tap';
import { createOwnerEvents } from '../../cli/owner-events.ts';
import { asObject, type JsonObject } from '../../core/json.ts';
import { REASONS } from '../../core/reason.ts';
import { KubeError } from '../../kube/error.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import type { Outcome } from '../../watcher/told.ts';
import { FakeClock, settled } from '../kube/fake-clock.ts';
import { cronJob, deployment, job, objectOf } from '../watcher/objects.ts';
import { sink } from './sink.ts';
import { indexedOf, rolloutOf, toldOf } from './told.ts';

const IN_STEP: Outcome = { outcome: 'none', reason: 'in-step' };
const MIN_INTERVAL: Outcome = { outcome: 'hold', reason: 'min-interval' };
const GONE: Outcome = { outcome: 'keep', reason: 'source-gone', missing: ['configmap/app#*'] };
const ADVICE = ['restamp.dev/incldue is unknown', 'another'];

/** Events as they are written, `REASON type: note`. */
function events(fails = false) {
  const bodies: JsonObject[] = [];
  const { log, text } = sink();
  const transport: KubeTransport = {
    request: async ({ body, path, method }) => {
      if (fails) throw new KubeError(`${method} ${path}`, { status: 403, reason: 'Forbidden' });
      bodies.push(asObject(body));
    },
    stream: () => {
      throw new Error('nothing is watched');
    },
    close: () => {},
  };
  const owners = createOwnerEvents({ transport, clock: new FakeClock(), log });
  const written = (): readonly string[] =>
    bodies.splice(0).map(({ reason, type, note }) => `${reason} ${type}: ${note}`);
  return { owners, written, bodies, text };
}

t.test('a rollout is told each time, with what changed', (t) => {
  const { owners, written } = events();
  owners.tell(rolloutOf());
  owners.tell(rolloutOf());
  t.strictSame(written(), Array(2).fill('Rolled Normal: Rolled because configmap/app changed (a)'));
  t.end();
});

for (const [waiting, words] of [
  ['paused', 'waits for its owner'],
  ['pause-period', 'waits for the end of the pause period'],
  ['on-delete', 'OnDelete'],
] as const) {
  t.test(`a rollout that waits (${waiting}) is called Stamped, and says for whom`, (t) => {
    const { owners, written } = events();
    owners.tell(rolloutOf({ waiting }));
    const [event, ...more] = written();
    t.match(event, /^Stamped Normal: Stamped because /);
    t.match(event, words);
    t.strictSame(more, []);
    t.end();
  });
}

for (const [by, words] of [
  ['restart', 'Restarted because'],
  ['run-job', 'Ran a Job because'],
  ['recreate', 'Created the Job again because'],
  ['notify', 'Told the URL of --webhook-url because'],
] as const) {
  t.test(`a rollout by ${by} says so`, (t) => {
    const { owners, written } = events();
    owners.tell(rolloutOf({ by }));
    t.match(written()[0], words);
    t.end();
  });
}

for (const [reason, decision] of [
  ['Kept', GONE],
  ['Held', MIN_INTERVAL],
  ['NotRolled', { outcome: 'report', reason: 'job-immutable' }],
] as const) {
  t.test(`what lasts (${decision.reason}) is told once, and again after something else`, (t) => {
    const { owners, written } = events();
    for (let n = 0; n < 3; n += 1) owners.tell(toldOf(decision));
    const [event, ...more] = written();
    t.ok(event?.startsWith(`${reason} Warning: ${REASONS[decision.reason]}`));
    t.strictSame(more, []);
    owners.tell(toldOf(IN_STEP));
    owners.tell(toldOf(decision));
    t.equal(written().length, 1);
    t.end();
  });
}

t.test('what lasts is told again when something else is missing, and for each workload', (t) => {
  const { owners, written } = events();
  owners.tell(toldOf(GONE));
  owners.tell(toldOf({ ...GONE, missing: ['secret/db#*'] }));
  owners.tell(toldOf(GONE, [], indexedOf(deployment({ name: 'other' }))));
  t.equal(written().length, 3);
  t.end();
});

t.test('what is put right is told: a resumption, and what wave left', (t) => {
  const { owners, written } = events();
  owners.tell(toldOf({ outcome: 'resume', reason: 'pause-over' }));
  owners.tell(toldOf({ outcome: 'release', reason: 'left-by-wave' }));
  t.strictSame(written(), [`Resumed Normal: ${REASONS['pause-over']}`, `Released Normal: ${REASONS['left-by-wave']}`]);
  t.end();
});

t.test('what is no news to an owner is not told', (t) => {
  const { owners, written } = events();
  owners.tell(toldOf(IN_STEP));
  owners.tell(toldOf({ outcome: 'none', reason: 'job-finished' }));
  const record = { keyId: 'k', stamp: undefined, parts: new Map(), entries: new Map() };
  owners.tell(toldOf({ outcome: 'adopt', reason: 'never-seen', record }));
  t.strictSame(written(), []);
  t.end();
});

t.test('advice is told once, with the first decision that is more than "in step"', (t) => {
  const { owners, written } = events();
  for (let n = 0; n < 3; n += 1) owners.tell({ ...rolloutOf(), advice: ADVICE });
  t.strictSame(
    written().filter((text) => text.startsWith('Advice')),
    ['Advice Warning: restamp.dev/incldue is unknown; another'],
  );
  t.end();
});

t.test('advice about what a restart finds in step was told before it, and is not told again', (t) => {
  const { owners, written } = events();
  for (let n = 0; n < 3; n += 1) owners.tell(toldOf(IN_STEP, ADVICE));
  t.strictSame(written(), []);
  owners.tell(rolloutOf());
  owners.tell({ ...rolloutOf(), advice: ['other advice'] });
  t.strictSame(
    written().filter((text) => text.startsWith('Advice')),
    ['Advice Warning: other advice'],
  );
  t.end();
});

t.test('advice that changes later is told, in step or not, and none is told when it is put right', (t) => {
  const { owners, written } = events();
  owners.tell(toldOf(IN_STEP, []));
  owners.tell(toldOf(IN_STEP, ADVICE));
  t.equal(written().length, 1);
  owners.tell(toldOf(IN_STEP, []));
  t.strictSame(written(), []);
  owners.tell(toldOf(IN_STEP, ADVICE));
  t.equal(written().length, 1, 'and once more when it is wrong again');
  t.end();
});

t.test('advice about a workload that is not managed is told once', (t) => {
  const { owners, written } = events();
  const workload = indexedOf();
  for (let n = 0; n < 3; n += 1) owners.advise({ workload, advice: ADVICE });
  owners.advise({ workload: indexedOf(deployment({ name: 'other' })), advice: [] });
  t.strictSame(written(), ['Advice Warning: restamp.dev/incldue is unknown; another']);
  t.end();
});

t.test("an Event is about the object, by the API's own kind", (t) => {
  for (const [object, apiVersion, kind] of [
    [objectOf('apps.kruise.io/v1beta1', 'StatefulSet'), 'apps.kruise.io/v1beta1', 'StatefulSet'],
    [cronJob(), 'batch/v1', 'CronJob'],
    [job(), 'batch/v1', 'Job'],
  ] as const) {
    const { owners, bodies } = events();
    owners.tell(rolloutOf({}, indexedOf(object)));
    const { name, uid } = asObject(object.metadata);
    t.match(bodies, [{ regarding: { apiVersion, kind, namespace: 'shop', name, uid } }]);
  }
  t.end();
});

t.test('an Event that cannot be written is told to the log, and nobody fails with it', async (t) => {
  const { owners, text } = events(true);
  owners.tell(rolloutOf());
  owners.advise({ workload: indexedOf(), advice: ADVICE });
  await settled();
  t.match(text(), /Event not written/);
  t.match(text(), /Forbidden/);
});
