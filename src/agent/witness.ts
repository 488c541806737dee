/**
 * A second witness for routes whose objects nobody wrote down: small questions by prefix and next hop, held against the
 * snapshot. What they show and the lists did not means that the lists were short.
 */
import type { Address } from '../core/prefix.ts';
import type { InstalledRoute } from '../core/route.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { NetworkClient, NeutronObject } from '../openstack-client-lite/index.ts';
import { GATEWAY_OWNER, INTERFACE_OWNERS } from './snapshot.ts';

export interface Questions {
  readonly network: NetworkClient;
  readonly snapshot: Snapshot;
  /** `policy.floatingIps`: only then does the snapshot list them. */
  readonly floatingIps: boolean;
  readonly signal: AbortSignal;
}

/** An object that the lists left out, for each route that may come from one. A handful of questions for all routes together. */
export async function findUnlisted(
  routes: readonly InstalledRoute[],
  asking: Questions,
): Promise<ReadonlyMap<InstalledRoute, string>> {
  const { network, signal, snapshot } = asking;
  const { list } = network;
  const prefixes = routes.map(({ prefix }) => prefix.text);
  const nextHops = routes.flatMap(nextHopsOf);
  const [subnets, hops, floatingIps] = await Promise.all([
    list('subnets', { cidr: prefixes }, { signal }),
    list(
      'ports',
      { device_owner: [...INTERFACE_OWNERS, GATEWAY_OWNER], fixed_ips: { ip_address: nextHops } },
      { signal },
    ),
    list('floatingips', { floating_ip_address: hostsOf(routes, asking) }, { signal }),
  ]);
  const subnetIds = subnets.map(({ id }) => id);
  const interfaces = await list(
    'ports',
    { device_owner: INTERFACE_OWNERS, fixed_ips: { subnet_id: subnetIds } },
    { signal },
  );
  const unlisted = unlistedIn(snapshot, { subnets, ports: [...hops, ...interfaces], floatingIps });
  const finds = routes.map((route) => [route, findFor(route, subnets, unlisted)] as const);
  return new Map(finds.flatMap(([route, find]) => (find === undefined ? [] : [[route, find]])));
}

interface Shown {
  readonly subnets: readonly NeutronObject<'subnets'>[];
  readonly ports: readonly NeutronObject<'ports'>[];
  readonly floatingIps: readonly NeutronObject<'floatingips'>[];
}

function unlistedIn(snapshot: Snapshot, { subnets, ports, floatingIps }: Shown): Shown {
  const { interfacePorts, gatewayPorts } = snapshot;
  const listedPorts = new Set([...interfacePorts, ...gatewayPorts].map(({ id }) => id));
  const listedFloatingIps = new Set(snapshot.floatingIps.map(({ id }) => id));
  return {
    subnets: subnets.filter(({ id }) => !snapshot.subnets.has(id)),
    ports: ports.filter(({ id }) => !listedPorts.has(id)),
    floatingIps: floatingIps.filter(
      ({ id, router_id: router }) => router !== null && !listedFloatingIps.has(id),
    ),
  };
}

function findFor(
  route: InstalledRoute,
  subnets: Shown['subnets'],
  unlisted: Shown,
): string | undefined {
  const { text } = route.prefix;
  const nextHops: readonly string[] = nextHopsOf(route);
  const around = new Set(subnets.filter(({ cidr }) => cidr === text).map(({ id }) => id));
  const subnet = unlisted.subnets.find(({ cidr }) => cidr === text);
  const port = unlisted.ports.find(({ fixed_ips: ips }) =>
    ips.some((ip) => nextHops.includes(ip.ip_address) || around.has(ip.subnet_id)),
  );
  const floatingIp = unlisted.floatingIps.find(
    ({ floating_ip_address: address }) => hostOf(route) === address,
  );
  const find =
    (subnet && `subnet ${subnet.id}`) ??
    (port && `port ${port.id} of router ${port.device_id}`) ??
    (floatingIp && `floating IP ${floatingIp.id}`);
  return (
    find && `asked for by prefix and next hop, the cloud shows ${find}, which its lists left out`
  );
}

function nextHopsOf({ nextHops }: InstalledRoute): readonly Address[] {
  return nextHops.map(({ address }) => address);
}

function hostsOf(routes: readonly InstalledRoute[], asking: Questions): readonly string[] {
  return asking.floatingIps ? routes.flatMap((route) => hostOf(route) ?? []) : [];
}

/** The address of a host route. */
function hostOf({ prefix: { family, length, text } }: InstalledRoute): string | undefined {
  return length === (family === 4 ? 32 : 128) ? text.slice(0, text.indexOf('/')) : undefined;
}
