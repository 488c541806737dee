/** The kill switch as those who write meet it. */
import { RouteSyncError } from '../errors.ts';
import type { Freeze, StateDirectory } from './state.ts';

/** Throws FROZEN while the kill switch is on. */
export async function refuseFrozen({
  readFreeze,
}: Pick<StateDirectory, 'readFreeze'>): Promise<void> {
  const freeze = await readFreeze();
  if (freeze !== undefined) {
    throw new RouteSyncError('FROZEN', frozenMessage(freeze), { details: { ...freeze } });
  }
}

export function frozenMessage({ by, at, reason }: Freeze): string {
  const why = reason === '' ? '' : `: ${reason}`;
  return `writes are frozen since ${at} by ${by}${why}; "route-sync unfreeze" ends it`;
}
