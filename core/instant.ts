/** Moments as the API writes them (RFC 3339), as milliseconds since 1970. */

/** `undefined` for what is no moment. */
export function parseInstant(text: string | undefined): number | undefined {
  // biome-ignore lint/style/noRestrictedGlobals: reads a text, not the clock.
  const instant = /^\d{4}-\d\d-\d\dT/.test(text ?? '') ? Date.parse(text ?? '') : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}
