/** Runs one function on a cron schedule: never twice at a time, with jitter, with every failure reported. */
import { setTimeout as sleep } from 'node:timers/promises';

import { scheduleJob, type Job } from 'node-schedule';

import { cronProblem } from '../config/cron.ts';
import { RouteSyncError } from '../errors.ts';

export interface ScheduleOptions {
  /** Six fields, the seconds first, in local time. */
  readonly cron: string;
  /** A scheduled run starts up to this much later. */
  readonly jitterMs: number;
  readonly run: () => Promise<void>;
  /** A run was due while another one was under way; `skips` counts them since the start. Must not throw. */
  readonly onSkip: (skips: number) => void;
  /** What a run rejected with; the schedule goes on. Must not throw. */
  readonly onError: (error: unknown) => void;
  /** A number from 0 up to, but not including, 1. */
  readonly random: () => number;
}

export interface Schedule {
  /** When the next run is due, before jitter. */
  next(): Date | undefined;
  /** Runs at once and without jitter; skipped while a run is under way. */
  trigger(): void;
  /** Starts no more runs, gives up one that waits for its jitter, and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Throws CONFIG_INVALID on a bad cron line. */
export function startSchedule(options: ScheduleOptions): Schedule {
  const stopping = new AbortController();
  let underWay: Promise<void> | undefined;
  let skips = 0;

  function start(delayMs: number): void {
    if (stopping.signal.aborted) {
      return;
    }
    if (underWay !== undefined) {
      skips += 1;
      options.onSkip(skips);
      return;
    }
    underWay = runOnce(options, delayMs, stopping.signal).finally(() => {
      underWay = undefined;
    });
  }

  const job = jobOf(options.cron, () => start(options.random() * options.jitterMs));
  return {
    next: () => job.nextInvocation() ?? undefined,
    trigger: () => start(0),
    stop: async () => {
      job.cancel();
      stopping.abort();
      await underWay;
    },
  };
}

async function runOnce(
  { run, onError }: ScheduleOptions,
  delayMs: number,
  stopping: AbortSignal,
): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal: stopping });
  } catch {
    return;
  }
  try {
    await run();
  } catch (error) {
    onError(error);
  }
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
