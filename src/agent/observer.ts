/** Who looks on while cycles run: log, metrics, status page, service manager. Nobody who looks on changes anything. */
import type { RequestEvent } from '../openstack-client-lite/index.ts';
import type { Report, ReportedError } from '../report/report.ts';

/** A cycle that begins; times are Unix milliseconds. */
export interface CycleBegin {
  readonly run: string;
  readonly at: number;
}

/** A cycle that ended. */
export interface CycleEnd {
  readonly run: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** What a one-shot command would have ended with. */
  readonly exitCode: number;
  /** Undefined where the cycle ended before any upstream was touched. */
  readonly report: Report | undefined;
  /** Why it ended early; undefined where there is a report. */
  readonly error: ReportedError | undefined;
}

/** How far the push into one upstream is, after each chunk: changes that were sent, out of all. */
export interface PushProgress {
  readonly upstream: string;
  readonly done: number;
  readonly total: number;
}

/** None of these may throw, or take longer than it takes to note what is told. */
export interface Observer {
  readonly cycleBegan: (cycle: CycleBegin) => void;
  readonly cycleEnded: (cycle: CycleEnd) => void;
  readonly cloudAnswered: (request: RequestEvent) => void;
  readonly pushProgressed: (progress: PushProgress) => void;
}

/** An observer that tells several others, in their order. */
export function toAll(observers: readonly Partial<Observer>[]): Observer {
  return {
    cycleBegan: (cycle) => observers.forEach((each) => each.cycleBegan?.(cycle)),
    cycleEnded: (cycle) => observers.forEach((each) => each.cycleEnded?.(cycle)),
    cloudAnswered: (request) => observers.forEach((each) => each.cloudAnswered?.(request)),
    pushProgressed: (progress) => observers.forEach((each) => each.pushProgressed?.(progress)),
  };
}

/** Nobody looks on. */
export const NOBODY: Observer = toAll([]);
