/** Asks for the objects of one route by their ids, past the lists; and for the external ones that decide over it. */
import type { EligibilityInput } from '../core/eligibility.ts';
import type { Origin } from '../core/route.ts';
import type { FloatingIp, RouterPort, Snapshot, Subnet } from '../core/snapshot.ts';
import type {
  CallOptions,
  CollectionName,
  NetworkClient,
  NeutronObject,
} from '../openstack-client-lite/index.ts';
import { toFloatingIp, toPort, toRouter, toSubnet, withScope } from './cloud-objects.ts';
import { assertPools } from './completeness.ts';
import { INTERFACE_OWNERS } from './snapshot.ts';

export interface Rereading {
  readonly network: NetworkClient;
  readonly eligibility: EligibilityInput;
  readonly signal: AbortSignal;
}

/** The client, which asks for each object once: a router with a hundred subnets is one router. */
export function askOnce(network: NetworkClient): NetworkClient {
  const answers = new Map<string, Promise<unknown>>();
  return {
    ...network,
    get: async <C extends CollectionName>(collection: C, id: string, options?: CallOptions) => {
      const key = `${collection}/${id}`;
      const answer = answers.get(key) ?? network.get(collection, id, options);
      answers.set(key, answer);
      return (await answer) as NeutronObject<C> | undefined;
    },
  };
}

/** How many external subnets are asked for at most, unless the leg's network alone has more. */
const MAX_EXTERNAL_SUBNETS = 64;

/**
 * A snapshot of the one router, with its objects as they are when asked for by id; undefined if one is gone. Step by step,
 * so that a router that is gone costs one question. Throws SNAPSHOT_INCOMPLETE where the pool of a subnet is not shown.
 */
export async function rereadOrigin(
  origin: Origin,
  rereading: Rereading,
): Promise<Snapshot | undefined> {
  const { snapshot, policy } = rereading.eligibility;
  if (origin.floatingIp !== '' && !policy.floatingIps) {
    return undefined;
  }
  const get = getter(rereading);
  const router = await get('routers', origin.router);
  if (router === undefined) {
    return undefined;
  }
  const [port, floatingIp, leg] = await Promise.all([
    get('ports', origin.port),
    get('floatingips', origin.floatingIp),
    get('ports', origin.leg),
  ]);
  const tied = origin.floatingIp === '' ? port?.device_id : floatingIp?.router_id;
  if (tied !== router.id) {
    return undefined;
  }
  const asked = await askSubnets(origin, snapshot, get);
  return origin.floatingIp === '' && asked.subnets.get(origin.subnet) === undefined
    ? undefined
    : withObjects(snapshot, { router, port, floatingIp, leg, ...asked });
}

type Get = <C extends CollectionName>(
  collection: C,
  id: string,
) => Promise<NeutronObject<C> | undefined>;

/** An empty id stands for no object. */
function getter({ network, signal }: Rereading): Get {
  return async (collection, id) =>
    id === '' ? undefined : network.get(collection, id, { signal });
}

type Pools = Pick<Snapshot, 'poolScopes' | 'poolNames'>;

interface Surroundings extends Pools {
  /** By the id that was asked for; undefined for one that is gone. */
  readonly subnets: ReadonlyMap<string, Subnet | undefined>;
}

/** The subnet of the route, the external subnets and their pools. */
async function askSubnets(origin: Origin, snapshot: Snapshot, get: Get): Promise<Surroundings> {
  const ids = [...new Set([origin.subnet, ...externalSubnetIds(origin, snapshot)])];
  const answers = await Promise.all(ids.map(async (id) => get('subnets', id)));
  const found = answers.flatMap((subnet) => subnet ?? []);
  const pools = await askPools(found, snapshot, get);
  const shown = new Map(
    found.map((each) => [each.id, withScope(toSubnet(each), pools.poolScopes)]),
  );
  if (readsPools(snapshot)) {
    assertPools({ subnets: shown, poolScopes: pools.poolScopes });
  }
  return { ...pools, subnets: new Map(ids.map((id) => [id, shown.get(id)])) };
}

