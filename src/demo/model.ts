/**
 * The embedded cloud as a mutable model: what an operator and its tenants do to Neutron, as methods. Every method keeps
 * Neutron's integrity and throws NeutronError where Neutron would refuse. Made for some thousand objects.
 */
import { parsePrefix } from '../core/prefix.ts';
import { addGateway, clearGateway, type GatewayOptions, setGateway } from './gateways.ts';
import { Identity, type Project } from './identity.ts';
import {
  checkExtraRoutes,
  checkNetworkHasRoom,
  checkRouterHasRoom,
  interfacesOfRouter,
  PROVISIONAL_PREFIX,
  subnetIdsOf,
} from './integrity.ts';
import {
  type Collections,
  type Kind,
  NeutronError,
  type NeutronAddressScope,
  type NeutronFloatingIp,
  type NeutronNetwork,
  type NeutronPort,
  type NeutronRoute,
  type NeutronRouter,
  type NeutronSubnet,
  type NeutronSubnetPool,
} from './neutron-objects.ts';
import {
  addFloatingIp,
  addInterface,
  type FloatingIpOptions,
  insertPort,
  type InterfaceOptions,
  removeFloatingIp,
  removeInterface,
} from './router-ports.ts';
import { type NetworkFacts, networkRow, routerRow, subnetPoolRow, subnetRow } from './rows.ts';
import { Tables } from './tables.ts';

/** Any object of the cloud, named by its id; what the `add` methods return can be passed as it is. */
export interface Ref {
  readonly id: string;
}

export interface CloudOptions {
  /** Clouds of the same seed and the same calls have the same ids. */
  readonly seed?: string;
  /** What created_at and updated_at show; by default a fixed day whose clock moves one second per reading. */
  readonly clock?: () => Date;
  /** `ovs` gives routers and extensions the looks of the reference L3 plugin; by default `ovn`. */
  readonly natModel?: 'ovs' | 'ovn';
  /** Routers have `external_gateways`. */
  readonly multihoming?: boolean;
}

/** Creates an empty cloud: one project and one user, both `admin`. */
export function createCloud(options: CloudOptions = {}): Cloud {
  return new Cloud(options);
}

export class Cloud {
  readonly natModel: 'ovs' | 'ovn';
  readonly multihoming: boolean;
  readonly identity: Identity;
  readonly #tables: Tables;

  constructor({ seed = 'cloud', clock, natModel = 'ovn', multihoming = false }: CloudOptions) {
    this.natModel = natModel;
    this.multihoming = multihoming;
    this.#tables = new Tables(seed, clock ?? steppingClock());
    this.identity = new Identity(() => this.#tables.drawHex());
  }

  /** All objects of a collection, by id. */
  list<K extends Kind>(kind: K): readonly Collections[K][] {
    return this.#tables.list(kind);
  }

  /** The object as it is now; throws NeutronError 404. */
  get<K extends Kind>(kind: K, id: string): Collections[K] {
    return this.#tables.get(kind, id);
  }

  addProject(name: string): Project {
    return this.identity.addProject(name);
  }

  addNetwork(facts: { name: string; project: Ref; shared?: boolean }): NeutronNetwork {
    const { name, project, shared = false } = facts;
    return this.#insertNetwork({ name, projectId: project.id, external: false, shared });
  }

  /** Owned by the project `admin`. */
  addExternalNetwork(name: string): NeutronNetwork {
    const projectId = this.identity.adminProject.id;
    return this.#insertNetwork({ name, projectId, external: true, shared: false });
  }

  #insertNetwork(facts: NetworkFacts): NeutronNetwork {
    return this.#tables.insert('networks', networkRow(this.#tables.born(), facts));
  }

