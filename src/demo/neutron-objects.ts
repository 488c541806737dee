/**
 * Neutron's objects as its API writes them (Neutron 21, ML2/OVN): every field of the real answer, Neutron's own
 * names, `null` where Neutron says null. Only the shapes; `tables.ts` keeps them and `model.ts` changes them.
 */

/** What nearly every Neutron object carries (standard attributes). Times are `2026-01-31T12:00:00Z`. */
interface Standard {
  readonly id: string;
  readonly name: string;
  readonly tenant_id: string;
  /** The same as tenant_id; empty for gateway ports and floating IP ports. */
  readonly project_id: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly revision_number: number;
}

export interface NeutronNetwork extends Standard {
  readonly admin_state_up: boolean;
  readonly mtu: number;
  readonly status: string;
  readonly subnets: readonly string[];
  readonly shared: boolean;
  readonly availability_zone_hints: readonly string[];
  readonly availability_zones: readonly string[];
  readonly ipv4_address_scope: string | null;
  readonly ipv6_address_scope: string | null;
  readonly 'router:external': boolean;
  readonly port_security_enabled: boolean;
  /** Only external networks have it. */
  readonly is_default?: boolean;
  readonly 'provider:network_type': string;
  readonly 'provider:physical_network': string | null;
  readonly 'provider:segmentation_id': number | null;
}

export interface NeutronSubnet extends Standard {
  readonly network_id: string;
  readonly ip_version: 4 | 6;
  readonly subnetpool_id: string | null;
  readonly enable_dhcp: boolean;
  readonly ipv6_ra_mode: string | null;
  readonly ipv6_address_mode: string | null;
  readonly gateway_ip: string | null;
  readonly cidr: string;
  readonly allocation_pools: readonly { readonly start: string; readonly end: string }[];
  readonly host_routes: readonly NeutronRoute[];
  readonly dns_nameservers: readonly string[];
  readonly service_types: readonly string[];
}

export interface NeutronFixedIp {
  readonly subnet_id: string;
  readonly ip_address: string;
}

export interface NeutronRoute {
  readonly destination: string;
  readonly nexthop: string;
}

export interface NeutronGatewayInfo {
  readonly network_id: string;
  readonly external_fixed_ips: readonly NeutronFixedIp[];
  readonly enable_snat: boolean;
}

export interface NeutronRouter extends Standard {
  readonly admin_state_up: boolean;
  readonly status: string;
  readonly external_gateway_info: NeutronGatewayInfo | null;
  /** Only where the cloud has the extension external-gateway-multihoming; its items say nothing of SNAT. */
  readonly external_gateways?: readonly Omit<NeutronGatewayInfo, 'enable_snat'>[];
  readonly availability_zones: readonly string[];
  readonly availability_zone_hints: readonly string[];
  readonly routes: readonly NeutronRoute[];
  /** `distributed`, `ha` and `flavor_id` exist only under the reference L3 plugin (ML2/OVS). */
  readonly distributed?: boolean;
  readonly ha?: boolean;
  readonly flavor_id?: null;
}

export interface NeutronPort extends Standard {
  readonly network_id: string;
  readonly mac_address: string;
  readonly admin_state_up: boolean;
  readonly status: string;
  readonly device_id: string;
  readonly device_owner: string;
  readonly fixed_ips: readonly NeutronFixedIp[];
  readonly allowed_address_pairs: readonly unknown[];
  readonly extra_dhcp_opts: readonly unknown[];
  readonly security_groups: readonly string[];
  readonly 'binding:vnic_type': string;
  readonly 'binding:profile': Readonly<Record<string, unknown>>;
  readonly 'binding:host_id': string;
  readonly 'binding:vif_type': string;
  readonly 'binding:vif_details': Readonly<Record<string, unknown>>;
  readonly port_security_enabled: boolean;
}

export interface NeutronFloatingIp extends Omit<Standard, 'name'> {
  readonly floating_ip_address: string;
  readonly floating_network_id: string;
  readonly router_id: string | null;
  readonly port_id: string | null;
  readonly fixed_ip_address: string | null;
  readonly status: string;
  readonly port_details: Readonly<Record<string, unknown>> | null;
  readonly dns_domain: string;
  readonly dns_name: string;
}

export interface NeutronSubnetPool extends Standard {
  /** Lengths are strings here, and only here. */
  readonly default_prefixlen: string;
  readonly min_prefixlen: string;
  readonly max_prefixlen: string;
  readonly is_default: boolean;
  readonly shared: boolean;
  readonly prefixes: readonly string[];
  readonly ip_version: 4 | 6;
  readonly default_quota: null;
  readonly address_scope_id: string | null;
}

/** The one object without tags, times and revision. */
export interface NeutronAddressScope {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly shared: boolean;
  readonly ip_version: 4 | 6;
  readonly tenant_id: string;
}

export interface NeutronAgent {
  readonly id: string;
  readonly agent_type: string;
  readonly binary: string;
  readonly host: string;
  readonly heartbeat_timestamp: string;
  readonly availability_zone: string;
  readonly topic: string;
  readonly description: string;
  readonly configurations: Readonly<Record<string, unknown>>;
  readonly alive: boolean;
  readonly admin_state_up: boolean;
}

/** Every mutable collection under its name in the URL. */
export interface Collections {
  readonly networks: NeutronNetwork;
  readonly subnets: NeutronSubnet;
  readonly routers: NeutronRouter;
  readonly ports: NeutronPort;
  readonly floatingips: NeutronFloatingIp;
  readonly subnetpools: NeutronSubnetPool;
  readonly 'address-scopes': NeutronAddressScope;
}

export type Kind = keyof Collections;

/** Words of each collection: its key in a single answer and how Neutron says that one is missing. */
export const KINDS = {
  networks: { one: 'network', error: 'NetworkNotFound', label: 'Network' },
  subnets: { one: 'subnet', error: 'SubnetNotFound', label: 'Subnet' },
  routers: { one: 'router', error: 'RouterNotFound', label: 'Router' },
  ports: { one: 'port', error: 'PortNotFound', label: 'Port' },
  floatingips: { one: 'floatingip', error: 'FloatingIPNotFound', label: 'Floating IP' },
  subnetpools: { one: 'subnetpool', error: 'SubnetPoolNotFound', label: 'Subnet pool' },
  'address-scopes': {
    one: 'address_scope',
    error: 'AddressScopeNotFound',
    label: 'Address scope',
  },
} as const satisfies Record<Kind, { one: string; error: string; label: string }>;

/** What Neutron refuses: `type` and message as in its `NeutronError` body, `status` as in HTTP. */
export class NeutronError extends Error {
  override readonly name = 'NeutronError';
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/** `RouterNotFound` and its kind; also the answer for another project's object. */
export function notFound(kind: Kind, id: string): NeutronError {
  return new NeutronError(404, KINDS[kind].error, `${KINDS[kind].label} ${id} could not be found`);
}
