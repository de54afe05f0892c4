/** What the names of objects look like. */

/** Longest name of an object: a DNS subdomain (RFC 1123). */
export const NAME_LENGTH = 253;

/** Longest name of a namespace: one DNS label. */
const LABEL_LENGTH = 63;

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Whether an object can have this name (RFC 1123 subdomain, as apimachinery's IsDNS1123Subdomain). A reference may
 * hold any text, `..` among it: what cannot exist is never asked for.
 */
export function isObjectName(text: string): boolean {
  return text.length <= NAME_LENGTH && SUBDOMAIN.test(text);
}

/** Whether a namespace can have this name. */
export function isNamespaceName(text: string): boolean {
  return text.length <= LABEL_LENGTH && LABEL.test(text);
}
