/** What one upstream's own routes and addresses have against a claim. */
import type { Claim, Path } from './claims.ts';
import type { ConflictCode } from './conflicts.ts';
import { ownedRoutesOf, type OwnedRoutes } from './owned.ts';
import { PrefixIndex } from './prefix-index.ts';
import { compareAddresses, comparePrefixes, type Address, type Prefix } from './prefix.ts';
import type { InstalledRoute, InterfaceAddress, UpstreamState } from './route.ts';

export interface Obstacle {
  readonly code: Extract<
    ConflictCode,
    'foreign' | 'foreign-overlap' | 'connected' | 'next-hop-is-upstream'
  >;
  readonly message: string;
}

/** What an upstream holds, indexed for questions by prefix. */
export interface Holdings {
  readonly owned: OwnedRoutes;
  readonly foreign: PrefixIndex<InstalledRoute>;
  readonly addresses: ReadonlySet<Address>;
  /** The networks that the upstream is connected to. */
  readonly networks: PrefixIndex<InterfaceAddress>;
}

export function holdingsOf(state: UpstreamState): Holdings {
  const foreign = new PrefixIndex<InstalledRoute>();
  // Sorted, so that reports name the same one of several in every run.
  state.routes
    .filter(({ owned }) => !owned)
    .sort((a, b) => comparePrefixes(a.prefix, b.prefix) || (a.description < b.description ? -1 : 1))
    .forEach((route) => foreign.add(route.prefix, route));
  const networks = new PrefixIndex<InterfaceAddress>();
  state.addresses
    .toSorted((a, b) => compareAddresses(a.address, b.address))
    .forEach((entry) => networks.add(entry.network, entry));
  const addresses = new Set(state.addresses.map(({ address }) => address));
  return { owned: ownedRoutesOf(state), foreign, addresses, networks };
}

/** The first obstacle in the claim's way; the graver ones come first. */
export function obstacleTo(
  claim: Claim,
  holdings: Holdings,
  foreignOverlap: 'warn' | 'refuse',
): Obstacle | undefined {
  return (
    connectedObstacle(claim.prefix, holdings) ??
    nextHopObstacle(claim, holdings) ??
    foreignObstacle(claim.prefix, holdings) ??
    (foreignOverlap === 'refuse' ? overlapObstacle(claim.prefix, holdings) : undefined)
  );
}

/** The claim's paths without those that lead to the upstream's own addresses. */
export function reachablePaths({ paths }: Claim, { addresses }: Holdings): readonly Path[] {
  return paths.filter(({ nextHop }) => !addresses.has(nextHop.address));
}

function connectedNetwork(prefix: Prefix, holdings: Holdings): InterfaceAddress | undefined {
  return holdings.networks.firstOverlapping(prefix);
}

/** A foreign, more specific route inside the prefix takes part of its traffic elsewhere. */
export function overlapObstacle(prefix: Prefix, { foreign }: Holdings): Obstacle | undefined {
  const inner = foreign.inside(prefix).find(({ kind }) => kind === 'static');
  return inner === undefined
    ? undefined
    : {
        code: 'foreign-overlap',
        message: `the upstream holds ${inner.prefix.text} (${inner.description}) inside ${prefix.text}, and it is not ours`,
      };
}

function connectedObstacle(prefix: Prefix, holdings: Holdings): Obstacle | undefined {
  const hit = connectedNetwork(prefix, holdings);
  return hit === undefined
    ? undefined
    : {
        code: 'connected',
        message: `${prefix.text} overlaps ${hit.network.text}, which the upstream is connected to as ${hit.address}`,
      };
}

function nextHopObstacle(claim: Claim, holdings: Holdings): Obstacle | undefined {
  return reachablePaths(claim, holdings).length > 0
    ? undefined
    : {
        code: 'next-hop-is-upstream',
        message: `${claim.paths.map(({ nextHop }) => nextHop.address).join(', ')} is an address of the upstream itself`,
      };
}

function foreignObstacle(prefix: Prefix, { foreign }: Holdings): Obstacle | undefined {
  const [route] = foreign.at(prefix);
  return route === undefined
    ? undefined
    : {
        code: 'foreign',
        message: `the upstream holds ${prefix.text} (${route.description}), and it is not ours`,
      };
}
