/** Asks Neutron for some routers and for all that hangs on them. */
import type { Snapshot, Subnet } from '../../core/snapshot.ts';
import type {
  CollectionName,
  NetworkClient,
  NeutronObject,
} from '../../openstack-client-lite/index.ts';
import { toFloatingIp, toPort, toRouter, toSubnet, withScope } from '../cloud-objects.ts';
import { GATEWAY_OWNER, INTERFACE_OWNERS } from '../snapshot.ts';
import type { Reread } from './patch.ts';
import type { Reach } from './reach.ts';

export interface RereadOptions {
  readonly network: NetworkClient;
  /** What was known so far. */
  readonly snapshot: Snapshot;
  /** `policy.floatingIps`: whether snapshots list them. */
  readonly floatingIps: boolean;
  readonly signal: AbortSignal;
}

/** Objects asked for by id, one by one; more of them are asked for by a list of their ids. */
const ONE_BY_ONE = 8;

/**
 * Everything at once, then the subnets that only the answers name. Undefined where the answers reach further than these
 * routers: a network turned out to be external, or a subnet is of a pool that was not read.
 */
export async function rereadRouters(
  { routers: asked, subnets: touched, networks }: Reach,
  options: RereadOptions,
): Promise<Reread | undefined> {
  const { network, snapshot, signal } = options;
  const ids = [...asked];
  const asking = { signal, once: true };
  const [external, routers, ports, floatingIps, first] = await Promise.all([
    network.list('networks', { id: [...networks], 'router:external': true }, asking),
    byIds('routers', ids, options),
    network.list('ports', { device_id: ids }, asking),
    options.floatingIps ? network.list('floatingips', { router_id: ids }, asking) : [],
    // What hangs on no router is of no interest yet.
    byIds('subnets', ids.length === 0 ? [] : [...touched], options),
  ]);
  const named = new Set(ports.flatMap(({ fixed_ips: ips }) => ips.map((ip) => ip.subnet_id)));
  const unknown = [...named].filter((id) => !touched.has(id) && !snapshot.subnets.has(id));
  const subnets = [...first, ...(await byIds('subnets', unknown, options))];
  if (external.length > 0 || subnets.some((subnet) => isBeyond(subnet, snapshot))) {
    return undefined;
  }
  const found = new Map<string, Subnet | undefined>(
    [...(ids.length === 0 ? [] : touched), ...unknown].map((id) => [id, undefined]),
  );
  const { poolScopes } = snapshot;
  subnets.forEach((each) => found.set(each.id, withScope(toSubnet(each), poolScopes)));
  const ofOwner = (owners: readonly string[]): Reread['interfacePorts'] =>
    ports.filter(({ device_owner: owner }) => owners.includes(owner)).map(toPort);
  return {
    asked,
    routers: routers.map(toRouter),
    interfacePorts: ofOwner(INTERFACE_OWNERS),
    gatewayPorts: ofOwner([GATEWAY_OWNER]),
    floatingIps: floatingIps.flatMap((floatingIp) => toFloatingIp(floatingIp) ?? []),
    subnets: found,
  };
}

/** Those that exist. */
async function byIds<C extends 'routers' | 'subnets'>(
  collection: C,
  ids: readonly string[],
  { network, signal }: RereadOptions,
): Promise<readonly NeutronObject<C>[]> {
  if (ids.length > ONE_BY_ONE) {
    return network.list<CollectionName>(collection, { id: ids }, { signal, once: true }) as Promise<
      readonly NeutronObject<C>[]
    >;
  }
  const answers = await Promise.all(ids.map(async (id) => network.get(collection, id, { signal })));
  return answers.flatMap((object) => object ?? []);
}

/** A snapshot without pools has no use for them. */
function isBeyond(
  { network_id: networkId, subnetpool_id: poolId }: NeutronObject<'subnets'>,
  { externalNetworks, poolScopes }: Snapshot,
): boolean {
  return (
    externalNetworks.has(networkId) ||
    (poolScopes.size > 0 && poolId !== null && !poolScopes.has(poolId))
  );
}
