/** The times of an election, all of one clock, and how long to wait for whom. */
import { setTimeout as delay } from 'node:timers/promises';
import { uptime } from 'node:os';

/** The one clock of an election. */
export interface Timing {
  /** Milliseconds that really passed, also while this machine was asleep. */
  readonly now: () => number;
  /** Resolves early, and never rejects, when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
}

/** Linux: CLOCK_BOOTTIME, uptime(2) of libuv. */
export const REAL_TIME: Timing = {
  now: () => uptime() * 1000,
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      // Woken.
    }
  },
  random: Math.random,
};

export interface LeaseTimes {
  /** What is asked of the store: whole seconds. */
  readonly ttlSeconds: number;
  /** How often a standby looks. */
  readonly pollMs: number;
  /** For one request to one server. */
  readonly requestMs: number;
}

/**
 * A dead leader's lock is free after the time that is asked of the store, and a standby finds that out within two looks:
 * together less than a lease.
 */
export function timesOf(leaseSeconds: number): LeaseTimes {
  const ttlSeconds = Math.max(1, Math.floor((leaseSeconds * 2) / 3));
  return { ttlSeconds, pollMs: leaseSeconds * 100, requestMs: Math.max(500, ttlSeconds * 125) };
}

/** A leader writes for this part of its time only: what it began last has the rest to end, and two clocks may differ. */
export const WRITING_SHARE = 0.75;

/** A part of its time after which a leader renews it, and after which it tries again where that failed. */
export const RENEW_SHARE = 1 / 3;
export const RETRY_SHARE = 1 / 20;

/** Shorter by up to a fifth, at random: two standbys do not stay in step. */
export function jittered(ms: number, { random }: Pick<Timing, 'random'>): number {
  return ms * (1 - random() / 5);
}

interface Limit {
  readonly timing: Timing;
  readonly ms: number;
  readonly source: AbortSignal;
  /** What it rejects with when the time is over, or the source aborts. */
  readonly late: () => Error;
}

/** Waits no longer than that, whatever the work does with its signal. */
export async function within<T>(
  { timing, ms, source, late }: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const giveUp = new AbortController();
  const wake = (): void => done.abort();
  source.addEventListener('abort', wake, { once: true });
  if (source.aborted) {
    wake();
  }
  try {
    const tooLate = timing.sleep(Math.max(0, ms), done.signal).then((): never => {
      const error = late();
      giveUp.abort(error);
      throw error;
    });
    return await Promise.race([work(giveUp.signal), tooLate]);
  } finally {
    source.removeEventListener('abort', wake);
    done.abort();
  }
}
