/** The series of the configured upstreams, from the first cycle that knows them to the configuration that does not. */
import type { UpstreamReport } from '../../report/report.ts';
import { trackConvergence, type ConvergenceTracker, type Sighting } from './convergence.ts';
import type { Instruments } from './instruments.ts';
import { countUpstream } from './record.ts';
import { endUpstream, startUpstream } from './series.ts';

export interface UpstreamSeries {
  /** Begins the series of new upstreams, and ends those of upstreams that are gone. */
  readonly configure: (names: readonly string[]) => void;
  /** What a cycle says of one upstream; one that is not configured any more is passed over. */
  readonly note: (report: UpstreamReport, sighting: Sighting) => void;
  /** Ages grow between the cycles; `now` is Unix milliseconds. */
  readonly tellAges: (now: number) => void;
}

interface Tracked {
  readonly convergence: ConvergenceTracker;
  /** Unix milliseconds at which the cloud was last read for it. */
  lastGoodAt: number | undefined;
}

export function upstreamSeries(instruments: Instruments): UpstreamSeries {
  const tracked = new Map<string, Tracked>();
  return {
    configure: (names) => {
      for (const name of [...tracked.keys()].filter((each) => !names.includes(each))) {
        tracked.delete(name);
        endUpstream(instruments, name);
      }
      for (const name of names.filter((each) => !tracked.has(each))) {
        tracked.set(name, { convergence: trackConvergence(), lastGoodAt: undefined });
        startUpstream(instruments, name);
      }
    },
    note: (report, sighting) => {
      const { name: upstream, plan, stale } = report;
      const memory = tracked.get(upstream);
      if (memory === undefined) {
        return;
      }
      countUpstream(instruments, report);
      memory.lastGoodAt =
        stale?.at ?? (plan === undefined ? memory.lastGoodAt : sighting.startedAt);
      for (const seconds of memory.convergence.measure(report, sighting)) {
        instruments.convergence.observe({ upstream }, seconds);
      }
    },
    tellAges: (now) => {
      for (const [upstream, { lastGoodAt }] of tracked) {
        if (lastGoodAt !== undefined) {
          instruments.lastGoodAge.set({ upstream }, Math.max(0, now - lastGoodAt) / 1000);
        }
      }
    },
  };
}
