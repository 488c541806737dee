/** What the status page shows: the newest report, the newest view of the cloud, and the last cycles. Nothing grows. */
import type { CycleBegin, CycleEnd, Observer, PushProgress } from '../observer.ts';
import type { CycleSummary } from '../cycle-history.ts';
import type { Report, ReportedError } from '../../report/report.ts';

/** How many cycles are remembered. */
const CYCLES_KEPT = 20;

/** A cycle in a few numbers; times are Unix milliseconds. */
export interface CycleLine {
  readonly run: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly error: ReportedError | undefined;
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  readonly failed: number;
  readonly held: number;
  readonly conflicts: number;
}

/** A report, and when its cycle ended. */
export interface Sighting {
  readonly at: number;
  readonly report: Report;
}

export interface BoardState {
  /** Grows with every change, so that readers can tell two states apart. */
  readonly version: number;
  readonly underWay: CycleBegin | undefined;
  /** How far each push under way is, by upstream. */
  readonly progress: ReadonlyMap<string, PushProgress>;
  /** The newest report; undefined before the first one. */
  readonly latest: Sighting | undefined;
  /** The newest report of a cycle that could read the cloud. */
  readonly seen: Sighting | undefined;
  /** The external networks that each upstream served when it was last read. */
  readonly served: ReadonlyMap<string, ReadonlySet<string>>;
  /** Newest first. */
  readonly cycles: readonly CycleLine[];
}

export type BoardNews = 'cycle' | 'progress';

export interface Board {
  readonly observer: Pick<Observer, 'cycleBegan' | 'cycleEnded' | 'pushProgressed'>;
  readonly latest: () => BoardState;
  /** Calls back after every change, until the returned function is called. */
  readonly subscribe: (callback: (news: BoardNews) => void) => () => void;
}

export interface BoardOptions {
  /** Cycles of the time before, oldest first, as the status file has them. */
  readonly earlier?: readonly CycleSummary[];
}

export function createBoard({ earlier = [] }: BoardOptions = {}): Board {
  const readers = new Set<(news: BoardNews) => void>();
  let state: BoardState = {
    version: 0,
    underWay: undefined,
    progress: new Map(),
    latest: undefined,
    seen: undefined,
    served: new Map(),
    cycles: earlier.map(lineOfSummary).toReversed().slice(0, CYCLES_KEPT),
  };

  function become(change: Partial<BoardState>, news: BoardNews): void {
    state = { ...state, ...change, version: state.version + 1 };
    readers.forEach((tell) => tell(news));
  }

  return {
    observer: {
      cycleBegan: (cycle) => become({ underWay: cycle, progress: new Map() }, 'cycle'),
      cycleEnded: (cycle) => become(after(state, cycle), 'cycle'),
      pushProgressed: (progress) =>
        become({ progress: new Map(state.progress).set(progress.upstream, progress) }, 'progress'),
    },
    latest: () => state,
    subscribe: (callback) => {
      // A function of its own, so that one callback may subscribe twice.
      const reader = (news: BoardNews): void => callback(news);
      readers.add(reader);
      return () => void readers.delete(reader);
    },
  };
}

function after({ cycles, ...before }: BoardState, cycle: CycleEnd): Partial<BoardState> {
  const { report, finishedAt } = cycle;
  const latest = report === undefined ? before.latest : { at: finishedAt, report };
  return {
    underWay: undefined,
    progress: new Map(),
    latest,
    seen: report?.snapshot === undefined ? before.seen : latest,
    served: report === undefined ? before.served : servedAfter(before.served, report),
    cycles: [lineOf(cycle), ...cycles].slice(0, CYCLES_KEPT),
  };
}

/** An upstream that cannot be read, or a cloud that cannot, tells of no networks: those of before count. */
function servedAfter(known: BoardState['served'], { upstreams }: Report): BoardState['served'] {
  return new Map(
    upstreams.map(({ name, networkIds }) => [
      name,
      networkIds.size === 0 ? (known.get(name) ?? networkIds) : networkIds,
    ]),
  );
}

function lineOf({ report, ...cycle }: CycleEnd): CycleLine {
  const upstreams = report?.upstreams ?? [];
  const results = upstreams.flatMap(({ result }) => result ?? []);
  const plans = upstreams.flatMap(({ plan }) => plan ?? []);
  const { run, startedAt, finishedAt, exitCode, error } = cycle;
  return {
    run,
    startedAt,
    finishedAt,
    exitCode,
    error: error ?? report?.blind,
    added: sum(results, ({ added }) => added),
    replaced: sum(results, ({ replaced }) => replaced),
    removed: sum(results, ({ removed }) => removed),
    failed: sum(results, ({ failed }) => failed.length),
    held: sum(plans, ({ held }) => held.length),
    conflicts: sum(plans, ({ conflicts }) => conflicts.length),
  };
}

function lineOfSummary({ upstreams, ...cycle }: CycleSummary): CycleLine {
  const { run, exitCode, error } = cycle;
  return {
    run,
    startedAt: Date.parse(cycle.startedAt),
    finishedAt: Date.parse(cycle.finishedAt),
    exitCode,
    error,
    added: sum(upstreams, ({ added }) => added),
    replaced: sum(upstreams, ({ replaced }) => replaced),
    removed: sum(upstreams, ({ removed }) => removed),
    failed: sum(upstreams, ({ failed }) => failed),
    held: sum(upstreams, ({ heldTotal }) => heldTotal),
    conflicts: sum(upstreams, ({ conflicts }) => conflicts),
  };
}

function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}
