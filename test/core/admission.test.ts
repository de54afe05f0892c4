import t from 'tap';
import type { JsonObject } from '../../core/json.ts';
import { CONFIG_HASH, HISTORY, RECORD } from '../../core/names.ts';
import type { Ours } from '../../core/ours.ts';
import { formatRecord } from '../../core/record.ts';
import type { WorkloadKind } from '../../core/workload.ts';
import {
  ADMISSION_CASES,
  CHANGED,
  CREATE,
  carrying,
  OLD,
  OLDER,
  objects,
  RECORDS,
  SAME,
  UNCHANGED,
} from './admission-cases.ts';
import { admission, questionOf } from './admission-run.ts';
import { configurationOf, copy, DEPLOYMENT, KEYRING, kindNamed } from './build.ts';
import { stampedFor } from './decision-run.ts';
import { APP, app, of } from './decision-worlds.ts';

for (const { name, expected, ...request } of ADMISSION_CASES) {
  t.test(name, (t) => {
    const { answer, stored } = admission(request);
    t.strictSame(answer, expected);
    t.strictSame(oursIn(stored), expected.ours);
    t.end();
  });
}

/** Ours as they stand in the JSON, read without core. */
function oursIn(json: JsonObject): Ours {
  const { metadata, spec } = json as { metadata?: Marked; spec?: { template?: { metadata?: Marked } } };
  return {
    stamp: spec?.template?.metadata?.annotations?.[CONFIG_HASH],
    record: metadata?.annotations?.[RECORD],
    history: metadata?.annotations?.[HISTORY],
  };
}

interface Marked {
  readonly annotations?: Readonly<Record<string, string>>;
}

t.test('what changes nothing restamp looks at asks for nothing to be read', (t) => {
  for (const row of SAME) t.equal(questionOf(row).ask, 'nothing', row.name);
  for (const row of [...CREATE, ...CHANGED]) t.equal(questionOf(row).ask, 'configuration', row.name);
  for (const row of [...UNCHANGED, ...RECORDS]) t.equal(questionOf(row).ask, 'truth', row.name);
  t.end();
});

t.test('a Job that is made again for a change keeps its history; what else is created has none', (t) => {
  const history = '[{"at":"new"},{"at":"old"}]';
  const now = stampedFor(of(APP, ...objects));
  const record = formatRecord({ ...configurationOf(APP, objects), stamp: OLD.stamp });
  const again = carrying({ stamp: OLD.stamp, record, history });
  const job = kindNamed('Job');
  const kept = (object: JsonObject, kind: WorkloadKind): unknown => admission({ object, kind, objects }).answer;
  const created = { outcome: 'stamp', reason: 'created' };
  t.strictSame(kept(again, job), { ...created, ours: { ...now, history } });
  t.strictSame(kept(again, DEPLOYMENT), { ...created, ours: now });
  t.strictSame(kept(carrying({ ...OLD, history }), job), { ...created, ours: now }, 'a record of something else');
  t.strictSame(kept(carrying({ ...OLD, record: undefined, history }), job), { ...created, ours: now }, 'none');
  t.end();
});

t.test('an undo that happens to bring back what is true of now passes', (t) => {
  const { answer } = admission({ old: carrying(OLD), object: carrying(OLDER), objects: [app('0')] });
  t.match(answer, { outcome: 'pass', reason: 'true-stamp', ours: { stamp: OLDER.stamp, record: OLDER.record } });
  t.end();
});

t.test('a stamp with hostile neighbours in the template is found, and they stay', (t) => {
  const hostile = copy(carrying(OLD, { templateAnnotations: JSON.parse('{"__proto__":"x","constructor":"y"}') }));
  t.equal(questionOf({ old: hostile, object: copy(hostile), objects }).ask, 'nothing');
  const other = copy(carrying(OLD, { templateAnnotations: JSON.parse('{"__proto__":"z","constructor":"y"}') }));
  t.equal(questionOf({ old: hostile, object: other, objects }).ask, 'configuration');
  t.equal(admission({ old: hostile, object: other, objects, keyring: KEYRING }).answer.reason, 'template-changed');
  t.end();
});
