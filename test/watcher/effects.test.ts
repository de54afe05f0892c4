/** What a change comes to for each kind of workload, and by each setting: the writes, what is told, and what is looked at next. */
import t from 'tap';
import { asList, asObject, asText, type JsonObject, parseJson } from '../../core/json.ts';
import { LAST_RELOADED_FROM, MIN_INTERVAL, RELOADER, STRATEGY } from '../../core/names.ts';
import type { Ours } from '../../core/ours.ts';
import { stampedFor } from '../core/decision-run.ts';
import { APP, APP_AND_DB, app, db, of } from '../core/decision-worlds.ts';
import { EPOCH } from '../kube/fake-clock.ts';
import { annotated, PATH, specced, type World, type WorldOptions, watched, worldOf } from './look.ts';
import { borrower, carrying, cronJob, deployment, job, objectOf, rollout } from './objects.ts';
import { fault } from './store.ts';

const DONE = { result: 'done' };
const BEFORE = stampedFor(of(APP, app('1')));
const AFTER = stampedFor(of(APP, app('2')));
const JOBS = '/apis/batch/v1/namespaces/shop/jobs';
const CRON_JOB = '/apis/batch/v1/namespaces/shop/cronjobs/nightly';
const JOB = `${JOBS}/load`;
const RESTART = { [RELOADER.rolloutStrategy]: 'restart' };

/** Pods that were stamped with `app` at 1, and a ConfigMap that is at 2 now. */
function changed(object: JsonObject, options: WorldOptions = {}, ours: Ours = BEFORE): World {
  return worldOf(carrying(object, ours), [app('2')], options);
}

function told(world: World): readonly string[] {
  return world.told.map(({ decision, rollout: rolled }) =>
    [decision.outcome, decision.reason, ...(rolled ? [`by ${rolled.by}`, rolled.waiting ?? ''] : [])].join(' ').trim(),
  );
}

/** Looks until nothing is written any more, the watch telling of what was written: the writes after the first look. */
async function lookAgain(world: World, times = 3): Promise<readonly string[]> {
  world.store.requests.length = 0;
  for (let n = 0; n < times; n += 1) {
    world.watch();
    await world.look();
  }
  return world.store.writes;
}

const jobsOf = (world: World): readonly JsonObject[] => world.store.collection(JOBS);
const templateOf = (object: JsonObject): JsonObject => asObject(asObject(object.spec).template);
const historyOf = (world: World): readonly unknown[] => asList(parseJson(world.ours().history ?? '[]'));

/** A condition of a Job. */
const condition = (type: string, status = 'True'): JsonObject => ({ conditions: [{ type, status }] });

for (const object of [
  deployment(),
  objectOf('apps/v1', 'StatefulSet'),
  objectOf('apps/v1', 'DaemonSet'),
  rollout(),
  objectOf('apps.openshift.io/v1', 'DeploymentConfig'),
  objectOf('apps.kruise.io/v1alpha1', 'CloneSet'),
  objectOf('apps.kruise.io/v1beta1', 'StatefulSet'),
  objectOf('apps.kruise.io/v1alpha1', 'DaemonSet'),
  cronJob(),
  cronJob({ spec: { suspend: true } }),
]) {
  const suspended = asObject(object.spec).suspend === true ? ' that is suspended' : '';
  t.test(`${object.apiVersion} ${object.kind}${suspended}: the template is stamped, and that is all`, async (t) => {
    const world = changed(object);
    t.strictSame(await world.look(), DONE);
    t.equal(world.store.writes.length, 1);
    t.strictSame({ ...world.ours(), history: undefined }, AFTER);
    t.equal(historyOf(world).length, 1);
    t.strictSame(told(world), ['roll source-changed by stamp']);
    const { spec } = world.stored();
    t.equal(asObject(spec).suspend, asObject(object.spec).suspend);
    t.strictSame(await lookAgain(world), []);
  });
}

for (const [what, object, waiting] of [
  ['a Deployment that is paused', specced(deployment(), { paused: true }), 'paused'],
  ['a Rollout that is paused', specced(rollout(), { paused: true }), 'paused'],
  [
    'a StatefulSet whose pods are deleted by hand',
    specced(objectOf('apps/v1', 'StatefulSet'), { updateStrategy: { type: 'OnDelete' } }),
    'on-delete',
  ],
  [
    'a DaemonSet whose pods are deleted by hand',
    specced(objectOf('apps/v1', 'DaemonSet'), { updateStrategy: { type: 'OnDelete' } }),
    'on-delete',
  ],
] as const) {
  t.test(`${what} is stamped, and told as waiting`, async (t) => {
    const world = changed(object);
    t.strictSame(await world.look(), DONE);
    t.strictSame(told(world), [`roll source-changed by stamp ${waiting}`]);
    t.strictSame({ ...world.ours(), history: undefined }, AFTER);
    t.strictSame(await lookAgain(world), []);
  });
}

