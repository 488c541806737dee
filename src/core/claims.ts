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
  const groups = new Map<string, [Candidate, ...Candidate[]]>();
  for (const candidate of candidates) {
    if (candidate.verdict !== 'eligible' || !isServed(upstream, candidate)) {
      continue;
    }
    const key = claimant(candidate, ecmp);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [candidate]);
    } else {
      group.push(candidate);
    }
  }
  return Array.from(groups.values(), (group) => claimOf(group, upstream)).sort((a, b) =>
    comparePrefixes(a.prefix, b.prefix),
  );
}

/** The cloud objects behind a candidate; an extra route without a subnet never gets this far. */
export function originOf({ router, subnet, port, leg, projectId }: Candidate): Origin {
  return {
    router: router.id,
    subnet: subnet?.id ?? '',
    project: projectId,
    port: port?.id ?? leg?.portId ?? '',
    leg: leg?.portId ?? '',
  };
}

/** The distinct origins of some paths, in a stable order. */
export function originsOf(paths: readonly Path[]): readonly Origin[] {
  const origins = paths.map(({ origin }) => origin);
  return origins.length === 1
    ? origins
    : uniqueBy(origins, ({ router, port, leg }) => `${router} ${port} ${leg}`);
}

function isServed(upstream: UpstreamView, { leg }: Candidate): boolean {
  return leg !== undefined && upstream.networkIds.has(leg.networkId);
}

function claimant({ source, prefix, subnet, router }: Candidate, ecmp: boolean): string {
  const who = ecmp && source === 'subnet' ? '' : router.id;
  return `${source} ${prefix.text} ${subnet?.id ?? ''} ${who}`;
}

function claimOf(candidates: readonly [Candidate, ...Candidate[]], upstream: UpstreamView): Claim {
  const paths = candidates.flatMap((candidate) => pathsOf(candidate, upstream));
  return {
    prefix: candidates[0].prefix,
    candidates,
    paths:
      paths.length === 1 ? paths : uniqueBy(paths, ({ nextHop }) => nextHop.address).sort(byHop),
  };
}

function pathsOf(candidate: Candidate, { devices }: UpstreamView): readonly Path[] {
  const { leg, nextHops } = candidate;
  const device = leg === undefined ? undefined : devices.get(leg.networkId);
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

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function byHop(a: Path, b: Path): number {
  return compareNextHops(a.nextHop, b.nextHop);
}
