/** `docs/reference/annotations.md`; that it is what the code makes is tested for all pages (flags-reference.test.ts). */
import t from 'tap';
import { annotationsPage } from '../../cli/annotations-page.ts';
import { ANNOTATION_NAMES, annotations } from '../../core/annotation.ts';
import { RELOADER } from '../../core/names.ts';
import { readWords } from '../../core/words.ts';

const PAGE = annotationsPage();

/** The rows of the table under a heading, as cells. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

t.test('each dialect has a table of its annotations, and none has another', (t) => {
  for (const [heading, dialect] of Object.entries({ restamp: 'restamp', Reloader: 'reloader', wave: 'wave' })) {
    t.strictSame(
      rowsUnder(heading).map(([name, , form, meaning]) => ({ name, form, meaning })),
      annotations()
        .filter((row) => row.dialect === dialect)
        .map(({ name, form, meaning }) => ({ name: `\`${name}\``, form, meaning })),
    );
  }
  const listed = ['restamp', 'Reloader', 'wave'].flatMap((heading) => rowsUnder(heading).length);
  t.equal(
    listed.reduce((sum, count) => sum + count),
    ANNOTATION_NAMES.length,
  );
  t.end();
});

t.test('a label of namespaces is told from an annotation of namespaces', (t) => {
  const places = new Map(rowsUnder('restamp').map(([name, on]) => [name, on]));
  t.equal(places.get('`restamp.dev/inject`'), 'Namespace (label), workload');
  t.equal(places.get('`restamp.dev/validate`'), 'Namespace (label)');
  t.equal(places.get('`restamp.dev/settle`'), 'workload, Namespace');
  t.end();
});

t.test('every limit is a number', (t) => {
  const rows = rowsUnder('Limits');
  t.equal(rows.length, 6);
  for (const [what, most] of rows) t.match(most, /^[1-9]\d*$/, what ?? '');
  t.end();
});

/** What an example of the page comes to. */
function words(annotations: Readonly<Record<string, string>>) {
  return readWords({ annotations, template: { annotations: {}, spec: {} } }, RELOADER);
}

t.test('what the page says of mistakes about `auto` and `match` is how they are understood', (t) => {
  const all = (said: boolean) => ({ ConfigMap: said, Secret: said, SecretProviderClass: said });
  const mistakes = rowsUnder('What is understood otherwise').map(([written = '', understood]) => ({
    example: /^`([^:`]+): "([^"]+)"`/.exec(written)?.slice(1) ?? [],
    understood,
  }));
  const claimed = { 'as `"true"`': true, 'as: roll for all that the pods refer to': true };
  const denied = { 'as `"false"`': false, 'as `"false"`, as Reloader does': false };
  const claims = new Map<string | undefined, boolean>(Object.entries({ ...claimed, ...denied }));
  const tried = mistakes.flatMap(({ example: [name = '', value = ''], understood }) => {
    const said = claims.get(understood);
    if (said === undefined) return [];
    t.strictSame(words({ [name]: value }).automatic, all(said), `${name}: ${value}`);
    return [name];
  });
  t.equal(tried.length, 4);
  const [first] = mistakes;
  t.equal(first?.understood, 'as those names, of ConfigMaps or Secrets');
  const [name = '', value = ''] = first?.example ?? [];
  t.strictSame(
    words({ [name]: value }).named.map(({ kind, matcher }) => [kind, matcher.type === 'name' && matcher.name]),
    [
      ['ConfigMap', 'my-configmap'],
      ['ConfigMap', 'my-secret'],
      ['Secret', 'my-configmap'],
      ['Secret', 'my-secret'],
    ],
  );
  t.end();
});
