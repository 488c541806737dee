/** Tells a wall clock that was set from time that passed: the time since boot goes on whatever the wall clock does. */

export interface ClockReading {
  /** Unix milliseconds. */
  readonly wall: number;
  /** Milliseconds since this machine started. */
  readonly uptime: number;
  /** Differs from boot to boot; empty where the system does not tell. */
  readonly boot: string;
}

/** Two clocks are never read at the same instant; what differs less is no jump. */
const TOLERANCE_MS = 2000;

/**
 * By how many milliseconds the wall clock was set between two readings of one boot: positive is forward. 0 across boots,
 * where nothing tells how much time passed.
 */
export function clockJump(last: ClockReading | undefined, now: ClockReading): number {
  const isOneBoot =
    last !== undefined && now.boot !== '' && last.boot === now.boot && last.uptime <= now.uptime;
  if (!isOneBoot) {
    return 0;
  }
  const jump = now.wall - last.wall - (now.uptime - last.uptime);
  return Math.abs(jump) > TOLERANCE_MS ? jump : 0;
}
