/** Time since this machine started: it tells a wall clock that was set from time that really passed. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

export interface SinceBoot {
  /** Differs from boot to boot; empty where the system does not tell. */
  readonly boot: string;
  /** Milliseconds. */
  readonly uptime: number;
}

/** Linux: random(4), /proc/sys/kernel/random/boot_id. */
export function sinceBoot(): SinceBoot {
  return { boot: bootId(), uptime: Math.round(uptime() * 1000) };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
