/** The catalogue of annotations: it is complete, and each row judges values as restamp reads them. */
import t from 'tap';
import { ANNOTATION_NAMES, type Annotation, annotations } from '../../core/annotation.ts';
import type { Vocabulary } from '../../core/names.ts';
import * as names from '../../core/names.ts';
import { LIST_ITEMS, LIST_LENGTH, LIST_PATTERNS } from '../../core/pattern.ts';

const ROWS = annotations();

/** What `core/names.ts` spells that is no annotation and no label of a namespace. */
const NO_ANNOTATIONS = new Set<string>([
  names.DOMAIN,
  names.FIELD_MANAGER,
  names.NAMESPACE_NAME_LABEL,
  names.RELOADER_DOMAIN,
  names.RELOADER_VARIABLE_PREFIX,
  names.WAVE_DOMAIN,
  names.WAVE.parkedScheduler,
  names.WAVE.finalizer,
  names.INSTANTIATE,
]);

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

t.test('every annotation and namespace label that is spelled in names.ts has a row, and no other', (t) => {
  const spelled = textsOf({ ...names }).filter((name) => !NO_ANNOTATIONS.has(name));
  t.strictSame(ANNOTATION_NAMES.toSorted(), [...new Set(spelled)].toSorted());
  t.end();
});

t.test('no name has two rows', (t) => {
  t.equal(new Set(ANNOTATION_NAMES).size, ANNOTATION_NAMES.length);
  t.end();
});

t.test('each row says in one sentence what it means, where it counts and how it is written', (t) => {
  for (const { name, meaning, form, on } of ROWS) {
    t.match(meaning, /^[A-Zw][^\n|]*\.$/, name);
    t.ok(meaning.length <= 120, name);
    t.ok(form !== '' && !form.includes('\n') && on.length > 0, name);
  }
  t.end();
});