t.test(
  'strategy annotations: the template also says what it was reloaded from, and nothing of the content',
  async (t) => {
    const world = changed(deployment(), {
      rules: { settings: { settleMs: 0, minIntervalMs: 0, strategy: 'annotations' } },
    });
    t.strictSame(await world.look(), DONE);
    t.equal(world.store.writes.length, 1, 'in one write');
    const { annotations } = asObject(templateOf(world.stored()).metadata);
    const said = asObject(parseJson(asText(asObject(annotations)[LAST_RELOADED_FROM]) ?? ''));
    t.match(said, {
      type: 'CONFIGMAP',
      name: 'app',
      namespace: 'shop',
      containerRefs: ['app'],
      observedAt: EPOCH / 1_000,
    });
    t.match(said.hash, /^[\w-]{22}$/);
    t.equal(world.ours().stamp, AFTER.stamp);
    t.strictSame(await lookAgain(world), []);
  },
);

t.test('strategy env-vars: the container that uses the object gets a variable, beside those it has', async (t) => {
  const containers = [
    { name: 'beside', image: 'beside:1' },
    { name: 'app', image: 'app:1', env: [{ name: 'A', value: 'a' }], envFrom: [{ configMapRef: { name: 'app' } }] },
  ];
  const podSpec = { containers };
  const ours = stampedFor(of(podSpec, app('1')));
  const world = changed(deployment({ podSpec, annotations: { [STRATEGY]: 'env-vars' } }), {}, ours);
  t.strictSame(await world.look(), DONE);
  const stored = asList(asObject(templateOf(world.stored()).spec).containers).map(asObject);
  t.strictSame(stored[0], containers[0]);
  const [own, variable] = asList(stored[1]?.env).map(asObject);
  t.strictSame(own, { name: 'A', value: 'a' });
  t.match(variable, { name: 'STAKATER_APP_CONFIGMAP', value: /^[\w-]{22}$/ });
  world.store.put(app('3'));
  await lookAgain(world);
  const again = asList(asObject(asList(asObject(templateOf(world.stored()).spec).containers)[1]).env).map(asObject);
  t.strictSame(
    again.map(({ name }) => name),
    ['A', 'STAKATER_APP_CONFIGMAP'],
    'the next change gives the same variable another value',
  );
  t.not(again[1]?.value, variable?.value);
  t.strictSame(await lookAgain(world), []);
});

t.test('a strategy of the namespace counts where the workload has none', async (t) => {
  for (const [own, is] of [
    [{}, true],
    [{ [STRATEGY]: 'hash' }, false],
  ] as const) {
    const world = changed(deployment({ annotations: own }), { settings: { [STRATEGY]: 'annotations' } });
    await world.look();
    const { annotations } = asObject(templateOf(world.stored()).metadata);
    t.equal(LAST_RELOADED_FROM in asObject(annotations), is);
  }
});

t.test('strategy restart: a Rollout is restarted once, and its template is left alone', async (t) => {
  const world = changed(rollout({ annotations: RESTART }));
  const before = templateOf(world.stored());
  t.strictSame(await world.look(), DONE);
  t.equal(asObject(world.stored().spec).restartAt, '2030-01-01T00:00:00Z');
  t.strictSame(templateOf(world.stored()), before);
  t.strictSame(told(world), ['roll source-changed by restart']);
  t.equal(historyOf(world).length, 1);
  await world.clock.advance(60_000);
  t.strictSame(await lookAgain(world), []);
  world.store.put(app('3'));
  t.equal((await lookAgain(world)).length, 1);
  t.equal(asObject(world.stored().spec).restartAt, '2030-01-01T00:01:00Z');
});

/** As recorded of what has no stamp of its own. */
const UNSTAMPED: Ours = { ...BEFORE, stamp: undefined, record: BEFORE.record?.replace(/"stamp":"[^"]*",/, '') };

t.test('strategy restart: a Rollout that runs the template of a Deployment is restarted once', async (t) => {
  const world = changed(borrower('web', { annotations: RESTART }), {}, UNSTAMPED);
  world.store.put(deployment());
  t.strictSame(await world.look(), DONE);
  t.strictSame(told(world), ['roll source-changed by restart'], 'though the Deployment is not known yet');
  watched(world.index, world.store.get(deployment()));
  t.equal(asObject(world.stored().spec).restartAt, '2030-01-01T00:00:00Z');
  t.equal(asObject(world.stored().spec).template, undefined, 'it gets no template');
  t.strictSame(await lookAgain(world), []);
});

t.test('a Rollout that runs the template of a Deployment is not written to because of the configuration', async (t) => {
  const world = changed(borrower('web', { metadata: { finalizers: ['wave.pusher.com/finalizer'] } }), {}, UNSTAMPED);
  world.store.put(deployment());
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.writes, []);
});

