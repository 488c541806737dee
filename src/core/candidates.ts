/** Every (leg, prefix) pair of the cloud that could become a route, before any judgement. */
import { contains, hostPrefix, type Address, type Prefix } from './prefix.ts';
import type { Leg, RouterSides } from './legs.ts';
import type { FloatingIp, Router, RouterPort, Snapshot, Subnet } from './snapshot.ts';

/** Where a candidate's prefix comes from. */
export type PrefixSource = 'subnet' | 'extra-route' | 'floating-ip';

export interface Pair {
  readonly source: PrefixSource;
  readonly router: Router;
  /** All legs of the router, for judgements that look beyond this leg. */
  readonly legs: readonly Leg[];
  /** Undefined for a router without any external leg. */
  readonly leg: Leg | undefined;
  readonly prefix: Prefix;
  /**
   * The tenant subnet that is announced; for an extra route the one that holds its next hop (undefined if none
   * does); for a floating IP the external subnet that holds it.
   */
  readonly subnet: Subnet | undefined;
  /** The router's interface port on `subnet`; for a floating IP the leg's port. */
  readonly port: RouterPort | undefined;
  readonly projectId: string;
  /** Only for a floating IP. */
  readonly floatingIpId?: string;
  /** The leg's addresses of the prefix's family, lowest first. */
  readonly addresses: readonly Address[];
}

export interface PairOptions {
  readonly extraRoutes: boolean;
}

interface Attachment {
  readonly port: RouterPort;
  readonly subnet: Subnet;
}

/** Lists the pairs router by router, in the order of the snapshot. */
export function listPairs(
  snapshot: Snapshot,
  sides: readonly RouterSides[],
  options: PairOptions,
): readonly Pair[] {
  const pairsOf = pairLister(snapshot, options);
  const pairs: Pair[] = [];
  for (const side of sides) {
    for (const pair of pairsOf(side)) {
      pairs.push(pair);
    }
  }
  return pairs;
}

/** Lists the pairs of one router; for those who need no list of all, which takes memory in a large cloud. */
export function pairLister(
  snapshot: Snapshot,
  options: PairOptions,
): (side: RouterSides) => readonly Pair[] {
  const floatingIps = Map.groupBy(snapshot.floatingIps, ({ routerId }) => routerId);
  return (side) => {
    const attachments = attachmentsOf(side.tenantPorts, snapshot);
    const pairs: Pair[] = [];
    for (const { port, subnet } of attachments) {
      const { cidr: prefix, projectId } = subnet;
      addPerLeg(pairs, side, { source: 'subnet', prefix, subnet, port, projectId });
    }
    if (options.extraRoutes) {
      addExtraRoutes(pairs, side, attachments);
    }
    for (const floatingIp of floatingIps.get(side.router.id) ?? []) {
      pairs.push(...floatingIpPairs(side, floatingIp, snapshot));
    }
    return pairs;
  };
}

function attachmentsOf(ports: readonly RouterPort[], { subnets }: Snapshot): readonly Attachment[] {
  const attachments: Attachment[] = [];
  for (const port of ports) {
    const subnetIds = port.fixedIps.map(({ subnetId }) => subnetId);
    // Nearly every port has one address: no set is made for it.
    for (const subnetId of subnetIds.length === 1 ? subnetIds : new Set(subnetIds)) {
      const subnet = subnets.get(subnetId);
      if (subnet !== undefined) {
        attachments.push({ port, subnet });
      }
    }
  }
  return attachments;
}

function addExtraRoutes(
  pairs: Pair[],
  side: RouterSides,
  attachments: readonly Attachment[],
): void {
  for (const { destination, nextHop } of side.router.extraRoutes) {
    const hop = hostPrefix(nextHop);
    const through =
      hop.family === destination.family
        ? attachments.find(({ subnet }) => contains(subnet.cidr, hop))
        : undefined;
    addPerLeg(pairs, side, {
      source: 'extra-route',
      prefix: destination,
      subnet: through?.subnet,
      port: through?.port,
      projectId: side.router.projectId,
    });
  }
}

function floatingIpPairs(
  side: RouterSides,
  floatingIp: FloatingIp,
  snapshot: Snapshot,
): readonly Pair[] {
  const { id: floatingIpId, networkId, projectId } = floatingIp;
  const prefix = hostPrefix(floatingIp.address);
  const legs = side.legs.filter((leg) => leg.networkId === networkId);
  const subnetIds = snapshot.externalNetworks.get(networkId)?.subnetIds ?? [];
  const subnet = subnetIds
    .map((id) => snapshot.subnets.get(id))
    .find((subnet) => subnet !== undefined && contains(subnet.cidr, prefix));
  const pairs: Pair[] = [];
  const core = { source: 'floating-ip', prefix, subnet, port: undefined, projectId } as const;
  addPerLeg(pairs, { ...side, legs }, core);
  return pairs.map((pair) => ({ ...pair, floatingIpId }));
}

type PairCore = Pick<Pair, 'source' | 'prefix' | 'subnet' | 'port' | 'projectId'>;

const NO_ADDRESSES: readonly Address[] = [];

function addPerLeg(pairs: Pair[], side: RouterSides, core: PairCore): void {
  if (side.legs.length === 0) {
    pairs.push(pairOf(side, undefined, core));
  }
  for (const leg of side.legs) {
    pairs.push(pairOf(side, leg, core));
  }
}

/** Field by field: pairs are many, and what begins as a copy of another object takes more time and memory. */
function pairOf({ router, legs }: RouterSides, leg: Leg | undefined, core: PairCore): Pair {
  const { source, prefix, subnet, port, projectId } = core;
  const addresses = leg === undefined ? NO_ADDRESSES : leg.addresses[prefix.family];
  return { source, router, legs, leg, prefix, subnet, port, projectId, addresses };
}
