/** A snapshot with some routers as they are now, and the part of a snapshot that is about some routers. */
import type { FloatingIp, Router, RouterPort, Snapshot, Subnet } from '../../core/snapshot.ts';

/** Routers that were asked for, with all that hangs on them. */
export interface Reread {
  /** Every router that was asked for; one that is not among `routers` is gone. */
  readonly asked: ReadonlySet<string>;
  readonly routers: readonly Router[];
  readonly interfacePorts: readonly RouterPort[];
  readonly gatewayPorts: readonly RouterPort[];
  readonly floatingIps: readonly FloatingIp[];
  /** By the id that was asked for; undefined for one that is gone. */
  readonly subnets: ReadonlyMap<string, Subnet | undefined>;
}

/** Everything about the routers that were asked for is as it was reread, the rest as it was. */
export function patched(snapshot: Snapshot, reread: Reread): Snapshot {
  const { asked } = reread;
  const ofOthers = <T extends { readonly routerId: string }>(objects: readonly T[]): readonly T[] =>
    objects.filter(({ routerId }) => !asked.has(routerId));
  return {
    ...snapshot,
    routers: [...snapshot.routers.filter(({ id }) => !asked.has(id)), ...reread.routers],
    interfacePorts: [...ofOthers(snapshot.interfacePorts), ...reread.interfacePorts],
    gatewayPorts: [...ofOthers(snapshot.gatewayPorts), ...reread.gatewayPorts],
    floatingIps: [...ofOthers(snapshot.floatingIps), ...reread.floatingIps],
    subnets: patchedSubnets(snapshot.subnets, reread.subnets),
  };
}

function patchedSubnets(
  subnets: Snapshot['subnets'],
  reread: Reread['subnets'],
): Snapshot['subnets'] {
  if (reread.size === 0) {
    return subnets;
  }
  const now = new Map(subnets);
  for (const [id, subnet] of reread) {
    if (subnet === undefined) {
      now.delete(id);
    } else {
      now.set(id, subnet);
    }
  }
  return now;
}

/** The snapshot as if the cloud had these routers only: enough to judge them. */
export function partOf(snapshot: Snapshot, routerIds: ReadonlySet<string>): Snapshot {
  const { externalNetworks, subnets } = snapshot;
  const ofThese = <T extends { readonly routerId: string }>(objects: readonly T[]): readonly T[] =>
    objects.filter(({ routerId }) => routerIds.has(routerId));
  const routers = snapshot.routers.filter(({ id }) => routerIds.has(id));
  const interfacePorts = ofThese(snapshot.interfacePorts);
  const gatewayPorts = ofThese(snapshot.gatewayPorts);
  const around = [
    ...[...externalNetworks.values()].flatMap(({ subnetIds }) => subnetIds),
    ...[...interfacePorts, ...gatewayPorts].flatMap(({ fixedIps }) =>
      fixedIps.map(({ subnetId }) => subnetId),
    ),
  ];
  return {
    ...snapshot,
    routers,
    interfacePorts,
    gatewayPorts,
    floatingIps: ofThese(snapshot.floatingIps),
    subnets: new Map(
      around.flatMap((id) => {
        const subnet = subnets.get(id);
        return subnet === undefined ? [] : [[id, subnet] as const];
      }),
    ),
  };
}