t.test('--cronjobs=run: one Job is made of the template, which is left alone, and the record moves on', async (t) => {
  const world = changed(cronJob(), { rules: { effects: { cronJobs: 'run', jobs: 'report', notify: false } } });
  const { spec } = world.stored();
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.writes, [`POST ${JOBS}`, `PATCH ${CRON_JOB}`]);
  t.strictSame(world.stored().spec, spec);
  t.match(jobsOf(world), [{ metadata: { name: /^nightly-[0-9a-f]{10}$/ } }]);
  t.strictSame(told(world), ['roll source-changed by run-job']);
  t.strictSame(await lookAgain(world), []);
  world.store.put(app('3'));
  await lookAgain(world);
  t.equal(jobsOf(world).length, 2, 'the next change is another Job');
  world.store.put(app('2'));
  await lookAgain(world);
  t.equal(jobsOf(world).length, 3, 'and a change back is one too');
});

const RUN: WorldOptions = { rules: { effects: { cronJobs: 'run', jobs: 'report', notify: false } } };

t.test(
  'a crash between the Job and the record is one Job: it is there already, and the record is made good',
  async (t) => {
    const world = changed(cronJob(), RUN);
    world.store.before = (request) => {
      if (request.method === 'PATCH') throw fault(request, 0, 'ECONNRESET');
    };
    t.match(await world.look(), { result: 'again' });
    t.strictSame(world.told, []);
    world.store.before = () => {};
    world.store.requests.length = 0;
    t.strictSame(await world.look(), DONE);
    t.strictSame(world.store.writes, [`POST ${JOBS}`, `PATCH ${CRON_JOB}`], 'a 409 is as good as done');
    t.equal(jobsOf(world).length, 1);
    t.strictSame(told(world), ['roll source-changed by run-job']);
  },
);

t.test('a Job that is refused is not recorded as run, and is tried again', async (t) => {
  const world = changed(cronJob(), RUN);
  world.store.before = (request) => {
    if (request.method === 'POST') throw fault(request, 403, 'Forbidden');
  };
  t.match(await world.look(), { result: 'again', cause: /^POST .*Forbidden$/ });
  t.strictSame(world.store.writes, [`POST ${JOBS}`]);
  t.equal(world.ours().record, BEFORE.record);
});

t.test('--cronjobs=run: of a CronJob that is suspended no Job is made, and the change is taken for seen', async (t) => {
  const world = changed(cronJob({ spec: { suspend: true } }), RUN);
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.writes, [`PATCH ${CRON_JOB}`]);
  t.strictSame(told(world), ['accept cronjob-suspended']);
  t.equal(world.ours().history, undefined, 'nothing rolled');
  t.strictSame(await lookAgain(world), []);
});

t.test('--cronjobs=run: while a Job runs that forbids another beside it, it waits, and then makes one', async (t) => {
  const running = { active: [{ kind: 'Job', name: 'nightly-1' }] };
  const forbidding = cronJob({ spec: { concurrencyPolicy: 'Forbid' }, status: running });
  const world = changed(forbidding, RUN);
  t.match(await world.look(), { result: 'later', inMs: 15_000 });
  t.strictSame(told(world), ['hold job-active']);
  t.strictSame(world.store.writes, []);
  world.store.put({ ...world.stored(), status: {} });
  t.strictSame(await world.look(), DONE);
  t.equal(jobsOf(world).length, 1);
  const allowing = changed(cronJob({ status: running }), RUN);
  t.strictSame(await allowing.look(), DONE);
  t.equal(jobsOf(allowing).length, 1, 'where it is allowed it is made at once');
});

t.test(
  '--cronjobs=run: a Job of the change before counts as running, though the CronJob knows nothing of it',
  async (t) => {
    const world = changed(cronJob({ spec: { concurrencyPolicy: 'Forbid' } }), RUN);
    t.strictSame(await world.look(), DONE);
    const [first] = jobsOf(world);
    world.store.put(app('3'));
    world.watch();
    t.match(await world.look(), { result: 'later', inMs: 15_000 });
    t.equal(jobsOf(world).length, 1);
    world.store.put({ ...first, status: condition('Complete') });
    t.strictSame(await world.look(), DONE);
    t.equal(jobsOf(world).length, 2);
    t.strictSame(told(world), ['roll source-changed by run-job', 'hold job-active', 'roll source-changed by run-job']);
  },
);

