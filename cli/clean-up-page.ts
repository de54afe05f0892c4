/** What `restamp clean-up` says. */
import type { Pods, Remnant, Tool } from '../core/clean-up.ts';
import { nameOf, type Target } from './clean-up-survey.ts';

const NAMES = { reloader: 'Reloader', wave: 'wave' } as const satisfies Record<Tool, string>;

/** `Reloader or wave`. */
export function toolsText(tools: readonly Tool[]): string {
  return tools.map((tool) => NAMES[tool]).join(' or ');
}

/** Of many variables of one workload these are named. */
const SHOWN_TEXTS = 3;

/** `Reloader: last-reloaded-from; wave: finalizer, config-hash`. */
export function remnantsText(remnants: readonly Remnant[]): string {
  return [...Map.groupBy(remnants, ({ tool }) => tool)]
    .map(([tool, of]) => `${NAMES[tool]}: ${of.map(({ texts }) => textsOf(texts)).join(', ')}`)
    .join('; ');
}

function textsOf(texts: readonly string[]): string {
  const more = texts.length - SHOWN_TEXTS;
  return [...texts.slice(0, SHOWN_TEXTS), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

const OBJECT = 'OBJECT';

/** Longer names push their own line out, not the others: half of a terminal of 80 columns. */
const WIDEST_OBJECT = 40;

/** How wide a column of the names of these objects is. */
export function objectWidth(targets: readonly Target[]): number {
  const widths = targets.map((target) => nameOf(target).length);
  return Math.max(OBJECT.length, ...widths.filter((width) => width <= WIDEST_OBJECT));
}

/** One line for each object. */
export function planTable(targets: readonly Target[]): string {
  const rows = [
    { pods: 'PODS', object: OBJECT, what: 'WHAT IS LEFT' },
    ...targets.map((target) => ({
      pods: target.pods,
      object: nameOf(target),
      what: remnantsText(target.remnants),
    })),
  ];
  const width = objectWidth(targets);
  return rows.map(({ pods, object, what }) => `${pods.padEnd(5)}  ${object.padEnd(width)}  ${what}\n`).join('');
}

const MEANINGS: Readonly<Record<Pods, string>> = {
  roll: 'replaces its pods: its pod template changes, or its pause ends',
  later: 'gets a new pod template that waits: paused, OnDelete, or a CronJob',
  stay: 'has no pod touched',
};

/** How many objects, and what the words of the first column mean. */
export function planSummary(targets: readonly Target[]): string {
  const lines = (['roll', 'later', 'stay'] as const).flatMap((pods) => {
    const count = targets.filter((target) => target.pods === pods).length;
    return count === 0 ? [] : [`  ${pods.padEnd(5)}  ${String(count).padStart(4)}  ${MEANINGS[pods]}\n`];
  });
  return `${countText(targets.length, 'object')} to clean up; removing what is left on each:\n${lines.join('')}`;
}

/** `1 object`, `2 objects`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The command line that does what this one showed. */
export function commandLine(options: {
  readonly kubeconfig: string | undefined;
  readonly namespaces: readonly string[];
  readonly of: readonly Tool[];
}): string {
  const { kubeconfig, namespaces, of } = options;
  return [
    'restamp clean-up',
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${quoted(kubeconfig)}`]),
    ...(namespaces.length === 0 ? [] : [`--namespaces=${namespaces.join(',')}`]),
    ...(of.length === 0 ? [] : [`--of=${of.join(',')}`]),
    '--yes',
  ].join(' ');
}

/** As a POSIX shell takes it for one word. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
