/**
 * What a compatibility case is: data. What is there before, what is changed, and what has to come of it. A case in which
 * nothing may happen also says which one thing forbids it (`flip`): with that changed the same workload has to roll, which
 * shows that the case was able to fail.
 */
import type { JsonObject } from '../../core/json.ts';
import type { WorkloadKind } from './kinds.ts';
import type { Sight } from './observe.ts';

/** Something a user does to the objects of a case. All of them are in the case's namespace unless told otherwise. */
export type Action =
  /** `activates`: the owner, a CronJob, is told in its status that this Job of it is running. */
  | { readonly do: 'create'; readonly object: JsonObject; readonly ownedBy?: Owner; readonly activates?: true }
  | ({ readonly do: 'patch'; readonly patch: JsonObject; readonly status?: true } & Target)
  | ({ readonly do: 'delete' } & Target)
  | { readonly do: 'wait'; readonly ms: number };

export interface Target {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The owner of an object to be created: its uid is known only then. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly controller: boolean;
}

/**
 * What comes of a change.
 * - `rolls`: exactly one rollout: one revision more, or for kinds without a controller here, one write of the template.
 * - `stamped`: the template was written once, and no revision came of it: the workload waits for its owner.
 * - `stays`: template, generation, revisions and Jobs are what they were.
 * - `restarts`: an Argo Rollout's `spec.restartAt` was set once, the template is what it was.
 * - `runs`: one Job of the CronJob more.
 * - `recreated`: a Job of the same name and another uid, once.
 * - `resumes`: what was stamped before rolls now: one revision more.
 * - `posts`: one request at the group's sink, and the workload is what it was.
 * - `changes`: no more than that: the checks say what has to be seen.
 */
export type Outcome =
  | 'rolls'
  | 'stamped'
  | 'stays'
  | 'restarts'
  | 'runs'
  | 'recreated'
  | 'resumes'
  | 'posts'
  | 'changes';

/** More that has to be seen; answers what is wrong, or nothing. */
export type Check = (now: Sight, before: Sight) => string | undefined;

export interface Flip {
  /** Takes away what forbids the rollout, and nothing else; must not need to roll anything itself. */
  readonly set?: readonly Action[];
  /** The change again; it may be empty where `set` or time is what brings the rollout. */
  readonly change: readonly Action[];
  /** `rolls` if left out. */
  readonly outcome?: Outcome;
  readonly checks?: readonly Check[];
}

/** How a workload uses a source. */
export type Use =
  | 'env-key'
  | 'env-from'
  | 'volume'
  | 'volume-item'
  | 'sub-path'
  | 'projected'
  | 'init-env-key'
  | 'init-env-from'
  | 'init-volume'
  | 'sidecar-env-from'
  | 'none';

/** Which vocabulary selects the source. */
export type Form = 'auto' | 'typed-auto' | 'named' | 'regex' | 'search' | 'none' | 'wave' | 'wave-extra';

export interface CompatCase {
  /** Unique, and the name of the case's namespace. */
  readonly id: string;
  /** A sentence: what happens, or does not. */
  readonly name: string;
  readonly tool: 'reloader' | 'wave';
  /** The annotations and flags it exercises. */
  readonly covers: readonly string[];
  /** The watcher it needs: a name in the tool's table of groups. */
  readonly group: string;
  readonly kind: WorkloadKind;
  readonly use: Use;
  readonly form: Form;
  /** The workload that is looked at. */
  readonly workload: JsonObject;
  /** One of the sources that owns the workload. */
  readonly ownedBy?: Owner;
  /** Created before the workload. */
  readonly sources: readonly JsonObject[];
  /** Labels of the namespace beside the one that confines the watcher. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** The watcher writes no record for it, as it is not its business or has nothing to refer to. */
  readonly unrecorded?: true;
  /** Its Events are looked at. */
  readonly events?: true;
  /** Done after everything is recorded and before the baseline is taken. */
  readonly prepare?: readonly Action[];
  readonly change: readonly Action[];
  readonly outcome: Outcome;
  readonly checks?: readonly Check[];
  readonly flip?: Flip;
}

/** A watcher with its options, and the cases that need it. */
export interface Group {
  readonly name: string;
  readonly args: readonly string[];
  /** The watcher is started anew with these options before the flips: where it is an option that forbids. */
  readonly flipArgs?: readonly string[];
  /** How many watchers run side by side; 1 if left out. */
  readonly watchers?: number;
  /** The watchers are stopped before the change and started after it. */
  readonly down?: true;
  /** Kinds of source whose change shows that the watcher is done; both if left out, none: time has to do. */
  readonly witnesses?: readonly ('ConfigMap' | 'Secret')[];
  /** Counts the requests that arrive at `{sink}` in the options. */
  readonly sink?: true;
  /** Labels of the namespaces beside the one that confines the watcher. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
}
