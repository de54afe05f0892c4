/** Reading PEM that somebody else wrote (RFC 7468). */
import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a text, in its order; undefined where one of them cannot be read. */
export function certificatesOf(text: string): readonly X509Certificate[] | undefined {
  try {
    return (text.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    return undefined;
  }
}

/** The certificates of a text that can be read; the rest is left out. */
export function readableCertificates(text: string): readonly X509Certificate[] {
  return (text.match(CERTIFICATE) ?? []).flatMap((pem) => certificatesOf(pem) ?? []);
}

/** One text of several certificates, each once. */
export function bundleOf(certificates: readonly X509Certificate[]): string {
  const byFingerprint = new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate]));
  return [...byFingerprint.values()].map(String).join('');
}

/** Whether a text ends before what it began: somebody is still writing it. */
export function isHalfWritten(text: string): boolean {
  const begun = text.match(/-----BEGIN [^-]+-----/g) ?? [];
  const ended = text.match(/-----END [^-]+-----/g) ?? [];
  const cutInAMarker = begun.length === 0 && text.trimStart().startsWith('-');
  return text.trim() === '' || cutInAMarker || begun.length !== ended.length;
}
