/**
 * Every row of DESIGN §8 as data: what the pods were started with, what is left of restamp's annotations, what is
 * there now, and what has to be decided. Every route to a decision (core, webhook, watcher) can run the same rows.
 */
import { EXPLAINED_KEYS } from '../../core/defaults.ts';
import { configMapJson, envFromSpec, envSpec, podSpec } from './build.ts';
import { APPEARED, cause, type DecisionCase, hold, IN_STEP, keep, REFERENCES_CHANGED, roll } from './decision-case.ts';
import { USE_CASES } from './decision-matrix.ts';
import { PAST_CASES } from './decision-past.ts';
import {
  APP,
  APP_AND_DB,
  app,
  db,
  many,
  OPTIONAL_DB,
  of,
  optionalApp,
  TWO_KEYS,
  WHOLE_AND_KEY,
} from './decision-worlds.ts';

const REFERENCES: readonly DecisionCase[] = [
  {
    name: 'a reference that came is recorded without a rollout',
    before: of(APP, app('1'), db()),
    now: of(APP_AND_DB, app('1'), db()),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'a reference that came to a source that is missing is recorded without a rollout',
    before: of(APP, app('1')),
    now: of(APP_AND_DB, app('1')),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'a reference that went is recorded without a rollout',
    before: of(APP_AND_DB, app('1'), db()),
    now: of(APP, app('1'), db()),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'the last reference that went is recorded without a rollout',
    before: of(APP, app('1')),
    now: of(podSpec(), app('1')),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'another key of the same source is recorded without a rollout',
    before: of(envSpec({ configMapKeyRef: { name: 'app', key: 'a' } }), app('1')),
    now: of(envSpec({ configMapKeyRef: { name: 'app', key: 'b' } }), app('1')),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'a reference that came and a required source that appeared are recorded together',
    before: of(APP),
    now: of(APP_AND_DB, app('1'), db()),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'a reference that came does not hide the change of another',
    before: of(APP, app('1'), db()),
    now: of(APP_AND_DB, app('2'), db()),
    expected: roll(cause('configmap/app', 'a')),
  },
  {
    name: 'a reference that became required while its source is missing is recorded without a rollout',
    before: of(optionalApp(true)),
    now: of(optionalApp(false)),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'a reference that became optional while its source is missing is recorded without a rollout',
    before: of(optionalApp(false)),
    now: of(optionalApp(true)),
    expected: REFERENCES_CHANGED,
  },
  {
    name: 'a reference that became optional while its source is there is nothing',
    before: of(optionalApp(false), app('1')),
    now: of(optionalApp(true), app('1')),
    expected: IN_STEP,
  },
  {
    name: 'the order of references and objects is nothing',
    before: of(APP_AND_DB, app('1'), db()),
    now: of(envFromSpec({ secretRef: { name: 'db' } }, { configMapRef: { name: 'app' } }), db(), app('1')),
    expected: IN_STEP,
  },
];

const SEVERAL: readonly DecisionCase[] = [
  {
    name: 'two sources that changed are two causes of one rollout',
    before: of(APP_AND_DB, app('1'), db()),
    now: of(APP_AND_DB, app('2', '2'), db('2')),
    expected: roll(cause('configmap/app', 'a', 'b'), cause('secret/db', 'password')),
  },
  {
    name: 'the keys of a cause are sorted, whatever their order in the source',
    before: of(APP, configMapJson('app', { b: '1' })),
    now: of(APP, configMapJson('app', { b: '2', a: '1' })),
    expected: roll(cause('configmap/app', 'a', 'b')),
  },
  {
    name: 'a source used as a whole and by key is one cause',
    before: of(WHOLE_AND_KEY, app('1')),
    now: of(WHOLE_AND_KEY, app('2')),
    expected: roll(cause('configmap/app', 'a')),
  },
  {
    name: 'a change is held while another required source is missing',
    before: of(APP_AND_DB, app('1'), db()),
    now: of(APP_AND_DB, app('2')),
    expected: hold('secret/db#*'),
  },
  {
    name: 'a change is held while another required source is missing that never was there',
    before: of(APP_AND_DB, app('1')),
    now: of(APP_AND_DB, app('2')),
    expected: hold('secret/db#*'),
  },
  {
    name: 'an optional source that is gone is held while a required one is missing',
    before: of(OPTIONAL_DB, app('1'), db()),
    now: of(OPTIONAL_DB),
    expected: hold('configmap/app#*'),
  },
  {
    name: 'a changed key is held while another required key of the same source is missing',
    before: of(TWO_KEYS, app('1')),
    now: of(TWO_KEYS, configMapJson('app', { a: '2' })),
    expected: hold('configmap/app#b'),
  },
  {
    name: 'a required key that is gone is held where the rest of the source is used too',
    before: of(WHOLE_AND_KEY, app('1')),
    now: of(WHOLE_AND_KEY, configMapJson('app', { b: '1' })),
    expected: hold('configmap/app#a'),
  },
  {
    name: 'a required source that appears does not hide the change of another',
    before: of(APP_AND_DB, app('1')),
    now: of(APP_AND_DB, app('2'), db()),
    expected: roll(cause('configmap/app', 'a')),
  },
  {
    name: 'a required source that appears while another is gone is accepted',
    before: of(APP_AND_DB, app('1')),
    now: of(APP_AND_DB, db()),
    expected: APPEARED,
  },
  {
    name: 'a required source that is gone is kept, though another never was there',
    before: of(APP_AND_DB, app('1')),
    now: of(APP_AND_DB),
    expected: keep('configmap/app#*'),
  },
];

const MANY_KEYS: readonly DecisionCase[] = [
  {
    name: 'the change of a source with as many entries as are explained is named',
    before: many(EXPLAINED_KEYS, '1'),
    now: many(EXPLAINED_KEYS, '2'),
    expected: roll(cause('configmap/app', 'k0')),
  },
  {
    name: 'the change of a source with more entries than are explained is seen and not named',
    before: many(EXPLAINED_KEYS + 1, '1'),
    now: many(EXPLAINED_KEYS + 1, '2'),
    expected: roll(cause('configmap/app', '*')),
  },
  {
    name: 'a source that comes to have more entries than are explained is not named',
    before: many(EXPLAINED_KEYS, '1'),
    now: many(EXPLAINED_KEYS + 1, '1'),
    expected: roll(cause('configmap/app', '*')),
  },
  {
    name: 'a source of many entries is in step',
    before: many(EXPLAINED_KEYS + 1, '1'),
    now: many(EXPLAINED_KEYS + 1, '1'),
    expected: IN_STEP,
  },
];

export const DECISION_CASES: readonly DecisionCase[] = [
  ...USE_CASES,
  ...PAST_CASES,
  ...REFERENCES,
  ...SEVERAL,
  ...MANY_KEYS,
];
