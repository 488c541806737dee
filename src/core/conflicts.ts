/** What stands in the way of a claim on one upstream, and who wins when claims overlap. */
import { originsOf, type Claim } from './claims.ts';
import { PrefixIndex } from './prefix-index.ts';
import { contains, type Prefix } from './prefix.ts';
import type { Origin } from './route.ts';

/** Why a wanted route is not (or not newly) installed on an upstream. */
export type ConflictCode =
  /** The upstream holds a route at the prefix that is not ours. */
  | 'foreign'
  /** The upstream holds a more specific route that is not ours, and policy.foreignOverlap is refuse. */
  | 'foreign-overlap'
  /** The upstream holds a less specific route that is not ours, and policy.foreignCovering is refuse. */
  | 'foreign-covering'
  /** The prefix overlaps a network that the upstream is connected to. */
  | 'connected'
  /** Every next hop is an address of the upstream itself. */
  | 'next-hop-is-upstream'
  /** Another router claims the same prefix and goes first. */
  | 'duplicate'
  /** Another router claims a prefix around or inside this one and goes first. */
  | 'overlap';

export interface Conflict {
  readonly code: ConflictCode;
  readonly prefix: Prefix;
  readonly message: string;
  /** The claimant; for duplicate and overlap followed by the winner. */
  readonly origin: readonly Origin[];
}

export interface Arbitrated {
  readonly winners: readonly Claim[];
  readonly conflicts: readonly Conflict[];
}

/** Tells whether a claim's router already has the prefix: by the ledger, or by the installed next hop. */
export type Incumbency = (claim: Claim) => boolean;

interface Ranked {
  readonly claim: Claim;
  readonly incumbent: boolean;
  readonly holdsGatewayIp: boolean;
  readonly createdAt: string;
  readonly portId: string;
}

/**
 * Accepts claims greedily: the incumbent, then the router whose interface holds the subnet's `gateway_ip`, then the
 * older interface port, then the lower port id. A claim that overlaps an accepted one of another router is a
 * conflict. The claims must be sorted by prefix; both results keep their order, so that equal input gives equal output.
 */
export function arbitrate(claims: readonly Claim[], isIncumbent: Incumbency): Arbitrated {
  const losers = losersAmong(overlapping(claims), isIncumbent);
  if (losers.size === 0) {
    return { winners: claims, conflicts: [] };
  }
  return {
    winners: claims.filter((claim) => !losers.has(claim)),
    conflicts: claims.flatMap((claim) => {
      const winner = losers.get(claim);
      return winner === undefined ? [] : [conflictBetween(claim, winner)];
    }),
  };
}

/** Those that share addresses with others. In sorted claims whatever lies inside a prefix comes right after it. */
function overlapping(claims: readonly Claim[]): readonly Claim[] {
  const found = new Set<Claim>();
  let outer: Claim | undefined;
  for (const claim of claims) {
    if (outer !== undefined && contains(outer.prefix, claim.prefix)) {
      found.add(outer).add(claim);
    } else {
      outer = claim;
    }
  }
  return [...found];
}

function losersAmong(contested: readonly Claim[], isIncumbent: Incumbency): Map<Claim, Claim> {
  const accepted = new PrefixIndex<Claim>();
  const losers = new Map<Claim, Claim>();
  for (const { claim } of contested.map((claim) => rank(claim, isIncumbent)).sort(compareRanks)) {
    const winner = rivalOf(claim, accepted);
    if (winner === undefined) {
      accepted.add(claim.prefix, claim);
    } else {
      losers.set(claim, winner);
    }
  }
  return losers;
}

/** A claim of the index that overlaps and cannot stand beside this one. */
function rivalOf(claim: Claim, index: PrefixIndex<Claim>): Claim | undefined {
  for (const other of index.overlapping(claim.prefix)) {
    if (other !== claim && !areCompatible(claim, other)) {
      return other;
    }
  }
  return undefined;
}

/** One router may hold nested prefixes (a subnet and an extra route); equal ones must still be one route. */
function areCompatible(a: Claim, b: Claim): boolean {
  return a.prefix.text !== b.prefix.text && routersOf(a) === routersOf(b);
}

function routersOf({ candidates }: Claim): string {
  return [...new Set(candidates.map(({ router }) => router.id))].sort().join(', ');
}

function rank(claim: Claim, isIncumbent: Incumbency): Ranked {
  const ports = claim.candidates.flatMap(({ port }) => (port === undefined ? [] : [port]));
  return {
    claim,
    incumbent: isIncumbent(claim),
    holdsGatewayIp: claim.candidates.some(
      ({ source, port, subnet }) =>
        source === 'subnet' &&
        port?.fixedIps.some(
          ({ address, subnetId }) => subnetId === subnet?.id && address === subnet.gatewayIp,
        ) === true,
    ),
    // A cloud without timestamps, or a floating IP without interface port, goes last.
    createdAt: lowest(ports.map(({ createdAt }) => createdAt || '~')),
    portId: lowest(ports.map(({ id }) => id)),
  };
}

function lowest(texts: readonly string[]): string {
  return texts.reduce((least, text) => (text < least ? text : least), '~');
}

function compareRanks(a: Ranked, b: Ranked): number {
  return (
    Number(b.incumbent) - Number(a.incumbent) ||
    Number(b.holdsGatewayIp) - Number(a.holdsGatewayIp) ||
    compareText(a.createdAt, b.createdAt) ||
    compareText(a.portId, b.portId) ||
    compareText(routersOf(a.claim), routersOf(b.claim))
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function conflictBetween(loser: Claim, winner: Claim): Conflict {
  const same = loser.prefix.text === winner.prefix.text;
  const what = same ? 'is also claimed by' : `overlaps ${winner.prefix.text} of`;
  return {
    code: same ? 'duplicate' : 'overlap',
    prefix: loser.prefix,
    message: `${loser.prefix.text} of router ${routersOf(loser)} ${what} router ${routersOf(winner)}, which goes first`,
    origin: [...originsOf(loser.paths), ...originsOf(winner.paths)],
  };
}