t.test('each row stands in the dialect of its domain', (t) => {
  const domains = { restamp: /^restamp\.dev\//, reloader: /reloader\.stakater\.com\//, wave: /^wave\.pusher\.com\// };
  for (const { name, dialect } of ROWS) t.match(name, domains[dialect]);
  t.end();
});

/** Reloader's annotations under names that an installation chose. */
const CUSTOM: Vocabulary = {
  auto: 'my/auto',
  autoOf: { ConfigMap: 'my/auto-cm', Secret: 'my/auto-secret', SecretProviderClass: 'my/auto-class' },
  reload: { ConfigMap: 'my/cm', Secret: 'my/secret', SecretProviderClass: 'my/class' },
  exclude: { ConfigMap: 'my/not-cm', Secret: 'my/not-secret', SecretProviderClass: 'my/not-class' },
  search: 'my/search',
  match: 'my/match',
  ignore: 'my/ignore',
  pausePeriod: 'my/pause-period',
  pausedAt: 'my/paused-at',
  rolloutStrategy: 'my/rollout-strategy',
};

t.test("names that an installation chose stand in place of Reloader's", (t) => {
  const custom = annotations(CUSTOM);
  const other = custom.map(({ name }) => name).filter((name) => !ANNOTATION_NAMES.includes(name));
  t.strictSame(other.toSorted(), textsOf(CUSTOM).toSorted());
  t.equal(custom.length, ROWS.length);
  t.match(custom.find(({ name }) => name === 'my/search')?.meaning, /`my\/match: "true"`/);
  t.end();
});

interface Examples {
  readonly right: readonly string[];
  readonly wrong: readonly string[];
}

const AUTOS: Examples = {
  right: ['true', 'false', '1', 'T', 'FALSE', 'yes', ' Off ', 'app', 'app,db', 'app-.*'],
  wrong: ['', '(', 'App', 'app,('],
};
const RELOAD: Examples = {
  right: ['', 'app', 'app, db', 'app.conf', 'app-.*', '(a|b)+', 'app,'],
  wrong: ['(', 'App', 'app,[', 'x'.repeat(300), 'a,'.repeat(LIST_ITEMS + 1), 'a+,'.repeat(LIST_PATTERNS + 1)],
};
const NAMES: Examples = { right: ['', 'app', 'app, db', 'app.conf'], wrong: ['app-.*', 'App', 'team/app', '-'] };
const NAMESPACED: Examples = { right: ['', 'app', 'team/app, db'], wrong: ['a/b/c', 'App', '/app', 'team/', 'app-.*'] };
const SOURCES: Examples = {
  right: ['', 'configmap/app', 'secret/db#password, configmap/app-*', 'secretproviderclass/vault', 'ConfigMap/app'],
  wrong: ['app', 'cm/app', 'configmap/', 'configmap/App', 'configmap/a#', `${'x'.repeat(LIST_LENGTH)}x`],
};
const DURATIONS: Examples = {
  right: ['0s', '500ms', '30s', '1h30m', '168h', '1.5s'],
  wrong: ['', '30', '5 m', '-5s', '1d', '169h', 'soon'],
};
const ONLY_TRUE: Examples = { right: ['true', 'false'], wrong: ['', 'True', 'yes', '1', ' true'] };

/** For each row with values of a form, some that are of it and some that are not. */
const EXAMPLES: ReadonlyMap<string, Examples> = new Map<string, Examples>([
  [names.INJECT, { right: ['enabled', 'disabled'], wrong: ['', 'true', 'Enabled', 'enabled '] }],
  [names.INCLUDE, SOURCES],
  [names.EXCLUDE, SOURCES],
  [names.IGNORE, ONLY_TRUE],
  [names.SETTLE, DURATIONS],
  [names.MIN_INTERVAL, DURATIONS],
  [names.STRATEGY, { right: ['hash', 'annotations', 'env-vars', 'restart'], wrong: ['', 'Hash', 'rollout'] }],
  [names.RELOADER.auto, AUTOS],
  ...Object.values(names.RELOADER.autoOf).map((name) => [name, AUTOS] as const),
  ...Object.values(names.RELOADER.reload).map((name) => [name, RELOAD] as const),
  ...Object.values(names.RELOADER.exclude).map((name) => [name, NAMES] as const),
  [names.RELOADER.search, { right: ['true', '1', 'F'], wrong: ['', 'yes', 'app'] }],
  [names.RELOADER.match, ONLY_TRUE],
  [names.RELOADER.ignore, ONLY_TRUE],
  [names.RELOADER.pausePeriod, DURATIONS],
  [names.RELOADER.rolloutStrategy, { right: ['rollout', 'restart'], wrong: ['', 'Restart', 'hash'] }],
  [names.WAVE.update, ONLY_TRUE],
  [names.WAVE.extraConfigMaps, NAMESPACED],
  [names.WAVE.extraSecrets, NAMESPACED],
]);

t.test('every row whose values are checked has examples', (t) => {
  const checked = ROWS.filter(({ check }) => check !== undefined).map(({ name }) => name);
  t.strictSame(checked.toSorted(), [...EXAMPLES.keys()].toSorted());
  t.end();
});

/** An advice of 120 characters has room for the name too; the longest names of Reloader's leave it little. */
function isShort(fault: string, { name }: Annotation): boolean {
  return fault.length <= Math.max(70, 118 - name.length) && !fault.includes(name);
}

for (const row of ROWS.filter(({ check }) => check !== undefined)) {
  const { right, wrong } = EXAMPLES.get(row.name) ?? { right: [], wrong: [] };
  t.test(`${row.name} finds fault with what is not of its form, and with nothing else`, (t) => {
    for (const value of right) t.strictSame(row.check?.(value), [], JSON.stringify(value));
    for (const value of wrong) {
      const faults = row.check?.(value) ?? [];
      t.ok(faults.length > 0, JSON.stringify(value.slice(0, 40)));
      for (const fault of faults) t.ok(isShort(fault, row), fault);
    }
    t.end();
  });
}

t.test('what restamp writes is never found fault with', (t) => {
  for (const { name, written, check } of ROWS.filter(({ written }) => written === true))
    t.ok(written && check === undefined, name);
  t.end();
});
