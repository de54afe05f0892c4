/** Pairs of all sorts for one name, that a client who trusts `authorities` takes each of; and pairs that nobody should. */
import { makeSelfSignedPair } from '../../certs/authority.ts';
import type { Pair } from '../../certs/pair.ts';
import { systemClock } from '../../kube/clock.ts';
import { fixture } from '../certs/build.ts';

/** The name that all of them are for. */
export const SERVER_NAME = 'localhost';

export interface Pairs {
  /** RSA and ECDSA by turns. */
  readonly good: readonly [Pair, ...Pair[]];
  /** Halves of two pairs, a pair cut off, and one that is too weak. */
  readonly bad: readonly [Pair, ...Pair[]];
  /** PEM: who signed the good ones. */
  readonly authorities: string;
}

export async function makePairs(): Promise<Pairs> {
  const [rsa, another] = await Promise.all([
    makeSelfSignedPair([SERVER_NAME], systemClock),
    makeSelfSignedPair([SERVER_NAME], systemClock),
  ]);
  const ecdsa = fixture('ecdsa');
  return {
    good: [rsa, ecdsa, another, ecdsa],
    bad: [
      { certificate: ecdsa.certificate, key: rsa.key },
      { certificate: rsa.certificate.slice(0, 300), key: rsa.key },
      fixture('rsa-1024'),
    ],
    authorities: [rsa.authority, another.authority, ecdsa.certificate].join('\n'),
  };
}
