/** What an election asks of the place where its lock is: etcd or Kubernetes. */
import type { Holder } from './holder.ts';

/**
 * A lock with a lease. Every method is one try: it rejects with LEADER_UNREACHABLE where the store does not answer or
 * refuses us, and may have taken effect all the same.
 */
export interface LockStore {
  /** For messages: `etcd (http://192.0.2.1:2379), key /route-sync/prod`. */
  readonly description: string;
  /** Takes the lock if it is free. */
  readonly campaign: (me: Holder, signal: AbortSignal) => Promise<Outcome>;
  /** Who holds the lock, by a read that cannot be outdated. */
  readonly read: (signal: AbortSignal) => Promise<Holder | undefined>;
  readonly close: () => Promise<void>;
}

/** The lock is ours, or it is somebody's, or we were too late and do not know whose it is. */
export type Outcome =
  | { readonly tenure: Tenure; readonly holder?: undefined }
  | { readonly tenure?: undefined; readonly holder: Holder | undefined };

/** The lock while it is ours. */
export interface Tenure {
  /** Nobody else gets the lock for so long, counted from before the request that took it or renewed it was sent. */
  readonly ttlMs: number;
  /** False if it is not ours any more. */
  readonly renew: (signal: AbortSignal) => Promise<boolean>;
  /** Whether it is ours, by a read that cannot be outdated. */
  readonly holds: (signal: AbortSignal) => Promise<boolean>;
  readonly release: (signal: AbortSignal) => Promise<void>;
}
