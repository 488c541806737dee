/**
 * A generated cloud in memory that answers at once: as many announced prefixes as wanted, every fifth one IPv6. Nothing
 * of it is measured. Its objects are made when they are asked for the first time.
 */
import type {
  CollectionName,
  ListOptions,
  NeutronFilters,
  NeutronObject,
  OpenStackClient,
} from '../src/openstack-client-lite/index.ts';
import {
  type CloudVersion,
  externalNetwork,
  externalSubnets,
  gatewayPortOf,
  interfacePortOf,
  routerOf,
  routersOf,
  type Slot,
  slotsOf,
  subnetOf,
  uuid,
} from './cloud-objects.ts';

export { type CloudVersion, UPSTREAM_ADDRESSES } from './cloud-objects.ts';

type Tables = { readonly [C in CollectionName]: readonly NeutronObject<C>[] };

/** Clients to the two versions of one cloud with `size` announced prefixes; `size` is a multiple of 100. */
export function generateClouds(size: number): Readonly<Record<CloudVersion, OpenStackClient>> {
  const routers = Array.from({ length: routersOf(size) }, (_, router) => router);
  const common = {
    routers: routers.map((router) => parsed(routerOf(router))),
    gatewayPorts: routers.map((router) => parsed(gatewayPortOf(router))),
    subnetOf: remember(subnetOf, ({ index }) => index),
    portOf: remember(interfacePortOf, ({ index, router }) => `${index} ${router}`),
  };
  return {
    before: clientTo(() => tablesOf(slotsOf(size, 'before'), common)),
    after: clientTo(() => tablesOf(slotsOf(size, 'after'), common)),
  };
}

/** What both versions share, as far as it is the same: twice the memory would slow the measured process down. */
interface Common {
  readonly routers: Tables['routers'];
  readonly gatewayPorts: Tables['ports'];
  readonly subnetOf: (slot: Slot) => NeutronObject<'subnets'>;
  readonly portOf: (slot: Slot) => NeutronObject<'ports'>;
}

function remember<T>(make: (slot: Slot) => T, key: (slot: Slot) => number | string) {
  const known = new Map<number | string, T>();
  return (slot: Slot): T => {
    const object = known.get(key(slot)) ?? parsed(make(slot));
    known.set(key(slot), object);
    return object;
  };
}

function clientTo(makeTables: () => Tables): OpenStackClient {
  const endpoint = 'http://127.0.0.1:9696/';
  const lists = new Map<string, readonly unknown[]>();
  let made: Tables | undefined;
  const tables = (): Tables => (made ??= makeTables());
  let byId: ReadonlyMap<string, NeutronObject<CollectionName>> | undefined;
  return {
    network: {
      list: async <C extends CollectionName, T = NeutronObject<C>>(
        collection: C,
        filters: NeutronFilters<C> = {},
        { as }: ListOptions<C, T> = {},
      ) => {
        // Like the real client, which gives the same list again while the cloud answers the same.
        const key = `${collection} ${JSON.stringify(filters)}`;
        const list = lists.get(key) ?? listOf(select<C>(tables()[collection], filters), as);
        lists.set(key, list);
        return list as readonly T[];
      },
      changedSince: async () => [],
      get: async <C extends CollectionName>(_: C, id: string) => {
        byId ??= indexOf(tables());
        return byId.get(id) as NeutronObject<C> | undefined;
      },
      endpoint: async () => new URL(endpoint),
    },
    token: async () => ({
      userId: uuid('net', 0),
      userName: 'bench',
      roles: ['admin'],
      project: undefined,
      domain: undefined,
      isSystem: false,
      expiresAt: '2099-01-01T00:00:00Z',
    }),
    endpoints: async () => ({ identity: endpoint, network: endpoint, all: [endpoint] }),
    warnings: [],
    close: async () => undefined,
  };
}

function listOf<C extends CollectionName, T>(
  objects: readonly NeutronObject<C>[],
  as: ListOptions<C, T>['as'],
): readonly unknown[] {
  return as === undefined ? objects : objects.map((object) => as(object));
}

function indexOf({
  routers,
  ports,
  subnets,
  networks,
}: Tables): ReadonlyMap<string, NeutronObject<CollectionName>> {
  const all = [routers, ports, subnets, networks].flat();
  return new Map(all.map((object) => [object.id, object]));
}

/** Of all filters that the agent uses only the owner of a port takes anything away here. */
function select<C extends CollectionName>(
  objects: readonly NeutronObject<C>[],
  filters: NeutronFilters<C>,
): readonly NeutronObject<C>[] {
  const owners = 'device_owner' in filters ? filters.device_owner : undefined;
  return Array.isArray(owners)
    ? objects.filter((object) => 'device_owner' in object && owners.includes(object.device_owner))
    : objects;
}

function tablesOf(slots: readonly Slot[], common: Common): Tables {
  const { routers, gatewayPorts, portOf, subnetOf } = common;
  return {
    routers,
    ports: [...gatewayPorts, ...slots.map(portOf)],
    subnets: [...externalSubnets(), ...slots.map(subnetOf)],
    networks: [externalNetwork()],
    subnetpools: [],
    'address-scopes': [],
    floatingips: [],
    agents: [],
    extensions: [],
  };
}

/** As it would come from the wire: strings of its own, none shared with other objects. */
function parsed<T>(object: T): T {
  return JSON.parse(JSON.stringify(object)) as T;
}
