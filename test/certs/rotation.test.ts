import { X509Certificate } from 'node:crypto';
import t from 'tap';
import type { Bundle } from '../../certs/bundle.ts';
import { formatBundle, parseBundle } from '../../certs/bundle.ts';
import { namesOf } from '../../certs/name.ts';
import { readableCertificates } from '../../certs/pem.ts';
import { rotate } from '../../certs/rotation.ts';
import { after, DAY, EPOCH, makeBundle, NAMES, serialOf } from './build.ts';

const bundle = await makeBundle();
const rootSerials = ({ roots }: Bundle): readonly string[] =>
  readableCertificates(roots).map(({ serialNumber }) => serialNumber);

t.test('nothing there: an authority and a leaf', async (t) => {
  const { bundle, reasons } = await rotate(undefined, EPOCH, { names: NAMES });
  t.strictSame(reasons, ['missing', 'leaf-unreadable']);
  t.strictSame(await rotate(bundle, EPOCH, { names: NAMES }), { bundle, reasons: [] }, 'and then nothing to do');
  t.strictSame(namesOf(new X509Certificate(bundle.leaf.certificate)), NAMES);
});

t.test('a leaf that is due: a new one by the same authority', async (t) => {
  const next = await rotate(bundle, after(61 * DAY), { names: NAMES });
  t.strictSame(next.reasons, ['leaf-expires-soon']);
  t.equal(next.bundle.roots, bundle.roots);
  t.not(serialOf(next.bundle.leaf.certificate), serialOf(bundle.leaf.certificate));
  t.not(next.bundle.leaf.key, bundle.leaf.key, 'with a new key');
});

t.test('an authority that is due: the new one comes first, the old one and its leaf stay', async (t) => {
  const held = { ...bundle, leaf: (await rotate(bundle, after(2433 * DAY), { names: NAMES })).bundle.leaf };
  const next = await rotate(held, after(2434 * DAY), { names: NAMES });
  t.strictSame(next.reasons, ['authority-expires-soon']);
  t.strictSame(next.bundle.leaf, held.leaf);
  t.equal(rootSerials(next.bundle).length, 2);
  t.equal(rootSerials(next.bundle)[1], serialOf(bundle.roots));
});

t.test('the key of an authority is lost: its certificate stays, for its leaf', async (t) => {
  const next = await rotate({ ...bundle, authorityKey: '' }, EPOCH, { names: NAMES });
  t.strictSame(next.reasons, ['authority-unreadable']);
  t.strictSame(next.bundle.leaf, bundle.leaf);
  t.strictSame(rootSerials(next.bundle).slice(1), rootSerials(bundle));
});

t.test('two versions that want different names come to rest', async (t) => {
  const [a, b] = [
    [...NAMES, 'a.example'],
    [...NAMES, 'b.example'],
  ];
  const first = await rotate(bundle, EPOCH, { names: a });
  const second = await rotate(first.bundle, EPOCH, { names: b });
  t.strictSame([first.reasons, second.reasons], [['names-missing'], ['names-missing']]);
  t.strictSame((await rotate(second.bundle, EPOCH, { names: a })).reasons, []);
  const renewal = await rotate(second.bundle, after(61 * DAY), { names: a });
  t.strictSame(namesOf(new X509Certificate(renewal.bundle.leaf.certificate)), a, 'the next renewal forgets the rest');
});

t.test('a Secret holds a bundle, and an empty one holds none', (t) => {
  t.strictSame(parseBundle(formatBundle(bundle)), bundle);
  t.equal(parseBundle({}), undefined);
  t.equal(parseBundle({ 'tls.crt': '', 'tls.key': '' }), undefined);
  t.end();
});

t.test('over two years, whoever trusts the roots of yesterday or tomorrow takes the leaf of today', async (t) => {
  const wanted = { names: NAMES, lifetimes: { authorityMs: 300 * DAY, leafMs: 30 * DAY } };
  let held: Bundle | undefined;
  const days: { bundle: Bundle; now: Date }[] = [];
  for (let day = 0; day < 730; day++) {
    const now = after(day * DAY);
    held = (await rotate(held, now, wanted)).bundle;
    days.push({ bundle: held, now });
  }
  const takes = (trusting: Bundle | undefined, serving: Bundle, now: Date): boolean => {
    const leaf = new X509Certificate(serving.leaf.certificate);
    const signers = readableCertificates(trusting?.roots ?? serving.roots).filter((root) => leaf.checkIssued(root));
    return [leaf, ...signers].every((c) => c.validFromDate <= now && now <= c.validToDate) && signers.length > 0;
  };
  for (const [day, { bundle, now }] of days.entries()) {
    if (!takes(days[day - 1]?.bundle, bundle, now)) t.fail(`day ${day}: not trusted by who is a day behind`);
    if (!takes(days[day + 1]?.bundle, bundle, now)) t.fail(`day ${day}: not trusted by who is a day ahead`);
    if (rootSerials(bundle).length > 2) t.fail(`day ${day}: ${rootSerials(bundle).length} roots`);
  }
  const roots = new Set(days.flatMap(({ bundle }) => rootSerials(bundle)));
  const leaves = new Set(days.map(({ bundle }) => serialOf(bundle.leaf.certificate)));
  t.equal(roots.size, 4, 'one authority for each 200 days');
  t.ok(leaves.size >= 36 && leaves.size <= 38, `one leaf for each 20 days: ${leaves.size}`);
});
