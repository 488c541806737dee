/** Who of several agents writes, as those who write see it. */
import type { RouteSyncError } from '../../errors.ts';
import type { Holder } from './holder.ts';

export type Role = 'leader' | 'standby';

/** The time for which we lead without a break. It never comes back: who leads again has a new one. */
export interface Term {
  /** Aborts with NOT_LEADER or LEADER_UNREACHABLE when it is over. */
  readonly lost: AbortSignal;
  /** Throws if it is over by our own clock; asks nobody. */
  readonly check: () => void;
  /**
   * The fence: asks the store, by a read that cannot be outdated, and then our own clock. Throws NOT_LEADER, or
   * LEADER_UNREACHABLE where the store does not answer.
   */
  readonly assertLeader: () => Promise<void>;
}

/** Membership in an election, until it is closed. */
export interface Leadership {
  readonly role: () => Role;
  /** Who leads, as far as we know; undefined where nobody does, or the store does not tell. */
  readonly holder: () => Holder | undefined;
  /** Why we know nothing: the store does not answer. */
  readonly problem: () => RouteSyncError | undefined;
  /** Undefined on a standby. A cycle takes it before it looks at anything, and writes under no other. */
  readonly term: () => Term | undefined;
  /** Calls back whenever the role changed, until the returned function is called. */
  readonly onChange: (callback: () => void) => () => void;
  /** Gives the lock back, so that another agent takes over at once. To be called when no push is under way. */
  readonly close: () => Promise<void>;
}
