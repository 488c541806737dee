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
  const floatingIps = Map.groupBy(snapshot.floatingIps, ({ routerId }) => routerId);
  return sides.flatMap((side) => {
    const attachments = attachmentsOf(side.tenantPorts, snapshot);
    return [
      ...attachments.flatMap((attachment) => subnetPairs(side, attachment)),
      ...(options.extraRoutes ? extraRoutePairs(side, attachments) : []),
      ...(floatingIps.get(side.router.id) ?? []).flatMap((floatingIp) =>
        floatingIpPairs(side, floatingIp, snapshot),
      ),
    ];
  });
}

function attachmentsOf(ports: readonly RouterPort[], { subnets }: Snapshot): readonly Attachment[] {
  const attachments: Attachment[] = [];
  for (const port of ports) {
    for (const subnetId of new Set(port.fixedIps.map((ip) => ip.subnetId))) {
      const subnet = subnets.get(subnetId);
      if (subnet !== undefined) {
        attachments.push({ port, subnet });
      }
    }
  }
  return attachments;
}

function subnetPairs(side: RouterSides, { port, subnet }: Attachment): readonly Pair[] {
  const base = { source: 'subnet', prefix: subnet.cidr, subnet, port } as const;
  return perLeg(side, { ...base, projectId: subnet.projectId });
}

function extraRoutePairs(side: RouterSides, attachments: readonly Attachment[]): readonly Pair[] {
  return side.router.extraRoutes.flatMap(({ destination, nextHop }) => {
    const hop = hostPrefix(nextHop);
    const through =
      hop.family === destination.family
        ? attachments.find(({ subnet }) => contains(subnet.cidr, hop))
        : undefined;
    return perLeg(side, {
      source: 'extra-route',
      prefix: destination,
      subnet: through?.subnet,
      port: through?.port,
      projectId: side.router.projectId,
    });
  });
}

function floatingIpPairs(
  side: RouterSides,
  floatingIp: FloatingIp,
  snapshot: Snapshot,
): readonly Pair[] {
  const prefix = hostPrefix(floatingIp.address);
  const legs = side.legs.filter(({ networkId }) => networkId === floatingIp.networkId);
  const subnetIds = snapshot.externalNetworks.get(floatingIp.networkId)?.subnetIds ?? [];
  const subnet = subnetIds
    .map((id) => snapshot.subnets.get(id))
    .find((subnet) => subnet !== undefined && contains(subnet.cidr, prefix));
  const pair = { source: 'floating-ip', prefix, subnet, projectId: floatingIp.projectId } as const;
  return perLeg({ ...side, legs }, { ...pair, port: undefined, floatingIpId: floatingIp.id });
}

type PairCore = Pick<Pair, 'source' | 'prefix' | 'subnet' | 'port' | 'projectId' | 'floatingIpId'>;

function perLeg({ router, legs }: RouterSides, core: PairCore): readonly Pair[] {
  if (legs.length === 0) {
    return [{ ...core, router, legs, leg: undefined, addresses: [] }];
  }
  return legs.map((leg) => ({
    ...core,
    router,
    legs,
    leg,
    addresses: leg.addresses[core.prefix.family],
  }));
}
