/** What a row about decisions is made of: worlds before and after, what is left of restamp's annotations, what is expected. */
import type { Cause } from '../../core/decision.ts';
import type { PartName } from '../../core/digest.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Keyring, keyring } from '../../core/key.ts';
import type { Ours } from '../../core/ours.ts';
import type { Reason } from '../../core/reason.ts';
import { KEY, key } from './build.ts';

/** A pod spec, and the ConfigMaps and Secrets there are. */
export interface World {
  readonly spec: JsonObject;
  readonly objects: readonly JsonObject[];
}

export interface Expected {
  readonly outcome: 'none' | 'adopt' | 'accept' | 'keep' | 'roll' | 'hold';
  readonly reason: Reason;
  readonly causes?: readonly Cause[];
  readonly missing?: readonly PartName[];
}

export interface Step {
  readonly now: World;
  /** What somebody made of restamp's annotations; nothing, if absent. */
  readonly tamper?: (ours: Ours) => Ours;
  /** The keys there are now; the one that everything was stamped with, if absent. */
  readonly keyring?: Keyring;
  readonly expected: Expected;
}

export interface DecisionCase extends Step {
  readonly name: string;
  /** What the running pods were stamped with. */
  readonly before: World;
}

/** Several decisions in a row, each after what the one before it wrote. */
export interface DecisionStory {
  readonly name: string;
  readonly before: World;
  readonly steps: readonly Step[];
}

export const ROTATED = keyring(key(2), [KEY]);
export const LOST = keyring(key(2));

export const IN_STEP: Expected = { outcome: 'none', reason: 'in-step' };
export const NO_REFERENCES: Expected = { outcome: 'none', reason: 'no-references' };
export const NEVER_SEEN: Expected = { outcome: 'adopt', reason: 'never-seen' };
export const UNREADABLE: Expected = { outcome: 'adopt', reason: 'unreadable' };
export const DROPPED: Expected = { outcome: 'adopt', reason: 'stamp-dropped' };
export const RECORD_LOST: Expected = { outcome: 'adopt', reason: 'record-lost' };
export const APPEARED: Expected = { outcome: 'accept', reason: 'source-appeared' };
export const REFERENCES_CHANGED: Expected = { outcome: 'accept', reason: 'references-changed' };

export const cause = (source: Cause['source'], ...keys: readonly string[]): Cause => ({ source, keys });
export const roll = (...causes: readonly Cause[]): Expected => ({ outcome: 'roll', reason: 'source-changed', causes });
export const differs = (...causes: readonly Cause[]): Expected => ({
  outcome: 'roll',
  reason: 'stamp-differs',
  causes,
});
export const keep = (...missing: readonly PartName[]): Expected => ({
  outcome: 'keep',
  reason: 'source-gone',
  missing,
});
export const hold = (...missing: readonly PartName[]): Expected => ({
  outcome: 'hold',
  reason: 'source-missing',
  missing,
});

export const noStamp = (ours: Ours): Ours => ({ ...ours, stamp: undefined });
export const noRecord = (ours: Ours): Ours => ({ ...ours, record: undefined });
export const nothingLeft = (): Ours => ({ stamp: undefined, record: undefined, history: undefined });
export const brokenRecord = (ours: Ours): Ours => ({ ...ours, record: '{"v":1,' });
export const laterRecord = (ours: Ours): Ours => ({ ...ours, record: ours.record?.replace('"v":1', '"v":2') });
export const laterStamp = (ours: Ours): Ours => ({ ...ours, stamp: ours.stamp?.replace('v1.', 'v2.') });
/** As adopted before there was a stamp: neither template nor record name one. */
export const adopted = (ours: Ours): Ours => ({
  ...ours,
  stamp: undefined,
  record: ours.record?.replace(/"stamp":"[^"]*",/, ''),
});
/** As if written for another template. */
export const otherTemplate = (ours: Ours): Ours => ({
  ...ours,
  record: ours.record?.replace('"stamp":"v1.', '"stamp":"v1.0'),
});
