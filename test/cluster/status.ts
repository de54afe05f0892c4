import type { NamedCluster } from './named.ts';
import { serverAddress } from './start-up.ts';
import { COMPONENTS } from './versions.ts';

const HEADINGS = ['NAME', 'STATE', 'SERVER', 'AGE', 'PIDS'];

/** The clusters as a table. The processes are those of the supervisor and the components, as `name:pid`. */
export function statusTable(clusters: readonly NamedCluster[], now: number): string {
  if (clusters.length === 0) return 'there are no clusters: start one with "up"';
  const rows = [HEADINGS, ...clusters.map((cluster) => row(cluster, now))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function row({ name, phase, state }: NamedCluster, now: number): string[] {
  if (state === undefined) return [name, phase, '-', '-', '-'];
  const alive = phase === 'up' || phase === 'starting';
  const components = COMPONENTS.map((component) => `${component}:${state.components[component]?.pid ?? '-'}`);
  const pids = alive ? [`supervisor:${state.supervisor.pid}`, ...components].join(' ') : '-';
  return [name, phase, alive ? serverAddress(state) : '-', age(now - Date.parse(state.since)), pids];
}

/** The two largest units, as kubectl shows ages. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds}s`;
  if (hours === 0) return `${minutes}m${seconds % 60}s`;
  return hours < 48 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}
