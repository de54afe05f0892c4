/** URLs to post to. What comes after the host is a secret: a chat's webhook URL holds the right to write. */

/** Reads an `http://` or `https://` URL; `undefined` for anything else. */
export function httpUrl(text: string): URL | undefined {
  const url = URL.parse(text.trim());
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? url : undefined;
}

/** The part of a URL that may be shown: scheme, host and port. */
export function shownUrl(url: URL): string {
  return url.origin;
}
