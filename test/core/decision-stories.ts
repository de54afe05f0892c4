/** Decisions in a row, each taken after what the one before it wrote (DESIGN §8: what is missing is never forgotten). */
import {
  APPEARED,
  cause,
  type DecisionStory,
  DROPPED,
  hold,
  IN_STEP,
  keep,
  LOST,
  noRecord,
  noStamp,
  RECORD_LOST,
  REFERENCES_CHANGED,
  ROTATED,
  roll,
  UNREADABLE,
} from './decision-case.ts';
import { APP, APP_AND_DB, app, db, entryOfApp, OPTIONAL_DB, of, optionalApp } from './decision-worlds.ts';

const GONE: readonly DecisionStory[] = [
  {
    name: 'a required source that comes back with the same content is nothing',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP), expected: keep('configmap/app#*') },
      { now: of(APP), expected: keep('configmap/app#*') },
      { now: of(APP, app('1')), expected: IN_STEP },
    ],
  },
  {
    name: 'a required source that comes back with other content rolls for what changed',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP), expected: keep('configmap/app#*') },
      { now: of(APP, app('2')), expected: roll(cause('configmap/app', 'a')) },
      { now: of(APP, app('2')), expected: IN_STEP },
    ],
  },
  {
    name: 'a required source that is gone when the stamp is dropped is remembered',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP), tamper: noStamp, expected: DROPPED },
      { now: of(APP), expected: keep('configmap/app#*') },
      { now: of(APP, app('2')), expected: roll(cause('configmap/app', 'a')) },
    ],
  },
  {
    name: 'a required source that is gone when another reference comes is remembered',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP_AND_DB, db()), expected: REFERENCES_CHANGED },
      { now: of(APP_AND_DB, db()), expected: keep('configmap/app#*') },
      { now: of(APP_AND_DB, db(), app('1')), expected: IN_STEP },
    ],
  },
  {
    name: 'a required source that is gone when the record is lost holds, and its return ends that',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP), tamper: noRecord, expected: hold('configmap/app#*') },
      { now: of(APP, app('1')), expected: RECORD_LOST },
      { now: of(APP, app('1')), expected: IN_STEP },
    ],
  },
  {
    name: 'an optional source that goes and comes back is two rollouts',
    before: of(OPTIONAL_DB, app('1'), db()),
    steps: [
      { now: of(OPTIONAL_DB, app('1')), expected: roll(cause('secret/db', 'password')) },
      { now: of(OPTIONAL_DB, app('1')), expected: IN_STEP },
      { now: of(OPTIONAL_DB, app('1'), db()), expected: roll(cause('secret/db', 'password')) },
      { now: of(OPTIONAL_DB, app('1'), db()), expected: IN_STEP },
    ],
  },
];

const HELD: readonly DecisionStory[] = [
  {
    name: 'a held change rolls for exactly that change when the missing source is back as it was',
    before: of(APP_AND_DB, app('1'), db()),
    steps: [
      { now: of(APP_AND_DB, app('2')), expected: hold('secret/db#*') },
      { now: of(APP_AND_DB, app('2')), expected: hold('secret/db#*') },
      { now: of(APP_AND_DB, app('2'), db()), expected: roll(cause('configmap/app', 'a')) },
      { now: of(APP_AND_DB, app('2'), db()), expected: IN_STEP },
    ],
  },
  {
    name: 'a held change rolls for both when the missing source is back with other content',
    before: of(APP_AND_DB, app('1'), db()),
    steps: [
      { now: of(APP_AND_DB, app('2')), expected: hold('secret/db#*') },
      {
        now: of(APP_AND_DB, app('2'), db('2')),
        expected: roll(cause('configmap/app', 'a'), cause('secret/db', 'password')),
      },
    ],
  },
  {
    name: 'a held change that is taken back is nothing',
    before: of(APP_AND_DB, app('1'), db()),
    steps: [
      { now: of(APP_AND_DB, app('2')), expected: hold('secret/db#*') },
      { now: of(APP_AND_DB, app('1')), expected: keep('secret/db#*') },
      { now: of(APP_AND_DB, app('1'), db()), expected: IN_STEP },
    ],
  },
  {
    name: 'a held change rolls for exactly that change when what never was there appears',
    before: of(APP_AND_DB, app('1')),
    steps: [
      { now: of(APP_AND_DB, app('2')), expected: hold('secret/db#*') },
      { now: of(APP_AND_DB, app('2'), db()), expected: roll(cause('configmap/app', 'a')) },
    ],
  },
];

const LIVES: readonly DecisionStory[] = [
  {
    name: 'a required source that was missing is accepted, and then it is a source like any other',
    before: of(APP),
    steps: [
      { now: of(APP), expected: IN_STEP },
      { now: of(APP, app('1')), expected: APPEARED },
      { now: of(APP, app('1')), expected: IN_STEP },
      { now: of(APP, app('2')), expected: roll(cause('configmap/app', 'a')) },
      { now: of(APP), expected: keep('configmap/app#*') },
    ],
  },
  {
    name: 'a reference that became required while its source was missing is accepted when the source appears',
    before: of(optionalApp(true)),
    steps: [
      { now: of(optionalApp(false)), expected: REFERENCES_CHANGED },
      { now: of(optionalApp(false)), expected: IN_STEP },
      { now: of(optionalApp(false), app('1')), expected: APPEARED },
    ],
  },
  {
    name: 'a reference that went and came back unstamped, to the content the old stamp was made of, still rolls',
    before: of(entryOfApp('a'), app('1')),
    steps: [
      { now: of(entryOfApp('b'), app('1')), expected: REFERENCES_CHANGED },
      { now: of(entryOfApp('a'), app('2')), expected: REFERENCES_CHANGED },
      { now: of(entryOfApp('a'), app('1')), expected: roll(cause('configmap/app', 'a')) },
      { now: of(entryOfApp('a'), app('1')), expected: IN_STEP },
    ],
  },
  {
    name: 'a change after a dropped stamp is seen',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP, app('1')), tamper: noStamp, expected: DROPPED },
      { now: of(APP, app('1')), expected: IN_STEP },
      { now: of(APP, app('2')), expected: roll(cause('configmap/app', 'a')) },
    ],
  },
  {
    name: 'a rotated key is taken over with the next rollout, and the old one can go',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP, app('1')), keyring: ROTATED, expected: IN_STEP },
      { now: of(APP, app('2')), keyring: ROTATED, expected: roll(cause('configmap/app', 'a')) },
      { now: of(APP, app('2')), keyring: LOST, expected: IN_STEP },
      { now: of(APP, app('3')), keyring: LOST, expected: roll(cause('configmap/app', 'a')) },
    ],
  },
  {
    name: 'a lost key costs one adoption and no rollout',
    before: of(APP, app('1')),
    steps: [
      { now: of(APP, app('1')), keyring: LOST, expected: UNREADABLE },
      { now: of(APP, app('1')), keyring: LOST, expected: IN_STEP },
      { now: of(APP, app('2')), keyring: LOST, expected: roll(cause('configmap/app', 'a')) },
    ],
  },
];

export const DECISION_STORIES: readonly DecisionStory[] = [...GONE, ...HELD, ...LIVES];
