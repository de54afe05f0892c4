/** `restamp clean-up`: shows what Reloader and wave left in a cluster, and removes it when it is told to. */
import {
  podsAfter,
  remnantsOf,
  sourcePatch,
  sourceRemnants,
  TOOLS,
  type Tool,
  workloadPatch,
} from '../core/clean-up.ts';
import type { JsonObject } from '../core/json.ts';
import { FIELD_MANAGER } from '../core/names.ts';
import { describeError, isStatus } from '../kube/error.ts';
import { METADATA_ONLY_ITEM } from '../kube/metadata.ts';
import { resourcePath } from '../kube/path.ts';
import type { KubeTransport } from '../kube/transport.ts';
import {
  commandLine,
  countText,
  objectWidth,
  planSummary,
  planTable,
  remnantsText,
  toolsText,
} from './clean-up-page.ts';
import { nameOf, type Survey, survey, type Target, unheld } from './clean-up-survey.ts';
import type { CLEAN_UP_OPTIONS } from './commands.ts';
import { connect } from './connection.ts';
import type { Values } from './parse-options.ts';

export type CleanUpValues = Values<typeof CLEAN_UP_OPTIONS>;

export interface CleanUpSurroundings {
  readonly transport: KubeTransport;
  readonly stop: AbortSignal;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Runs the command with the rights of the kubeconfig's user; resolves to the exit code. */
export async function runCleanUp(
  options: CleanUpValues,
  surroundings: Omit<CleanUpSurroundings, 'transport'>,
): Promise<number> {
  const transport = await connect('clean-up', options.kubeconfig);
  try {
    return await cleanUp(options, { ...surroundings, transport });
  } finally {
    transport.close();
  }
}

/** The command, connected. */
export async function cleanUp(options: CleanUpValues, surroundings: CleanUpSurroundings): Promise<number> {
  const { transport, stop, stderr } = surroundings;
  const tools = options.of.length === 0 ? TOOLS : options.of;
  const request = { transport, namespaces: options.namespaces, tools, signal: stop };
  const found = await unlessStopped(() => survey(request), stop);
  if (found === undefined) {
    stderr('restamp clean-up: stopped, nothing has been changed\n');
    return 1;
  }
  for (const warning of found.warnings) stderr(`restamp clean-up: ${warning}\n`);
  const isDone = await deal(found, { options, tools }, surroundings);
  return isDone && found.warnings.length === 0 ? 0 : 1;
}

/** What is under way when somebody stops it ends in an error that says no more than that. */
async function unlessStopped<T>(act: () => Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  }
}

interface Asked {
  readonly options: CleanUpValues;
  readonly tools: readonly Tool[];
}

/** Whether all that was asked for has been done. */
async function deal(found: Survey, asked: Asked, surroundings: CleanUpSurroundings): Promise<boolean> {
  const { stdout } = surroundings;
  const { options, tools } = asked;
  if (found.targets.length === 0) stdout(nothingText(found, asked));
  else if (options.yes) return removeAll(found, tools, surroundings);
  else {
    stdout(`${planTable(found.targets)}\n${planSummary(found.targets)}${fixedText(found)}\n`);
    stdout(`Nothing has been changed. To remove it:\n  ${commandLine(options)}\n`);
  }
  return true;
}

function nothingText(found: Survey, { options, tools }: Asked): string {
  const { namespaces } = options;
  const where = namespaces.length === 0 ? 'any namespace' : `namespace ${namespaces.join(', ')}`;
  const seen = found.warnings.length === 0 ? '' : ', as far as it could be looked at';
  return `Nothing of ${toolsText(tools)} is left in ${where}${seen}.\n${fixedText(found)}`;
}

function fixedText({ fixedJobs }: Survey): string {
  if (fixedJobs === 0) return '';
  return `${countText(fixedJobs, 'Job')} not counted: the pod template of a Job cannot be changed, what is left goes with it.\n`;
}

type Outcome =
  | { readonly outcome: 'removed'; readonly text: string }
  /** Somebody was quicker: the object or what was left on it is gone. */
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'failed'; readonly cause: string };

/** Deals with one object after the other; whoever stops it does so between two of them. */
async function removeAll(found: Survey, tools: readonly Tool[], surroundings: CleanUpSurroundings): Promise<boolean> {
  const { stop, stdout } = surroundings;
  const { targets, owners } = found;
  const removal: Removal = { transport: surroundings.transport, tools, owners, held: new Set(found.held) };
  const outcomes: Outcome[] = [];
  const width = objectWidth(targets);
  for (const target of targets) {
    if (stop.aborted) break;
    const outcome = await remove(target, removal);
    outcomes.push(outcome);
    if (outcome.outcome === 'failed' && target.on === 'source') for (const uid of target.owners) removal.held.add(uid);
    const count = String(outcomes.length).padStart(String(targets.length).length);
    stdout(`[${count}/${targets.length}] ${outcomeText(nameOf(target).padEnd(width), outcome)}`.trimEnd().concat('\n'));
  }
  stdout(`\n${totalText(outcomes)}${fixedText(found)}`);
  return isAllDone(targets, outcomes, surroundings);
}

