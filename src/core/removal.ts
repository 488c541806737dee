/** Slow removal: a route of ours goes only after several complete snapshots without it, and a grace time. */

/** Since when, and in how many complete snapshots, an installed route has not been wanted. */
export interface Missing {
  /** Unix time in milliseconds. */
  readonly since: number;
  readonly snapshots: number;
}

export interface RemovalRule {
  readonly snapshots: number;
  readonly graceSeconds: number;
}

/** How a snapshot came about: all of the cloud was read, or what changed was read and the rest is of before. */
export type Reading = 'whole' | 'touched';

/**
 * What this snapshot adds to the record of a route that is not wanted. Reading what changed counts as the first look;
 * several snapshots are several readings of the whole cloud.
 */
export function countMissing(
  known: Missing | undefined,
  { now, reading }: { readonly now: number; readonly reading: Reading },
): Missing {
  if (known === undefined) {
    return { since: now, snapshots: 1 };
  }
  const more = reading === 'whole' ? 1 : 0;
  return { since: Math.min(known.since, now), snapshots: known.snapshots + more };
}

/** The earliest time at which the route may go, in Unix milliseconds. */
export function graceEnd({ since }: Missing, { graceSeconds }: RemovalRule): number {
  return since + graceSeconds * 1000;
}

export function isDue(missing: Missing, rule: RemovalRule, now: number): boolean {
  return missing.snapshots >= rule.snapshots && now >= graceEnd(missing, rule);
}

/** The records as if the wall clock had always been where a jump took it: what was waited stays what was waited. */
export function shiftMissing(
  missing: ReadonlyMap<string, Missing>,
  jump: number,
): ReadonlyMap<string, Missing> {
  return new Map(
    Array.from(missing, ([prefix, record]) => [prefix, { ...record, since: record.since + jump }]),
  );
}
