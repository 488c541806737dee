/** Compare and delete: a route goes only if it still is what the plan saw. */
import { sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf } from '../core/owned.ts';
import {
  prefixOf,
  type InstalledRoute,
  type RouteChange,
  type UpstreamState,
} from '../core/route.ts';
import type { Rejection } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';

type Removal = Extract<RouteChange, { readonly action: 'remove' }>;

/** The removals whose route changed since it was planned (ROUTE_CHANGED); one that is gone already is not among them. */
export function changedSince(
  removals: readonly Removal[],
  state: UpstreamState,
): readonly Rejection[] {
  const owned = ownedRoutesOf(state);
  return removals.flatMap((change) => {
    const found = owned.get(prefixOf(change).text) ?? [];
    return found.length === 0 || found.some((route) => isPlanned(route, change.before))
      ? []
      : [{ change, error: routeChanged(change, found) }];
  });
}

/** True if the route still is the one that was seen when the plan was made. */
export function isPlanned(route: InstalledRoute, before: InstalledRoute): boolean {
  return sameNextHops(before.nextHops, route.nextHops) && route.description === before.description;
}

function routeChanged(change: RouteChange, found: readonly InstalledRoute[]): RouteSyncError {
  const prefix = prefixOf(change).text;
  const now = found.map(({ description }) => description).join(' and ');
  return new RouteSyncError(
    'ROUTE_CHANGED',
    `${change.action} ${prefix}: the route is now "${now}", not what was planned for; left alone, the next cycle decides anew`,
    { details: { prefix, now } },
  );
}
