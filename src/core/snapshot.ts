/** What route-sync knows of the cloud at one moment: Neutron's things under Neutron's names, already validated. */
import type { Address, Prefix } from './prefix.ts';

export interface Snapshot {
  readonly routers: readonly Router[];
  /** Interface ports: router_interface, router_interface_distributed, ha_router_replicated_interface. */
  readonly interfacePorts: readonly RouterPort[];
  /** Ports of device_owner network:router_gateway. */
  readonly gatewayPorts: readonly RouterPort[];
  readonly subnets: ReadonlyMap<string, Subnet>;
  /** Networks with `router:external`. */
  readonly externalNetworks: ReadonlyMap<string, ExternalNetwork>;
  /** Empty unless `policy.floatingIps`. */
  readonly floatingIps: readonly FloatingIp[];
  readonly natModel: NatModel;
  /** Address scope by subnet pool id; like the names, read only where NAT model or policy need it. */
  readonly poolScopes: ReadonlyMap<string, string | undefined>;
  /** Names by id. */
  readonly poolNames: ReadonlyMap<string, string>;
  readonly scopeNames: ReadonlyMap<string, string>;
}

/** Who does the NAT: the reference L3 agent (ML2/OVS) or ML2/OVN. They decide differently on the same objects. */
export type NatModel = 'ovs' | 'ovn';

export interface Router {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly adminStateUp: boolean;
  readonly status: string;
  /** ISO 8601 as Neutron gives it; empty where the cloud has no timestamps. */
  readonly createdAt: string;
  readonly tags: readonly string[];
  /** One gateway in most clouds; several with external-gateway-multihoming. SNAT is per router. */
  readonly gateways: readonly Gateway[];
  readonly enableSnat: boolean;
  readonly extraRoutes: readonly ExtraRoute[];
  /** Neutron's revision_number, which grows with every change; undefined where the cloud has none. */
  readonly revision?: number | undefined;
  /** Unix milliseconds, of whole seconds; undefined where the cloud has no timestamps. */
  readonly updatedAt?: number | undefined;
}

export interface Gateway {
  readonly networkId: string;
  readonly fixedIps: readonly FixedIp[];
}

export interface FixedIp {
  readonly subnetId: string;
  readonly address: Address;
}

/** A router's own `routes`: what its tenant typed. */
export interface ExtraRoute {
  readonly destination: Prefix;
  readonly nextHop: Address;
}

export interface RouterPort {
  readonly id: string;
  readonly routerId: string;
  readonly networkId: string;
  readonly createdAt: string;
  /** As of a router. */
  readonly updatedAt?: number | undefined;
  readonly fixedIps: readonly FixedIp[];
}

export interface Subnet {
  readonly id: string;
  readonly name: string;
  readonly networkId: string;
  readonly projectId: string;
  readonly cidr: Prefix;
  readonly gatewayIp: Address | undefined;
  readonly subnetPoolId: string | undefined;
  /** The address scope of the subnet pool; undefined without pool or without scope. */
  readonly addressScopeId: string | undefined;
  readonly tags: readonly string[];
  /** As of a router. */
  readonly revision?: number | undefined;
  readonly updatedAt?: number | undefined;
}

export interface ExternalNetwork {
  readonly id: string;
  readonly name: string;
  readonly subnetIds: readonly string[];
}

export interface FloatingIp {
  readonly id: string;
  readonly address: Address;
  readonly networkId: string;
  readonly routerId: string;
  readonly projectId: string;
}
