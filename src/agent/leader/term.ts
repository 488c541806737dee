/** One term of a leader: its deadline, its fence, its renewals. Over once, it stays over, whatever the store says later. */
import { RouteSyncError } from '../../errors.ts';
import type { Term } from './leadership.ts';
import type { LeaseTimes, Timing } from './timing.ts';
import { jittered, RENEW_SHARE, RETRY_SHARE, within, WRITING_SHARE } from './timing.ts';
import type { LockStore, Tenure } from './lock-store.ts';

export interface TermOptions {
  readonly store: Pick<LockStore, 'description'>;
  readonly tenure: Tenure;
  /** When the request was sent that took the lock. */
  readonly sentAt: number;
  readonly times: LeaseTimes;
  readonly timing: Timing;
  /** We take part no more. */
  readonly closing: AbortSignal;
}

export interface RunningTerm extends Term {
  readonly isOver: () => boolean;
  /** Renews until the term is over, or we take part no more. */
  readonly keep: () => Promise<void>;
}

export function beginTerm(options: TermOptions): RunningTerm {
  const { store, tenure, timing, closing } = options;
  const ended = new AbortController();
  const { signal: lost } = ended;
  const span = tenure.ttlMs * WRITING_SHARE;
  let deadline = options.sentAt + span;
  let failure: unknown;

  const left = (): number => deadline - timing.now();
  const isOver = (): boolean => {
    if (!lost.aborted && closing.aborted) {
      ended.abort(taken(store));
    }
    if (!lost.aborted && left() <= 0) {
      ended.abort(outOfTime(store, failure));
    }
    return lost.aborted;
  };
  const check = (): void => {
    if (isOver()) {
      throw lost.reason;
    }
  };
  const ask = async (work: (signal: AbortSignal) => Promise<boolean>): Promise<void> => {
    const late = (): Error => outOfTime(store, failure);
    if (!(await within({ timing, ms: left(), source: closing, late }, work))) {
      ended.abort(taken(store));
    }
    check();
  };
  const renew = async (): Promise<void> => {
    const sentAt = timing.now();
    await ask(tenure.renew);
    deadline = sentAt + span;
  };
  return {
    lost,
    check,
    isOver,
    assertLeader: async () => {
      check();
      await ask(tenure.holds);
    },
    keep: async () => {
      while (!isOver()) {
        const share = failure === undefined ? RENEW_SHARE : RETRY_SHARE;
        const pause = jittered(tenure.ttlMs * share, timing);
        await timing.sleep(Math.min(pause, Math.max(0, left())), closing);
        if (isOver()) {
          break;
        }
        try {
          await renew();
          failure = undefined;
        } catch (error) {
          failure = error;
        }
      }
    },
  };
}

function outOfTime(
  { description }: Pick<LockStore, 'description'>,
  cause: unknown,
): RouteSyncError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new RouteSyncError(
    'LEADER_UNREACHABLE',
    `the leader lock in ${description} was not renewed in time, so nothing more is written${why}`,
    { retryable: true, cause },
  );
}

function taken({ description }: Pick<LockStore, 'description'>): RouteSyncError {
  return new RouteSyncError(
    'NOT_LEADER',
    `the leader lock in ${description} is not ours any more, so nothing more is written`,
    { retryable: true },
  );
}