t.test('a Job is reported once, and left alone', async (t) => {
  const world = changed(job());
  const { spec } = world.stored();
  t.strictSame(await world.look(), DONE);
  t.strictSame(told(world), ['report job-immutable']);
  t.strictSame(world.stored().spec, spec);
  t.equal(world.ours().history, undefined);
  t.strictSame(await lookAgain(world), []);
  t.strictSame(
    told(world).filter((text) => text.startsWith('report')),
    ['report job-immutable'],
  );
});

for (const type of ['Complete', 'Failed']) {
  t.test(`a Job that is ${type} is not reported, recreated or written to`, async (t) => {
    for (const jobs of ['report', 'recreate'] as const) {
      const effects = { cronJobs: 'stamp', jobs, notify: false } as const;
      const world = changed(job({ status: condition(type) }), { rules: { effects } });
      t.strictSame(await world.look(), DONE);
      t.strictSame(told(world), ['none job-finished']);
      t.strictSame(world.store.writes, []);
    }
  });
}

t.test('a Job that became the business of a CronJob is left alone', async (t) => {
  const world = changed(job());
  const ownerReferences = [{ kind: 'CronJob', name: 'nightly', controller: true }];
  world.store.put({ ...world.stored(), metadata: { ...asObject(world.stored().metadata), ownerReferences } });
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.writes, []);
  t.strictSame(world.told, []);
});

const RECREATE: WorldOptions = { rules: { effects: { cronJobs: 'stamp', jobs: 'recreate', notify: false } } };

t.test('--jobs=recreate: a dry run first, then the Job is deleted and made again under its name', async (t) => {
  const world = changed(job(), RECREATE);
  const uid = asObject(world.stored().metadata).uid;
  t.strictSame(await world.look(), DONE);
  t.strictSame(world.store.writes, [`POST ${JOBS} (dry run)`, `DELETE ${JOB}`, `POST ${JOBS}`]);
  t.not(asObject(world.stored().metadata).uid, uid);
  t.match(world.store.requests.find(({ method }) => method === 'DELETE')?.body, {
    propagationPolicy: 'Background',
    preconditions: { uid, resourceVersion: /^\d+$/ },
  });
  t.strictSame(told(world), ['roll source-changed by recreate']);
  t.equal(historyOf(world).length, 1);
  t.strictSame(await lookAgain(world), []);
});

for (const status of [403, 422, 500]) {
  t.test(`--jobs=recreate: a dry run that is answered with ${status} loses nothing`, async (t) => {
    const world = changed(job(), RECREATE);
    const before = world.stored();
    world.store.before = (request) => {
      if (request.query?.dryRun !== undefined) throw fault(request, status, 'Trouble');
    };
    t.match(await world.look(), { result: 'again', cause: /Trouble$/ });
    t.strictSame(world.store.writes, [`POST ${JOBS} (dry run)`]);
    t.strictSame(world.stored(), before);
    t.strictSame(world.told, []);
  });
}

t.test(
  '--jobs=recreate: a Job that changes between the read and the deletion is kept, and looked at again',
  async (t) => {
    const world = changed(job(), RECREATE);
    world.store.before = ({ method }) => {
      if (method === 'DELETE') world.store.put(annotated(world.stored(), { note: 'changed' }));
    };
    t.strictSame(await world.look(), { result: 'again', cause: 'the Job changed meanwhile' });
    t.match(world.stored(), { metadata: { annotations: { note: 'changed' } } });
    t.strictSame(world.told, []);
  },
);

t.test('--jobs=recreate: once it is deleted, its creation is tried again until it works', async (t) => {
  const world = changed(job(), RECREATE);
  const troubles = [503, 0, 409, 429, 500];
  world.store.before = (request) => {
    const isCreation = request.method === 'POST' && request.query?.dryRun === undefined;
    const status = isCreation ? troubles.shift() : undefined;
    if (status !== undefined) throw fault(request, status, 'Trouble');
  };
  const looking = world.look();
  await world.clock.advance(60_000);
  t.strictSame(await looking, DONE);
  t.match(world.stored(), { kind: 'Job', metadata: { name: 'load' } });
  t.strictSame(told(world), ['roll source-changed by recreate']);
});

