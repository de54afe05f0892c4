/** Builders for the tests of certificates. Keys take time to make, so what can be shared is made once. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { makeAuthority, makeLeaf } from '../../certs/authority.ts';
import type { Bundle } from '../../certs/bundle.ts';
import { LIFETIMES } from '../../certs/life.ts';
import type { Pair } from '../../certs/pair.ts';
import type { PairListener } from '../../certs/source.ts';
import { type Clock, systemClock } from '../../kube/clock.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** When the shared certificates were made. Certificates count in seconds. */
export const EPOCH = new Date('2030-01-01T00:00:00Z');
export const NAMES = ['restamp-webhook.restamp.svc', 'localhost', '127.0.0.1'];

export function after(ms: number, from: Date = EPOCH): Date {
  return new Date(from.getTime() + ms);
}

/** A clock that runs as the system's does, but tells another time of day. */
export function clockAt(date: Date): Clock & { set(date: Date): void } {
  let offset = date.getTime() - Date.now();
  return {
    ...systemClock,
    now: () => new Date(Date.now() + offset),
    set: (to) => {
      offset = to.getTime() - Date.now();
    },
  };
}

export function fixture(name: 'ecdsa' | 'rsa-1024'): Pair {
  const read = (extension: string): string =>
    readFileSync(new URL(`./fixtures/${name}.${extension}`, import.meta.url), 'utf8');
  return { certificate: read('crt'), key: read('key') };
}

/** An authority and a leaf of its, made at EPOCH. */
export async function makeBundle(made: Date = EPOCH, names: readonly string[] = NAMES): Promise<Bundle> {
  const authority = await makeAuthority(made);
  const leaf = await makeLeaf(authority, { names, now: made, lifeMs: LIFETIMES.leafMs });
  return { leaf, roots: authority.certificate, authorityKey: authority.key };
}

/** The signing authority of a bundle. */
export function authorityOf({ roots, authorityKey }: Bundle): Pair {
  return { certificate: new X509Certificate(roots).toString(), key: authorityKey };
}

export function serialOf(pem: string): string {
  return new X509Certificate(pem).serialNumber;
}

/** A listener that writes down what it is told. */
export interface Diary extends PairListener {
  readonly entries: string[];
  readonly pairs: Pair[];
}

export function diary(): Diary {
  const entries: string[] = [];
  const pairs: Pair[] = [];
  return {
    entries,
    pairs,
    accepted: (pair, { serial }) => {
      entries.push(`accepted ${serial}`);
      pairs.push(pair);
    },
    refused: (reason) => {
      entries.push(`refused ${reason}`);
    },
  };
}

/** Polls until something holds: for what happens in files and in a cluster, where nobody calls back. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, deadlineMs = 20_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await systemClock.sleep(20);
  }
}
