/** Reads the cloud: the least that is needed, in parallel, complete or not at all. */
import type { Policy, Selectors } from '../core/policy.ts';
import type {
  ExternalNetwork,
  FloatingIp,
  NatModel,
  Router,
  RouterPort,
  Snapshot,
  Subnet,
} from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';
import {
  hasCloudCode,
  type NeutronObject,
  type OpenStackClient,
} from '../openstack-client-lite/index.ts';
import {
  forgetIds,
  toExternalNetwork,
  toFloatingIp,
  toPort,
  toRouter,
  toSubnet,
  withScopes,
} from './cloud-objects.ts';
import { assertPools, assertComplete, assertSentinel, type Sentinel } from './completeness.ts';
import { detectNatModel } from './nat-model.ts';
import { createPacer } from './pacer.ts';
import { rememberLast } from './remember.ts';

/** The ports that attach a subnet to a router: neutron_lib/constants.py, ROUTER_INTERFACE_OWNERS. */
export const INTERFACE_OWNERS: readonly string[] = [
  'network:router_interface',
  'network:router_interface_distributed',
  'network:ha_router_replicated_interface',
];
/** The ports of the gateways. */
export const GATEWAY_OWNER = 'network:router_gateway';

/** Between the beginnings of two requests, unless the first is answered sooner. */
const APART_MS = 100;

/** How often the whole cloud is read when it changed in between. */
const ATTEMPTS = 3;

