/** Pushes changes to one upstream; what one refused change costs is that change. */
import type { RouteChange, UpstreamState } from '../core/route.ts';
import type { Dialogue, Rejection, RenderedChunk, RouterDriver } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { gatherState, type UpstreamAccess } from './gather.ts';
import type { Term } from './leader/leadership.ts';
import { runScript } from './run-script.ts';
import { unshownIn } from './shown.ts';

/** An upstream and the changes that it should take. */
export interface Push extends UpstreamAccess {
  readonly changes: readonly RouteChange[];
  /** What the upstream held when it was last read. */
  readonly state: UpstreamState;
  /** Asked before each chunk; what it throws is the error of every change of that chunk. */
  readonly mayWrite?: (() => Promise<void>) | undefined;
  /** Ends a script between two lines, where it is over. */
  readonly term?: Pick<Term, 'assertLeader' | 'check'> | undefined;
  /** Told how many more changes were sent: after each chunk, and while a script is typed. */
  readonly onSent?: ((count: number) => void) | undefined;
}

interface Typing extends Push {
  readonly onAnswer: () => void;
}

/**
 * Renders and sends the changes chunk by chunk, and resolves with those that the upstream did not take. Rejects where
 * the upstream refuses as a whole; {@link proveRights} tells that before anything is written down.
 */
export async function applyChanges(push: Push): Promise<readonly Rejection[]> {
  const { driver, scope, changes, state } = push;
  if (changes.length === 0) {
    return [];
  }
  const unsupported: Rejection[] = [];
  const sendable: RouteChange[] = [];
  for (const change of changes) {
    const error = driver.unsupported(change);
    if (error === undefined) {
      sendable.push(change);
    } else {
      unsupported.push({ change, error });
    }
  }
  const rejections: (readonly Rejection[])[] = [unsupported];
  for (const chunk of driver.render(scope, sendable, state)) {
    const tell = teller(chunk, push.onSent);
    const onAnswer = (): void => {
      push.term?.check();
      tell.line();
    };
    rejections.push(await sendChunk({ ...push, onAnswer }, chunk));
    tell.all();
  }
  return rejections.flat();
}

/** Rejects with UPSTREAM_NOT_PERMITTED if the upstream would refuse every change; changes nothing. */
export async function proveRights(upstream: UpstreamAccess): Promise<void> {
  const { driver, transport, scope, signal } = upstream;
  driver.probed(scope, await transport.run(driver.probe(scope), signal));
}

/** Tells of the changes of a script by its answered lines; what is typed again does not count again. */
function teller(
  { command, changes }: RenderedChunk,
  onSent: Push['onSent'],
): { readonly line: () => void; readonly all: () => void } {
  const steps = 'argv' in command ? [] : [...command.makes, ...command.breaks];
  const lines = steps.reduce((sum, step) => sum + step.lines.length, 0);
  let answered = 0;
  let told = 0;
  const tell = (count: number): void => {
    if (count > told) {
      onSent?.(count - told);
      told = count;
    }
  };
  return {
    line: () => {
      answered = Math.min(answered + 1, lines);
      tell(Math.floor((answered / lines) * changes.length));
    },
    all: () => tell(changes.length),
  };
}

async function sendChunk(push: Typing, chunk: RenderedChunk): Promise<readonly Rejection[]> {
  try {
    await push.mayWrite?.();
    return await sendCommand(push, chunk);
  } catch (error) {
    if (error instanceof RouteSyncError) {
      return chunk.changes.map((change) => ({ change, error }));
    }
    throw error;
  }
}

async function sendCommand(push: Typing, chunk: RenderedChunk): Promise<readonly Rejection[]> {
  const { command } = chunk;
  if (!('argv' in command)) {
    return runScript(push, command, async (changes) => settle(push, chunk, changes));
  }
  const refused = push.driver.rejections(chunk, await push.transport.run(command, push.signal));
  const gone = new Set(refused.map(({ change }) => change));
  const standing = chunk.changes.filter((change) => !gone.has(change));
  return standing.length === 0 ? refused : [...refused, ...(await settle(push, chunk, standing))];
}

/**
 * Makes final what the router would take back by itself: only once a new read-back shows it, which also proves that
 * the router still answers. Resolves with all changes where it does not.
 */
async function settle(
  push: Push,
  { confirm, revert, asks = same }: RenderedChunk,
  changes: readonly RouteChange[],
): Promise<readonly Rejection[]> {
  const { driver, scope, transport, signal } = push;
  if (confirm === undefined) {
    return [];
  }
  const gather: RouterDriver['gather'] = (each) =>
    driver.gather(each).map((question) => ('lines' in question ? asks(question) : question));
  const unshown = unshownIn(changes, await gatherState({ ...push, driver: { ...driver, gather } }));
  // Whoever leads by now finds the trial under way; the router ends it by itself.
  await push.term?.assertLeader();
  if (unshown.length === 0) {
    driver.probed(scope, await transport.run(confirm, signal));
    return [];
  }
  if (revert !== undefined) {
    driver.probed(scope, await transport.run(revert, signal));
  }
  const errors = new Map(unshown.map(({ change, error }) => [change, error]));
  const [{ error: cause }] = unshown as [Rejection];
  return changes.map((change) => ({ change, error: errors.get(change) ?? cause }));
}

/** At its prompt, a router is asked as the driver asks it. */
function same(question: Dialogue): Dialogue {
  return question;
}
