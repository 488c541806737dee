/** Gateways of the embedded cloud's routers: the gateway port and the router's own words about it, kept alike. */
import { contains, hostPrefix, parseAddress, parsePrefix } from '../core/prefix.ts';
import { allocate, badRouter, portsOfRouter } from './integrity.ts';
import {
  NeutronError,
  type NeutronGatewayInfo,
  type NeutronPort,
  type NeutronRouter,
} from './neutron-objects.ts';
import { portRow } from './rows.ts';
import type { Tables } from './tables.ts';

export interface GatewayOptions {
  readonly network: { readonly id: string };
  /** On by default, as in Neutron. */
  readonly enableSnat?: boolean;
  /** By default the present ones if the network stays, else the first free one of its first subnet per family. */
  readonly addresses?: readonly string[];
}

export function setGateway(
  tables: Tables,
  routerId: string,
  options: GatewayOptions,
): NeutronRouter {
  const { external_gateway_info: before } = tables.get('routers', routerId);
  const network_id = options.network.id;
  const stays = before?.network_id === network_id && options.addresses === undefined;
  const external_fixed_ips = stays
    ? before.external_fixed_ips
    : replacePort(tables, routerId, options).fixed_ips;
  const enable_snat = options.enableSnat ?? true;
  return showFirst(tables, routerId, { network_id, external_fixed_ips, enable_snat });
}

/** Adds a further gateway; only where the cloud shows `external_gateways`. */
export function addGateway(
  tables: Tables,
  routerId: string,
  options: GatewayOptions,
): NeutronRouter {
  const { external_gateways: before } = tables.get('routers', routerId);
  if (before === undefined) {
    throw new NeutronError(400, 'HTTPBadRequest', "Unrecognized attribute(s) 'external_gateways'");
  }
  const { network_id, fixed_ips } = insertPort(tables, routerId, options);
  const external_gateways = [...before, { network_id, external_fixed_ips: fixed_ips }];
  return tables.update('routers', routerId, { external_gateways });
}

export function clearGateway(tables: Tables, routerId: string): NeutronRouter {
  if (tables.list('floatingips').some(({ router_id }) => router_id === routerId)) {
    const message = `Gateway cannot be updated for router ${routerId}, since a gateway to external network is required by one or more floating IPs.`;
    throw new NeutronError(409, 'RouterExternalGatewayInUseByFloatingIp', message);
  }
  for (const { id } of gatewayPorts(tables, routerId)) {
    tables.delete('ports', id);
  }
  return showFirst(tables, routerId, null);
}

function gatewayPorts(tables: Tables, routerId: string): readonly NeutronPort[] {
  return portsOfRouter(tables, routerId).filter(
    ({ device_owner }) => device_owner === 'network:router_gateway',
  );
}

/** `external_gateway_info` is the first of `external_gateways`; without it there are none. */
function showFirst(
  tables: Tables,
  routerId: string,
  info: NeutronGatewayInfo | null,
): NeutronRouter {
  const { external_gateways: before } = tables.get('routers', routerId);
  if (before === undefined) {
    return tables.update('routers', routerId, { external_gateway_info: info });
  }
  const { network_id = '', external_fixed_ips = [] } = info ?? {};
  const external_gateways =
    info === null ? [] : [{ network_id, external_fixed_ips }, ...before.slice(1)];
  return tables.update('routers', routerId, { external_gateway_info: info, external_gateways });
}

function replacePort(tables: Tables, routerId: string, options: GatewayOptions): NeutronPort {
  const shown = tables.get('routers', routerId).external_gateway_info?.external_fixed_ips ?? [];
  const old = gatewayPorts(tables, routerId).find((port) =>
    port.fixed_ips.some(({ ip_address }) => ip_address === shown[0]?.ip_address),
  );
  if (old !== undefined) {
    tables.delete('ports', old.id);
  }
  try {
    return insertPort(tables, routerId, options);
  } catch (error) {
    if (old !== undefined) {
      tables.insert('ports', old);
    }
    throw error;
  }
}

/** A gateway port belongs to no project: a member does not see it. */
function insertPort(tables: Tables, routerId: string, options: GatewayOptions): NeutronPort {
  const network = tables.get('networks', options.network.id);
  if (!network['router:external']) {
    throw badRouter(`Network ${network.id} is not an external network`);
  }
  const subnets = network.subnets.map((id) => tables.get('subnets', id));
  const fixedIps =
    options.addresses?.map((address) => {
      const subnet = subnets.find((subnet) => holds(subnet.cidr, address));
      if (subnet === undefined) {
        throw badRouter(`IP address ${address} is in no subnet of network ${network.id}`);
      }
      return { subnet_id: subnet.id, ip_address: allocate(tables, subnet.id, address) };
    }) ??
    ([4, 6] as const)
      .flatMap((family) => subnets.find(({ ip_version }) => ip_version === family) ?? [])
      .map(({ id }) => ({ subnet_id: id, ip_address: allocate(tables, id, undefined) }));
  const port = portRow(tables.born(), {
    name: '',
    projectId: '',
    networkId: network.id,
    deviceOwner: 'network:router_gateway',
    deviceId: routerId,
    fixedIps,
  });
  return tables.insert('ports', port);
}

function holds(cidr: string, address: string): boolean {
  return contains(parsePrefix(cidr), hostPrefix(parseAddress(address)));
}
