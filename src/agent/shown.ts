/** Whether an upstream shows what was pushed to it, and what it shows instead. */
import { isAsWanted, isSameNextHop } from '../core/next-hops.ts';
import { ownedRoutesOf } from '../core/owned.ts';
import { prefixOf } from '../core/route.ts';
import type { InstalledRoute, NextHop, RouteChange, UpstreamState } from '../core/route.ts';
import type { Rejection } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { isPlanned } from './recheck.ts';

/** What stands at the prefix of one change. */
export interface Held {
  readonly owned: readonly InstalledRoute[];
  readonly foreign: readonly InstalledRoute[];
}

/** The changes that the state does not show, each with ROUTE_UNVERIFIED. */
export function unshownIn(
  changes: readonly RouteChange[],
  state: UpstreamState,
): readonly Rejection[] {
  const heldBy = heldFor(changes, state);
  return changes
    .filter((change) => !isDone(change, heldBy(change).owned))
    .map((change) => ({ change, error: unverified(change, heldBy(change)) }));
}

/** What the state holds at the prefix of each change. */
export function heldFor(
  changes: readonly RouteChange[],
  state: UpstreamState,
): (change: RouteChange) => Held {
  const prefixes = new Set(changes.map((change) => prefixOf(change).text));
  const owned = ownedRoutesOf(state);
  const foreign = Map.groupBy(
    state.routes.filter((route) => !route.owned && prefixes.has(route.prefix.text)),
    ({ prefix }) => prefix.text,
  );
  return (change) => {
    const { text } = prefixOf(change);
    return { owned: owned.get(text) ?? [], foreign: foreign.get(text) ?? [] };
  };
}

/** True if the routes of ours at the prefix are those that the change leads to. */
export function isDone(change: RouteChange, routes: readonly InstalledRoute[]): boolean {
  if (change.action === 'remove') {
    // A route that somebody turned elsewhere in this moment is not what was planned for: the next cycle decides anew.
    return !routes.some((route) => isPlanned(route, change.before));
  }
  const [only] = routes;
  return only !== undefined && routes.length === 1 && isAsWanted(change.after, only);
}

function unverified(change: RouteChange, held: Held): RouteSyncError {
  const { owned } = held;
  const prefix = prefixOf(change).text;
  const want = change.action === 'remove' ? 'no route of ours' : viaText(change.after.nextHops);
  const have =
    owned.length === 0
      ? 'no route of ours'
      : owned.map(({ nextHops }) => viaText(nextHops)).join(' and ');
  return new RouteSyncError(
    'ROUTE_UNVERIFIED',
    `${change.action} ${prefix}: the upstream shows ${have} instead of ${want}; ${causeOf(change, held)}`,
    { details: { prefix, action: change.action, want, have }, retryable: true },
  );
}

function causeOf(change: RouteChange, { owned, foreign }: Held): string {
  const [route] = owned;
  const [stranger] = foreign;
  const wanted = change.action === 'remove' ? [] : change.after.nextHops;
  if (route?.prefix.family === 6 && wanted.length > 0) {
    const added = route.nextHops.filter(
      (have) => !wanted.some((want) => isSameNextHop(want, have)),
    );
    if (added.length > 0) {
      return `another program added ${viaText(added)} to this route and must take it out again`;
    }
  }
  return route === undefined && stranger !== undefined
    ? `another program holds this prefix (${stranger.description})`
    : 'look for another program that changes this table';
}

function viaText(nextHops: readonly NextHop[]): string {
  return nextHops.length === 0
    ? 'a route without next hop'
    : `via ${nextHops.map(({ address }) => address).join(', ')}`;
}
