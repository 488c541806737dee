/** What the service manager is told: that the agent is ready, what it does, and that it still gets on. */
import type { Log } from '../../report/log.ts';
import type { CycleEnd, Observer } from '../observer.ts';
import { senderFor, watchdogMs, type Send } from './notify.ts';

const ATTEMPTS = 3;

export interface NotifierOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly log: Log;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** How long a cycle may go on without any sign of life: no answer of the cloud, no chunk of a push. */
  readonly patienceMs: () => number;
}

export interface Notifier {
  readonly observer: Observer;
  /** A configuration is in force, and cycles are scheduled. */
  readonly ready: () => void;
  readonly reloading: () => void;
  readonly stopping: () => void;
  /** Ends the watchdog's beats. */
  readonly close: () => void;
}

/** Does nothing where no service manager waits for it. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { env, log } = options;
  const send = senderFor(env);
  const life = signsOfLife(options);
  let isBroken = false;
  // One after the other: READY=1 must not overtake RELOADING=1.
  let queue: Promise<void> = Promise.resolve();

  function tell(...assignments: readonly string[]): void {
    if (send === undefined) {
      return;
    }
    queue = queue.then(async () => sendOrLog(send, assignments));
  }

  async function sendOrLog(to: Send, assignments: readonly string[]): Promise<void> {
    try {
      await persistently(async () => to(assignments));
      isBroken = false;
    } catch (error) {
      if (!isBroken) {
        log.warn('the service manager cannot be told', { error });
      }
      isBroken = true;
    }
  }

  const beats = startBeats(options, () => {
    if (life.isAlive()) {
      tell('WATCHDOG=1');
    }
  });
  return {
    observer: {
      ...life.observer,
      cycleEnded: (cycle) => {
        life.observer.cycleEnded(cycle);
        tell(`STATUS=${statusOf(cycle)}`);
      },
    },
    ready: () => tell('READY=1'),
    reloading: () => tell('RELOADING=1'),
    stopping: () => tell('STOPPING=1'),
    close: () => clearInterval(beats),
  };
}

/** A service manager that is busy for seconds loses the message, and without READY=1 it would end the agent. */
async function persistently(act: () => Promise<void>): Promise<void> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
    try {
      return await act();
    } catch {
      // The last attempt says why.
    }
  }
  return act();
}

/** Twice as often as wanted, as sd_watchdog_enabled(3) advises. */
function startBeats({ env, pid }: NotifierOptions, beat: () => void): NodeJS.Timeout | undefined {
  const wantedMs = watchdogMs(env, pid);
  return wantedMs === undefined ? undefined : setInterval(beat, wantedMs / 2).unref();
}

/** The process is alive between cycles, and in a cycle as long as that gets on. */
function signsOfLife({ now, patienceMs }: NotifierOptions): {
  readonly observer: Observer;
  readonly isAlive: () => boolean;
} {
  let seenAt: number | undefined;
  const seen = (): void => {
    seenAt = now();
  };
  // A login before any cycle, or a push that outlives one that failed, begins none: nothing would ever end it.
  const seenInCycle = (): void => {
    if (seenAt !== undefined) {
      seen();
    }
  };
  return {
    observer: {
      cycleBegan: seen,
      cycleEnded: () => {
        seenAt = undefined;
      },
      cloudAnswered: seenInCycle,
      pushProgressed: seenInCycle,
    },
    isAlive: () => seenAt === undefined || now() - seenAt < patienceMs(),
  };
}

/** One line for `systemctl status`; numbers and codes only. */
function statusOf({ exitCode, report, error }: CycleEnd): string {
  const upstreams = report?.upstreams ?? [];
  const problem = error?.code ?? report?.blind?.code;
  const sum = (count: (upstream: (typeof upstreams)[number]) => number | undefined): number =>
    upstreams.reduce((total, upstream) => total + (count(upstream) ?? 0), 0);
  const counts = [
    `${sum(({ counts: all }) => all?.desired)} routes wanted`,
    `${sum(({ plan }) => plan?.held.length)} held`,
    `${sum(({ plan }) => plan?.conflicts.length)} in conflict`,
    `${upstreams.filter((upstream) => upstream.error !== undefined).length} of ${upstreams.length} upstreams in trouble`,
  ];
  return problem === undefined ? `${counts.join(', ')} (exit ${exitCode})` : problem;
}
