/** What the eligible candidates ask of one upstream: one claim per prefix and claimant, with all its next hops. */
import type { Candidate } from './eligibility.ts';
import { comparePrefixes, type Address, type Prefix } from './prefix.ts';
import type { NextHop, Origin } from './route.ts';
import { compareNextHops } from './next-hops.ts';

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
  const claims = candidates
    .filter((candidate) => candidate.verdict === 'eligible' && isServed(upstream, candidate))
    .sort(compareCandidates)
    .map((candidate) => claimOf([candidate], upstream));
  return byPrefix(claims).flatMap(([claim, ...others]) =>
    others.length === 0
      ? claim
      : byClaimant([claim, ...others], ecmp).map((group) => claimOf(group, upstream)),
  );
}

/** Sorted claims -> those of each prefix: one, nearly always. */
function byPrefix(sorted: readonly Claim[]): readonly (readonly [Claim, ...Claim[]])[] {
  const groups: [Claim, ...Claim[]][] = [];
  for (const claim of sorted) {
    const last = groups.at(-1);
    if (last?.[0].prefix.text === claim.prefix.text) {
      last.push(claim);
    } else {
      groups.push([claim]);
    }
  }
  return groups;
}

type Group = readonly [Candidate, ...Candidate[]];

function byClaimant(claims: readonly Claim[], ecmp: boolean): readonly Group[] {
  const groups = new Map<string, [Candidate, ...Candidate[]]>();
  for (const candidate of claims.flatMap(({ candidates }) => candidates)) {
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

function isServed(upstream: UpstreamView, { leg }: Candidate): boolean {
  return leg !== undefined && upstream.networkIds.has(leg.networkId);
}

function claimant({ source, prefix, subnet, router }: Candidate, ecmp: boolean): string {
  const who = ecmp && source === 'subnet' ? subnet?.id : router.id;
  return `${prefix.text} ${who}`;
}

function claimOf(candidates: Group, upstream: UpstreamView): Claim {
  const paths = candidates.flatMap((candidate) => pathsOf(candidate, upstream));
  return {
    prefix: candidates[0].prefix,
    candidates,
    paths:
      paths.length === 1 ? paths : uniqueBy(paths.sort(byHop), ({ nextHop }) => nextHop.address),
  };
}

function pathsOf(candidate: Candidate, { devices }: UpstreamView): readonly Path[] {
  const { leg, nextHops } = candidate;
  const device = leg && devices.get(leg.networkId);
  const origin = originOf(candidate);
  return nextHops.map((address) => ({ nextHop: hopVia(address, device), origin }));
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
