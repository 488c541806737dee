/** Neutron's answers -> the core's snapshot types; every prefix and address is parsed again on the way. */
import { parseAddress, parsePrefix, PrefixError, type Prefix } from '../core/prefix.ts';
import type {
  ExternalNetwork,
  ExtraRoute,
  FixedIp,
  FloatingIp,
  Router,
  RouterPort,
  Snapshot,
  Subnet,
} from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';
import type { NeutronObject } from '../openstack-client-lite/index.ts';
import { interner } from './interner.ts';

/** Every object brings the ids of those that it belongs to, each time as a new text. */
let same = interner();

/** To be called when a reading is over: the texts live on with the objects. */
export function forgetIds(): void {
  same = interner();
}

const NO_TAGS: readonly string[] = [];

export function toRouter(router: NeutronObject<'routers'>): Router {
  const info = router.external_gateway_info;
  const listed = router.external_gateways ?? [];
  const gateways = listed.length > 0 ? listed : info === null ? [] : [info];
  return parsed('router', router.id, () => ({
    id: same(router.id),
    name: router.name,
    projectId: same(router.project_id),
    adminStateUp: router.admin_state_up,
    status: router.status,
    createdAt: router.created_at ?? '',
    tags: tagsOf(router),
    gateways: gateways.map(({ network_id: networkId, external_fixed_ips: ips }) => ({
      networkId: same(networkId),
      fixedIps: ips.map(toFixedIp),
    })),
    // Neutron NATs unless told otherwise (enable_snat_by_default), also where the attribute is hidden from us.
    enableSnat: info?.enable_snat ?? true,
    extraRoutes: router.routes.flatMap(toExtraRoute),
    revision: router.revision_number,
    updatedAt: toTime(router.updated_at),
  }));
}

/**
 * What a tenant typed: Neutron takes host bits and odd spellings (neutron_lib/api/validators, validate_subnet), and the
 * backend clears host bits. What is no route in any form must not stop everybody else's.
 */
function toExtraRoute(route: { destination: string; nexthop: string }): readonly ExtraRoute[] {
  try {
    const destination = withoutHostBits(route.destination);
    return [{ destination, nextHop: parseAddress(route.nexthop) }];
  } catch (error) {
    if (error instanceof PrefixError) {
      return [];
    }
    throw error;
  }
}

function withoutHostBits(text: string): Prefix {
  try {
    return parsePrefix(text);
  } catch (error) {
    if (error instanceof PrefixError && error.suggestion !== undefined) {
      return parsePrefix(error.suggestion);
    }
    throw error;
  }
}

export function toPort(port: NeutronObject<'ports'>): RouterPort {
  return parsed('port', port.id, () => ({
    id: port.id,
    routerId: same(port.device_id),
    networkId: same(port.network_id),
    createdAt: port.created_at ?? '',
    updatedAt: toTime(port.updated_at),
    fixedIps: port.fixed_ips.map(toFixedIp),
  }));
}

type PoolScopes = Snapshot['poolScopes'];

/** The subnets with the address scopes of their pools. */
export function withScopes(subnets: readonly Subnet[], scopes: PoolScopes): readonly Subnet[] {
  return scopes.size === 0 ? subnets : subnets.map((subnet) => withScope(subnet, scopes));
}

export function withScope(subnet: Subnet, scopes: PoolScopes): Subnet {
  const { subnetPoolId } = subnet;
  const addressScopeId = subnetPoolId === undefined ? undefined : scopes.get(subnetPoolId);
  return { ...subnet, addressScopeId };
}

/** Its address scope is the pool's to tell: {@link withScope}. */
export function toSubnet(subnet: NeutronObject<'subnets'>): Subnet {
  const poolId = subnet.subnetpool_id ?? undefined;
  return parsed('subnet', subnet.id, () => ({
    id: same(subnet.id),
    name: subnet.name,
    networkId: same(subnet.network_id),
    projectId: same(subnet.project_id),
    cidr: parsePrefix(subnet.cidr),
    gatewayIp: subnet.gateway_ip === null ? undefined : parseAddress(subnet.gateway_ip),
    subnetPoolId: poolId,
    addressScopeId: undefined,
    tags: tagsOf(subnet),
    revision: subnet.revision_number,
    updatedAt: toTime(subnet.updated_at),
  }));
}

export function toExternalNetwork(network: NeutronObject<'networks'>): ExternalNetwork {
  return { id: network.id, name: network.name, subnetIds: network.subnets };
}

/** Undefined for a floating IP that no router serves. */
export function toFloatingIp(floatingIp: NeutronObject<'floatingips'>): FloatingIp | undefined {
  const { id, router_id: routerId } = floatingIp;
  return routerId === null
    ? undefined
    : parsed('floating IP', id, () => ({
        id,
        address: parseAddress(floatingIp.floating_ip_address),
        networkId: floatingIp.floating_network_id,
        routerId,
        projectId: floatingIp.project_id,
      }));
}

/** Most have none, and share them. */
function tagsOf({ tags }: { readonly tags: readonly string[] }): readonly string[] {
  return tags.length === 0 ? NO_TAGS : tags;
}

function toFixedIp(ip: { subnet_id: string; ip_address: string }): FixedIp {
  return { subnetId: same(ip.subnet_id), address: parseAddress(ip.ip_address) };
}

/** `2026-11-22T06:38:39Z` as Unix milliseconds. It only measures, so what is no such time is none. */
function toTime(text: string | undefined): number | undefined {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text ?? '');
  const time = isTime ? Date.parse(text ?? '') : NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** A value that Neutron would never have accepted means that the answer is not to be trusted at all. */
function parsed<T>(kind: string, id: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const reason = shown(cause instanceof Error ? cause.message : String(cause));
    throw new RouteSyncError(
      'SNAPSHOT_INCOMPLETE',
      `the cloud shows ${kind} ${id} with a bad value: ${reason}; nothing is changed until it is corrected`,
      { cause },
    );
  }
}

const SHOWN_LENGTH = 200;

/** The message quotes what the cloud sent: on one line, without what a terminal acts on, and not too much of it. */
function shown(message: string): string {
  const start = message.slice(0, SHOWN_LENGTH);
  const cut = start === message ? '' : '...';
  return start.replace(/[\s\p{C}]+/gu, ' ') + cut;
}
