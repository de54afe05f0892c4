/** The manifests of the Jobs that restamp makes. */
import t from 'tap';
import { asObject, asText, type JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import { manualJob, sameJob } from '../../watcher/job.ts';
import { cronJob, job } from './objects.ts';

const ID = '0123456789';
const OURS = { record: '{"new":1}', history: '[{"new":1}]' };

const nameOf = (object: JsonObject): string => asText(asObject(object.metadata).name) ?? '';

t.test('the Job of a CronJob is its template, marked as made by hand and owned by the CronJob', (t) => {
  const template = { metadata: { labels: { pod: 'label' } }, spec: { containers: [] } };
  const jobTemplate = {
    metadata: { labels: { team: 'a' }, annotations: { note: 'b' }, finalizers: ['x'] },
    spec: { backoffLimit: 2, template },
  };
  t.strictSame(JSON.parse(JSON.stringify(manualJob(cronJob({ spec: { jobTemplate } }), ID))), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `nightly-${ID}`,
      namespace: 'shop',
      labels: { team: 'a' },
      annotations: { note: 'b', 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'uid-of-nightly', controller: true },
      ],
    },
    spec: { backoffLimit: 2, template },
  });
  t.end();
});

t.test('the name of a Job is never longer than a label of its pods may be, and tells one change from another', (t) => {
  const name = 'x'.repeat(60);
  t.equal(nameOf(manualJob(cronJob({ name }), ID)).length, 63);
  t.equal(nameOf(manualJob(cronJob({ name: 'x'.repeat(52) }), ID)), `${'x'.repeat(52)}-${ID}`);
  t.not(nameOf(manualJob(cronJob({ name }), ID)), nameOf(manualJob(cronJob({ name }), '9876543210')));
  t.end();
});

/** A Job as the API server shows one that runs, with all that it made up. */
function running(spec: JsonObject = {}): JsonObject {
  const generated = {
    'controller-uid': 'uid-of-load',
    'job-name': 'load',
    'batch.kubernetes.io/controller-uid': 'uid-of-load',
    'batch.kubernetes.io/job-name': 'load',
  };
  return job({
    annotations: { note: 'a', [RECORD]: 'old', [HISTORY]: 'old', 'batch.kubernetes.io/job-tracking': '' },
    metadata: {
      labels: { ...generated, team: 'a' },
      creationTimestamp: '2030-01-01T00:00:00Z',
      generation: 1,
      resourceVersion: '7',
      managedFields: [{ manager: 'x' }],
      ownerReferences: [{ kind: 'Workflow', name: 'w' }],
    },
    spec: {
      backoffLimit: 4,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'uid-of-load' } },
      template: {
        metadata: {
          creationTimestamp: null,
          labels: { ...generated, pod: 'label' },
          annotations: { [CONFIG_HASH]: 'v1.old' },
        },
        spec: { containers: [{ name: 'app' }], restartPolicy: 'Never' },
      },
      ...spec,
    },
    status: { active: 1, startTime: '2030-01-01T00:00:00Z' },
  });
}

t.test('a Job that is made again is the same but for what the API server made up, and carries the new record', (t) => {
  t.strictSame(sameJob(running(), OURS), {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'load',
      namespace: 'shop',
      labels: { team: 'a' },
      annotations: {
        note: 'a',
        [RECORD]: OURS.record,
        [HISTORY]: OURS.history,
        'batch.kubernetes.io/job-tracking': '',
      },
      ownerReferences: [{ kind: 'Workflow', name: 'w' }],
    },
    spec: {
      backoffLimit: 4,
      template: {
        metadata: { creationTimestamp: null, annotations: { [CONFIG_HASH]: 'v1.old' }, labels: { pod: 'label' } },
        spec: { containers: [{ name: 'app' }], restartPolicy: 'Never' },
      },
    },
  });
  t.end();
});

t.test('a Job whose selector its author wrote keeps it, and the labels that it selects', (t) => {
  const selector = { matchLabels: { 'job-name': 'load' } };
  const { metadata, spec } = sameJob(running({ manualSelector: true, selector }), OURS);
  t.strictSame(asObject(spec).selector, selector);
  t.equal(asObject(asObject(metadata).labels)['job-name'], 'load');
  const template = asObject(asObject(spec).template);
  t.equal(asObject(asObject(template.metadata).labels)['job-name'], 'load');
  t.end();
});

t.test('finalizers of the author come along', (t) => {
  const object = running();
  const kept = { ...object, metadata: { ...asObject(object.metadata), finalizers: ['mine/one'] } };
  t.strictSame(asObject(sameJob(kept, OURS).metadata).finalizers, ['mine/one']);
  t.end();
});

t.test('whatever the object is, a manifest comes of it', (t) => {
  for (const object of [null, 'x', [], { metadata: 'x', spec: 'x' }, { spec: { template: 'x', jobTemplate: [] } }]) {
    t.doesNotThrow(() => manualJob(object, ID));
    t.doesNotThrow(() => sameJob(object, OURS));
  }
  t.end();
});
