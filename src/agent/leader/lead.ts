/** Whether a piece of work may write, settled once, at its beginning. */
import { RouteSyncError } from '../../errors.ts';
import { describeStandby } from '../../report/lines.ts';
import type { StandbyFacts } from '../../report/report.ts';
import { refuseFrozen } from '../frozen.ts';
import type { StateDirectory } from '../state.ts';
import type { Leadership, Term } from './leadership.ts';

/** Both undefined where no other agent is configured to share the work. */
export interface Lead {
  readonly term?: Term | undefined;
  readonly standby?: StandbyFacts | undefined;
}

/** To be asked before the work looks at anything: it goes by this term to its end, and by no later one. */
export function leadFor({ leadership }: { readonly leadership?: Leadership | undefined }): Lead {
  if (leadership === undefined) {
    return {};
  }
  const term = leadership.term();
  if (term !== undefined) {
    return { term };
  }
  const holder = leadership.holder();
  return { standby: { leader: holder && { host: holder.host, since: holder.since } } };
}

/** Throws FROZEN, NOT_LEADER or LEADER_UNREACHABLE where nothing may be written now. */
export async function assertMayWrite(
  store: Pick<StateDirectory, 'readFreeze'>,
  { term, standby }: Lead,
): Promise<void> {
  await refuseFrozen(store);
  if (standby !== undefined) {
    throw new RouteSyncError('NOT_LEADER', describeStandby(standby), { retryable: true });
  }
  await term?.assertLeader();
}
