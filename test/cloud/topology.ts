/** Makes networks, subnets and routers for the tests, and removes them: everything carries the name of its run. */
import type {
  CloudApi,
  CloudObject,
  FloatingIp,
  Kind,
  Port,
  Router,
  Subnet,
  SubnetPool,
} from './cloud-api.ts';

/** An address on an external network, for a gateway or an interface leg. */
export interface LegAddress {
  readonly subnet: Subnet;
  readonly address?: string;
}

export interface RouterWish {
  readonly name: string;
  readonly gateway?: { readonly addresses: readonly LegAddress[]; readonly snat: boolean };
  /** Fixed addresses of an ordinary port on an external network that becomes an interface of the router. */
  readonly leg?: readonly LegAddress[];
  readonly subnets: readonly Subnet[];
}

export interface SubnetWish {
  readonly name: string;
  /** Default: a network of the subnet's own. */
  readonly network?: CloudObject;
  readonly cidr: string;
  readonly pool?: SubnetPool;
  readonly gateway?: string;
}

/** What the tests make; the name of a run is in every name, so that a run finds and removes only its own. */
export interface Topology {
  network(name: string, attributes?: object): Promise<CloudObject>;
  subnet(wish: SubnetWish): Promise<Subnet>;
  subnetPool(name: string, prefixes: readonly string[], scope: CloudObject): Promise<SubnetPool>;
  addressScope(name: string): Promise<CloudObject>;
  port(name: string, network: string, attributes?: object): Promise<Port>;
  router(wish: RouterWish): Promise<Router>;
  floatingIp(subnet: Subnet, port: Port, address: string): Promise<FloatingIp>;
  detach(router: CloudObject, networkId: string): Promise<void>;
  removeRouter(router: CloudObject): Promise<void>;
  cleanUp(): Promise<void>;
}

/** The body of `external_gateway_info`. */
export function gatewayInfo(addresses: readonly LegAddress[], snat: boolean): object {
  return {
    network_id: addresses[0]?.subnet.network_id,
    enable_snat: snat,
    external_fixed_ips: fixedIps(addresses),
  };
}

function fixedIps(addresses: readonly LegAddress[]): readonly object[] {
  return addresses.map(({ subnet, address }) => ({
    subnet_id: subnet.id,
    ...(address !== undefined && { ip_address: address }),
  }));
}

export function openTopology(api: CloudApi, run: string): Topology {
  const named = (name: string) => `${run}-${name}`;

  const port: Topology['port'] = async (name, network, attributes) =>
    api.create('ports', { name: named(name), network_id: network, ...attributes });

  const detachWhere = async (router: CloudObject, isMeant: (port: Port) => boolean) => {
    const ports = await api.list<Port>('ports', `device_id=${router.id}`);
    for (const { id } of ports.filter(isMeant)) {
      await api.put(['routers', router.id, 'remove_router_interface'], { port_id: id });
    }
  };

  const removeRouter: Topology['removeRouter'] = async (router) => {
    await api.update('routers', router.id, { routes: [], external_gateway_info: null });
    await detachWhere(router, ({ device_owner: owner }) => isInterface(owner));
    await api.remove('routers', router.id);
  };

  return {
    network: async (name, attributes) =>
      api.create('networks', { name: named(name), ...attributes }),

    subnet: async ({ name, network, cidr, pool, gateway }) => {
      const home = network ?? (await api.create('networks', { name: named(name) }));
      return api.create('subnets', {
        name: named(name),
        network_id: home.id,
        ip_version: cidr.includes(':') ? 6 : 4,
        cidr,
        enable_dhcp: false,
        ...(gateway !== undefined && { gateway_ip: gateway }),
        ...(pool && { subnetpool_id: pool.id }),
      });
    },

    subnetPool: async (name, prefixes, scope) =>
      api.create('subnetpools', {
        name: named(name),
        prefixes,
        default_prefixlen: 24,
        address_scope_id: scope.id,
      }),

    addressScope: async (name) =>
      api.create('address-scopes', { name: named(name), ip_version: 4 }),

    port,

    router: async ({ name, gateway, leg, subnets }) => {
      const info = gateway && gatewayInfo(gateway.addresses, gateway.snat);
      const router = await api.create<Router>('routers', {
        name: named(name),
        ...(info && { external_gateway_info: info }),
      });
      for (const { id } of subnets) {
        await api.put(['routers', router.id, 'add_router_interface'], { subnet_id: id });
      }
      const external = leg?.[0]?.subnet.network_id;
      if (leg !== undefined && external !== undefined) {
        const { id } = await port(`${name}-leg`, external, { fixed_ips: fixedIps(leg) });
        await api.put(['routers', router.id, 'add_router_interface'], { port_id: id });
      }
      return router;
    },

    floatingIp: async (subnet, { id }, address) =>
      api.create('floatingips', {
        floating_network_id: subnet.network_id,
        subnet_id: subnet.id,
        floating_ip_address: address,
        port_id: id,
        description: run,
      }),

    detach: async (router, networkId) => {
      await detachWhere(router, ({ network_id: id }) => id === networkId);
    },

    removeRouter,

    cleanUp: async () => {
      for (const { id } of await api.list('floatingips', `description=${run}`)) {
        await api.remove('floatingips', id);
      }
      const own = async (kind: Kind) =>
        (await api.list(kind)).filter(({ name }) => name.startsWith(`${run}-`));
      for (const router of await own('routers')) {
        await removeRouter(router);
      }
      for (const kind of ['ports', 'networks', 'subnetpools', 'address-scopes'] as const) {
        for (const { id } of await own(kind)) {
          await api.remove(kind, id);
        }
      }
    },
  };
}

/** True for the device owners under which a router's interfaces appear, whatever the backend. */
export function isInterface(owner: string): boolean {
  return [
    'network:router_interface',
    'network:router_interface_distributed',
    'network:ha_router_replicated_interface',
  ].includes(owner);
}
