/** `docs/reference/annotations.md`: every annotation that is read or written, from the catalogue that advice is given by. */
import { type Annotation, annotations, type Dialect, type Place } from '../core/annotation.ts';
import { SELECTED_SOURCES } from '../core/defaults.ts';
import { RELOADER, RELOADER_VARIABLE_PREFIX, VALIDATE, WAVE } from '../core/names.ts';
import { LIST_ATOMS, LIST_ITEMS, LIST_LENGTH, LIST_PATTERNS, PATTERN_LENGTH } from '../core/pattern.ts';
import { code, table } from './markdown.ts';

const INTRODUCTION = `# Annotations

<!-- Made by \`npm run docs\` from core/annotation.ts: change that, not this. -->

restamp has annotations of its own and reads those of stakater/Reloader and wave, side by side, on any kind of workload.
Where one is written matters: on the _workload_ is its own metadata, the _template_ is the metadata of its pods, and a
_source_ is a ConfigMap or Secret. Reloader's count on either of the first two; where both have one, the workload's wins.

A value that is not of its form counts in part or not at all, affects no other workload, and is told: as a warning when
the workload is created or changed, and as an Event on it.`;

const SECTIONS: Readonly<Record<Dialect, { readonly title: string; readonly text: string }>> = {
  restamp: {
    title: 'restamp',
    text: `On a Namespace, \`settle\`, \`min-interval\` and \`strategy\` hold for all its workloads that do not say otherwise. What restamp
writes is replaced where somebody else writes it.

\`${VALIDATE}: enforce\` denies a request that brings a value that is not of its form in one of restamp's own
annotations. It denies nothing else: no unknown name, no annotation of Reloader or wave, no request that leaves the
annotation as it is, and nothing while restamp is down or cannot read.`,
  },
  reloader: {
    title: 'Reloader',
    text: `The names are Reloader's own; flags such as \`--auto-annotation\` call them otherwise. Lists count even where pods do
not refer to the object and even with \`${RELOADER.auto}: "false"\`. One yes among the \`auto\` is enough.

With the strategy \`env-vars\` a rollout sets a variable \`${RELOADER_VARIABLE_PREFIX}<NAME>_<TYPE>\` in the first container that uses the
source, else in the first of all. Such variables, and \`last-reloaded-from\`, are left alone where restamp finds them.`,
  },
  wave: {
    title: 'wave',
    text: `These count on the workload's own metadata only. Of old versions of wave, restamp also takes away the finalizer
\`${WAVE.finalizer}\`, which nobody else would.`,
  },
};

const FORMS = `## How values are written

- A _boolean_ is \`"true"\` or \`"false"\`, in quotation marks, as annotations are texts. Reloader's booleans may be any of
  Go's words: \`1\`, \`t\`, \`T\`, \`TRUE\`, \`true\`, \`True\`, \`0\`, \`f\`, \`F\`, \`FALSE\`, \`false\`, \`False\`.
- A _duration_ is written like \`500ms\`, \`30s\`, \`5m\` or \`1h30m\`, and is at most a week (\`168h\`).
- A _list_ has commas between its items. Spaces around them, and items without a text, do not count. An item that is not
  of its form is left out, and told; the others count.
- A _regular expression_ is one of RE2 and matches whole names: \`app\` does not match \`app-2\`. What can be a name is one,
  its dots included: \`app.conf\` means the object of that name.
- In restamp's lists \`*\` stands for any characters, and \`#key\` narrows an item to one key.`;

const limitRows: readonly (readonly [string, number])[] = [
  ['characters of a list', LIST_LENGTH],
  ['items of a list', LIST_ITEMS],
  ['regular expressions, or items with `*`, of a list', LIST_PATTERNS],
  ['characters, classes and groups of them together, repetitions written out', LIST_ATOMS],
  ['characters of a regular expression', PATTERN_LENGTH],
  ['sources that the annotations of one workload name', SELECTED_SOURCES],
];

const LIMITS = `## Limits

Whatever stands in an annotation is read in bounded time. What is beyond a limit does not count; of a list that is told. A
regular expression that could match in too many ways, or that no name of an object could match, is told as well.`;

/** What people write, what restamp makes of it, and what it says is right. */
const MISTAKES: readonly (readonly [written: string, understood: string, right: string])[] = [
  [
    `\`${RELOADER.auto}: "my-configmap,my-secret"\``,
    'as those names, of ConfigMaps or Secrets',
    `\`${RELOADER.reload.ConfigMap}: my-configmap\`, \`${RELOADER.reload.Secret}: my-secret\``,
  ],
  [
    `\`${RELOADER.match}: "true"\` on a workload`,
    'as: roll for all that the pods refer to',
    `\`${RELOADER.auto}: "true"\`; \`match\` belongs on a ConfigMap or Secret`,
  ],
  [`\`${RELOADER.auto}: "yes"\` (\`y\`, \`on\`, \`enabled\`, …)`, 'as `"true"`', '`"true"`'],
  [`\`${RELOADER.auto}: "off"\` (\`n\`, \`no\`, \`disabled\`, …)`, 'as `"false"`', '`"false"`'],
  [`\`${RELOADER.auto}: "only sometimes"\``, 'as `"false"`, as Reloader does', '`"true"` or `"false"`'],
  [
    `\`${RELOADER.ignore}: "true"\` on a workload`,
    'not at all',
    `\`restamp.dev/inject: disabled\` on the workload, or \`ignore\` on the ConfigMap or Secret`,
  ],
  ['`restamp.dev/settle: 5s` on the pod template', 'not at all', "on the workload's own metadata"],
  [`\`${WAVE.extraSecrets}\` without \`${WAVE.update}\``, 'not at all', `with \`${WAVE.update}: "true"\``],
  ['a name with a slip (`restamp.dev/injekt`)', 'not at all', 'the warning names the nearest that exists'],
];

/** The page as it has to stand in the repository. */
export function annotationsPage(): string {
  const rows = annotations();
  const sections = [
    INTRODUCTION,
    ...(['restamp', 'reloader', 'wave'] as const).map((dialect) =>
      section(
        dialect,
        rows.filter((row) => row.dialect === dialect),
      ),
    ),
    FORMS,
    `${LIMITS}\n\n${table(
      ['what', 'at most'],
      limitRows.map(([what, most]) => [what, String(most)]),
    )}`,
    `## What is understood otherwise\n\n${table(['written', 'understood', 'right'], MISTAKES)}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function section(dialect: Dialect, rows: readonly Annotation[]): string {
  const { title, text } = SECTIONS[dialect];
  const cells = rows.map(({ name, on, label, form, meaning }) => [
    code(name),
    on.map((place) => placeName(place, label === true)).join(', '),
    form,
    meaning,
  ]);
  return `## ${title}\n\n${text}\n\n${table(['name', 'on', 'form', 'meaning'], cells)}`;
}

function placeName(place: Place, label: boolean): string {
  return place === 'namespace' ? `Namespace${label ? ' (label)' : ''}` : place;
}
