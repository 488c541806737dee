/** New Neutron objects with the values that a real Neutron gives to what the caller leaves out. */
import type { Prefix } from '../core/prefix.ts';
import { addressAt } from './addresses.ts';
import type {
  NeutronFixedIp,
  NeutronFloatingIp,
  NeutronNetwork,
  NeutronPort,
  NeutronRouter,
  NeutronSubnet,
  NeutronSubnetPool,
} from './neutron-objects.ts';
import type { Birth } from './tables.ts';

const TEXTS = { description: '', tags: [] } as const;

function ownedBy(projectId: string): { readonly tenant_id: string; readonly project_id: string } {
  return { tenant_id: projectId, project_id: projectId };
}

export interface NetworkFacts {
  readonly name: string;
  readonly projectId: string;
  readonly external: boolean;
  readonly shared: boolean;
}

export function networkRow(birth: Birth, facts: NetworkFacts): NeutronNetwork {
  const { name, external, shared } = facts;
  return {
    ...birth,
    name,
    ...ownedBy(facts.projectId),
    admin_state_up: true,
    mtu: external ? 1500 : 1442,
    status: 'ACTIVE',
    subnets: [],
    shared,
    availability_zone_hints: [],
    availability_zones: [],
    ipv4_address_scope: null,
    ipv6_address_scope: null,
    'router:external': external,
    ...TEXTS,
    port_security_enabled: true,
    ...(external ? { is_default: false } : {}),
    'provider:network_type': external ? 'flat' : 'geneve',
    'provider:physical_network': external ? name : null,
    'provider:segmentation_id': external ? null : Number.parseInt(birth.id.slice(0, 4), 16),
  };
}

export interface SubnetFacts {
  readonly name: string;
  readonly projectId: string;
  readonly networkId: string;
  readonly cidr: Prefix;
  readonly external: boolean;
  /** undefined: Neutron's choice; null: no gateway at all. */
  readonly gatewayIp: string | null | undefined;
  readonly poolId: string | null;
}

/** An IPv6 tenant subnet is a SLAAC one, whose gateway is the first address itself, host bits zero. */
export function subnetRow(birth: Birth, facts: SubnetFacts): NeutronSubnet {
  const { cidr, external } = facts;
  const slaac = cidr.family === 6 && !external;
  const raMode = slaac ? 'slaac' : null;
  const { gatewayIp = addressAt(cidr, slaac ? 0 : 1) } = facts;
  const end = addressAt(cidr, cidr.family === 4 ? -2 : -1);
  return {
    ...birth,
    name: facts.name,
    ...ownedBy(facts.projectId),
    network_id: facts.networkId,
    ip_version: cidr.family,
    subnetpool_id: facts.poolId,
    enable_dhcp: !external,
    ipv6_ra_mode: raMode,
    ipv6_address_mode: raMode,
    gateway_ip: gatewayIp,
    cidr: cidr.text,
    allocation_pools: [{ start: addressAt(cidr, slaac ? 1 : 2), end }],
    host_routes: [],
    dns_nameservers: [],
    ...TEXTS,
    service_types: [],
  };
}

export interface RouterFacts {
  readonly name: string;
  readonly projectId: string;
  readonly adminStateUp: boolean;
  readonly status: string;
  /** Fields of the reference L3 plugin; undefined under ML2/OVN. */
  readonly reference: { readonly distributed: boolean; readonly ha: boolean } | undefined;
  readonly multihoming: boolean;
}

export function routerRow(birth: Birth, facts: RouterFacts): NeutronRouter {
  return {
    ...birth,
    name: facts.name,
    ...ownedBy(facts.projectId),
    admin_state_up: facts.adminStateUp,
    status: facts.status,
    external_gateway_info: null,
    ...(facts.multihoming ? { external_gateways: [] } : {}),
    ...TEXTS,
    availability_zones: [],
    availability_zone_hints: [],
    routes: [],
    ...(facts.reference === undefined ? {} : { ...facts.reference, flavor_id: null }),
  };
}

export interface PortFacts {
  readonly name: string;
  readonly projectId: string;
  readonly networkId: string;
  readonly deviceOwner: string;
  readonly deviceId: string;
  readonly fixedIps: readonly NeutronFixedIp[];
}

export function portRow(birth: Birth, facts: PortFacts): NeutronPort {
  const mac = birth.id.slice(0, 6).match(/../g) ?? [];
  return {
    ...birth,
    name: facts.name,
    network_id: facts.networkId,
    ...ownedBy(facts.projectId),
    mac_address: ['fa', '16', '3e', ...mac].join(':'),
    admin_state_up: true,
    status: facts.deviceOwner === 'network:floatingip' ? 'N/A' : 'ACTIVE',
    device_id: facts.deviceId,
    device_owner: facts.deviceOwner,
    fixed_ips: facts.fixedIps,
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    security_groups: [],
    ...TEXTS,
    'binding:vnic_type': 'normal',
    'binding:profile': {},
    'binding:host_id': '',
    'binding:vif_type': 'unbound',
    'binding:vif_details': {},
    port_security_enabled: false,
  };
}

export interface FloatingIpFacts {
  readonly address: string;
  readonly networkId: string;
  readonly routerId: string;
  readonly port: NeutronPort;
}

export function floatingIpRow(birth: Birth, facts: FloatingIpFacts): NeutronFloatingIp {
  const { port } = facts;
  const { name, network_id, mac_address, admin_state_up, status, device_id, device_owner } = port;
  const portDetails = {
    name,
    network_id,
    mac_address,
    admin_state_up,
    status,
    device_id,
    device_owner,
  };
  return {
    ...birth,
    ...ownedBy(port.project_id),
    floating_ip_address: facts.address,
    floating_network_id: facts.networkId,
    router_id: facts.routerId,
    port_id: port.id,
    fixed_ip_address: port.fixed_ips[0]?.ip_address ?? null,
    status: 'ACTIVE',
    ...TEXTS,
    port_details: portDetails,
    dns_domain: '',
    dns_name: '',
  };
}

export interface SubnetPoolFacts {
  readonly name: string;
  readonly projectId: string;
  readonly prefixes: readonly Prefix[];
  readonly family: 4 | 6;
  readonly scopeId: string | null;
}

export function subnetPoolRow(birth: Birth, facts: SubnetPoolFacts): NeutronSubnetPool {
  const v4 = facts.family === 4;
  return {
    ...birth,
    name: facts.name,
    ...ownedBy(facts.projectId),
    default_prefixlen: v4 ? '24' : '64',
    min_prefixlen: v4 ? '8' : '64',
    max_prefixlen: v4 ? '32' : '128',
    is_default: false,
    shared: true,
    prefixes: facts.prefixes.map(({ text }) => text),
    ip_version: facts.family,
    default_quota: null,
    address_scope_id: facts.scopeId,
    ...TEXTS,
  };
}
