/** Our own routes on one upstream, by prefix: the one grouping that arbitration and plan share. */
import { comparePrefixes } from './prefix.ts';
import type { InstalledRoute, UpstreamState } from './route.ts';

/**
 * By prefix text. Several routes at one prefix (some kernels leave an old IPv6 route beside its replacement) come in
 * an order of their own, whatever order the upstream gave them in.
 */
export type OwnedRoutes = ReadonlyMap<string, readonly [InstalledRoute, ...InstalledRoute[]]>;

export function ownedRoutesOf({ routes }: UpstreamState): OwnedRoutes {
  const owned = new Map<string, [InstalledRoute, ...InstalledRoute[]]>();
  for (const route of routes) {
    if (!route.owned) {
      continue;
    }
    const same = owned.get(route.prefix.text);
    if (same === undefined) {
      owned.set(route.prefix.text, [route]);
    } else {
      same.push(route);
      same.sort(byNextHops);
    }
  }
  return owned;
}

/** The same routes without a map of them: by prefix, those at one prefix in their order. */
export function ownedInOrder({ routes }: UpstreamState): readonly InstalledRoute[] {
  const owned: InstalledRoute[] = [];
  let last: InstalledRoute | undefined;
  let isSorted = true;
  for (const route of routes) {
    if (route.owned) {
      // Nearly every upstream lists its routes in order, and each prefix once.
      isSorted &&= last === undefined || comparePrefixes(last.prefix, route.prefix) < 0;
      owned.push(route);
      last = route;
    }
  }
  return isSorted ? owned : owned.sort(byPrefix);
}

function byPrefix(a: InstalledRoute, b: InstalledRoute): number {
  return comparePrefixes(a.prefix, b.prefix) || byNextHops(a, b);
}

function byNextHops(a: InstalledRoute, b: InstalledRoute): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function keyOf({ nextHops, description }: InstalledRoute): string {
  const hops = nextHops.map(({ address, device }) => `${address} ${device ?? ''}`);
  return [...hops, description].join('\n');
}
