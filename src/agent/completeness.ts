/**
 * Is this snapshot the whole truth? A token that lost its admin role still gets 200, with only its own project's
 * objects; the proof is in what the objects say of each other. It also finds the lost end of every list that others
 * refer to (routers, subnets, gateway ports, networks). Nobody refers to interface ports and floating IPs: what is lost
 * of these shows when it is asked for by id, before a removal.
 */
import { contains, hostPrefix, type Prefix } from '../core/prefix.ts';
import type { FixedIp, RouterPort, Snapshot } from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';

export interface Witness {
  /** Role names of the token. */
  readonly roles: readonly string[];
}

/** Objects kept for this alone, best in a project of their own: who sees everything sees them. */
export interface Sentinel {
  /** The id of a router. */
  readonly router?: string | undefined;
  /** The id of a network, external or not. */
  readonly network?: string | undefined;
}

/** All that was read, before it is known who does the NAT. */
type Objects = Omit<Snapshot, 'natModel'>;

/**
 * Where the verdicts hang on subnet pools, every pool of a subnet must be shown: one that is missing would look like no
 * address scope. Throws SNAPSHOT_INCOMPLETE.
 */
export function assertPools({
  subnets,
  poolScopes,
}: Pick<Objects, 'subnets' | 'poolScopes'>): void {
  for (const { id, subnetPoolId } of subnets.values()) {
    if (
      subnetPoolId !== undefined &&
      !VIRTUAL_POOLS.has(subnetPoolId) &&
      !poolScopes.has(subnetPoolId)
    ) {
      throw new RouteSyncError(
        'SNAPSHOT_INCOMPLETE',
        `subnet ${id} is of subnet pool ${subnetPoolId}, which is not shown; nothing is changed until the cloud shows both (does the user see all projects?)`,
        { retryable: true },
      );
    }
  }
}

/** neutron_lib/constants.py, IPV6_PD_POOL_ID: stands in for a pool, and is none. */
const VIRTUAL_POOLS = new Set(['prefix_delegation']);

/** Throws CLOUD_VIEW_NARROWED or SNAPSHOT_INCOMPLETE unless this is the whole truth. */
export function assertComplete(snapshot: Objects, witness: Witness): void {
  assertConsistent(snapshot);
  assertFullView(snapshot, witness);
}

/** Throws CLOUD_VIEW_NARROWED or SNAPSHOT_INCOMPLETE unless every object that is referred to was shown. */
export function assertConsistent(snapshot: Objects): void {
  const narrowed = hiddenGatewayPort(snapshot) ?? hiddenExternalSubnet(snapshot);
  if (narrowed !== undefined) {
    throw narrowedView(narrowed);
  }
  const dangling = danglingReference(snapshot) ?? misplacedLeg(snapshot);
  if (dangling !== undefined) {
    throw new RouteSyncError(
      'SNAPSHOT_INCOMPLETE',
      `${dangling}; nothing is changed until the cloud shows both (does the user see all projects?)`,
      { retryable: true },
    );
  }
}

/** Throws CLOUD_VIEW_NARROWED unless roles or objects show that the user sees all projects. */
export function assertFullView(
  snapshot: Pick<Objects, 'gatewayPorts' | 'externalNetworks'>,
  witness: Witness,
): void {
  if (!seesEverything(snapshot, witness)) {
    throw narrowedView(
      `its roles (${witness.roles.join(', ') || 'none'}) do not include admin, and not every external network shows a gateway port that would prove more`,
    );
  }
}

/**
 * Throws SNAPSHOT_INCOMPLETE unless the sentinel is seen: the view of the token is narrowed, or the sentinel was deleted.
 * `isShown` asks for a network by its id; only external ones are in the lists.
 */
export async function assertSentinel(
  { routers, externalNetworks }: Objects,
  { router, network }: Sentinel,
  isShown: (networkId: string) => Promise<boolean>,
): Promise<void> {
  if (router !== undefined && !routers.some(({ id }) => id === router)) {
    throw sentinelLost('router', router);
  }
  if (network !== undefined && !externalNetworks.has(network) && !(await isShown(network))) {
    throw sentinelLost('network', network);
  }
}

function sentinelLost(kind: keyof Sentinel, id: string): RouteSyncError {
  return new RouteSyncError(
    'SNAPSHOT_INCOMPLETE',
    `the cloud does not show the sentinel ${kind} ${id} (cloud.sentinel.${kind}): the view of the user is narrowed, or somebody deleted it; give the user its rights back, or name another ${kind}; nothing is removed until then`,
    { details: { [kind]: id }, retryable: true },
  );
}

