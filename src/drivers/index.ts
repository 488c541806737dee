/** The registry of router OSes: a new one is its file plus one line here. */
import type { RouterDriver, RouterOs } from './driver.ts';
import { linux } from './linux.ts';

const DRIVERS: Readonly<Record<RouterOs, RouterDriver>> = { linux };

/** The driver for a configured `os`. */
export function driverFor(os: RouterOs): RouterDriver {
  return DRIVERS[os];
}