export interface SnapshotOptions {
  readonly client: OpenStackClient;
  readonly policy: Policy;
  readonly natModel: NatModel | 'auto';
  /** Objects that the snapshot has to show. */
  readonly sentinel?: Sentinel | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads a complete snapshot. Objects that refer to objects which are not shown mean that the cloud changed between
 * two lists, or that the token sees too little: it is read again, then given up.
 */
export async function readSnapshot(options: SnapshotOptions): Promise<Snapshot> {
  const { token, network } = options.client;
  const { sentinel = {}, signal } = options;
  const isShown = async (id: string): Promise<boolean> =>
    (await network.get('networks', id, { signal })) !== undefined;
  for (let attempt = 1; ; attempt += 1) {
    const { natModel, objects } = await readOnce(options);
    try {
      const { roles } = await token({ signal });
      assertCompleteOnce(objects, roles.join());
      // Each time: what is asked for by id may have gone while every list stayed the same.
      await assertSentinel(objects, sentinel, isShown);
      // Only now: who sees too little sees no agents either.
      const snapshot = withNatModel(objects, natModel());
      if (needsPools({ ...options, natModel: snapshot.natModel })) {
        assertPoolsOnce(snapshot);
      }
      return snapshot;
    } catch (error) {
      const isWorthAnother = error instanceof RouteSyncError && error.retryable;
      if (!isWorthAnother || attempt === ATTEMPTS) {
        throw error;
      }
    }
  }
}

type Objects = Omit<Snapshot, 'natModel'>;

interface Reading {
  readonly objects: Objects;
  /** Throws CLOUD_NAT_MODEL_UNKNOWN. */
  readonly natModel: () => NatModel;
}

const NONE: readonly never[] = [];

// The client gives the same lists while the cloud answers the same: then nothing below is done again.
const objectsOf = rememberLast(toObjects);
const assertCompleteOnce = rememberLast((objects: Objects, roles: string) => {
  assertComplete(objects, { roles: roles.split(',') });
});
const assertPoolsOnce = rememberLast(assertPools);
const withNatModel = rememberLast((objects: Objects, natModel: NatModel): Snapshot => ({
  ...objects,
  natModel,
}));

async function readOnce(options: SnapshotOptions): Promise<Reading> {
  const { client, policy, signal } = options;
  const { list } = client.network;
  const pace = createPacer(APART_MS);
  // The longest first.
  const [routers, subnets, interfaces, gateways, networks, pools, scopes, floatingIps, natModel] =
    await Promise.all([
      pace(async () => list('routers', {}, { signal, as: toRouter })),
      pace(async () => list('subnets', {}, { signal, as: toSubnet })),
      pace(async () => list('ports', { device_owner: INTERFACE_OWNERS }, { signal, as: toPort })),
      pace(async () => list('ports', { device_owner: [GATEWAY_OWNER] }, { signal, as: toPort })),
      pace(async () =>
        list('networks', { 'router:external': true }, { signal, as: toExternalNetwork }),
      ),
      needsPools(options) ? pace(async () => list('subnetpools', {}, { signal })) : NONE,
      needsScopes(policy) ? pace(async () => list('address-scopes', {}, { signal })) : NONE,
      policy.floatingIps
        ? pace(async () => list('floatingips', {}, { signal, as: toFloatingIp }))
        : NONE,
      pace(async () => readNatModel(options)),
    ]);
  forgetIds();
  const lists = [
    routers,
    interfaces,
    gateways,
    subnets,
    networks,
    pools,
    scopes,
    floatingIps,
  ] as const;
  return { natModel, objects: objectsOf(...lists) };
}

type Lists = readonly [
  routers: readonly Router[],
  interfacePorts: readonly RouterPort[],
  gatewayPorts: readonly RouterPort[],
  subnets: readonly Subnet[],
  networks: readonly ExternalNetwork[],
  pools: readonly NeutronObject<'subnetpools'>[],
  scopes: readonly NeutronObject<'address-scopes'>[],
  floatingIps: readonly (FloatingIp | undefined)[],
];

function toObjects(...lists: Lists): Objects {
  const [routers, interfacePorts, gatewayPorts, subnets, networks, pools, scopes, floatingIps] =
    lists;
  const poolScopes = new Map(pools.map((pool) => [pool.id, pool.address_scope_id ?? undefined]));
  return {
    routers,
    interfacePorts,
    gatewayPorts,
    subnets: byId(withScopes(subnets, poolScopes)),
    externalNetworks: byId(networks),
    floatingIps: floatingIps.filter((floatingIp) => floatingIp !== undefined),
    poolScopes,
    poolNames: namesOf(pools),
    scopeNames: namesOf(scopes),
  };
}

async function readNatModel({
  client: { network },
  natModel,
  signal,
}: SnapshotOptions): Promise<() => NatModel> {
  if (natModel !== 'auto') {
    return () => natModel;
  }
  const [agents, extensions] = await Promise.all([
    orNone(network.list('agents', {}, { signal })),
    network.list('extensions', {}, { signal }),
  ]);
  const aliases = extensions.map(({ alias }) => alias);
  return () => detectNatModel(agents, aliases);
}

/** A cloud without the agent extension, or one that shows its agents to nobody, tells nothing. */
async function orNone<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    if (hasCloudCode(error, 'CLOUD_NOT_FOUND') || hasCloudCode(error, 'CLOUD_FORBIDDEN')) {
      return [];
    }
    throw error;
  }
}

/** ML2/OVS compares address scopes, which hang on the subnet pools; a policy may name either. */
function needsPools({ natModel, policy }: SnapshotOptions): boolean {
  return (
    natModel !== 'ovn' ||
    rulesOf(policy).some((rule) => rule.subnetPools.length + rule.addressScopes.length > 0)
  );
}

function needsScopes(policy: Policy): boolean {
  return rulesOf(policy).some(({ addressScopes }) => addressScopes.length > 0);
}

function rulesOf({ allow, deny, reserved }: Policy): readonly Selectors[] {
  return [...allow, ...deny, ...reserved];
}

function byId<T extends { readonly id: string }>(objects: readonly T[]): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [object.id, object]));
}

function namesOf(
  objects: readonly (NeutronObject<'subnetpools'> | NeutronObject<'address-scopes'>)[],
): ReadonlyMap<string, string> {
  return new Map(objects.map(({ id, name }) => [id, name]));
}
