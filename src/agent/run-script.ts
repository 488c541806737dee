/** Types one script into a router's CLI; what one refused change costs is that change, also inside a transaction. */
import type { RouteChange } from '../core/route.ts';
import type {
  CliLine,
  CommandOutput,
  Dialogue,
  Rejection,
  Script,
  ScriptStep,
} from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import type { UpstreamAccess } from './gather.ts';
import type { Term } from './leader/leadership.ts';

/** How many transactions one script may take before what is left of it is given up. */
const TRIES = 24;

/** Where a script is typed. */
interface Terminal extends UpstreamAccess {
  /** Told of each line of a change that has its answer. */
  readonly onAnswer?: (() => void) | undefined;
  /** Asked before a transaction is committed. */
  readonly term?: Pick<Term, 'assertLeader'> | undefined;
}

/** Makes final what was committed on trial; resolves with the changes that do not stand. */
type Settle = (changes: readonly RouteChange[]) => Promise<readonly Rejection[]>;

/**
 * Resolves with the changes that were refused; all others stand. Rejects where the router refuses as a whole. Each
 * transaction is settled before the next one begins: routers take no other while one is on trial, or take that back.
 */
export async function runScript(
  upstream: Terminal,
  script: Script,
  settle: Settle,
): Promise<readonly Rejection[]> {
  if (script.atomic) {
    return runAtomic(upstream, script, { tries: TRIES, error: EXHAUSTED, settle });
  }
  const refused = await runLineByLine(upstream, script);
  const standing = changesOf(without(script, refused));
  return standing.length === 0 ? refused : [...refused, ...(await settle(standing))];
}

interface Budget {
  readonly settle: Settle;
  tries: number;
  /** What the router said last; for what is not tried any more. */
  error: RouteSyncError;
}

/** Never shown: the budget ends only after refusals. */
const EXHAUSTED = new RouteSyncError('INTERNAL', 'a script was given up before it was tried');

/**
 * A refused line is left out and the rest tried again; a refused commit names no line, so each half is tried on its
 * own until the change is found.
 */
async function runAtomic(
  upstream: Terminal,
  script: Script,
  budget: Budget,
): Promise<readonly Rejection[]> {
  const changes = changesOf(script);
  if (changes.length === 0) {
    return [];
  }
  if (budget.tries === 0) {
    return changes.map((change) => ({ change, error: budget.error }));
  }
  budget.tries -= 1;
  const outcome = await transact(upstream, script);
  if (outcome === undefined) {
    return budget.settle(changes);
  }
  const { refused, error } = outcome;
  if (refused.length === 0 && !isDivisible(error, changes)) {
    return changes.map((change) => ({ change, error }));
  }
  budget.error = error;
  const parts = refused.length > 0 ? [without(script, refused)] : halvesOf(script, changes);
  const later: Rejection[] = [];
  for (const part of parts) {
    later.push(...(await runAtomic(upstream, part, budget)));
  }
  return [...refused, ...later];
}

/** Why a transaction was not made. */
interface Undone {
  /** The changes with refused lines; empty where the commit was refused. */
  readonly refused: readonly Rejection[];
  readonly error: RouteSyncError;
}

/** Undefined if it stands; leaves nothing pending otherwise. Rejects where it could not even begin, or was cut off. */
async function transact(upstream: Terminal, script: Script): Promise<Undone | undefined> {
  try {
    await type(upstream, { lines: script.enter });
    const refused = await typeSteps(upstream, [...script.makes, ...script.breaks]);
    const [first] = refused;
    if (first !== undefined) {
      await typeOn(upstream, script.abort);
      return { refused, error: first.error };
    }
    await upstream.term?.assertLeader();
  } catch (error) {
    await abortQuietly(upstream, script);
    throw error;
  }
  try {
    await typeOn(upstream, script.commit);
    return undefined;
  } catch (error) {
    await abortQuietly(upstream, script);
    if (error instanceof RouteSyncError) {
      return { refused: [], error };
    }
    throw error;
  }
}

/** The first error is the one to tell. */
async function abortQuietly(upstream: UpstreamAccess, { abort }: Script): Promise<void> {
  try {
    await typeOn(upstream, abort);
  } catch (error) {
    if (!(error instanceof RouteSyncError)) {
      throw error;
    }
  }
}

/** Only a refusal may be the fault of one change; a lost session or a lock is not. */
function isDivisible({ code }: RouteSyncError, changes: readonly RouteChange[]): boolean {
  return code === 'UPSTREAM_COMMAND_FAILED' && changes.length > 1;
}

function halvesOf(script: Script, changes: readonly RouteChange[]): readonly Script[] {
  const half = new Set(changes.slice(0, Math.ceil(changes.length / 2)));
  return [
    keeping(script, (change) => half.has(change)),
    keeping(script, (change) => !half.has(change)),
  ];
}

/** What goes, goes only where what comes was taken. */
async function runLineByLine(upstream: Terminal, script: Script): Promise<readonly Rejection[]> {
  try {
    await type(upstream, { lines: script.enter });
    const refused = await typeSteps(upstream, script.makes);
    const { breaks } = without(script, refused);
    const stayed = await typeSteps(upstream, breaks);
    await typeOn(upstream, script.commit);
    return [...refused, ...stayed];
  } catch (error) {
    await abortQuietly(upstream, script);
    throw error;
  }
}

/** Sends lines that all have to be taken. */
async function type(upstream: UpstreamAccess, dialogue: Dialogue): Promise<void> {
  const { driver, transport, scope, signal } = upstream;
  driver.probed(scope, await transport.run(dialogue, signal));
}

async function typeOn(upstream: UpstreamAccess, lines: readonly CliLine[]): Promise<void> {
  return type(upstream, { lines, continues: true });
}

/** Sends all lines, and resolves with the changes of those that were refused: the first refusal of each. */
async function typeSteps(
  { driver, transport, signal, onAnswer }: Terminal,
  steps: readonly ScriptStep[],
): Promise<readonly Rejection[]> {
  const lines = steps.flatMap((step) => step.lines);
  if (lines.length === 0) {
    return [];
  }
  const changes = steps.flatMap((step) => step.lines.map(() => step.change));
  const { answers = [] }: CommandOutput = await transport.run(
    { lines, goesOn: true, continues: true, onAnswer },
    signal,
  );
  const rejections = new Map<RouteChange, Rejection>();
  for (const [index, change] of changes.entries()) {
    const answer = answers[index];
    if (answer?.refused === true && !rejections.has(change)) {
      rejections.set(change, { change, error: driver.refusal(change, answer) });
    }
  }
  return [...rejections.values()];
}

function changesOf({ makes, breaks }: Script): readonly RouteChange[] {
  return [...new Set([...makes, ...breaks].map(({ change }) => change))];
}

function without(script: Script, rejections: readonly Rejection[]): Script {
  const gone = new Set(rejections.map(({ change }) => change));
  return keeping(script, (change) => !gone.has(change));
}

function keeping(script: Script, isKept: (change: RouteChange) => boolean): Script {
  return {
    ...script,
    makes: script.makes.filter(({ change }) => isKept(change)),
    breaks: script.breaks.filter(({ change }) => isKept(change)),
  };
}
