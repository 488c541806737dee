/** The order of next hops, and when two sets of them are the same: the one comparison that plan and read-back share. */
import { compareAddresses } from './prefix.ts';
import type { DesiredRoute, InstalledRoute, NextHop } from './route.ts';

/**
 * True if the upstream holds exactly the wanted next hops, in any order. The device counts only where a desired next
 * hop names one, and `onlink` never: the upstream fills in both by itself.
 */
export function sameNextHops(desired: readonly NextHop[], installed: readonly NextHop[]): boolean {
  const [want] = desired;
  const [have] = installed;
  if (desired.length === 1 && installed.length === 1 && want !== undefined && have !== undefined) {
    return isSameNextHop(want, have);
  }
  return (
    desired.length === installed.length &&
    desired.every((want) => installed.some((have) => isSameNextHop(want, have))) &&
    installed.every((have) => desired.some((want) => isSameNextHop(want, have)))
  );
}

/** True if nothing about the installed route has to change. */
export function isAsWanted({ nextHops }: DesiredRoute, have: InstalledRoute): boolean {
  return have.differs !== true && sameNextHops(nextHops, have.nextHops);
}

/** True if the installed next hop is the wanted one; see {@link sameNextHops} for what counts. */
export function isSameNextHop(want: NextHop, have: NextHop): boolean {
  return (
    want.address === have.address && (want.device === undefined || want.device === have.device)
  );
}

/** By address, then by device; a next hop without device comes first. */
export function compareNextHops(a: NextHop, b: NextHop): number {
  const order = compareAddresses(a.address, b.address);
  const { device: left = '' } = a;
  const { device: right = '' } = b;
  if (order !== 0 || left === right) {
    return order;
  }
  return left < right ? -1 : 1;
}
