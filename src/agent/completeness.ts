/**
 * Is this snapshot the whole truth? A token that lost its admin role still gets 200, with only its own project's
 * objects; the proof is in what the objects say of each other.
 */
import type { RouterPort, Snapshot } from '../core/snapshot.ts';
import { RouteSyncError } from '../errors.ts';

export interface Witness {
  /** Role names of the token. */
  readonly roles: readonly string[];
}

/** All that was read, before it is known who does the NAT. */
type Objects = Omit<Snapshot, 'natModel'>;

/** Throws CLOUD_VIEW_NARROWED or SNAPSHOT_INCOMPLETE unless every object that is referred to was shown. */
export function assertComplete(snapshot: Objects, witness: Witness): void {
  const narrowed = hiddenGatewayPort(snapshot) ?? hiddenExternalSubnet(snapshot);
  if (narrowed !== undefined) {
    throw narrowedView(narrowed);
  }
  const dangling = danglingReference(snapshot);
  if (dangling !== undefined) {
    throw new RouteSyncError(
      'SNAPSHOT_INCOMPLETE',
      `${dangling}; nothing is changed until the cloud shows both (does the user see all projects?)`,
      { retryable: true },
    );
  }
  if (!seesEverything(snapshot, witness)) {
    throw narrowedView(
      `its roles (${witness.roles.join(', ') || 'none'}) do not include admin, and not every external network shows a gateway port that would prove more`,
    );
  }
}

/**
 * Gateway ports belong to no project: they are shown to whoever sees everything, and to the owner of their network. So
 * without the role admin each external network has to show one. System scope proves nothing: Neutron shows a system
 * reader the objects of no project at all.
 */
function seesEverything({ gatewayPorts, externalNetworks }: Objects, { roles }: Witness): boolean {
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

function narrowedView(evidence: string): RouteSyncError {
  return new RouteSyncError(
    'CLOUD_VIEW_NARROWED',
    `the user does not see all projects: ${evidence}; give it the admin role (or a reader role that sees every project)`,
    { retryable: true },
  );
}
