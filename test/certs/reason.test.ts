import t from 'tap';
import { makeAuthority, makeLeaf } from '../../certs/authority.ts';
import type { Bundle } from '../../certs/bundle.ts';
import { REMEDIES, type RotationReason, whyRotate } from '../../certs/reason.ts';
import { after, authorityOf, DAY, EPOCH, fixture, HOUR, makeBundle, NAMES } from './build.ts';

const bundle = await makeBundle();
const other = await makeBundle();
/** Made when the leaf of `bundle` had a day to go until its renewal. */
const newer = authorityOf(await makeBundle(after(59 * DAY)));
/** In the middle of changing over: a new authority signs, the leaf is still the old one's. */
const changing: Bundle = { ...bundle, roots: newer.certificate + bundle.roots, authorityKey: newer.key };
const changed: Bundle = {
  ...changing,
  leaf: await makeLeaf(newer, { names: NAMES, now: after(60 * DAY) }),
};
const short = await makeAuthority(EPOCH, DAY);
const RENEWAL = 60 * DAY;
const TEN_MINUTES = 600_000;

interface Case {
  readonly name: string;
  readonly bundle: Bundle | undefined;
  readonly now?: Date;
  readonly names?: readonly string[];
  readonly reason: RotationReason | undefined;
}

const CASES: readonly Case[] = [
  { name: 'fresh', bundle, reason: undefined },
  { name: 'nothing there', bundle: undefined, reason: 'missing' },

  { name: 'no authority', bundle: { ...bundle, roots: '' }, reason: 'authority-unreadable' },
  { name: 'no key of the authority', bundle: { ...bundle, authorityKey: '' }, reason: 'authority-unreadable' },
  { name: 'text for an authority', bundle: { ...bundle, roots: 'x' }, reason: 'authority-unreadable' },
  {
    name: 'half an authority after a whole one',
    bundle: { ...bundle, roots: bundle.roots + other.roots.slice(0, 500) },
    reason: 'authority-unreadable',
  },
  {
    name: 'an authority of a kind that cannot be signed with',
    bundle: { ...bundle, roots: fixture('ecdsa').certificate, authorityKey: fixture('ecdsa').key },
    reason: 'authority-unreadable',
  },
  {
    name: 'a leaf for an authority',
    bundle: { ...bundle, roots: other.leaf.certificate, authorityKey: other.leaf.key },
    reason: 'authority-unreadable',
  },
  {
    name: 'the key of another authority',
    bundle: { ...bundle, authorityKey: other.authorityKey },
    reason: 'authority-key-does-not-fit',
  },
  { name: 'made by a clock ahead', bundle, now: after(-HOUR - 1000), reason: 'authority-not-yet-valid' },
  { name: 'made by a clock a little ahead', bundle, now: after(-HOUR), reason: undefined },
  {
    name: 'the authority just before two thirds of its life',
    bundle: { ...bundle, roots: short.certificate, authorityKey: short.key },
    now: after(16 * HOUR - 1000),
    reason: 'leaf-not-signed',
  },
  {
    name: 'the authority at two thirds of its life',
    bundle: { ...bundle, roots: short.certificate, authorityKey: short.key },
    now: after(16 * HOUR),
    reason: 'authority-expires-soon',
  },
  { name: 'the authority has expired', bundle, now: after(3651 * DAY), reason: 'authority-expires-soon' },

  {
    name: 'no leaf',
    bundle: { ...bundle, leaf: { certificate: '', key: '' } },
    reason: 'leaf-unreadable',
  },
  {
    name: 'text for a leaf',
    bundle: { ...bundle, leaf: { ...bundle.leaf, certificate: 'x' } },
    reason: 'leaf-unreadable',
  },
  { name: 'a leaf too weak to serve', bundle: { ...bundle, leaf: fixture('rsa-1024') }, reason: 'leaf-unreadable' },
  {
    name: 'the key of another leaf',
    bundle: { ...bundle, leaf: { ...bundle.leaf, key: other.leaf.key } },
    reason: 'leaf-key-does-not-fit',
  },
  {
    name: 'a leaf made by a clock ahead',
    bundle: { ...bundle, leaf: await makeLeaf(authorityOf(bundle), { names: NAMES, now: after(DAY) }) },
    reason: 'leaf-not-yet-valid',
  },
  { name: 'the leaf of another authority', bundle: { ...bundle, leaf: other.leaf }, reason: 'leaf-not-signed' },
  {
    name: 'the leaf of an authority that has expired',
    bundle: {
      ...changing,
      roots: newer.certificate + short.certificate,
      leaf: await makeLeaf(short, { names: NAMES, now: EPOCH }),
    },
    now: after(59 * DAY),
    reason: 'leaf-expires-soon',
  },
  {
    name: 'the leaf of an authority that is not valid yet',
    bundle: {
      ...bundle,
      roots: bundle.roots + newer.certificate,
      leaf: await makeLeaf(newer, { names: NAMES, now: EPOCH }),
    },
    reason: 'leaf-not-signed',
  },
  { name: 'one more name', bundle, names: [...NAMES, 'more.example'], reason: 'names-missing' },
  { name: 'one more address', bundle, names: [...NAMES, '::1'], reason: 'names-missing' },
  { name: 'part of a name', bundle, names: ['restamp'], reason: 'names-missing' },
  { name: 'fewer names', bundle, names: ['localhost'], reason: undefined },
  { name: 'the leaf just before two thirds of its life', bundle, now: after(RENEWAL - 1000), reason: undefined },
  { name: 'the leaf at two thirds of its life', bundle, now: after(RENEWAL), reason: 'leaf-expires-soon' },
  { name: 'the leaf has expired', bundle, now: after(91 * DAY), reason: 'leaf-expires-soon' },

  {
    name: 'changing over: a good leaf of the old authority stays',
    bundle: changing,
    now: after(59 * DAY),
    reason: undefined,
  },
  { name: 'changing over: the leaf is due', bundle: changing, now: after(RENEWAL), reason: 'leaf-expires-soon' },
  {
    name: 'changing over: the leaf is due, but its signer not known everywhere',
    bundle: { ...changing, roots: other.roots + bundle.roots, authorityKey: other.authorityKey, leaf: await oldLeaf() },
    now: after(TEN_MINUTES - 1000),
    reason: undefined,
  },
  {
    name: 'changing over: the leaf is due, and its signer known long enough',
    bundle: { ...changing, roots: other.roots + bundle.roots, authorityKey: other.authorityKey, leaf: await oldLeaf() },
    now: after(TEN_MINUTES),
    reason: 'leaf-expires-soon',
  },
  {
    name: 'changed over: leaves of the old authority may be served',
    bundle: changed,
    now: after(100 * DAY),
    reason: undefined,
  },
  {
    name: 'changed over: leaves of the old authority are gone',
    // Its own leaf is not due before 60 + 60 days; the old authority's are gone after 59 + 90.
    bundle: { ...changed, leaf: await makeLeaf(newer, { names: NAMES, now: after(100 * DAY) }) },
    now: after(149 * DAY),
    reason: 'old-authority-unneeded',
  },
  {
    name: 'changed over: the old authority has expired',
    bundle: { ...bundle, roots: bundle.roots + short.certificate },
    now: after(2 * DAY),
    reason: 'old-authority-unneeded',
  },
];

/** A leaf of the shared authority that was due when it was made. */
async function oldLeaf(): Promise<Bundle['leaf']> {
  return makeLeaf(authorityOf(bundle), { names: NAMES, now: after(-HOUR), lifeMs: 1.5 * HOUR });
}

for (const { name, bundle, now = EPOCH, names = NAMES, reason } of CASES) {
  t.test(`${name}: ${reason ?? 'nothing to do'}`, (t) => {
    t.equal(whyRotate(bundle, now, names), reason);
    t.end();
  });
}

t.test('each reason has a case', (t) => {
  const seen = new Set(CASES.map(({ reason }) => reason));
  for (const reason of Object.keys(REMEDIES)) t.ok(seen.has(reason as RotationReason), reason);
  t.end();
});
