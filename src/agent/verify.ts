/** Reads an upstream back after a push and says which changes are not there, after one attempt to repair them. */
import { sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf, type OwnedRoutes } from '../core/owned.ts';
import { prefixOf } from '../core/route.ts';
import type { InstalledRoute, NextHop, RouteChange, UpstreamState } from '../core/route.ts';
import type { Rejection } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { applyChanges } from './apply.ts';
import type { Push } from './apply.ts';
import { gatherState } from './gather.ts';

/** What the upstream holds after the push, and the changes that it does not show (ROUTE_UNVERIFIED). */
export interface Verified {
  readonly state: UpstreamState;
  readonly failed: readonly Rejection[];
}

/**
 * Checks that each given change (leave out the refused ones) is what the upstream now holds: the wanted next hops in
 * exactly one route of ours, or no route of ours. Some kernels leave an old IPv6 route beside its replacement, so what
 * is wrong is put right once and read again.
 */
export async function verifyChanges(push: Push): Promise<Verified> {
  let state = await gatherState(push);
  let owned = ownedRoutesOf(state);
  const repairs = push.changes.flatMap((change) => repairsOf(change, held(owned, change)));
  if (repairs.length > 0) {
    // What the repair is refused shows in what is read next.
    await applyChanges({ ...push, changes: repairs });
    state = await gatherState(push);
    owned = ownedRoutesOf(state);
  }
  const failed = push.changes
    .filter((change) => !isDone(change, held(owned, change)))
    .map((change) => ({ change, error: unverified(change, held(owned, change)) }));
  return { state, failed };
}

function held(owned: OwnedRoutes, change: RouteChange): readonly InstalledRoute[] {
  return owned.get(prefixOf(change).text) ?? [];
}

function isDone(change: RouteChange, routes: readonly InstalledRoute[]): boolean {
  if (change.action === 'remove') {
    return routes.length === 0;
  }
  const [only] = routes;
  return (
    only !== undefined && routes.length === 1 && sameNextHops(change.after.nextHops, only.nextHops)
  );
}

/** The changes that lead from the routes of ours at that prefix to the wanted one; a route that vanished is left alone. */
function repairsOf(change: RouteChange, routes: readonly InstalledRoute[]): readonly RouteChange[] {
  if (isDone(change, routes)) {
    return [];
  }
  if (change.action === 'remove') {
    return routes.map((before) => ({ ...change, before }));
  }
  const { after } = change;
  const right = routes.find((route) => sameNextHops(after.nextHops, route.nextHops));
  const [kept, ...surplus] =
    right === undefined ? routes : [right, ...routes.filter((route) => route !== right)];
  return [
    ...(right === undefined && kept !== undefined
      ? [{ action: 'replace', before: kept, after } as const]
      : []),
    ...surplus.map((before) => ({ action: 'remove', before, origin: after.origin }) as const),
  ];
}

function unverified(change: RouteChange, routes: readonly InstalledRoute[]): RouteSyncError {
  const prefix = prefixOf(change).text;
  const want = change.action === 'remove' ? 'no route' : viaText(change.after.nextHops);
  const have =
    routes.length === 0
      ? 'no route'
      : routes.map(({ nextHops }) => viaText(nextHops)).join(' and ');
  return new RouteSyncError(
    'ROUTE_UNVERIFIED',
    `${change.action} ${prefix}: the upstream shows ${have} of ours instead of ${want}; look for another program that changes this table`,
    { details: { prefix, action: change.action, want, have }, retryable: true },
  );
}

function viaText(nextHops: readonly NextHop[]): string {
  return nextHops.length === 0
    ? 'a route without next hop'
    : `via ${nextHops.map(({ address }) => address).join(', ')}`;
}
