/** Every case of what Reloader's users rely on. */
import type { CompatCase } from '../case.ts';
import { CASES as ADMISSION } from './admission.ts';
import { CASES as AUTO } from './auto.ts';
import { CASES as CREATE_DELETE } from './create-delete.ts';
import { CASES as CRONJOB_JOB } from './cronjob-job.ts';
import { CASES as CSI } from './csi.ts';
import { CASES as CUSTOM_KEYS } from './custom-keys.ts';
import { CASES as EXCLUDE } from './exclude.ts';
import { CASES as FLAGS } from './flags.ts';
import { CASES as IGNORE } from './ignore.ts';
import { CASES as MISTAKES } from './mistakes.ts';
import { CASES as NAMED } from './named.ts';
import { CASES as PAUSE_PERIOD } from './pause-period.ts';
import { CASES as REGEX } from './regex.ts';
import { CASES as RESTARTS } from './restarts.ts';
import { CASES as ROLLOUT_STRATEGY } from './rollout-strategy.ts';
import { CASES as SEARCH_MATCH } from './search-match.ts';
import { CASES as SELECTORS } from './selectors.ts';
import { CASES as STRATEGIES } from './strategies.ts';
import { CASES as TEMPLATE_ANNOTATIONS } from './template-annotations.ts';
import { CASES as TYPED_AUTO } from './typed-auto.ts';

export const RELOADER_CASES: readonly CompatCase[] = [
  ...AUTO,
  ...TYPED_AUTO,
  ...NAMED,
  ...REGEX,
  ...SEARCH_MATCH,
  ...EXCLUDE,
  ...IGNORE,
  ...TEMPLATE_ANNOTATIONS,
  ...MISTAKES,
  ...PAUSE_PERIOD,
  ...ROLLOUT_STRATEGY,
  ...CREATE_DELETE,
  ...CRONJOB_JOB,
  ...STRATEGIES,
  ...FLAGS,
  ...SELECTORS,
  ...CUSTOM_KEYS,
  ...RESTARTS,
  ...CSI,
  ...ADMISSION,
];