/**
 * Gateway ports belong to no project: they are shown to whoever sees everything, and to the owner of their network. So
 * without the role admin each external network has to show one. System scope proves nothing: Neutron shows a system
 * reader the objects of no project at all.
 */
function seesEverything(
  { gatewayPorts, externalNetworks }: Pick<Objects, 'gatewayPorts' | 'externalNetworks'>,
  { roles }: Witness,
): boolean {
  const proven = new Set(gatewayPorts.map(({ networkId }) => networkId));
  return (
    roles.includes('admin') ||
    (proven.size > 0 && [...externalNetworks.keys()].every((id) => proven.has(id)))
  );
}

function hiddenGatewayPort({ routers, gatewayPorts }: Objects): string | undefined {
  const shown = new Set(gatewayPorts.map(({ routerId, networkId }) => `${routerId} ${networkId}`));
  for (const { id, gateways } of routers) {
    const hidden = gateways.find(({ networkId }) => !shown.has(`${id} ${networkId}`));
    if (hidden !== undefined) {
      return `router ${id} has a gateway on network ${hidden.networkId}, but its gateway port is not shown`;
    }
  }
  return undefined;
}

function hiddenExternalSubnet({ externalNetworks, subnets }: Objects): string | undefined {
  for (const { id, subnetIds } of externalNetworks.values()) {
    const hidden = subnetIds.find((subnetId) => !subnets.has(subnetId));
    if (hidden !== undefined) {
      return `external network ${id} has subnet ${hidden}, which is not shown`;
    }
  }
  return undefined;
}

function danglingReference(snapshot: Objects): string | undefined {
  const routers = new Set(snapshot.routers.map(({ id }) => id));
  for (const { id, gateways } of snapshot.routers) {
    const lost = gateways.find(({ networkId }) => !snapshot.externalNetworks.has(networkId));
    if (lost !== undefined) {
      return `router ${id} has a gateway on network ${lost.networkId}, which is not shown as external`;
    }
  }
  const lostOwner = snapshot.floatingIps.find(({ routerId }) => !routers.has(routerId));
  if (lostOwner !== undefined) {
    return `floating IP ${lostOwner.id} is served by router ${lostOwner.routerId}, which is not shown`;
  }
  for (const port of [...snapshot.interfacePorts, ...snapshot.gatewayPorts]) {
    const lost = danglingPort(port, routers, snapshot);
    if (lost !== undefined) {
      return lost;
    }
  }
  return undefined;
}

function danglingPort(
  { id, routerId, fixedIps }: RouterPort,
  routers: ReadonlySet<string>,
  { subnets }: Objects,
): string | undefined {
  if (!routers.has(routerId)) {
    return `port ${id} belongs to router ${routerId}, which is not shown`;
  }
  const lost = fixedIps.find(({ subnetId }) => !subnets.has(subnetId));
  return lost && `port ${id} has an address in subnet ${lost.subnetId}, which is not shown`;
}

/** What we would send packets to must lie in the external subnet that it names. */
function misplacedLeg(snapshot: Objects): string | undefined {
  const { routers, interfacePorts, gatewayPorts, subnets, externalNetworks } = snapshot;
  const external = new Set([...externalNetworks.values()].flatMap(({ subnetIds }) => subnetIds));
  const isMisplaced = ({ subnetId, address }: FixedIp): boolean => {
    const subnet = external.has(subnetId) ? subnets.get(subnetId) : undefined;
    return subnet !== undefined && !isHostOf(subnet.cidr, hostPrefix(address));
  };
  for (const { id, fixedIps } of [...gatewayPorts, ...interfacePorts]) {
    const lost = fixedIps.find(isMisplaced);
    if (lost !== undefined) {
      return `port ${id} has address ${lost.address}, which is not in its subnet ${lost.subnetId}`;
    }
  }
  for (const { id, gateways } of routers) {
    const lost = gateways.flatMap(({ fixedIps }) => fixedIps).find(isMisplaced);
    if (lost !== undefined) {
      return `router ${id} has gateway address ${lost.address}, which is not in its subnet ${lost.subnetId}`;
    }
  }
  return undefined;
}

/** In IPv4 the first and the last address of a network are no host's (RFC 1122, 3.2.1.3), but for /31 and /32. */
function isHostOf(network: Prefix, host: Prefix): boolean {
  if (!contains(network, host)) {
    return false;
  }
  const size = 2 ** (32 - network.length);
  const index = Number(host.first) - Number(network.first);
  return network.family === 6 || size <= 2 || (index > 0 && index < size - 1);
}

function narrowedView(evidence: string): RouteSyncError {
  return new RouteSyncError(
    'CLOUD_VIEW_NARROWED',
    `the user does not see all projects: ${evidence}; give it the admin role (or a reader role that sees every project)`,
    { retryable: true },
  );
}
