/** How values of annotations are written, and what is said about one that is written otherwise. */
import { parseGoBoolean } from './boolean.ts';
import { parseDuration } from './duration.ts';
import { quoted } from './list.ts';
import { parseLiteralNames, parseNameList, parseNamespacedNames, parseSourceList } from './pattern.ts';
import { STRATEGIES } from './settings.ts';
import { readAuto } from './words.ts';

export interface Form {
  /** How a value is written, as Markdown. */
  readonly form: string;
  /** What is wrong with a value, without the annotation's name; nothing, if it is of the form. */
  readonly check?: (value: string) => readonly string[];
}

/** One of a few words; any other counts as none. */
function oneOf(...words: readonly string[]): Form {
  const list = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return {
    form: words.map((word) => `\`${word}\``).join(', '),
    check: (value) => (words.includes(value) ? [] : [`${quoted(value)} counts as not given; write ${list}`]),
  };
}

export const ENABLED: Form = oneOf('enabled', 'disabled');
export const STRATEGY_WORD: Form = oneOf(...STRATEGIES);
export const ROLLOUT_STRATEGY: Form = oneOf('rollout', 'restart');
export const ENFORCE: Form = { form: '`enforce`' };

/** Where nothing but `"true"` counts; `"false"` is no mistake. */
export const EXACTLY_TRUE: Form = {
  form: '`"true"`',
  check: (value) =>
    value === 'true' || value === 'false' ? [] : [`${quoted(value)} counts as not given; write "true"`],
};

/** A boolean that Reloader reads, and restamp no otherwise. */
export const GO_BOOLEAN: Form = {
  form: 'a boolean',
  check: (value) =>
    parseGoBoolean(value) === undefined ? [`${quoted(value)} counts as not given; write "true" or "false"`] : [],
};

/** `auto`: a boolean. Plain words for one and names are understood too; `advice-auto.ts` says how to write them. */
export const AUTO: Form = {
  form: 'a boolean',
  check: (value) => {
    const word = readAuto(value);
    if (word.says === 'nothing') return [`${quoted(value)} counts as not given; write "true" or "false"`];
    return word.says === 'no' && word.plain === undefined
      ? [`${quoted(value)} is no boolean and counts as "false"`]
      : [];
  },
};

export const DURATION: Form = {
  form: 'a duration',
  check: (value) =>
    parseDuration(value) === undefined ? [`${quoted(value)}: write a duration like 1h30m, at most 168h`] : [],
};

export const NAME_LIST: Form = {
  form: 'names or regular expressions, with commas between: `app, team-.*`',
  check: (value) => parseNameList(value).faults,
};

export const LITERAL_NAMES: Form = {
  form: 'names, with commas between: `app, db`',
  check: (value) => parseLiteralNames(value).faults,
};

export const NAMESPACED_NAMES: Form = {
  form: 'names, with commas between: `app, team/shared`',
  check: (value) => parseNamespacedNames(value).faults,
};

export const SOURCE_LIST: Form = {
  form: 'sources, with commas between: `configmap/app, secret/db#password, configmap/team-*`',
  check: (value) => parseSourceList(value).faults,
};

/** What restamp writes for itself: nobody else has to know how. */
export const WRITTEN: Form = { form: 'written by restamp' };
