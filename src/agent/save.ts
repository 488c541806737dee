/** Makes what runs on a router survive its restart, as often as the configuration wants it. */
import type { UpstreamConfig } from '../config/schema.ts';
import { RouteSyncError } from '../errors.ts';
import type { SaveFacts } from '../report/report.ts';
import type { UpstreamAccess } from './gather.ts';

/** What the ledger keeps of saving. */
export interface SaveMemory {
  /** True if there are changes of ours that were not saved. */
  readonly pending: boolean;
  /** Unix milliseconds of the last save; undefined if there was none. */
  readonly at: number | undefined;
}

export interface SaveStep {
  readonly memory: SaveMemory | undefined;
  /** True if something was changed just now. */
  readonly changed: boolean;
  /** Unix milliseconds. */
  readonly now: number;
  /** Asked before the save. */
  readonly mayWrite?: () => Promise<void>;
}

export interface SaveOutcome {
  readonly memory: SaveMemory;
  readonly facts: SaveFacts;
}

type SavePolicy = Pick<UpstreamConfig, 'save' | 'saveWindowSeconds'>;

/** Flash wears out, and a save takes many routers seconds: so not after each change, unless that is wanted. */
const WINDOW_SECONDS = 900;

/** Undefined where the router has nothing to save, or has saved everything; a refused save is told and tried again. */
export async function saveWhenDue(
  upstream: UpstreamAccess & { readonly config: SavePolicy },
  step: SaveStep,
): Promise<SaveOutcome | undefined> {
  const { driver, scope, transport, signal, config } = upstream;
  const command = driver.save(scope);
  const memory = { at: step.memory?.at, pending: step.changed || step.memory?.pending === true };
  if (command === undefined || !memory.pending) {
    return undefined;
  }
  if (!isDue(config, memory, step.now)) {
    return { memory, facts: { saved: false, error: undefined } };
  }
  try {
    await step.mayWrite?.();
    driver.probed(scope, await transport.run(command, signal));
    const saved = { pending: false, at: step.now };
    return { memory: saved, facts: { saved: true, error: undefined } };
  } catch (error) {
    if (error instanceof RouteSyncError) {
      const { code, message } = error;
      return { memory, facts: { saved: false, error: { code, message } } };
    }
    throw error;
  }
}

/** What another agent changed is to be saved by whoever leads next; undefined where there is nothing to remember. */
export function unsavedByLeader(
  { driver, scope }: Pick<UpstreamAccess, 'driver' | 'scope'>,
  { memory, changed }: Pick<SaveStep, 'changed' | 'memory'>,
): SaveMemory | undefined {
  return changed && driver.save(scope) !== undefined
    ? { at: memory?.at, pending: true }
    : undefined;
}

function isDue(
  { save = 'on-change-window', saveWindowSeconds = WINDOW_SECONDS }: SavePolicy,
  { at }: SaveMemory,
  now: number,
): boolean {
  const isOver = at === undefined || now < at || now - at >= saveWindowSeconds * 1000;
  return save === 'always' || (save === 'on-change-window' && isOver);
}
