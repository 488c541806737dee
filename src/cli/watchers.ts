/** Everybody who looks on while the agent works, and what of it is served over HTTP. They outlive a reload. */
import type { Leadership } from '../agent/leader/index.ts';
import { createMetrics } from '../agent/metrics/metrics.ts';
import { toAll, type Observer } from '../agent/observer.ts';
import { createHealth } from '../agent/server/health.ts';
import type { Route } from '../agent/server/route.ts';
import type { Config } from '../config/schema.ts';
import type { CommandContext } from './context.ts';
import { cycleLog } from './cycle-log.ts';
import { version } from './version.ts';

export interface WatchersOptions {
  readonly config: Config;
  /** When the next cycle is due; undefined where none is. */
  readonly nextDue: () => Date | undefined;
}

export interface Watchers {
  readonly observer: Observer;
  /** What the HTTP server answers. */
  readonly routes: readonly Route[];
  /** A configuration was opened, with its part in an election of several agents. */
  readonly configure: (config: Config, leadership: Leadership | undefined) => void;
  /** A cycle was due while one was under way. */
  readonly cycleSkipped: () => void;
  /** The agent ends. */
  readonly stopping: () => void;
}

export function createWatchers(
  { log, now, progress = {} }: CommandContext,
  { config, nextDue }: WatchersOptions,
): Watchers {
  let current = config;
  let forget = NOTHING;
  const metrics = createMetrics({ ...scopeOf(config), version: version(), now });
  const health = createHealth({
    now,
    nextDue: () => nextDue()?.getTime(),
    allowanceMs: () => 1000 * (current.jitterSeconds + current.cloud.snapshotTimeoutSeconds),
  });
  return {
    observer: toAll([progress, cycleLog(log), metrics.observer, health.observer]),
    routes: [...metrics.routes, ...health.routes],
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

function scopeOf({ owner, upstreams }: Config): {
  readonly owner: string;
  readonly upstreams: readonly string[];
} {
  return { owner, upstreams: upstreams.map(({ name }) => name) };
}