/** Those of the leg's network first. */
function externalSubnetIds({ network }: Origin, { externalNetworks }: Snapshot): readonly string[] {
  const near = externalNetworks.get(network)?.subnetIds ?? [];
  const all = [...externalNetworks.values()].flatMap(({ subnetIds }) => subnetIds);
  return [...new Set([...near, ...all])].slice(0, Math.max(near.length, MAX_EXTERNAL_SUBNETS));
}

async function askPools(
  subnets: readonly NeutronObject<'subnets'>[],
  snapshot: Snapshot,
  get: Get,
): Promise<Pools> {
  if (!readsPools(snapshot)) {
    return { poolScopes: snapshot.poolScopes, poolNames: snapshot.poolNames };
  }
  const ids = new Set(subnets.flatMap(({ subnetpool_id: id }) => id ?? []));
  const answers = await Promise.all([...ids].map(async (id) => get('subnetpools', id)));
  const pools = answers.flatMap((pool) => pool ?? []);
  return {
    poolScopes: new Map(pools.map((pool) => [pool.id, pool.address_scope_id ?? undefined])),
    poolNames: new Map([
      ...snapshot.poolNames,
      ...pools.map(({ id, name }) => [id, name] as const),
    ]),
  };
}

/** A snapshot lists pools where NAT model or policy look at them. */
function readsPools({ natModel, poolScopes }: Snapshot): boolean {
  return natModel === 'ovs' || poolScopes.size > 0;
}

interface Objects extends Surroundings {
  readonly router: NeutronObject<'routers'>;
  readonly port: NeutronObject<'ports'> | undefined;
  readonly floatingIp: NeutronObject<'floatingips'> | undefined;
  readonly leg: NeutronObject<'ports'> | undefined;
}

function withObjects(snapshot: Snapshot, objects: Objects): Snapshot {
  const { router, port, leg, floatingIp, subnets: asked, poolScopes, poolNames } = objects;
  // A gateway's port is no interface: what the router itself says of its gateways counts.
  const askedPorts = [port, leg]
    .flatMap((found) => (found?.device_id === router.id ? found : []))
    .filter(({ device_owner: owner }) => INTERFACE_OWNERS.includes(owner))
    .map(toPort);
  const ports = withAsked(snapshot.interfacePorts, askedPorts, router.id);
  const subnets = subnetIdsAround(snapshot, ports, asked).flatMap(
    (id) => (asked.has(id) ? asked.get(id) : snapshot.subnets.get(id)) ?? [],
  );
  const served = floatingIp && toFloatingIp(floatingIp);
  return {
    ...snapshot,
    poolScopes,
    poolNames,
    routers: [toRouter(router)],
    interfacePorts: ports,
    subnets: new Map(subnets.map((each) => [each.id, each])),
    floatingIps: withAsked(snapshot.floatingIps, served === undefined ? [] : [served], router.id),
  };
}

/** What the lists know of the router, with what was asked for in place of what they say of it. */
function withAsked<T extends RouterPort | FloatingIp>(
  listed: readonly T[],
  asked: readonly T[],
  routerId: string,
): readonly T[] {
  const ids = new Set(asked.map(({ id }) => id));
  return [
    ...listed.filter((object) => object.routerId === routerId && !ids.has(object.id)),
    ...asked,
  ];
}

/** The asked ones, the external ones and those of the ports: all that a judgement over one router looks at. */
function subnetIdsAround(
  { externalNetworks }: Snapshot,
  ports: readonly RouterPort[],
  asked: Surroundings['subnets'],
): readonly string[] {
  return [
    ...asked.keys(),
    ...[...externalNetworks.values()].flatMap(({ subnetIds }) => subnetIds),
    ...ports.flatMap(({ fixedIps }) => fixedIps.map(({ subnetId }) => subnetId)),
  ];
}
