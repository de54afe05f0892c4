/** Durations as Go and Kubernetes write them: `500ms`, `30s`, `5m`, `1h30m`. */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A week: longer than anybody means, and far below the 2^31 ms that a timer can hold. */
const LONGEST_MS = 7 * 24 * 3_600_000;

/** Longer than any duration that is one, and short enough to be looked at in no time: values come from users. */
const LENGTH = 256;

/** Milliseconds; `undefined` for what is no duration or longer than a week. */
export function parseDuration(text: string): number | undefined {
  if (text.length > LENGTH || !/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
    total += Number(amount) * (UNIT_MS[unit] ?? 0);
  }
  return total <= LONGEST_MS ? Math.round(total) : undefined;
}

/** The shortest way to write it: `90000` is `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const whole = Math.floor(ms / 1_000);
  const parts = [
    [Math.floor(whole / 3_600), 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
    [ms % 1_000, 'ms'],
  ] as const;
  return parts.map(([amount, unit]) => (amount === 0 ? '' : `${amount}${unit}`)).join('');
}
