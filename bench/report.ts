/** Figures as lines for people. */
import type { Account } from './requests.ts';
import type { ResidentSpread, Spread } from './resident.ts';

export function memoryLine(name: string, { resident, anonymous, file }: ResidentSpread): string {
  const parts = [`resident ${spreadText(resident)}`];
  if (anonymous !== undefined) parts.push(`its own ${spreadText(anonymous)}`);
  if (file !== undefined) parts.push(`file pages ${spreadText(file)}`);
  return `${name}: ${parts.join(', ')} MiB`;
}

export function accountLines({ total, tally }: Account): string[] {
  return [`  ${total} requests`, ...Object.entries(tally).map(([what, count]) => `    ${what}: ${count}`)];
}

function spreadText({ median, min, max }: Spread): string {
  return `${median} (${min} to ${max})`;
}
