/** Reads an upstream back after a push, finishes the changes that take two steps, and says which are not there. */
import { isAsWanted, isSameNextHop } from '../core/next-hops.ts';
import type { InstalledRoute, RouteChange, UpstreamState } from '../core/route.ts';
import type { Rejection } from '../drivers/driver.ts';
import { applyChanges } from './apply.ts';
import type { Push } from './apply.ts';
import { gatherState } from './gather.ts';
import { heldFor, isDone, unshownIn, type Held } from './shown.ts';

/** What the upstream holds after the push, and the changes that it does not show (ROUTE_UNVERIFIED). */
export interface Verified {
  readonly state: UpstreamState;
  readonly failed: readonly Rejection[];
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
    const heldBy = heldFor(push.changes, state);
    const repairs = push.changes.flatMap((change) => repairsOf(change, heldBy(change)));
    if (repairs.length > 0 && round < REPAIRS) {
      // What the repair is refused shows in what is read next.
      await applyChanges({ ...push, changes: repairs, state });
      continue;
    }
    return { state, failed: unshownIn(push.changes, state) };
  }
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
  const right = owned.find((route) => isAsWanted(after, route));
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
