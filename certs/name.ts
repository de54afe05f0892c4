/** The names a certificate is for: DNS names in lower case, and IP addresses. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The names of a webhook behind a Service: the API server calls the first. `more` may hold IP addresses. */
export function serviceNames(service: string, namespace: string, more: readonly string[] = []): readonly string[] {
  return [...new Set([`${service}.${namespace}.svc`, `${service}.${namespace}`, service, ...more])];
}

/** Throws for what no certificate can be found to hold again: it would be made anew at every look. */
export function checkNames(names: readonly string[]): void {
  const wrong = names.filter((name) => isIP(name) === 0 && !DNS_NAME.test(name));
  if (wrong.length > 0) {
    throw new Error(`${wrong.map((name) => `"${name}"`).join(', ')}: use DNS names in lower case, or IP addresses`);
  }
  if (names.length === 0) throw new Error('a certificate needs at least one name: a DNS name or an IP address');
}

export function isNamed(certificate: X509Certificate, name: string): boolean {
  return isIP(name) === 0 ? namesOf(certificate).includes(name) : certificate.checkIP(name) !== undefined;
}

/** Node writes them as `DNS:a.example, IP Address:127.0.0.1`. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const names = (certificate.subjectAltName ?? '').split(', ').map((name) => /^(DNS|IP Address):(.+)$/.exec(name)?.[2]);
  return names.filter((name) => name !== undefined);
}
