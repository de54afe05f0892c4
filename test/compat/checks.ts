/** More that has to be seen of a workload than whether it rolled. Each answers what is wrong, or nothing. */
import { asList, asObject, asText, equalJson, type JsonObject, parseJson } from '../../core/json.ts';
import type { Check } from './case.ts';
import { newJobs, type Sight } from './observe.ts';

const PAUSED_AT = 'deployment.reloader.stakater.com/paused-at';
const LAST_RELOADED_FROM = 'reloader.stakater.com/last-reloaded-from';
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const spec = ({ workload }: Sight): JsonObject => asObject(workload.spec);

/** Paused by restamp: with the time of it. */
export function pausedSince(annotation = PAUSED_AT): Check {
  return (now) => {
    if (spec(now).paused !== true) return 'it is not paused';
    const at = now.annotations[annotation];
    if (at === undefined || !RFC_3339.test(at)) return `${annotation} is ${at ?? 'not there'}`;
    return Math.abs(Date.parse(at) - Date.now()) < 60_000 ? undefined : `${annotation} is ${at}, which is not now`;
  };
}

/** Paused by a person: without a time. */
export const stillPaused: Check = (now) => {
  if (spec(now).paused !== true) return 'it is not paused any more';
  return now.annotations[PAUSED_AT] === undefined ? undefined : `${PAUSED_AT} was written`;
};

export function notPaused(annotation = PAUSED_AT): Check {
  return (now) => {
    if (spec(now).paused === true) return 'it is paused';
    return now.annotations[annotation] === undefined ? undefined : `${annotation} is there`;
  };
}

export interface Reloaded {
  readonly type: 'CONFIGMAP' | 'SECRET';
  readonly name: string;
  readonly containerRefs: readonly string[];
}

/** The template tells what it was reloaded from, as Reloader writes it; and did not before, unless `again`. */
export function reloadedFrom(expected: Reloaded, again?: 'again'): Check {
  return (now, before) => {
    const text = templateAnnotation(now, LAST_RELOADED_FROM);
    const past = templateAnnotation(before, LAST_RELOADED_FROM);
    if (text === undefined) return `${LAST_RELOADED_FROM} was not written`;
    if (again === undefined && past !== undefined) return `${LAST_RELOADED_FROM} was there before any change`;
    if (text === past) return `${LAST_RELOADED_FROM} is the one of the change before`;
    return wrongStory(asObject(parseJson(text)), { ...expected, namespace: asObject(now.workload.metadata).namespace });
  };
}

function wrongStory({ hash, observedAt, ...rest }: JsonObject, expected: JsonObject): string | undefined {
  if (!equalJson(rest, expected)) return `${LAST_RELOADED_FROM} tells ${JSON.stringify(rest)}`;
  if (asText(hash) === undefined) return 'it tells no hash';
  return isNow(observedAt) ? undefined : `it tells that it was observed at ${String(observedAt)}`;
}

function isNow(seconds: unknown): boolean {
  return Number.isInteger(seconds) && Math.abs(Number(seconds) - Date.now() / 1000) < 60;
}

/** Nothing of Reloader's is in the template. */
export const nothingWritten: Check = (now) => {
  const variables = containers(now).flatMap(variablesOf);
  const ours = variables.filter(({ name }) => String(name).startsWith('STAKATER_'));
  if (ours.length > 0) return `a variable ${String(ours[0]?.name)} was written`;
  return templateAnnotation(now, LAST_RELOADED_FROM) === undefined ? undefined : `${LAST_RELOADED_FROM} was written`;
};

/** Exactly one container has a variable, with another value than before if it had one. */
export function variable(containerName: string, name: string): Check {
  return (now, before) => {
    const holders = containers(now).filter((one) => valueIn(one, name) !== undefined);
    const names = holders.map((one) => String(one.name));
    if (!equalJson(names, [containerName])) return `${name} is in the containers [${names.join(', ')}]`;
    const [value] = holders.map((one) => valueIn(one, name));
    const [past] = containers(before).flatMap((one) => valueIn(one, name) ?? []);
    if (value === undefined || value === '') return `${name} is empty`;
    return value === past ? `${name} is the one of the change before` : undefined;
  };
}

/** What was there stays as it is. */
export const writtenIsLeft: Check = (now, before) => {
  const variables = (sight: Sight): unknown => containers(sight).flatMap(variablesOf);
  if (!equalJson(variables(now), variables(before))) return 'the variables changed';
  const [text, past] = [now, before].map((sight) => templateAnnotation(sight, LAST_RELOADED_FROM));
  return text === past ? undefined : `${LAST_RELOADED_FROM} changed`;
};

function containers({ template }: Sight): readonly JsonObject[] {
  return asList(asObject(template.spec).containers).map(asObject);
}

function variablesOf(container: JsonObject): readonly JsonObject[] {
  return asList(container.env).map(asObject);
}

function valueIn(container: JsonObject, name: string): string | undefined {
  const [variable] = variablesOf(container).filter((one) => one.name === name);
  return variable === undefined ? undefined : String(variable.value ?? '');
}

function templateAnnotation({ template }: Sight, name: string): string | undefined {
  return asText(asObject(asObject(template.metadata).annotations)[name]);
}

export const noNewJob: Check = (now, before) => (newJobs(now, before).length === 0 ? undefined : 'a Job was created');

/** The one new Job is marked as made by hand and belongs to the CronJob. */
export const instantiated: Check = (now, before) => {
  const [job] = newJobs(now, before);
  const { annotations, ownerReferences } = asObject(job?.metadata);
  const mark = asObject(annotations)['cronjob.kubernetes.io/instantiate'];
  if (mark !== 'manual') return `the Job is marked ${String(mark)}`;
  const owners = asList(ownerReferences).map(asObject);
  const owner = owners.find(({ uid }) => uid === now.uid);
  return owner?.kind === 'CronJob' ? undefined : 'the Job is not owned by the CronJob';
};

/** Part of the spec is as it was. */
export function specStays(member: string): Check {
  return (now, before) => (equalJson(spec(now)[member], spec(before)[member]) ? undefined : `spec.${member} changed`);
}

export function specIs(member: string, value: unknown): Check {
  return (now) =>
    equalJson(spec(now)[member], value) ? undefined : `spec.${member} is ${JSON.stringify(spec(now)[member])}`;
}

/** An Event about the workload says something. */
export function eventSays(words: RegExp): Check {
  return ({ events }) =>
    events.some((note) => words.test(note)) ? undefined : `no Event says ${String(words)}, but: ${events.join(' | ')}`;
}

/** An annotation of the workload itself. */
export function annotationGone(name: string): Check {
  return ({ annotations }) => (annotations[name] === undefined ? undefined : `${name} is still there`);
}

export function templateSpecIs(member: string, value: unknown): Check {
  return ({ template }) => {
    const found = asObject(template.spec)[member];
    return equalJson(found, value) ? undefined : `the template's spec.${member} is ${JSON.stringify(found)}`;
  };
}

export const noFinalizer: Check = ({ workload }) => {
  const { finalizers } = asObject(workload.metadata);
  return asList(finalizers).length === 0 ? undefined : `finalizers are ${JSON.stringify(finalizers)}`;
};
