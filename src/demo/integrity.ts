/** What Neutron refuses, with its own error types: the rules between objects of the embedded cloud. Reads only. */
import {
  contains,
  hostPrefix,
  overlaps,
  parseAddress,
  parsePrefix,
  type Prefix,
} from '../core/prefix.ts';
import { firstFree } from './addresses.ts';
import {
  NeutronError,
  type NeutronNetwork,
  type NeutronPort,
  type NeutronRoute,
} from './neutron-objects.ts';
import type { Tables } from './tables.ts';

/** Neutron's placeholder for an IPv6 subnet that still waits for its delegated prefix. */
export const PROVISIONAL_PREFIX = '::/64';

export function portsOfRouter(tables: Tables, routerId: string): readonly NeutronPort[] {
  return tables.list('ports').filter(({ device_id }) => device_id === routerId);
}

/** The router's ports that are no gateway: what keeps a router from being deleted. */
export function interfacesOfRouter(tables: Tables, routerId: string): readonly NeutronPort[] {
  return portsOfRouter(tables, routerId).filter(
    ({ device_owner }) => device_owner !== 'network:router_gateway',
  );
}

export function subnetIdsOf(ports: readonly NeutronPort[]): readonly string[] {
  return ports.flatMap(({ fixed_ips }) => fixed_ips.map(({ subnet_id }) => subnet_id));
}

function takenOn(tables: Tables, subnetId: string): ReadonlySet<string> {
  const fixedIps = tables.list('ports').flatMap(({ fixed_ips }) => fixed_ips);
  const here = fixedIps.filter(({ subnet_id }) => subnet_id === subnetId);
  return new Set(here.map(({ ip_address }) => ip_address));
}

/** Checks a wished address, or picks the first free one of the allocation pool. */
export function allocate(tables: Tables, subnetId: string, wish: string | undefined): string {
  const subnet = tables.get('subnets', subnetId);
  const cidr = parsePrefix(subnet.cidr);
  const taken = takenOn(tables, subnetId);
  if (wish === undefined) {
    const free = firstFree(cidr, 2, taken);
    if (free === undefined) {
      const message = `No more IP addresses available on network ${subnet.network_id}.`;
      throw new NeutronError(409, 'IpAddressGenerationFailure', message);
    }
    return free;
  }
  const address = parseAddress(wish);
  if (!contains(cidr, hostPrefix(address))) {
    const message = `IP address ${address} is not a valid IP for the specified subnet.`;
    throw new NeutronError(400, 'InvalidIpForSubnet', message);
  }
  if (taken.has(address)) {
    const message = `IP address ${address} already allocated in subnet ${subnetId}`;
    throw new NeutronError(409, 'IpAddressAlreadyAllocated', message);
  }
  return address;
}

/** Two subnets of one network must not overlap; those of different networks may, silently. */
export function checkNetworkHasRoom(tables: Tables, network: NeutronNetwork, cidr: Prefix): void {
  for (const id of network.subnets) {
    const other = tables.get('subnets', id);
    if (overlaps(parsePrefix(other.cidr), cidr)) {
      const message = `Invalid input for operation: Requested subnet with cidr: ${cidr.text} for network: ${network.id} overlaps with another subnet.`;
      throw new NeutronError(400, 'InvalidInput', message);
    }
  }
}

/** No router has two overlapping subnets, its gateway's included; 400, not 409. */
export function checkRouterHasRoom(tables: Tables, routerId: string, subnetId: string): void {
  const { cidr } = tables.get('subnets', subnetId);
  if (cidr === PROVISIONAL_PREFIX) {
    return;
  }
  for (const id of subnetIdsOf(portsOfRouter(tables, routerId))) {
    const other = tables.get('subnets', id);
    if (overlaps(parsePrefix(other.cidr), parsePrefix(cidr))) {
      throw badRouter(
        `Cidr ${cidr} of subnet ${subnetId} overlaps with cidr ${other.cidr} of subnet ${id}.`,
      );
    }
  }
}

/** An extra route's next hop must be a neighbour on a subnet of the router, and not the router itself. */
export function checkExtraRoutes(
  tables: Tables,
  routerId: string,
  routes: readonly NeutronRoute[],
): void {
  const ports = portsOfRouter(tables, routerId);
  const cidrs = subnetIdsOf(ports).map((id) => parsePrefix(tables.get('subnets', id).cidr));
  const own = new Set(ports.flatMap((port) => port.fixed_ips.map(({ ip_address }) => ip_address)));
  for (const { nexthop } of routes) {
    const hop = parseAddress(nexthop);
    if (own.has(hop)) {
      throw invalidRoutes('the nexthop is used by router');
    }
    if (!cidrs.some((cidr) => contains(cidr, hostPrefix(hop)))) {
      throw invalidRoutes('the nexthop is not connected with router');
    }
  }
}

/** A subnet that carries a floating IP's instance, or an extra route's next hop, stays attached. */
export function checkInterfaceUnused(tables: Tables, routerId: string, subnetId: string): void {
  const cidr = parsePrefix(tables.get('subnets', subnetId).cidr);
  const inside = (address: string | null): boolean =>
    address !== null && contains(cidr, hostPrefix(parseAddress(address)));
  const message = `Router interface for subnet ${subnetId} on router ${routerId} cannot be deleted, as it is required by one or more`;
  const floating = tables.list('floatingips').filter(({ router_id }) => router_id === routerId);
  if (floating.some(({ fixed_ip_address }) => inside(fixed_ip_address))) {
    const type = 'RouterInterfaceInUseByFloatingIP';
    throw new NeutronError(409, type, `${message} floating IPs.`);
  }
  if (tables.get('routers', routerId).routes.some(({ nexthop }) => inside(nexthop))) {
    throw new NeutronError(409, 'RouterInterfaceInUseByRoute', `${message} routes.`);
  }
}

export function badRouter(message: string): NeutronError {
  return new NeutronError(400, 'BadRequest', `Bad router request: ${message}`);
}

function invalidRoutes(reason: string): NeutronError {
  return new NeutronError(400, 'InvalidRoutes', `Invalid format for routes: ${reason}`);
}
