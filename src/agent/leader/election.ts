/**
 * The election: look whether the lock is free, take it, renew it, give oneself up in time. A leader counts its time from
 * before it asked for it, so it knows that it is none before the store tells anybody else.
 */
import { RouteSyncError } from '../../errors.ts';
import type { Log } from '../../report/log.ts';
import type { Candidate, Holder } from './holder.ts';
import type { Leadership } from './leadership.ts';
import type { LockStore } from './lock-store.ts';
import { beginTerm, type RunningTerm } from './term.ts';
import { jittered, type LeaseTimes, type Timing, within } from './timing.ts';

export interface ElectionOptions {
  readonly store: LockStore;
  readonly me: Candidate;
  readonly times: LeaseTimes;
  readonly timing: Timing;
  /** Unix milliseconds: for people, no decision depends on it. */
  readonly wall: () => number;
  readonly log: Pick<Log, 'error' | 'info' | 'warn'>;
}

/** What we know now. */
interface Standing {
  term: RunningTerm | undefined;
  release: ((signal: AbortSignal) => Promise<void>) | undefined;
  holder: Holder | undefined;
  problem: RouteSyncError | undefined;
}

/** Resolves once the store was asked for the first time, whatever came of it; never rejects. */
export async function startElection(options: ElectionOptions): Promise<Leadership> {
  const { store, timing, times } = options;
  const closing = new AbortController();
  const callbacks = new Set<() => void>();
  const standing: Standing = {
    term: undefined,
    release: undefined,
    holder: undefined,
    problem: undefined,
  };
  const notify = (): void => callbacks.forEach((callback) => callback());
  const context = { ...options, standing, closing: closing.signal, notify };

  await campaign(context);
  const ended = takePart(context);
  const term = (): RunningTerm | undefined =>
    standing.term?.isOver() === false ? standing.term : undefined;
  return {
    role: () => (term() === undefined ? 'standby' : 'leader'),
    holder: () =>
      standing.term === undefined || term() !== undefined ? standing.holder : undefined,
    problem: () => standing.problem,
    term,
    onChange: (callback) => {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    close: async () => {
      callbacks.clear();
      closing.abort();
      await ended;
      const { release } = standing;
      if (release !== undefined) {
        const patience = { timing, ms: times.requestMs * 2, source: never(), late: lateRelease };
        // Where it fails, the lease ends by itself.
        await within(patience, release).catch(() => undefined);
      }
      await store.close();
    },
  };
}

interface Context extends ElectionOptions {
  readonly standing: Standing;
  readonly closing: AbortSignal;
  readonly notify: () => void;
}

async function takePart(context: Context): Promise<void> {
  const { closing, timing, times, standing, notify } = context;
  while (!closing.aborted) {
    if (standing.term !== undefined) {
      await reign(context, standing.term);
      continue;
    }
    await timing.sleep(jittered(times.pollMs, timing), closing);
    if (closing.aborted) {
      return;
    }
    await campaign(context);
    if (standing.term !== undefined) {
      notify();
    }
  }
}

async function reign(
  { standing, closing, log, notify }: Context,
  term: RunningTerm,
): Promise<void> {
  await term.keep();
  if (closing.aborted) {
    return;
  }
  standing.term = undefined;
  standing.release = undefined;
  standing.holder = undefined;
  const reason: unknown = term.lost.reason;
  standing.problem =
    reason instanceof RouteSyncError && reason.code === 'LEADER_UNREACHABLE' ? reason : undefined;
  log.error('this agent leads no more', { error: reason });
  notify();
}

/** One try to take the lock; what it finds is in `standing`. */
async function campaign(context: Context): Promise<void> {
  const { store, times, timing, closing, standing } = context;
  const me = { ...context.me, since: new Date(context.wall()).toISOString() };
  const sentAt = timing.now();
  try {
    const patience = {
      timing,
      ms: times.ttlSeconds * 1000,
      source: closing,
      late: () => silent(store),
    };
    const outcome = await within(patience, async (signal) => store.campaign(me, signal));
    noteAnswer(context, outcome.holder);
    const { tenure } = outcome;
    if (tenure === undefined) {
      return;
    }
    standing.release = tenure.release;
    const term = beginTerm({ store, tenure, sentAt, times, timing, closing });
    if (!term.isOver()) {
      standing.term = term;
      standing.holder = me;
      noteTerm(context, tenure.ttlMs);
    }
  } catch (error) {
    noteSilence(context, error);
  }
}

function noteTerm({ log, times, store }: Context, ttlMs: number): void {
  log.info('this agent leads', { lock: store.description });
  const { ttlSeconds } = times;
  if (ttlMs > ttlSeconds * 1000) {
    log.warn('the store grants longer leases than asked for, so a take-over takes longer', {
      askedSeconds: ttlSeconds,
      grantedSeconds: ttlMs / 1000,
    });
  }
}

/** The store answered: tells whom we stand by for, once for each. */
function noteAnswer({ standing, log, store, me }: Context, found: Holder | undefined): void {
  // The lease of a term that is over may outlive it.
  const holder = found?.id === me.id ? undefined : found;
  if (standing.problem !== undefined) {
    standing.problem = undefined;
    log.info('the store of the leader lock answers again', { lock: store.description });
  }
  if (holder !== undefined && holder.id !== standing.holder?.id) {
    const { host, pid, since } = holder;
    log.info('this agent stands by', { leader: host, pid, since, lock: store.description });
  }
  standing.holder = holder;
}

function noteSilence({ standing, log, closing, store }: Context, error: unknown): void {
  if (closing.aborted) {
    return;
  }
  if (!(error instanceof RouteSyncError)) {
    throw error;
  }
  if (standing.problem === undefined) {
    log.error('the store of the leader lock does not answer, nothing is written', {
      lock: store.description,
      error,
    });
  }
  standing.problem = error;
  standing.holder = undefined;
}

function silent({ description }: Pick<LockStore, 'description'>): RouteSyncError {
  return new RouteSyncError(
    'LEADER_UNREACHABLE',
    `${description} did not answer in time; nobody here writes without the leader lock`,
    { retryable: true },
  );
}

function lateRelease(): Error {
  return new RouteSyncError('LEADER_UNREACHABLE', 'the leader lock was not given back in time');
}

function never(): AbortSignal {
  return new AbortController().signal;
}