  /** `gatewayIp: null` makes a subnet without gateway; `cidr: '::/64'` one that waits for prefix delegation. */
  addSubnet(facts: {
    network: Ref;
    cidr: string;
    name?: string;
    gatewayIp?: string | null;
    pool?: Ref;
  }): NeutronSubnet {
    const network = this.get('networks', facts.network.id);
    const cidr = parsePrefix(facts.cidr);
    checkNetworkHasRoom(this.#tables, network, cidr);
    const waits = cidr.text === PROVISIONAL_PREFIX;
    const subnet = subnetRow(this.#tables.born(), {
      name: facts.name ?? '',
      projectId: network.project_id,
      networkId: network.id,
      cidr,
      external: network['router:external'],
      gatewayIp: waits ? '::1' : facts.gatewayIp,
      poolId: waits ? 'prefix_delegation' : (facts.pool?.id ?? null),
    });
    const scope = facts.pool && this.get('subnetpools', facts.pool.id).address_scope_id;
    this.#tables.update('networks', network.id, {
      subnets: [...network.subnets, subnet.id],
      ...(scope === undefined ? {} : { [`ipv${cidr.family}_address_scope`]: scope }),
    });
    return this.#tables.insert('subnets', subnet);
  }

  addAddressScope(name: string, family: 4 | 6): NeutronAddressScope {
    const { id: project_id } = this.identity.adminProject;
    const facts = { project_id, tenant_id: project_id, name, shared: true, ip_version: family };
    return this.#tables.insert('address-scopes', { id: this.#tables.drawUuid(), ...facts });
  }

  addSubnetPool(facts: { name: string; prefixes: string[]; scope?: Ref }): NeutronSubnetPool {
    const prefixes = facts.prefixes.map((text) => parsePrefix(text));
    const row = subnetPoolRow(this.#tables.born(), {
      name: facts.name,
      projectId: this.identity.adminProject.id,
      prefixes,
      family: prefixes[0]?.family ?? 4,
      scopeId: facts.scope?.id ?? null,
    });
    return this.#tables.insert('subnetpools', row);
  }

  /** `kind` counts under the reference L3 plugin only. */
  addRouter(facts: {
    name: string;
    project: Ref;
    adminStateUp?: boolean;
    status?: string;
    kind?: 'plain' | 'distributed' | 'ha';
  }): NeutronRouter {
    const { kind = 'plain', adminStateUp = true, status = 'ACTIVE' } = facts;
    const reference = { distributed: kind === 'distributed', ha: kind === 'ha' };
    const row = routerRow(this.#tables.born(), {
      name: facts.name,
      projectId: facts.project.id,
      adminStateUp,
      status,
      reference: this.natModel === 'ovs' ? reference : undefined,
      multihoming: this.multihoming,
    });
    return this.#tables.insert('routers', row);
  }

  updateRouter(
    router: Ref,
    change: Partial<Pick<NeutronRouter, 'name' | 'admin_state_up' | 'status'>>,
  ): NeutronRouter {
    return this.#tables.update('routers', router.id, change);
  }

  /** Sets the router's extra routes, replacing all it had. */
  setRoutes(router: Ref, routes: readonly NeutronRoute[]): NeutronRouter {
    checkExtraRoutes(this.#tables, router.id, routes);
    return this.#tables.update('routers', router.id, { routes });
  }

  /** Sets the gateway or changes it (SNAT, addresses); with multihoming, the first one. */
  setGateway(router: Ref, options: GatewayOptions): NeutronRouter {
    return setGateway(this.#tables, router.id, options);
  }

  /** A further gateway, in a cloud with multihoming. */
  addGateway(router: Ref, options: Omit<GatewayOptions, 'enableSnat'>): NeutronRouter {
    return addGateway(this.#tables, router.id, options);
  }

  /** Removes all gateways; refused while a floating IP needs one. */
  clearGateway(router: Ref): NeutronRouter {
    return clearGateway(this.#tables, router.id);
  }

  /** Attaches a tenant subnet. An external subnet added so gets its gateway_ip: the upstream's own address. */
  addInterface(router: Ref, subnet: Ref, options: InterfaceOptions = {}): NeutronPort {
    return addInterface(this.#tables, { routerId: router.id, subnetId: subnet.id }, options);
  }

  removeInterface(router: Ref, subnet: Ref): void {
    removeInterface(this.#tables, { routerId: router.id, subnetId: subnet.id });
  }

  /** The no-NAT recipe: a port that the project admin creates on an external network and adds to the router. */
  addLeg(router: Ref, externalSubnet: Ref, address?: string): NeutronPort {
    const { name } = this.get('routers', router.id);
    checkRouterHasRoom(this.#tables, router.id, externalSubnet.id);
    const port = insertPort(this.#tables, externalSubnet.id, {
      name: `${name}-leg`,
      projectId: this.identity.adminProject.id,
      deviceId: router.id,
      deviceOwner: 'network:router_interface',
      address,
    });
    this.#tables.update('routers', router.id, {});
    return port;
  }

  /** An instance's port on a tenant subnet. */
  addInstance(subnet: Ref, name: string, address?: string): NeutronPort {
    return insertPort(this.#tables, subnet.id, {
      name,
      projectId: this.get('subnets', subnet.id).project_id,
      deviceId: this.#tables.drawUuid(),
      deviceOwner: 'compute:nova',
      address,
    });
  }

  addFloatingIp(options: FloatingIpOptions): NeutronFloatingIp {
    return addFloatingIp(this.#tables, options);
  }

  removeFloatingIp(floatingIp: Ref): void {
    removeFloatingIp(this.#tables, floatingIp.id);
  }

  /** Sets the tags of a network, subnet, router or port, replacing all it had. */
  setTags(kind: 'networks' | 'subnets' | 'routers' | 'ports', ref: Ref, tags: string[]): void {
    this.#tables.update(kind, ref.id, { tags });
  }

  /** Refused while interfaces are attached; a gateway goes with the router. */
  removeRouter(router: Ref): void {
    const attached = interfacesOfRouter(this.#tables, router.id).map(({ id }) => id);
    if (attached.length > 0) {
      const message = `Router ${router.id} has ports still attached: ${attached.join(', ')}`;
      throw new NeutronError(409, 'RouterInUse', message);
    }
    this.clearGateway(router);
    this.#tables.delete('routers', router.id);
  }

  /** Refused while a port has an address of it. */
  removeSubnet({ id }: Ref): void {
    if (subnetIdsOf(this.list('ports')).includes(id)) {
      const message = `Unable to complete operation on subnet ${id}: One or more ports have an IP allocation from this subnet.`;
      throw new NeutronError(409, 'SubnetInUse', message);
    }
    const { network_id } = this.get('subnets', id);
    const { subnets } = this.get('networks', network_id);
    this.#tables.update('networks', network_id, {
      subnets: subnets.filter((other) => other !== id),
    });
    this.#tables.delete('subnets', id);
  }

  /** An instance's port; a router's port goes only by its router. */
  removePort({ id }: Ref): void {
    const { device_owner } = this.get('ports', id);
    if (device_owner.startsWith('network:')) {
      const message = `Port ${id} cannot be deleted directly via the port API: has device owner ${device_owner}.`;
      throw new NeutronError(409, 'ServicePortInUse', message);
    }
    this.#tables.delete('ports', id);
  }
}

function steppingClock(): () => Date {
  let seconds = Date.UTC(2026, 0, 1) / 1000;
  return () => {
    seconds += 1;
    return new Date(seconds * 1000);
  };
}
