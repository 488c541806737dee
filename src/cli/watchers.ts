/** Everybody who looks on while the agent works, and what of it is served over HTTP. They outlive a reload. */
import type { CycleSummary } from '../agent/cycle-history.ts';
import type { Leadership } from '../agent/leader/index.ts';
import { createMetrics } from '../agent/metrics/metrics.ts';
import { toAll, type Observer } from '../agent/observer.ts';
import { createBoard } from '../agent/page/board.ts';
import { journalReader, type ReadJournal } from '../agent/page/journal-watch.ts';
import { pageRoutes } from '../agent/page/page-routes.ts';
import { createHealth } from '../agent/server/health.ts';
import type { Route } from '../agent/server/route.ts';
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
  /** A cycle was due while one was under way. */
  readonly cycleSkipped: () => void;
  /** The agent ends. */
  readonly stopping: () => void;
}

export async function createWatchers(
  { log, now, progress = {} }: CommandContext,
  { loaded, earlier, nextDue }: WatchersOptions,
): Promise<Watchers> {
  let current = loaded;
  let forget = NOTHING;
  const nextCycle = (): number | undefined => nextDue()?.getTime();
  const metrics = createMetrics({ ...scopeOf(loaded), version: version(), now });
  const health = createHealth({ now, nextDue: nextCycle, allowanceMs: () => allowanceMs(current) });
  const board = createBoard({ earlier });
  const readJournal: ReadJournal = async (run) =>
    journalReader({ ...scopeOf(current), stateDir: current.stateDir })(run);
  const page = await pageRoutes({ board, now, nextCycle, readJournal });
  const watching = [cycleLog(log), metrics.observer, health.observer, board.observer];
  return {
    observer: toAll([progress, ...watching]),
    routes: [...page, ...metrics.routes, ...health.routes],
    configure: (changed, leadership) => {
      current = changed;
      metrics.configure(scopeOf(changed));
      forget();
      const tellRole = (): void => {
        const mayWrite = leadership === undefined || leadership.role() === 'leader';
        metrics.setLeader(mayWrite);
        health.setLeader(mayWrite);
      };
      tellRole();
      forget = leadership?.onChange(tellRole) ?? NOTHING;
    },
    cycleSkipped: metrics.cycleSkipped,
    stopping: health.stopping,
  };
}

const NOTHING = (): void => undefined;

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