function outcomeText(name: string, outcome: Outcome): string {
  switch (outcome.outcome) {
    case 'removed':
      return `removed  ${name}  ${outcome.text}`;
    case 'gone':
      return `gone     ${name}`;
    case 'failed':
      return `failed   ${name}  ${outcome.cause}`;
  }
}

function totalText(outcomes: readonly Outcome[]): string {
  const count = (which: Outcome['outcome']): number => outcomes.filter(({ outcome }) => outcome === which).length;
  const gone = count('gone') === 0 ? '' : `, ${count('gone')} gone meanwhile`;
  return `${countText(count('removed'), 'object')} cleaned up${gone}, ${count('failed')} failed.\n`;
}

/** Says what failed, and what is left where somebody stopped it. */
function isAllDone(targets: readonly Target[], outcomes: readonly Outcome[], { stderr }: CleanUpSurroundings): boolean {
  const failed = targets.filter((_, index) => outcomes[index]?.outcome === 'failed');
  const left = targets.slice(outcomes.length);
  if (failed.length > 0) stderr(`restamp clean-up: failed, give the command again to retry:\n${names(failed)}`);
  if (left.length > 0) stderr(`restamp clean-up: stopped, not dealt with:\n${names(left)}`);
  return failed.length + left.length === 0;
}

function names(targets: readonly Target[]): string {
  return targets.map((target) => `  ${nameOf(target)}\n`).join('');
}

interface Removal {
  readonly transport: KubeTransport;
  readonly tools: readonly Tool[];
  readonly owners: ReadonlySet<string>;
  /** Owners that something still refers to: their finalizer stays, since deleting them would delete that too. */
  readonly held: Set<string>;
}

/** Whoever writes a workload all the time (a rollout writes its status every second or so) does not keep us for ever. */
const ATTEMPTS = 10;

async function remove(target: Target, removal: Removal): Promise<Outcome> {
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const outcome = await attemptOn(target, removal);
      if (outcome !== 'changed meanwhile') return outcome;
    }
    return { outcome: 'failed', cause: `it was changed by others ${ATTEMPTS} times meanwhile` };
  } catch (error) {
    // It has gone between the list and now.
    if (isStatus(error, 404)) return { outcome: 'gone' };
    return { outcome: 'failed', cause: describeError(error) };
  }
}

/** Reads the object, and removes what is left on it then. */
async function attemptOn(target: Target, removal: Removal): Promise<Outcome | 'changed meanwhile'> {
  const { transport } = removal;
  const path = resourcePath(target.resource, target);
  // Of ConfigMaps and Secrets no content is sent back, neither for the read nor for the write.
  const accept = target.on === 'source' ? { accept: METADATA_ONLY_ITEM } : {};
  const write = writeFor(target, await transport.request({ method: 'GET', path, ...accept }), removal);
  if (write.patch === undefined) return write.outcome;
  try {
    await transport.request({
      ...{ method: 'PATCH', path, query: { fieldManager: FIELD_MANAGER }, body: write.patch },
      ...{ contentType: 'application/merge-patch+json', ...accept },
    });
    return write.outcome;
  } catch (error) {
    if (isStatus(error, 409)) return 'changed meanwhile';
    throw error;
  }
}

interface Write {
  /** None where nothing is to be written. */
  readonly patch?: JsonObject;
  /** Once it is written. */
  readonly outcome: Outcome;
}

function writeFor(target: Target, raw: unknown, { tools, owners, held }: Removal): Write {
  if (target.on === 'source') {
    const remnants = sourceRemnants(raw, owners);
    if (remnants.length === 0) return { outcome: { outcome: 'gone' } };
    return { patch: sourcePatch(raw, owners), outcome: { outcome: 'removed', text: remnantsText(remnants) } };
  }
  const { kindInfo, uid } = target;
  const { removable } = remnantsOf(raw, { kindInfo, tools });
  const remnants = unheld(removable, { uid, held });
  const outcome: Outcome =
    remnants.length < removable.length && target.remnants.some(({ what }) => what === 'finalizer')
      ? { outcome: 'failed', cause: "keeps wave's finalizer: what could not be changed still names it as its owner" }
      : { outcome: 'removed', text: `${remnantsText(remnants)}${podsText(podsAfter(raw, { kindInfo, remnants }))}` };
  if (remnants.length === 0) return { outcome: removable.length === 0 ? { outcome: 'gone' } : outcome };
  return { patch: workloadPatch(raw, { kindInfo, remnants }), outcome };
}

function podsText(pods: 'roll' | 'later' | 'stay'): string {
  return pods === 'stay' ? '' : ` (pods: ${pods})`;
}
