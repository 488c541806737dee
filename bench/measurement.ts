/**
 * The one shape of every result. A part of the benchmark gives measurements; a run is what one `npm run bench` measured;
 * what is published is made of several runs. Pure.
 */

/** The parts that `--only` names. */
export const PARTS = ['kernel', 'compute', 'frr', 'routers', 'footprint', 'lab'] as const;
export type PartName = (typeof PARTS)[number];

/** Numbers of one part at one size. */
export interface Measurement {
  readonly part: PartName;
  /** Routes; 0 where the part knows no size. */
  readonly size: number;
  readonly rounds: number;
  /** By the name that the part's section explains: one number per round, in the unit of the section. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** What has to be known to read the numbers: fewer rounds, another setting. */
  readonly notes: readonly string[];
}

/** What could not be measured. */
export interface Skipped {
  readonly part: PartName;
  /** The size, where only one was left out. */
  readonly size?: number;
  readonly what: string;
  readonly why: string;
}

/** One run of `npm run bench`, and the file in `bench/results`. */
export interface Run {
  readonly version: 2;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The commit that was measured; with `+` where files differed from it. */
  readonly commit: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly measurements: readonly Measurement[];
  readonly skipped: readonly Skipped[];
}

/** `bench/published.json`: what docs/performance.md is made of. */
export interface Published {
  readonly version: 2;
  /** The oldest first; each measurement is in one of them only. */
  readonly runs: readonly Run[];
}

export const NOTHING_PUBLISHED: Published = { version: 2, runs: [] };

/** Puts a run in the place of what earlier runs measured or left out at the same size of the same part. */
export function publish({ runs }: Published, run: Run): Published {
  const places = new Set([...run.measurements, ...run.skipped].map(placeOf));
  const measured = new Set(run.measurements.map(({ part }) => part));
  const isOld = (item: Measurement | Skipped): boolean =>
    !places.has(placeOf(item)) && !(item.size === undefined && measured.has(item.part));
  const kept = runs
    .map((before) => ({
      ...before,
      measurements: before.measurements.filter(isOld),
      skipped: before.skipped.filter(isOld),
    }))
    .filter(({ measurements, skipped }) => measurements.length + skipped.length > 0);
  const all = [...kept, run].sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  return { version: 2, runs: all };
}

function placeOf({ part, size = 0 }: Measurement | Skipped): string {
  return `${part} ${size}`;
}

/** The middle one, or the mean of the two in the middle; NaN of nothing. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = low] = sorted.slice(
    sorted.length % 2 === 0 ? middle - 1 : middle,
  );
  return sorted.length % 2 === 0 ? (low + high) / 2 : low;
}
