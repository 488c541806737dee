/** The first step of a cycle on one upstream: lock it where we mean to write, then read ledger and routes. */
import type { UpstreamState } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import type { CycleDeps } from './cycle.ts';
import { gatherState } from './gather.ts';
import type { Lock } from './lock.ts';
import type { UpstreamLedger } from './state.ts';
import { ledgerTarget, lockTarget, markOf, type Upstream } from './upstream.ts';

export interface OpenUpstream {
  readonly upstream: Upstream;
  readonly lock: Lock | undefined;
  readonly ledger: UpstreamLedger;
  readonly state: UpstreamState;
}

/** The lock is released again if reading fails. */
export async function openUpstream(
  upstream: Upstream,
  deps: Pick<CycleDeps, 'lock' | 'state' | 'signal'>,
): Promise<OpenUpstream> {
  const lock = await deps.lock?.(upstream);
  try {
    const key = { name: upstream.config.name, target: ledgerTarget(upstream) };
    const [ledger, state] = await Promise.all([
      deps.state.readLedger(key),
      gatherState({ ...upstream, signal: deps.signal }),
    ]);
    await settleOwner(upstream, lock, state);
    return { upstream, lock, ledger, state };
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
