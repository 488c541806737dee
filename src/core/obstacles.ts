/** What one upstream's own routes and addresses have against a route that it should hold. */
import type { ConflictCode } from './conflicts.ts';
import { ownedRoutesOf, type OwnedRoutes } from './owned.ts';
import type { Policy } from './policy.ts';
import { PrefixIndex } from './prefix-index.ts';
import { compareAddresses, comparePrefixes, type Address, type Prefix } from './prefix.ts';
import type { InstalledRoute, InterfaceAddress, NextHop, UpstreamState } from './route.ts';

export interface Obstacle {
  readonly code: Exclude<ConflictCode, 'duplicate' | 'overlap'>;
  readonly message: string;
}

/** A route that is not ours around or inside one that is. */
export interface ForeignNeighbour extends Obstacle {
  readonly code: 'foreign-overlap' | 'foreign-covering';
}

/** A prefix and the ways to reach it, as far as the upstream minds. */
export interface Wanted<P extends Hop = Hop> {
  readonly prefix: Prefix;
  readonly paths: readonly P[];
}

interface Hop {
  readonly nextHop: NextHop;
}

/** What an upstream holds, indexed for questions by prefix. */
export interface Holdings {
  readonly owned: OwnedRoutes;
  readonly foreign: PrefixIndex<InstalledRoute>;
  readonly addresses: ReadonlySet<Address>;
  /** The networks that the upstream is connected to. */
  readonly networks: PrefixIndex<InterfaceAddress>;
}

/** What is said to routes that are not ours around and inside ours. */
export type ForeignPolicy = Pick<Policy, 'foreignOverlap' | 'foreignCovering'>;

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

/** The first obstacle in the way; the graver ones come first. */
export function obstacleTo(
  wanted: Wanted,
  holdings: Holdings,
  policy: ForeignPolicy,
): Obstacle | undefined {
  const { prefix } = wanted;
  return (
    connectedObstacle(prefix, holdings) ??
    nextHopObstacle(wanted, holdings) ??
    foreignObstacle(prefix, holdings) ??
    overlapping(prefix, holdings, policy.foreignOverlap === 'refuse') ??
    covering(prefix, holdings, policy.foreignCovering === 'refuse')
  );
}

const NONE: readonly ForeignNeighbour[] = [];

/** What stands beside a route of ours, where the policy only warns of it. */
export function neighboursOf(
  prefix: Prefix,
  holdings: Holdings,
  policy: ForeignPolicy,
): readonly ForeignNeighbour[] {
  const inner = overlapping(prefix, holdings, policy.foreignOverlap === 'warn');
  const outer = covering(prefix, holdings, policy.foreignCovering === 'warn');
  return inner === undefined && outer === undefined ? NONE : [inner ?? [], outer ?? []].flat();
}

/** The paths without those that lead to the upstream's own addresses. */
export function reachablePaths<P extends Hop>(
  { paths }: Wanted<P>,
  { addresses }: Holdings,
): readonly P[] {
  const isOwn = ({ nextHop }: P): boolean => addresses.has(nextHop.address);
  return paths.some(isOwn) ? paths.filter((path) => !isOwn(path)) : paths;
}

/** A foreign, more specific route inside the prefix takes part of its traffic elsewhere. */
function overlapping(
  prefix: Prefix,
  { foreign }: Holdings,
  isAsked: boolean,
): ForeignNeighbour | undefined {
  const inner = isAsked ? foreign.inside(prefix).find(({ kind }) => kind === 'static') : undefined;
  return (
    inner && {
      code: 'foreign-overlap',
      message: `the upstream holds ${inner.prefix.text} (${inner.description}) inside ${prefix.text}, and it is not ours`,
    }
  );
}

/** A foreign, less specific route: ours takes part of its traffic. */
function covering(
  prefix: Prefix,
  { foreign }: Holdings,
  isAsked: boolean,
): ForeignNeighbour | undefined {
  const outer = isAsked ? coveringRoute(prefix, foreign) : undefined;
  return (
    outer && {
      code: 'foreign-covering',
      message: `the upstream holds ${outer.prefix.text} (${outer.description}) around ${prefix.text}, and it is not ours`,
    }
  );
}

/** Default routes lie around everything, and aggregates discard what they do not hold: both are normal. */
function coveringRoute(prefix: Prefix, foreign: Holdings['foreign']): InstalledRoute | undefined {
  for (const route of foreign.around(prefix)) {
    if (route.kind === 'static' && route.prefix.length > 0 && route.discards !== true) {
      return route;
    }
  }
  return undefined;
}

function connectedObstacle(prefix: Prefix, holdings: Holdings): Obstacle | undefined {
  const hit = holdings.networks.firstOverlapping(prefix);
  return hit === undefined
    ? undefined
    : {
        code: 'connected',
        message: `${prefix.text} overlaps ${hit.network.text}, which the upstream is connected to as ${hit.address}`,
      };
}

function nextHopObstacle(wanted: Wanted, holdings: Holdings): Obstacle | undefined {
  return reachablePaths(wanted, holdings).length > 0
    ? undefined
    : {
        code: 'next-hop-is-upstream',
        message: `${wanted.paths.map(({ nextHop }) => nextHop.address).join(', ')} is an address of the upstream itself`,
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
