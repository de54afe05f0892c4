import t from 'tap';
import {
  LIST_ITEMS,
  LIST_LENGTH,
  LIST_PATTERNS,
  matchesName,
  type NameMatcher,
  PATTERN_LENGTH,
  type Parsed,
  parseLiteralNames,
  parseNameList,
  parseNamespacedNames,
  parseSourceList,
} from '../../core/pattern.ts';

/** The names of some that a list matches. */
function matched({ items }: Parsed<NameMatcher>, names: readonly string[]): readonly string[] {
  return names.filter((name) => items.some((item) => matchesName(item, name)));
}

interface Row {
  readonly list: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const MATCHING: readonly Row[] = [
  { list: 'app', yes: ['app'], no: ['app-2', 'my-app', 'ap'] },
  { list: ' app ,\tdb\n', yes: ['app', 'db'], no: ['app ', 'cache'] },
  { list: ',, app,,', yes: ['app'], no: [''] },
  { list: 'app-.*', yes: ['app-', 'app-1', 'app-x.y'], no: ['app', 'my-app-1'] },
  { list: 'app|db', yes: ['app', 'db'], no: ['app-1', 'my-db', 'ap'] },
  { list: 'a|ab', yes: ['a', 'ab'], no: ['abc', 'b'] },
  { list: 'a*?', yes: ['a', 'aaa'], no: ['b', 'aab'] },
  { list: '^app-[0-9]+$', yes: ['app-1', 'app-22'], no: ['app-', 'app-x', 'app-1-'] },
  { list: '\\Aapp.?\\z', yes: ['app', 'app1'], no: ['app12', 'xapp'] },
  { list: '(?i)APP', yes: ['app'], no: ['apps'] },
  { list: '(?m)^app$', yes: ['app'], no: ['app-1'] },
  { list: 'app\\.conf', yes: ['app.conf'], no: ['app-conf'] },
  { list: '\\Qapp.\\Econf?', yes: ['app.con', 'app.conf'], no: ['app-conf'] },
  { list: 'app-[[:digit:]]{2}', yes: ['app-12'], no: ['app-1', 'app-123', 'app-ab'] },
  { list: 'app-\\p{Ll}\\pN', yes: ['app-a1'], no: ['app-11', 'app-aa'] },
  { list: '(?P<tier>web|api)-config', yes: ['web-config', 'api-config'], no: ['config', 'db-config'] },
  { list: '.*\\bdb\\b.*', yes: ['db', 'my-db', 'db.prod', 'a-db-b'], no: ['mydb', 'db1', 'a'] },
  { list: '.*a\\Bb.*', yes: ['ab', 'xaby'], no: ['a-b'] },
  { list: '.*config.*|.*secret.*|.*cert.*|.*tls.*', yes: ['config', 'my-tls-1', 'xsecrety'], no: ['data', 'tl-s'] },
  { list: '[ab]*|a-1', yes: ['ab', 'a-1'], no: ['a-', 'a-1a'] },
  { list: '[^a]+', yes: ['b', 'b-c'], no: ['ab', 'ba'] },
  { list: '(|a)b', yes: ['b', 'ab'], no: ['aab'] },
  { list: 'a**, app', yes: ['app'], no: ['a', 'aa'] },
];

for (const { list, yes, no } of MATCHING) {
  t.test(`the list ${JSON.stringify(list)} matches whole names`, (t) => {
    t.strictSame(matched(parseNameList(list), [...yes, ...no]), yes);
    t.end();
  });
}

t.test('what can be a name is no expression, its dots included', (t) => {
  t.strictSame(parseNameList('app.conf'), { items: [{ type: 'name', name: 'app.conf' }], faults: [] });
  t.strictSame(matched(parseNameList('app.conf'), ['app.conf', 'app-conf', 'appxconf']), ['app.conf']);
  t.equal(parseNameList('a'.repeat(253)).items[0]?.type, 'name');
  t.strictSame(parseNameList('a'.repeat(254)).items, []);
  t.end();
});

t.test('what no object can be called matches nothing, however the expression', (t) => {
  const list = parseNameList('.*');
  t.strictSame(matched(list, ['A', 'a_b', 'a\n', 'é', '\ud83d\ude00', 'a'.repeat(254), 'a/b', '\u0141']), []);
  t.strictSame(matched(list, ['a', 'a'.repeat(253)]), ['a', 'a'.repeat(253)]);
  t.end();
});

const NAME_FAULTS: readonly (readonly [list: string, fault: string])[] = [
  ['a(b', '"a(b": missing closing )'],
  ['a)|(b', '"a)|(b": unexpected )'],
  ['[a', '"[a": missing closing ]'],
  ['*', '"*": missing argument to repetition operator'],
  ['a**', '"a**": invalid nested repetition operator'],
  ['(?=a)b', '"(?=a)b": invalid or unsupported Perl syntax'],
  ['(a)\\1', '"(a)\\1": invalid escape sequence'],
  ['a\\', '"a\\": trailing backslash at end of expression'],
  ['a{1001}', '"a{1001}": too large'],
  ['\\pX', '"\\pX": invalid character class range'],
  ['a\u0000(\nb', '"a\\u0000(\\u000ab": missing closing )'],
  ['My_Config', '"My_Config": matches no name an object can have'],
  ['App', '"App": matches no name an object can have'],
  ['a{1', '"a{1": matches no name an object can have'],
  ['$a', '"$a": matches no name an object can have'],
  ['(a|b)*a(a|b){20}', '"(a|b)*a(a|b){20}": too many ways to match'],
  ['(((a{10}){10}){10})', '"(((a{10}){10}){10})": too large'],
  ['\\pL\\pN\\pL\\pN', '"\\pL\\pN\\pL\\pN": too large'],
  ['\\pL{4}', '"\\pL{4}": too large'],
  ['(?i)[B-\\x{1e942}]', '"(?i)[B-\\x{1e942}]": too large'],
  [`${'x'.repeat(PATTERN_LENGTH)}+`, `"xxxxxxxxxxxxxxxxxxxxxxxx…": longer than ${PATTERN_LENGTH} characters`],
];

for (const [list, fault] of NAME_FAULTS) {
  t.test(`of ${JSON.stringify(list.slice(0, 30))} is told what is wrong, and the other items count`, (t) => {
    const parsed = parseNameList(`before, ${list}, after-.*`);
    t.strictSame(parsed.faults, [fault]);
    t.strictSame(matched(parsed, ['before', 'after-1', 'a', 'b']), ['before', 'after-1']);
    t.end();
  });
}

t.test('an expression may be as long as its limit, and no longer', (t) => {
  const longest = `${'x'.repeat(PATTERN_LENGTH - 1)}+`;
  t.strictSame(parseNameList(longest).faults, []);
  t.equal(parseNameList(`x${longest}`).items.length, 0);
  t.end();
});

t.test('a list longer than the limit counts for nothing', (t) => {
  const text = 'app,'.repeat(LIST_LENGTH / 4);
  t.strictSame(parseNameList(`${text},`), { items: [], faults: ['longer than 65536 characters'] });
  t.not(parseNameList(text).items.length, 0);
  t.end();
});

t.test('of too many items the first count', (t) => {
  const names = Array.from({ length: LIST_ITEMS + 1 }, (_, index) => `app-${index}`);
  const fault = `more than ${LIST_ITEMS} items: the first ${LIST_ITEMS} count`;
  t.strictSame(matched(parseNameList(names.join()), names), names.slice(0, -1));
  t.strictSame(parseNameList(names.join()).faults, [fault]);
  t.strictSame(parseNameList(`,${names.slice(1).join()},,`).faults, [], 'blank items are none');
  t.strictSame(parseLiteralNames(names.join()).faults, [fault]);
  t.strictSame(parseNamespacedNames(names.join()).faults, [fault]);
  t.strictSame(parseSourceList(names.map((name) => `secret/${name}`).join()).faults, [fault]);
  t.end();
});

t.test('of too many patterns the first count, and all names', (t) => {
  const fault = `more than ${LIST_PATTERNS} patterns: the first ${LIST_PATTERNS} count`;
  const items = Array.from({ length: LIST_PATTERNS + 1 }, (_, index) => `a${index}-.*`);
  const list = parseNameList([...items, 'db'].join());
  t.strictSame(list.faults, [fault]);
  t.strictSame(matched(list, ['a0-x', `a${LIST_PATTERNS - 1}-x`, `a${LIST_PATTERNS}-x`, 'db']), [
    'a0-x',
    `a${LIST_PATTERNS - 1}-x`,
    'db',
  ]);
  t.strictSame(parseNameList(items.slice(1).join()).faults, []);
  t.strictSame(parseSourceList(items.map((_, index) => `secret/a${index}*`).join()).faults, [fault]);
  t.strictSame(parseSourceList(items.map((_, index) => `secret/a${index}`).join()).faults, []);
  t.end();
});

t.test('of patterns that are too large together the first count, and all names', (t) => {
  const items = Array.from({ length: 9 }, (_, index) => `x{120}${index}+`);
  const list = parseNameList([...items, 'a.*', 'db'].join());
  t.strictSame(list.faults, ['patterns too large together: the first 8 count']);
  t.strictSame(matched(list, [`${'x'.repeat(120)}7`, `${'x'.repeat(120)}8`, 'a1', 'db']), [
    `${'x'.repeat(120)}7`,
    'db',
  ]);
  t.end();
});

t.test('of many faults five are told, the most important first', (t) => {
  const list = parseNameList(Array.from({ length: LIST_ITEMS + 9 }, () => '(').join());
  t.strictSame(list.faults, [
    `more than ${LIST_ITEMS} items: the first ${LIST_ITEMS} count`,
    `more than ${LIST_PATTERNS} patterns: the first ${LIST_PATTERNS} count`,
    ...Array.from({ length: 3 }, () => '"(": missing closing )'),
    'and 17 more',
  ]);
  t.strictSame(parseNameList('(,(,(,(,(').faults.length, 5);
  t.strictSame(parseNameList('(,(,(,(,(,(').faults.at(-1), 'and 1 more');
  t.end();
});

t.test('a list of what to leave out has names only', (t) => {
  t.strictSame(parseLiteralNames(' app, db.v1,,'), { items: ['app', 'db.v1'], faults: [] });
  t.strictSame(parseLiteralNames('app-.*, db, Upper'), {
    items: ['db'],
    faults: ['"app-.*": no name of an object; only names count', '"Upper": no name of an object; only names count'],
  });
  t.end();
});

t.test('a list of sources names kinds, objects and keys', (t) => {
  t.strictSame(parseSourceList('configmap/a, SECRET/b#tls.key, SecretProviderClass/c#team/db, ,secret/d.v1'), {
    items: [
      { kind: 'ConfigMap', matcher: { type: 'name', name: 'a' } },
      { kind: 'Secret', matcher: { type: 'name', name: 'b' }, key: 'tls.key' },
      { kind: 'SecretProviderClass', matcher: { type: 'name', name: 'c' }, key: 'team/db' },
      { kind: 'Secret', matcher: { type: 'name', name: 'd.v1' } },
    ],
    faults: [],
  });
  t.end();
});

t.test('the key of an object may be called as a property of every object is', (t) => {
  t.strictSame(parseSourceList('secret/a#__proto__').items, [
    { kind: 'Secret', matcher: { type: 'name', name: 'a' }, key: '__proto__' },
  ]);
  t.end();
});

const GLOBS: readonly Row[] = [
  { list: 'configmap/app-*', yes: ['app-', 'app-1', 'app-x.y'], no: ['app', 'my-app-1'] },
  { list: 'configmap/*', yes: ['a', 'a.b'], no: ['a'.repeat(254)] },
  { list: 'configmap/*-config', yes: ['a-config', 'a-b-config'], no: ['config', 'a-config-b'] },
  { list: 'configmap/a*b*c', yes: ['abc', 'a-b-c', 'abbcc', 'abcbc'], no: ['acb', 'ab', 'abcd'] },
  { list: 'configmap/ab*ba', yes: ['abba', 'abxba'], no: ['aba', 'ab'] },
  { list: 'configmap/a*aa*a', yes: ['aaaa', 'a-aa-a'], no: ['aaa', 'a-a-a'] },
  { list: 'configmap/**a', yes: ['a', 'ba'], no: ['ab'] },
  { list: 'configmap/app.*', yes: ['app.x'], no: ['app', 'appx'] },
];

for (const { list, yes, no } of GLOBS) {
  t.test(`the glob ${list} matches whole names`, (t) => {
    const { items, faults } = parseSourceList(list);
    t.strictSame(faults, []);
    t.equal(items[0]?.matcher.type, 'pattern');
    t.strictSame(matched({ items: items.map(({ matcher }) => matcher), faults }, [...yes, ...no]), yes);
    t.end();
  });
}

const SOURCE_FAULTS: readonly (readonly [list: string, fault: string])[] = [
  ['cm/app', '"cm/app": write configmap/NAME'],
  ['configmaps/app', '"configmaps/app": write configmap/NAME'],
  ['Secrets/app', '"Secrets/app": write secret/NAME'],
  ['spc/app', '"spc/app": write secretproviderclass/NAME'],
  ['app', '"app": write configmap/NAME or secret/NAME'],
  ['deployment/app', '"deployment/app": write configmap/NAME or secret/NAME'],
  ['__proto__/app', '"__proto__/app": write configmap/NAME or secret/NAME'],
  ['#key', '"#key": write configmap/NAME or secret/NAME'],
  ['configmap/', '"configmap/": no name an object can have'],
  ['configmap/App', '"configmap/App": no name an object can have'],
  ['configmap/a/b', '"configmap/a/b": no name an object can have'],
  ['configmap/app-.*', '"configmap/app-.*": no name an object can have'],
  ['configmap/app-[0-9]', '"configmap/app-[0-9]": no name an object can have'],
  [`configmap/${'a'.repeat(254)}`, '"configmap/aaaaaaaaaaaaaa…": no name an object can have'],
  ['configmap/a#', '"configmap/a#": no key after #'],
  ['configmap/a#b c', '"configmap/a#b c": no key after #'],
  ['configmap/a#b#c', '"configmap/a#b#c": no key after #'],
  ['secretproviderclass/a#', '"secretproviderclass/a#": no key after #'],
  ['configmap/a*b*c*d*e*f*g*h*i*', '"configmap/a*b*c*d*e*f*g*…": more than 8 *'],
  ['configmap/\u202eapp', '"configmap/\\u202eapp": no name an object can have'],
  ['configmap/\ud800', '"configmap/\\ud800": no name an object can have'],
];

for (const [list, fault] of SOURCE_FAULTS) {
  t.test(`of the source ${JSON.stringify(list.slice(0, 30))} is told what is wrong, and the other items count`, (t) => {
    const { items, faults } = parseSourceList(`secret/before, ${list}, secret/after`);
    t.strictSame(faults, [fault]);
    t.strictSame(
      items.map(({ matcher }) => matcher),
      [
        { type: 'name', name: 'before' },
        { type: 'name', name: 'after' },
      ],
    );
    t.end();
  });
}

t.test('a list of objects may say their namespaces', (t) => {
  t.strictSame(parseNamespacedNames('app, shop/db.v1 ,,'), {
    items: [{ name: 'app' }, { namespace: 'shop', name: 'db.v1' }],
    faults: [],
  });
  t.end();
});

t.test('what is no name, or no namespace, is told of a list of objects', (t) => {
  const wrong = ['a/b/c', '/a', 'a/', 'a.b/c', 'a/B', 'A', `${'a'.repeat(64)}/b`, 'a/b*'];
  for (const item of wrong) {
    const { items, faults } = parseNamespacedNames(`${item}, app`);
    t.strictSame(items, [{ name: 'app' }], item);
    t.match(faults[0], /: write NAME or NAMESPACE\/NAME$/, item);
  }
  t.end();
});

t.test('an empty list is no fault', (t) => {
  for (const parse of [parseNameList, parseLiteralNames, parseSourceList, parseNamespacedNames]) {
    for (const text of ['', ' ', ',', ' , ,']) t.strictSame(parse(text), { items: [], faults: [] });
  }
  t.end();
});
