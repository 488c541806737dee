/** How long the cloud is left alone: what a cloud is slow to give is asked for less often. */

/** The schedule never has to wait longer. */
const LONGEST_MS = 900_000;

/** The rest after each reading of the whole cloud. */
export interface Rest {
  /** The reading that began at `startedAt`, in Unix milliseconds, ends now. */
  readonly begin: (startedAt: number, wasRead: boolean) => void;
  /** The cloud may be read again by the schedule. */
  readonly isOver: () => boolean;
  /** It has rested for as long as the reading took: time enough where there is a reason. */
  readonly isLong: () => boolean;
}

/**
 * `percent`: the part of the time that may be spent with reading. A reading takes the longer the more is asked of the
 * cloud, with the pauses that it asks for itself (429, Retry-After). One that failed is tried again on schedule.
 */
export function createRest(now: () => number, percent: number): Rest {
  let endedAt = 0;
  let tookMs = 0;
  const hasRested = (ms: number): boolean => now() - endedAt >= Math.min(LONGEST_MS, ms);
  return {
    begin: (startedAt, wasRead) => {
      endedAt = now();
      tookMs = wasRead ? endedAt - startedAt : 0;
    },
    isOver: () => hasRested(tookMs * (100 / percent - 1)),
    isLong: () => hasRested(tookMs),
  };
}
