/** Everybody who looks on while the agent works, and what of it is served over HTTP. They outlive a reload. */
import type { CycleSummary } from '../agent/cycle-history.ts';
import { watchDisagreement } from '../agent/leader/disagreement.ts';
import type { Leadership } from '../agent/leader/index.ts';
import { createMetrics } from '../agent/metrics/metrics.ts';
import { toAll, type Observer } from '../agent/observer.ts';
import { createBoard } from '../agent/page/board.ts';
import { journalReader, type ReadJournal } from '../agent/page/journal-watch.ts';
import { pageRoutes } from '../agent/page/page-routes.ts';
import { createHealth } from '../agent/server/health.ts';
import type { Route } from '../agent/server/route.ts';
import { createNotifier } from '../agent/systemd/notifier.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { CommandContext } from './context.ts';
import { cycleLog } from './cycle-log.ts';
import { version } from './version.ts';

/** A configuration, and where its state is. */
type Loaded = Pick<LoadedConfig, 'config' | 'stateDir'>;

export interface WatchersOptions {
  readonly loaded: Loaded;
  /** Cycles of the time before, oldest first. */
  readonly earlier: readonly CycleSummary[];
  /** When the next cycle is due; undefined where none is. */
  readonly nextDue: () => Date | undefined;
}

export interface Watchers {
  readonly observer: Observer;
  /** What the HTTP server answers. */
  readonly routes: readonly Route[];
  /** A configuration was opened, with its part in an election of several agents. */
  readonly configure: (loaded: Loaded, leadership: Leadership | undefined) => void;
  /** Cycles are scheduled. */
  readonly ready: () => void;
  /** The configuration is read again. */
  readonly reloading: () => void;
  /** A cycle was due while one was under way. */
  readonly cycleSkipped: () => void;
  /** Whether notifications arrive; undefined where none are configured. */
  readonly setNotified: (isConnected: boolean | undefined) => void;
  /** A notification named something. */
  readonly notified: () => void;
  /** The agent ends. */
  readonly stopping: () => void;
}

export async function createWatchers(
  { env, log, now, progress = {} }: CommandContext,
  { loaded, earlier, nextDue }: WatchersOptions,
): Promise<Watchers> {
  let current = loaded;
  let forget = NOTHING;
  const nextCycle = (): number | undefined => nextDue()?.getTime();
  const metrics = createMetrics({ ...scopeOf(loaded), version: version(), now, earlier });
  const health = createHealth({ now, nextDue: nextCycle, allowanceMs: () => allowanceMs(current) });
  const notifier = createNotifier({
    env,
    pid: process.pid,
    log,
    now: monotonic,
    patienceMs: () => patienceMs(current),
  });
  const board = createBoard({ earlier });
  const readJournal: ReadJournal = async (run) =>
    journalReader({ ...scopeOf(current), stateDir: current.stateDir })(run);
  const page = await pageRoutes({ board, now, nextCycle, readJournal });
  const watching = [cycleLog(log), metrics.observer, health.observer, board.observer];
  const { ready, reloading } = notifier;
  let disagreement = watchDisagreement({ ...leaseOf(loaded), now: monotonic, log });
  const standing: Partial<Observer> = {
    cycleEnded: (cycle) => {
      disagreement.cycleEnded(cycle);
      metrics.setDisagreements(disagreement.count());
    },
  };
  return {
    observer: toAll([progress, ...watching, notifier.observer, standing]),
    routes: [...page, ...metrics.routes, ...health.routes],
    configure: (changed, leadership) => {
      current = changed;
      metrics.configure(scopeOf(changed));
      forget();
      const tellRole = (): void => {
        const mayWrite = leadership === undefined || leadership.role() === 'leader';
        metrics.setLeader(mayWrite);
      };
      tellRole();
      health.follow(leadership);
      forget = leadership?.onChange(tellRole) ?? NOTHING;
      disagreement = watchDisagreement({ ...leaseOf(changed), now: monotonic, log });
    },
    cycleSkipped: metrics.cycleSkipped,
    setNotified: metrics.setNotified,
    notified: metrics.notified,
    ready,
    reloading,
    stopping: () => {
      health.stopping();
      notifier.stopping();
    },
  };
}

/**
 * How long systemd lets a cycle be silent. Long, since every step has a deadline of its own: a router that refuses a
 * commit is tried with half of the changes again and again, which may take tens of minutes without news.
 */
const LEAST_PATIENCE_MS = 3_600_000;
/** One answer of a router may take so many times its deadline as long as it goes on. */
const LONGEST_ANSWER = 10;

function patienceMs(loaded: Loaded): number {
  const timeouts = loaded.config.upstreams.map(({ via }) => via?.ssh?.commandTimeoutSeconds ?? 0);
  const answer = LONGEST_ANSWER * 1000 * Math.max(0, ...timeouts);
  return Math.max(LEAST_PATIENCE_MS, allowanceMs(loaded), answer);
}

/** Milliseconds of a clock that nobody sets. */
const monotonic = (): number => performance.now();

const NOTHING = (): void => undefined;

/** Without an election there is no standby, and nobody to disagree with. */
function leaseOf({ config }: Loaded): { readonly leaseSeconds: number } {
  return { leaseSeconds: config.leader?.leaseSeconds ?? 0 };
}

/** How long a cycle may take beside its pushes. */
function allowanceMs({ config: { jitterSeconds, cloud } }: Loaded): number {
  return 1000 * (jitterSeconds + cloud.snapshotTimeoutSeconds);
}

function scopeOf({ config: { owner, upstreams } }: Loaded): {
  readonly owner: string;
  readonly upstreams: readonly string[];
} {
  return { owner, upstreams: upstreams.map(({ name }) => name) };
}
