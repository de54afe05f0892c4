/** DESIGN §8 for one source, used as a whole or by key, required or optional, be it a ConfigMap or a Secret. */
import type { JsonObject } from '../../core/json.ts';
import type { SourceKind } from '../../core/source.ts';
import { configMapJson, envFromSpec, envSpec, secretJson } from './build.ts';
import { APPEARED, cause, type DecisionCase, type Expected, IN_STEP, keep, roll, type World } from './decision-case.ts';

type Data = Readonly<Record<string, string>>;

/** What is to be decided: a word, or the keys for which the workload rolls. */
type Short = 'nothing' | 'accept' | 'keep' | readonly string[];

interface Row {
  readonly name: string;
  /** The source's data when the pods were stamped; `undefined` where there was no such object. */
  readonly was: Data | undefined;
  readonly is: Data | undefined;
  readonly object: { readonly required: Short; readonly optional: Short };
  /** For a workload that uses the key `a`. */
  readonly key: { readonly required: Short; readonly optional: Short };
}

const EMPTY: Data = {};
const A: Data = { a: '1' };
const B: Data = { b: '1' };
const AB: Data = { a: '1', b: '1' };

const both = (short: Short): Row['object'] => ({ required: short, optional: short });

const ROWS: readonly Row[] = [
  { name: 'is as it was', was: AB, is: AB, object: both('nothing'), key: both('nothing') },
  { name: 'has another value of the key', was: AB, is: { a: '2', b: '1' }, object: both(['a']), key: both(['a']) },
  {
    name: 'has another value of another key',
    was: AB,
    is: { a: '1', b: '2' },
    object: both(['b']),
    key: both('nothing'),
  },
  { name: 'has one more key', was: A, is: AB, object: both(['b']), key: both('nothing') },
  { name: 'has an empty value now', was: A, is: { a: '' }, object: both(['a']), key: both(['a']) },
  {
    name: 'has its values swapped',
    was: { a: '1', b: '2' },
    is: { a: '2', b: '1' },
    object: both(['a', 'b']),
    key: both(['a']),
  },
  {
    name: 'lacked the key and has it now',
    was: B,
    is: AB,
    object: both(['a']),
    key: { required: 'accept', optional: ['a'] },
  },
  {
    name: 'had the key and lacks it now',
    was: AB,
    is: B,
    object: both(['a']),
    key: { required: 'keep', optional: ['a'] },
  },
  { name: 'still lacks the key', was: B, is: B, object: both('nothing'), key: both('nothing') },
  {
    name: 'was missing and is there now',
    was: undefined,
    is: AB,
    object: { required: 'accept', optional: ['a', 'b'] },
    key: { required: 'accept', optional: ['a'] },
  },
  {
    name: 'was missing and is there now without an entry',
    was: undefined,
    is: EMPTY,
    object: { required: 'accept', optional: ['*'] },
    key: both('nothing'),
  },
  {
    name: 'was there and is gone',
    was: AB,
    is: undefined,
    object: { required: 'keep', optional: ['a', 'b'] },
    key: { required: 'keep', optional: ['a'] },
  },
  {
    name: 'was there without an entry and is gone',
    was: EMPTY,
    is: undefined,
    object: { required: 'keep', optional: ['*'] },
    key: both('nothing'),
  },
  { name: 'is still missing', was: undefined, is: undefined, object: both('nothing'), key: both('nothing') },
];

/** One way to use one source. */
interface Use {
  readonly kind: SourceKind;
  readonly by: 'object' | 'key';
  readonly need: 'required' | 'optional';
}

const USES: readonly Use[] = (['ConfigMap', 'Secret'] as const).flatMap((kind) =>
  (['object', 'key'] as const).flatMap((by) => (['required', 'optional'] as const).map((need) => ({ kind, by, need }))),
);

function spec({ kind, by, need }: Use): JsonObject {
  const from = { name: 'app', ...(need === 'optional' && { optional: true }) };
  const prefix = kind === 'ConfigMap' ? 'configMap' : 'secret';
  return by === 'object'
    ? envFromSpec({ [`${prefix}Ref`]: from })
    : envSpec({ [`${prefix}KeyRef`]: { ...from, key: 'a' } });
}

function world(use: Use, data: Data | undefined): World {
  const json = use.kind === 'ConfigMap' ? configMapJson : secretJson;
  return { spec: spec(use), objects: data === undefined ? [] : [json('app', data)] };
}

function expected({ kind, by }: Use, short: Short): Expected {
  const source = kind === 'ConfigMap' ? 'configmap/app' : 'secret/app';
  if (short === 'nothing') return IN_STEP;
  if (short === 'accept') return APPEARED;
  if (short === 'keep') return keep(`${source}#${by === 'object' ? '*' : 'a'}`);
  return roll(cause(source, ...short));
}

export const USE_CASES: readonly DecisionCase[] = ROWS.flatMap((row) =>
  USES.map((use) => ({
    name: `${use.need} ${use.kind}, used ${use.by === 'object' ? 'as a whole' : 'by key'}: ${row.name}`,
    before: world(use, row.was),
    now: world(use, row.is),
    expected: expected(use, row[use.by][use.need]),
  })),
);
