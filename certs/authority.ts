/**
 * Makes certificates: an authority, and the leaves it signs. RSA, since that is what node-forge can sign with.
 * Keys and serial numbers come from node:crypto itself, not from an argument: a seam here would be a way to make them
 * guessable.
 */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import type { md, pki } from 'node-forge';
import type { Clock } from '../kube/clock.ts';
import { CLOCK_SKEW_MS, LIFETIMES } from './life.ts';
import type { Pair } from './pair.ts';

type Forge = { readonly pki: typeof pki; readonly md: typeof md };

/** 2048 bits: the least that TLS clients accept and enough for a leaf of 90 days; 3072 cost three times the time. */
const RSA_BITS = 2048;

/** 128 bits: more than the 64 that the CA/Browser Forum asks for, less than the 160 that RFC 5280 allows. */
const SERIAL_BYTES = 16;

const generateKeys = promisify(generateKeyPair);

export async function makeAuthority(now: Date, lifeMs: number = LIFETIMES.authorityMs): Promise<Pair> {
  const forge = await loadForge();
  const keys = await generateRsa();
  const certificate = blank(forge, keys.publicKey, { from: now, to: new Date(now.getTime() + lifeMs) });
  // A name of its own for each: some clients look an issuer up by name, and two authorities live side by side.
  const subject = name(`restamp authority ${certificate.serialNumber.slice(0, 8)}`);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    // No authority below it: it signs leaves only.
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return signed(forge, certificate, { key: keys.privateKey, signingKey: keys.privateKey });
}

export interface LeafRequest {
  readonly names: readonly string[];
  readonly now: Date;
  readonly lifeMs?: number;
}

export async function makeLeaf(authority: Pair, { names, now, lifeMs }: LeafRequest): Promise<Pair> {
  const forge = await loadForge();
  const keys = await generateRsa();
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const end = now.getTime() + (lifeMs ?? LIFETIMES.leafMs);
  // A leaf that outlives its issuer is good for nothing in the time between.
  const to = new Date(Math.min(end, issuer.validity.notAfter.getTime()));
  const certificate = blank(forge, keys.publicKey, { from: now, to });
  // Clients read the alternative names; a common name may not be longer than 64 characters.
  certificate.setSubject(name('restamp'));
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names.map(alternativeName) },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  return signed(forge, certificate, { key: keys.privateKey, signingKey: authority.key });
}

export interface SelfSignedPair extends Pair {
  /** PEM of the authority that signed it, whose key is already forgotten. */
  readonly authority: string;
}

/** A pair by an authority for it alone: for tests, and for trying things out. */
export async function makeSelfSignedPair(
  names: readonly string[],
  { now }: Pick<Clock, 'now'>,
): Promise<SelfSignedPair> {
  const authority = await makeAuthority(now());
  return { ...(await makeLeaf(authority, { names, now: now() })), authority: authority.certificate };
}

/** Loaded when a certificate is made, once in two months: node-forge costs 13 MiB of resident memory. */
async function loadForge(): Promise<Forge> {
  return (await import('node-forge')).default;
}

async function generateRsa(): Promise<{ publicKey: string; privateKey: string }> {
  return generateKeys('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function blank({ pki }: Forge, publicKey: string, valid: { from: Date; to: Date }): pki.Certificate {
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(valid.from.getTime() - CLOCK_SKEW_MS);
  certificate.validity.notAfter = valid.to;
  return certificate;
}

/** The first bit is 0, or the number were negative; the second is 1, or DER (Go insists) would want it a byte shorter. */
function serialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes.writeUInt8((bytes.readUInt8() & 0x7f) | 0x40);
  return bytes.toString('hex');
}

function signed(
  { pki, md }: Forge,
  certificate: pki.Certificate,
  { key, signingKey }: { key: string; signingKey: string },
): Pair {
  certificate.sign(pki.privateKeyFromPem(signingKey), md.sha256.create());
  return { certificate: pem(pki.certificateToPem(certificate)), key };
}

function name(commonName: string): pki.CertificateField[] {
  return [{ name: 'commonName', value: commonName }];
}

/** Types 2 and 7 of RFC 5280's GeneralName: dNSName and iPAddress. */
function alternativeName(name: string): object {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}

/** With the line ends of everything else in a cluster. */
function pem(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
