/** What hangs on the embedded cloud's routers: interfaces, the no-NAT recipe's legs, instances, floating IPs. */
import {
  allocate,
  badRouter,
  checkInterfaceUnused,
  checkRouterHasRoom,
  interfacesOfRouter,
} from './integrity.ts';
import { NeutronError, type NeutronFloatingIp, type NeutronPort } from './neutron-objects.ts';
import { floatingIpRow, type PortFacts, portRow } from './rows.ts';
import type { Tables } from './tables.ts';

export interface InterfaceOptions {
  /** By default the subnet's gateway_ip, as `router add subnet` does. */
  readonly address?: string;
  /** By default `network:router_interface`. */
  readonly deviceOwner?: string;
}

/** The two ends of an attachment, by id. */
export interface Attachment {
  readonly routerId: string;
  readonly subnetId: string;
}

export function addInterface(
  tables: Tables,
  { routerId, subnetId }: Attachment,
  options: InterfaceOptions,
): NeutronPort {
  const address = options.address ?? tables.get('subnets', subnetId).gateway_ip;
  if (address === null) {
    throw badRouter('Subnet for router interface must have a gateway IP');
  }
  checkRouterHasRoom(tables, routerId, subnetId);
  const port = insertPort(tables, subnetId, {
    name: '',
    projectId: tables.get('routers', routerId).project_id,
    deviceId: routerId,
    deviceOwner: options.deviceOwner ?? 'network:router_interface',
    address,
  });
  tables.update('routers', routerId, {});
  return port;
}

/** Refused while a floating IP or an extra route needs the interface. */
export function removeInterface(tables: Tables, { routerId, subnetId }: Attachment): void {
  const port = interfacesOfRouter(tables, routerId).find(({ fixed_ips }) =>
    fixed_ips.some(({ subnet_id }) => subnet_id === subnetId),
  );
  if (port === undefined) {
    const message = `Router ${routerId} has no interface on subnet ${subnetId}`;
    throw new NeutronError(404, 'RouterInterfaceNotFoundForSubnet', message);
  }
  checkInterfaceUnused(tables, routerId, subnetId);
  tables.delete('ports', port.id);
  tables.update('routers', routerId, {});
}

type NewPort = Omit<PortFacts, 'networkId' | 'fixedIps'> & {
  readonly address: string | undefined;
};

/** A port with one address of the subnet; the first free one where the caller names none. */
export function insertPort(tables: Tables, subnetId: string, facts: NewPort): NeutronPort {
  const ip_address = allocate(tables, subnetId, facts.address);
  const networkId = tables.get('subnets', subnetId).network_id;
  const fixedIps = [{ subnet_id: subnetId, ip_address }];
  return tables.insert('ports', portRow(tables.born(), { ...facts, networkId, fixedIps }));
}

export interface FloatingIpOptions {
  /** An external subnet; its network must be the gateway network of the instance's router. */
  readonly subnet: { readonly id: string };
  /** The instance's port. */
  readonly port: { readonly id: string };
  readonly address?: string;
}

/** Creates a floating IP that leads to a port; Neutron finds the router itself. */
export function addFloatingIp(tables: Tables, options: FloatingIpOptions): NeutronFloatingIp {
  const { id: subnetId, network_id: networkId } = tables.get('subnets', options.subnet.id);
  const port = tables.get('ports', options.port.id);
  const routerId = routerBetween(tables, networkId, port);
  const birth = tables.born();
  const outside = insertPort(tables, subnetId, {
    name: '',
    projectId: '',
    deviceId: birth.id,
    deviceOwner: 'network:floatingip',
    address: options.address,
  });
  const address = outside.fixed_ips[0]?.ip_address ?? '';
  return tables.insert('floatingips', floatingIpRow(birth, { address, networkId, routerId, port }));
}

export function removeFloatingIp(tables: Tables, id: string): void {
  tables.delete('floatingips', id);
  for (const port of tables.list('ports').filter(({ device_id }) => device_id === id)) {
    tables.delete('ports', port.id);
  }
}

function routerBetween(tables: Tables, externalNetworkId: string, port: NeutronPort): string {
  const subnetId = port.fixed_ips[0]?.subnet_id ?? '';
  const router = tables
    .list('routers')
    .find(
      ({ id, external_gateway_info: gateway }) =>
        gateway?.network_id === externalNetworkId &&
        interfacesOfRouter(tables, id).some(({ fixed_ips }) =>
          fixed_ips.some((fixedIp) => fixedIp.subnet_id === subnetId),
        ),
    );
  if (router === undefined) {
    const message = `External network ${externalNetworkId} is not reachable from subnet ${subnetId}.  Therefore, cannot associate Port ${port.id} with a Floating IP.`;
    throw new NeutronError(404, 'ExternalGatewayForFloatingIPNotFound', message);
  }
  return router.id;
}
