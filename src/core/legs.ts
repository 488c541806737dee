/**
 * The external legs of a router: its gateways, and its ordinary ports on external networks (the no-NAT recipe).
 * A leg looks like a tenant interface in the API (`network:router_interface`); only its network tells it apart.
 */
import { compareAddresses, familyOf, type Address, type Family } from './prefix.ts';
import type { FixedIp, Router, RouterPort, Snapshot } from './snapshot.ts';

export interface Leg {
  readonly kind: 'gateway' | 'interface';
  readonly networkId: string;
  /** The leg's own port; undefined for a gateway whose port the snapshot does not name. */
  readonly portId: string | undefined;
  readonly fixedIps: readonly FixedIp[];
  /** Its addresses by family, lowest first. */
  readonly addresses: Readonly<Record<Family, readonly Address[]>>;
}

/** One router with everything that is attached to it, sorted into the two sides. */
export interface RouterSides {
  readonly router: Router;
  readonly legs: readonly Leg[];
  /** Interface ports on tenant networks. */
  readonly tenantPorts: readonly RouterPort[];
}

/** Sorts the ports of every router into external legs and tenant interfaces. */
export function routerSides(snapshot: Snapshot): readonly RouterSides[] {
  const interfaces = Map.groupBy(snapshot.interfacePorts, ({ routerId }) => routerId);
  const gatewayPorts = Map.groupBy(snapshot.gatewayPorts, ({ routerId }) => routerId);
  return snapshot.routers.map((router) => {
    const legs = [...gatewayLegs(router, gatewayPorts.get(router.id) ?? [])];
    const tenantPorts: RouterPort[] = [];
    for (const port of interfaces.get(router.id) ?? []) {
      if (snapshot.externalNetworks.has(port.networkId)) {
        legs.push(interfaceLeg(port));
      } else {
        tenantPorts.push(port);
      }
    }
    return { router, legs, tenantPorts };
  });
}

function gatewayLegs(router: Router, ports: readonly RouterPort[]): readonly Leg[] {
  return router.gateways.map(({ networkId, fixedIps }) => {
    const addresses = new Set<string>(fixedIps.map(({ address }) => address));
    const port = ports.find(
      (port) =>
        port.networkId === networkId && port.fixedIps.some(({ address }) => addresses.has(address)),
    );
    return {
      kind: 'gateway',
      networkId,
      portId: port?.id,
      fixedIps,
      addresses: byFamily(fixedIps),
    };
  });
}

function interfaceLeg(port: RouterPort): Leg {
  return {
    kind: 'interface',
    networkId: port.networkId,
    portId: port.id,
    fixedIps: port.fixedIps,
    addresses: byFamily(port.fixedIps),
  };
}

function byFamily(fixedIps: readonly FixedIp[]): Leg['addresses'] {
  const sorted = fixedIps.map(({ address }) => address).sort(compareAddresses);
  return {
    4: sorted.filter((address) => familyOf(address) === 4),
    6: sorted.filter((address) => familyOf(address) === 6),
  };
}
