/** Runs one function on a cron schedule: never twice at a time, with jitter, with every failure reported. */
import { setTimeout as sleep } from 'node:timers/promises';

import { scheduleJob, type Job } from 'node-schedule';

import { cronProblem } from '../config/cron.ts';
import { RouteSyncError } from '../errors.ts';
import { withJointSignal } from '../openstack-client-lite/index.ts';

export interface ScheduleOptions {
  /** Six fields, the seconds first, in local time. */
  readonly cron: string;
  /** A scheduled run starts up to this much later. */
  readonly jitterMs: number;
  readonly run: () => Promise<void>;
  /** The cron line fires: before the run that comes of it, or during the one that it does not interrupt. Must not throw. */
  readonly onTick?: () => void;
  /** A run was due while another one was under way; `skips` counts them since the start. Must not throw. */
  readonly onSkip: (skips: number) => void;
  /** What a run rejected with; the schedule goes on. Must not throw. */
  readonly onError: (error: unknown) => void;
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number;
}

export interface Schedule {
  /** When the next run is due, before jitter. */
  readonly next: () => Date | undefined;
  /** Runs at once and without jitter; after the run that is under way, if one is. */
  readonly trigger: () => void;
  /** Starts no more runs, gives up one that waits for its jitter, and resolves when the one under way has ended. */
  readonly stop: () => Promise<void>;
}

/** Throws CONFIG_INVALID on a bad cron line. */
export function startSchedule(options: ScheduleOptions): Schedule {
  const stopping = new AbortController();
  let underWay: Promise<void> | undefined;
  /** Ends the jitter of the run that waits for it. */
  let hurry = new AbortController();
  let isWaiting = false;
  let again = false;
  let skips = 0;

  async function run(delayMs: number): Promise<void> {
    isWaiting = delayMs > 0;
    await pause(delayMs, [stopping.signal, hurry.signal]);
    isWaiting = false;
    if (!stopping.signal.aborted) {
      await options.run().catch(options.onError);
    }
  }

  function start(delayMs: number): void {
    hurry = new AbortController();
    underWay = run(delayMs).finally(() => {
      underWay = undefined;
      if (again) {
        again = false;
        trigger();
      }
    });
  }

  function trigger(): void {
    if (stopping.signal.aborted) {
      return;
    }
    if (underWay === undefined) {
      start(0);
    } else if (isWaiting) {
      hurry.abort();
    } else {
      again = true;
    }
  }

  function tick(): void {
    if (stopping.signal.aborted) {
      return;
    }
    options.onTick?.();
    if (underWay === undefined) {
      start(options.random() * options.jitterMs);
    } else {
      skips += 1;
      options.onSkip(skips);
    }
  }

  const job = jobOf(options.cron, tick);
  return {
    next: () => job.nextInvocation() ?? undefined,
    trigger,
    stop: async () => {
      job.cancel();
      stopping.abort();
      await underWay;
    },
  };
}

/** Resolves when the time is over, or one of the signals fired. */
async function pause(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  await withJointSignal({ sources: signals }, async ({ signal }) =>
    sleep(ms, undefined, { signal }).catch(() => undefined),
  );
}

function jobOf(cron: string, tick: () => void): Job {
  const problem = cronProblem(cron);
  // The types do not say it: a line that cannot be scheduled gives null.
  const job: Job | null = problem === undefined ? scheduleJob(cron, tick) : null;
  if (job === null) {
    throw new RouteSyncError('CONFIG_INVALID', `schedule: "${cron}" ${problem ?? 'never fires'}`);
  }
  return job;
}
