/** The first step of a cycle on one upstream: lock it where we mean to write, then read journal, ledger and routes. */
import type { ClockReading } from '../core/clock.ts';
import type { UpstreamState } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { gatherState } from './gather.ts';
import type { Journal } from './journal.ts';
import type { Leadership } from './leader/leadership.ts';
import { withClock } from './ledger.ts';
import type { Lock } from './lock.ts';
import type { StateDirectory, UpstreamLedger } from './state.ts';
import { ledgerKey, lockTarget, markOf, type Upstream } from './upstream.ts';

export interface OpenUpstream {
  readonly upstream: Upstream;
  /** Lock and journal are undefined in a dry run. */
  readonly lock: Lock | undefined;
  readonly journal: Journal | undefined;
  readonly ledger: UpstreamLedger;
  readonly state: UpstreamState;
}

/** What opening needs: the ways to lock, to journal and to read the ledger. */
export interface OpenDeps {
  readonly lock: ((upstream: Upstream) => Promise<Lock>) | undefined;
  readonly journal: ((upstream: Upstream) => Promise<Journal>) | undefined;
  readonly state: StateDirectory;
  readonly clock: () => ClockReading;
  /** Undefined in a dry run, and where no other agent is configured to share the work. */
  readonly leadership?: Leadership | undefined;
  readonly signal: AbortSignal;
}

/** The lock is released again if reading fails. */
export async function openUpstream(upstream: Upstream, deps: OpenDeps): Promise<OpenUpstream> {
  const lock = await deps.lock?.(upstream);
  try {
    const key = ledgerKey(upstream);
    if (lock !== undefined) {
      await deps.state.checkUpstream(key);
    }
    const [journal, written, state] = await Promise.all([
      deps.journal?.(upstream),
      deps.state.readLedger(key),
      gatherState({ ...upstream, signal: deps.signal }),
    ]);
    await settleOwner(upstream, lock, state);
    // After a crash between push and journal: what stands is written down before anything else happens.
    await journal?.recover(state);
    return { upstream, lock, journal, ledger: withClock(written, deps.clock()), state };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** A mark that stands on routes of another owner is not ours to use; on an empty table it is free. */
async function settleOwner(
  upstream: Upstream,
  lock: Lock | undefined,
  { routes }: UpstreamState,
): Promise<void> {
  const marked = routes.filter(({ owned }) => owned).length;
  if (lock?.otherOwner !== undefined && marked > 0) {
    throw new RouteSyncError(
      'STATE_FOREIGN',
      `${markOf(upstream)} on ${await lockTarget(upstream)} marks ${marked} routes of owner "${lock.otherOwner}"; give each owner its own protocol number, or run route-sync purge with the configuration of that owner first`,
    );
  }
  await lock?.claimMark();
}