t.test(
  '--jobs=recreate: a creation that is refused after all is tried again, and for good is told as trouble',
  async (t) => {
    const world = changed(job(), RECREATE);
    world.store.before = (request) => {
      if (request.method === 'POST' && request.query?.dryRun === undefined) throw fault(request, 403, 'Forbidden');
    };
    const looking = world.look();
    await world.clock.advance(120_000);
    t.match(await looking, { result: 'again', cause: /Forbidden$/ });
    t.ok(world.store.writes.length > 10, 'for a while: the Job is gone, and known here alone');
    t.strictSame(world.told, []);
  },
);

const NOTIFY = { effects: { cronJobs: 'run', jobs: 'recreate', notify: true } } as const;

for (const object of [deployment(), cronJob(), rollout({ annotations: RESTART })]) {
  t.test(`--webhook-url: of a ${object.kind} a URL is told, the record moves on, and nothing rolls`, async (t) => {
    const notices: unknown[] = [];
    const notify = async (told: unknown): Promise<void> => void notices.push(told);
    const world = changed(object, { rules: NOTIFY, notify });
    const { spec } = world.stored();
    t.strictSame(await world.look(), DONE);
    t.match(notices, [{ rollout: { by: 'notify', causes: [{ source: 'configmap/app', keys: ['a'] }] } }]);
    t.strictSame(world.stored().spec, spec);
    t.strictSame(told(world), ['roll source-changed by notify']);
    t.strictSame(await lookAgain(world), []);
    t.equal(notices.length, 1);
  });
}

t.test('--webhook-url: a URL that does not take it is told again, and until then nothing is recorded', async (t) => {
  let calls = 0;
  const notify = async (): Promise<void> => {
    calls += 1;
    if (calls < 3) throw new Error('the URL answered with 500');
  };
  const world = changed(deployment(), { rules: NOTIFY, notify });
  for (let n = 0; n < 2; n += 1) {
    t.strictSame(await world.look(), { result: 'again', cause: 'the URL answered with 500' });
    t.strictSame(world.store.writes, []);
    t.strictSame(world.told, []);
  }
  t.strictSame(await world.look(), DONE);
  t.equal(calls, 3);
  t.strictSame(world.store.writes, [`PATCH ${PATH}`]);
});

t.test('min-interval: after a rollout the next one waits, and then has the configuration of then', async (t) => {
  const world = changed(deployment({ annotations: { [MIN_INTERVAL]: '10m' } }));
  t.strictSame(await world.look(), DONE);
  world.watch();
  await world.clock.advance(60_000);
  world.store.put(app('3'));
  t.strictSame(await world.look(), { result: 'later', inMs: 9 * 60_000 });
  t.equal(told(world).at(-1), 'hold min-interval');
  t.equal(world.ours().stamp, AFTER.stamp);
  world.store.put(app('4'));
  await world.clock.advance(9 * 60_000 - 1);
  t.strictSame(await world.look(), { result: 'later', inMs: 1 });
  await world.clock.advance(1);
  t.strictSame(await world.look(), DONE);
  t.equal(world.ours().stamp, stampedFor(of(APP, app('4'))).stamp);
  t.equal(historyOf(world).length, 2);
});

t.test('min-interval: a change that is taken back meanwhile rolls nothing', async (t) => {
  const world = changed(deployment(), { settings: { [MIN_INTERVAL]: '10m' } });
  await world.look();
  world.watch();
  world.store.put(app('3'));
  t.match(await world.look(), { result: 'later' });
  world.store.put(app('2'));
  t.strictSame(await world.look(), DONE);
  t.equal(told(world).at(-1), 'none in-step');
  t.equal(historyOf(world).length, 1);
});

t.test('min-interval: what is no rollout does not wait', async (t) => {
  const world = changed(deployment({ annotations: { [MIN_INTERVAL]: '10m' } }));
  await world.look();
  const spec = APP_AND_DB;
  const stored = world.stored();
  const template = { ...templateOf(stored), spec };
  world.store.put(db());
  world.store.put(specced(stored, { template }));
  world.watch();
  t.strictSame(await world.look(), DONE);
  t.equal(told(world).at(-1), 'accept references-changed');
});

t.test('min-interval: a rollout in the future was made by a clock that was wrong, and holds up nothing', async (t) => {
  const history = JSON.stringify([{ at: '2031-01-01T00:00:00Z' }]);
  const world = changed(deployment({ annotations: { [MIN_INTERVAL]: '10m' } }), {}, { ...BEFORE, history });
  t.strictSame(await world.look(), DONE);
  t.strictSame(told(world), ['roll source-changed by stamp']);
});
