/** What Prometheus is told: an observer that counts, and the route that answers with the counts. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { CycleSummary } from '../cycle-history.ts';
import type { CycleEnd, Observer } from '../observer.ts';
import type { Route } from '../server/route.ts';
import { createInstruments } from './instruments.ts';
import { outcomeOf, statusLabel } from './label-values.ts';
import { countCycle, noteConnection, recallCycles } from './record.ts';
import { startAll } from './series.ts';
import { upstreamSeries } from './upstream-series.ts';

/** What labels are made of; it may change when the configuration is read again. */
export interface MetricsScope {
  readonly owner: string;
  /** The names of all upstreams. */
  readonly upstreams: readonly string[];
}

export interface MetricsOptions extends MetricsScope {
  readonly version: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Cycles of the time before a restart, oldest first. */
  readonly earlier?: readonly CycleSummary[];
}

export interface Metrics {
  readonly observer: Pick<Observer, 'cycleEnded' | 'cloudAnswered'>;
  /** `/metrics`. */
  readonly routes: readonly Route[];
  /** Whether this agent may write; true until told otherwise. */
  readonly setLeader: (mayWrite: boolean) => void;
  /** How many changes the leader owes, in the eyes of this standby. */
  readonly setDisagreements: (count: number) => void;
  /** A cycle was due while one was under way. */
  readonly cycleSkipped: () => void;
  /** Whether notifications arrive; undefined where none are configured. */
  readonly setNotified: (isConnected: boolean | undefined) => void;
  /** A notification named something. */
  readonly notified: () => void;
  /** After the configuration was read again: counts go on, those of upstreams that are gone end. */
  readonly configure: (scope: MetricsScope) => void;
}

export function createMetrics({ version, now, earlier = [], ...scope }: MetricsOptions): Metrics {
  const { registry, instruments } = createInstruments();
  const upstreams = upstreamSeries(instruments);
  let owner = '';
  let mayWrite = true;
  let snapshotAt: number | undefined;

  function setLeader(isLeader: boolean): void {
    mayWrite = isLeader;
    instruments.leader.reset();
    instruments.leader.set({ owner }, Number(isLeader));
  }

  function configure(changed: MetricsScope): void {
    owner = changed.owner;
    setLeader(mayWrite);
    upstreams.configure(changed.upstreams);
  }

  function cycleEnded(end: CycleEnd): void {
    const { report, startedAt } = end;
    countCycle(instruments, end, outcomeOf(end, mayWrite));
    if (report?.snapshot !== undefined) {
      snapshotAt = report.wholeAt ?? startedAt;
    }
    const sighting = { startedAt, updatedAt: report?.updatedAt ?? new Map<string, number>() };
    report?.upstreams.forEach((each) => upstreams.note(each, sighting));
  }

  async function scrape(): Promise<string> {
    if (snapshotAt !== undefined) {
      instruments.snapshotAge.set(Math.max(0, now() - snapshotAt) / 1000);
    }
    upstreams.tellAges(now());
    const texts = await Promise.all([registry.metrics(), processRegistry().metrics()]);
    return texts.join('\n');
  }

  startAll(instruments, version);
  recallCycles(instruments, earlier);
  configure(scope);
  const type = registry.contentType;
  return {
    observer: {
      cycleEnded,
      cloudAnswered: ({ method, status, ms }) => {
        instruments.requests.inc({ method, status: statusLabel(status) });
        instruments.requestDuration.observe({ method }, ms / 1000);
      },
    },
    routes: [
      { path: '/metrics', answer: async () => ({ status: 200, type, body: await scrape() }) },
    ],
    setLeader,
    setDisagreements: (count) => instruments.disagreements.set(count),
    cycleSkipped: () => instruments.cyclesSkipped.inc(),
    setNotified: (isConnected) => noteConnection(instruments, isConnected),
    notified: () => instruments.notifications.inc(),
    configure,
  };
}

let processMetrics: Registry | undefined;

/** Gauges whose names break the conventions; the same numbers come by type in others. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Memory, processor, event loop and garbage collector. One for the process: what watches the garbage collector cannot be taken down again. */
function processRegistry(): Registry {
  if (processMetrics === undefined) {
    const register = new Registry();
    collectDefaultMetrics({ register });
    MISNAMED.forEach((name) => register.removeSingleMetric(name));
    processMetrics = register;
  }
  return processMetrics;
}
