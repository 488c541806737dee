/** Reads an upstream back after a push, finishes the changes that take two steps, and says which are not there. */
import { isSameNextHop, sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf } from '../core/owned.ts';
import { prefixOf } from '../core/route.ts';
import type { InstalledRoute, NextHop, RouteChange, UpstreamState } from '../core/route.ts';
import type { Rejection } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { applyChanges } from './apply.ts';
import type { Push } from './apply.ts';
import { gatherState } from './gather.ts';
import { isPlanned } from './recheck.ts';

/** What the upstream holds after the push, and the changes that it does not show (ROUTE_UNVERIFIED). */
export interface Verified {
  readonly state: UpstreamState;
  readonly failed: readonly Rejection[];
}

/** What stands at the prefix of one change. */
interface Held {
  readonly owned: readonly InstalledRoute[];
  readonly foreign: readonly InstalledRoute[];
}

/** A change may need two: what is new goes in first, then what it replaces goes out. */
const REPAIRS = 2;

/**
 * Checks that each given change (leave out the refused ones) is what the upstream now holds: the wanted next hops in
 * exactly one route of ours, or no route of ours. What is wrong, such as the route that was replaced and stands beside
 * the new one, is put right and read again.
 */
export async function verifyChanges(push: Push): Promise<Verified> {
  for (let round = 0; ; round += 1) {
    const state = await gatherState(push);
    const heldBy = indexFor(push.changes, state);
    const repairs = push.changes.flatMap((change) => repairsOf(change, heldBy(change)));
    if (repairs.length > 0 && round < REPAIRS) {
      // What the repair is refused shows in what is read next.
      await applyChanges({ ...push, changes: repairs });
      continue;
    }
    const failed = push.changes
      .filter((change) => !isDone(change, heldBy(change).owned))
      .map((change) => ({ change, error: unverified(change, heldBy(change)) }));
    return { state, failed };
  }
}

function indexFor(
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

function isDone(change: RouteChange, routes: readonly InstalledRoute[]): boolean {
  if (change.action === 'remove') {
    // A route that somebody turned elsewhere in this moment is not what was planned for: the next cycle decides anew.
    return !routes.some((route) => isPlanned(route, change.before));
  }
  const [only] = routes;
  return (
    only !== undefined && routes.length === 1 && sameNextHops(change.after.nextHops, only.nextHops)
  );
}

/** The changes that lead from what is held to the wanted route; a route that vanished is left alone. */
function repairsOf(change: RouteChange, { owned, foreign }: Held): readonly RouteChange[] {
  if (isDone(change, owned)) {
    return [];
  }
  if (change.action === 'remove') {
    return [change];
  }
  if (owned.length === 0) {
    return foreign.flatMap((route) => retreatFrom(route, change));
  }
  const { after } = change;
  const right = owned.find((route) => sameNextHops(after.nextHops, route.nextHops));
  const [kept, ...surplus] =
    right === undefined ? owned : [right, ...owned.filter((route) => route !== right)];
  return [
    ...(right === undefined && kept !== undefined
      ? [{ action: 'replace', before: kept, after } as const]
      : []),
    ...surplus.map((before) => ({ action: 'remove', before, origin: after.origin }) as const),
  ];
}

/**
 * Where a stranger's next hop comes first in an IPv6 set, the set shows the stranger's mark, and ours in it would never
 * be found again: so what this change may have left there goes. The mark in the removal keeps what is not ours.
 */
function retreatFrom(
  route: InstalledRoute,
  change: Exclude<RouteChange, { readonly action: 'remove' }>,
): readonly RouteChange[] {
  const { after } = change;
  const old = change.action === 'replace' ? change.before.nextHops : [];
  const nextHops = route.nextHops.filter((have) =>
    [...after.nextHops, ...old].some((want) => isSameNextHop(want, have)),
  );
  return nextHops.length === 0
    ? []
    : [{ action: 'remove', before: { ...route, nextHops }, origin: after.origin }];
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
