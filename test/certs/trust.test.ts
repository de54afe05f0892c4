import t from 'tap';
import { makeAuthority } from '../../certs/authority.ts';
import { LIFETIMES } from '../../certs/life.ts';
import { readableCertificates } from '../../certs/pem.ts';
import { missingTrust } from '../../certs/trust.ts';
import { after, DAY, EPOCH, fixture, makeBundle, serialOf } from './build.ts';

const older = (await makeBundle(after(-DAY))).roots;
const current = (await makeBundle()).roots;
const newer = (await makeBundle(after(DAY))).roots;
const short = (await makeAuthority(EPOCH, DAY)).certificate;
const GONE = after(LIFETIMES.leafMs);

interface Case {
  readonly name: string;
  readonly present: string;
  readonly roots: string;
  readonly now?: Date;
  readonly expected: readonly string[] | undefined;
}

const CASES: readonly Case[] = [
  { name: 'empty', present: '', roots: current, expected: [current] },
  { name: 'a placeholder', present: '\n', roots: current, expected: [current] },
  { name: 'nonsense', present: 'x', roots: current, expected: [current] },
  { name: 'right', present: current, roots: current, expected: undefined },
  { name: 'right, in another order', present: older + current, roots: current + older, expected: undefined },
  { name: 'right, with text around', present: `# ours\n${current}\n`, roots: current, expected: undefined },
  { name: 'the new one is missing', present: older, roots: current + older, expected: [current, older] },
  {
    name: "somebody's older one stays while its leaf may be served",
    present: older,
    roots: current,
    expected: [current, older],
  },
  { name: 'it stays, and nothing is written', present: current + older, roots: current, expected: undefined },
  {
    name: 'it goes when its leaves are gone',
    present: current + older,
    roots: current,
    now: GONE,
    expected: [current],
  },
  {
    name: 'an old one that the Secret still holds stays',
    present: current + older,
    roots: current + older,
    now: GONE,
    expected: undefined,
  },
  {
    name: 'a newer one stays: this process is behind',
    present: newer + current,
    roots: current,
    now: GONE,
    expected: undefined,
  },
  { name: 'an expired one goes', present: current + short, roots: current, now: after(2 * DAY), expected: [current] },
  {
    name: 'one that cannot be read goes',
    present: `${current}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    roots: current,
    expected: [current],
  },
  { name: 'no roots: nothing is taken away', present: current, roots: '', expected: undefined },
  {
    name: 'ECDSA beside RSA',
    present: fixture('ecdsa').certificate,
    roots: current,
    expected: [current, fixture('ecdsa').certificate],
  },
];

for (const { name, present, roots, now = EPOCH, expected } of CASES) {
  t.test(name, (t) => {
    const bundle = missingTrust({ present, roots, now, leafMs: LIFETIMES.leafMs });
    const serials =
      bundle === undefined ? undefined : readableCertificates(bundle).map(({ serialNumber }) => serialNumber);
    t.strictSame(serials, expected?.map(serialOf));
    if (bundle !== undefined)
      t.equal(missingTrust({ present: bundle, roots, now, leafMs: LIFETIMES.leafMs }), undefined);
    t.end();
  });
}
