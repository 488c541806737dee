/** What the eligible candidates ask of one upstream: one claim per prefix and claimant, with all its next hops. */
import type { Candidate } from './eligibility.ts';
import type { Leg } from './legs.ts';
import { comparePrefixes, type Address, type Family, type Prefix } from './prefix.ts';
import type { NextHop, Origin } from './route.ts';
import { compareNextHops } from './next-hops.ts';
import { sortedByPrefix } from './prefix-order.ts';

/** One upstream as the core sees it. */
export interface UpstreamView {
  readonly name: string;
  /** Ids of the external networks whose routes belong here. */
  readonly networkIds: ReadonlySet<string>;
  /** Outgoing device by external network id, where the operator gave one. */
  readonly devices: ReadonlyMap<string, UpstreamDevice>;
}

export interface UpstreamDevice {
  readonly dev: string;
  readonly onlink: boolean;
}

/** One way to reach a claim's prefix, and the cloud objects that make it. */
export interface Path {
  readonly nextHop: NextHop;
  readonly origin: Origin;
}

export interface Claim {
  readonly prefix: Prefix;
  /** At least one; several only for several legs, or with ECMP for several routers on one subnet. */
  readonly candidates: readonly Candidate[];
  /** Every way that would do, lowest next hop first, one per address. */
  readonly paths: readonly Path[];
}

/**
 * Joins the candidates that serve the same prefix as one: the legs of one router, and with ECMP all routers on the
 * same subnet; never two subnets that merely have equal prefixes.
 */
export function claimsOn(
  upstream: UpstreamView,
  candidates: readonly Candidate[],
  ecmp: boolean,
): readonly Claim[] {
  const hopsOf = hopLister(upstream);
  const claims: Claim[] = [];
  const served = candidates.filter((candidate) => isServed(upstream, candidate));
  for (const group of byPrefix(sortedByPrefix(served, ({ prefix }) => prefix))) {
    if (group.length === 1) {
      claims.push(claimOf(group, hopsOf));
    } else {
      const groups = byClaimant(group.toSorted(compareCandidates), ecmp);
      claims.push(...groups.map((each) => claimOf(each, hopsOf)));
    }
  }
  return claims;
}

function isServed({ networkIds }: UpstreamView, { verdict, leg }: Candidate): boolean {
  return verdict === 'eligible' && leg !== undefined && networkIds.has(leg.networkId);
}

/** Sorted candidates -> those of each prefix: one, nearly always. */
function byPrefix(sorted: readonly Candidate[]): readonly Group[] {
  const groups: [Candidate, ...Candidate[]][] = [];
  let last: [Candidate, ...Candidate[]] | undefined;
  for (const candidate of sorted) {
    if (last !== undefined && comparePrefixes(last[0].prefix, candidate.prefix) === 0) {
      last.push(candidate);
    } else {
      last = [candidate];
      groups.push(last);
    }
  }
  return groups;
}

type Group = readonly [Candidate, ...Candidate[]];

function byClaimant(candidates: readonly Candidate[], ecmp: boolean): readonly Group[] {
  const groups = new Map<string, [Candidate, ...Candidate[]]>();
  for (const candidate of candidates) {
    const key = claimant(candidate, ecmp);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [candidate]);
    } else {
      group.push(candidate);
    }
  }
  return [...groups.values()];
}

/** The cloud objects behind a candidate; an extra route without a subnet never gets this far. */
export function originOf({
  router,
  subnet,
  port,
  leg,
  projectId,
  floatingIpId,
}: Candidate): Origin {
  return {
    router: router.id,
    subnet: subnet?.id ?? '',
    project: projectId,
    port: port?.id ?? leg?.portId ?? '',
    leg: leg?.portId ?? '',
    network: leg?.networkId ?? '',
    floatingIp: floatingIpId ?? '',
  };
}

/** The distinct origins of some paths, in a stable order. */
export function originsOf(paths: readonly Path[]): readonly Origin[] {
  const origins = paths.map(({ origin }) => origin);
  return origins.length === 1 ? origins : uniqueBy(origins, keyOf);
}

function claimant({ source, prefix, subnet, router }: Candidate, ecmp: boolean): string {
  const who = ecmp && source === 'subnet' ? subnet?.id : router.id;
  return `${prefix.text} ${who}`;
}

function claimOf(candidates: Group, hopsOf: HopLister): Claim {
  const paths =
    candidates.length === 1
      ? pathsOf(candidates[0], hopsOf)
      : candidates.flatMap((candidate) => pathsOf(candidate, hopsOf));
  return {
    prefix: candidates[0].prefix,
    candidates,
    paths:
      paths.length === 1
        ? paths
        : uniqueBy(paths.toSorted(byHop), ({ nextHop }) => nextHop.address),
  };
}

function pathsOf(candidate: Candidate, hopsOf: HopLister): readonly Path[] {
  const origin = originOf(candidate);
  return hopsOf(candidate).map((nextHop) => ({ nextHop, origin }));
}

type HopLister = (candidate: Candidate) => readonly NextHop[];

/** The next hops of a candidate. All candidates of a leg share them, as they share its addresses. */
function hopLister({ devices }: UpstreamView): HopLister {
  const known: Record<Family, Map<Leg | undefined, Hops>> = { 4: new Map(), 6: new Map() };
  return ({ leg, nextHops, prefix }) => {
    const ofFamily = known[prefix.family];
    const before = ofFamily.get(leg);
    if (before?.addresses === nextHops) {
      return before.hops;
    }
    const device = leg && devices.get(leg.networkId);
    const hops = nextHops.map((address) => hopVia(address, device));
    ofFamily.set(leg, { addresses: nextHops, hops });
    return hops;
  };
}

interface Hops {
  readonly addresses: readonly Address[];
  readonly hops: readonly NextHop[];
}

function hopVia(address: Address, device: UpstreamDevice | undefined): NextHop {
  if (device === undefined) {
    return { address };
  }
  const { dev, onlink } = device;
  return onlink ? { address, device: dev, onlink } : { address, device: dev };
}

/** The first item of each key. */
function uniqueBy<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...Map.groupBy(items, key).values()].flatMap((group) => group.slice(0, 1));
}

/** By prefix, then by the cloud objects behind it: an order of their own, whatever order the cloud listed them in. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  return comparePrefixes(a.prefix, b.prefix) || (keyOf(originOf(a)) < keyOf(originOf(b)) ? -1 : 1);
}

function byHop(a: Path, b: Path): number {
  return compareNextHops(a.nextHop, b.nextHop);
}

function keyOf({ router, subnet, port, leg }: Origin): string {
  return `${router} ${subnet} ${port} ${leg}`;
}
