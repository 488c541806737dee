/** What may go wrong with an eligible route: the way back. */
import type { Pair } from './candidates.ts';
import { contains, hostPrefix } from './prefix.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * - `one-way`: an interface leg through which the router knows no way back: it answers only neighbours.
 * - `return-path`: the router also has a SNAT gateway, so replies may leave there, NATed.
 */
export type WarningCode = 'one-way' | 'return-path';

const NONE: readonly WarningCode[] = [];

export function warningsOf(pair: Pair, snapshot: Snapshot): readonly WarningCode[] {
  if (pair.leg?.kind !== 'interface') {
    return NONE;
  }
  const warnings: WarningCode[] = [];
  if (!hasWayBack(pair, snapshot)) {
    warnings.push('one-way');
  }
  const isNated = pair.prefix.family === 4 && pair.router.enableSnat;
  if (isNated && pair.legs.some(({ kind }) => kind === 'gateway')) {
    warnings.push('return-path');
  }
  return warnings;
}

/** An extra route of the router whose next hop lies in the leg's external subnet is a way back. */
function hasWayBack({ router, leg, prefix }: Pair, { subnets }: Snapshot): boolean {
  const external = leg?.fixedIps
    .map(({ subnetId }) => subnets.get(subnetId)?.cidr)
    .filter((cidr) => cidr?.family === prefix.family);
  return router.extraRoutes.some(({ nextHop }) =>
    external?.some((cidr) => cidr !== undefined && contains(cidr, hostPrefix(nextHop))),
  );
}
