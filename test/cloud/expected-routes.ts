/**
 * Computes from the API alone which routes belong on an upstream: a second, plain implementation of the rules, which
 * shares no code with the one under test. It knows equal prefixes, but not one prefix inside another.
 */
import { BlockList } from 'node:net';

import type {
  CloudApi,
  CloudObject,
  FixedIp,
  FloatingIp,
  Port,
  Router,
  Subnet,
  SubnetPool,
} from './cloud-api.ts';
import { isInterface } from './topology.ts';

export type NatModel = 'ovs' | 'ovn';

export interface Question {
  readonly externalNetwork: string;
  readonly natModel: NatModel;
  /** Networks that the policy allows, and networks that the upstream is connected to. */
  readonly allowed: readonly string[];
  readonly connected: readonly string[];
}

/** Next hop by prefix. */
export type Routes = Readonly<Record<string, string>>;

interface Cloud {
  readonly routers: readonly Router[];
  readonly ports: readonly Port[];
  readonly subnets: ReadonlyMap<string, Subnet>;
  readonly pools: ReadonlyMap<string, SubnetPool>;
  readonly externalNetworks: ReadonlySet<string>;
  readonly floatingIps: readonly FloatingIp[];
}

interface Offer {
  readonly prefix: string;
  readonly nextHop: string;
  readonly hasGatewayAddress: boolean;
  readonly port: Port;
}

const OPT_OUT = 'route-sync:off';

/** Who does the NAT: the reference L3 plugin schedules its routers to agents, OVN's plugin does not. */
export async function readNatModel(api: CloudApi): Promise<NatModel> {
  const extensions = await api.list<CloudObject & { readonly alias: string }>('extensions');
  return extensions.some(({ alias }) => alias === 'l3_agent_scheduler') ? 'ovs' : 'ovn';
}

export async function expectedRoutes(api: CloudApi, question: Question): Promise<Routes> {
  const cloud = await readCloud(api);
  const allowed = blockList(question.allowed);
  const offers = cloud.routers
    .filter((router) => router.admin_state_up && !router.tags.includes(OPT_OUT))
    .flatMap((router) => offersOf(router, cloud, question))
    .filter(({ prefix }) => covers(allowed, prefix))
    .sort(byRank);
  return Object.fromEntries(offers.toReversed().map(({ prefix, nextHop }) => [prefix, nextHop]));
}

/** The first of equal prefixes wins: the port with the subnet's gateway address, then the older, then the lower id. */
function byRank(a: Offer, b: Offer): number {
  return (
    Number(b.hasGatewayAddress) - Number(a.hasGatewayAddress) ||
    a.port.created_at.localeCompare(b.port.created_at) ||
    (a.port.id < b.port.id ? -1 : 1)
  );
}

function offersOf(router: Router, cloud: Cloud, question: Question): readonly Offer[] {
  const ports = cloud.ports.filter(({ device_id: device }) => device === router.id);
  const legs = ports.filter(
    ({ network_id: network, device_owner: owner }) =>
      network === question.externalNetwork &&
      (owner === 'network:router_gateway' || isInterface(owner)),
  );
  const inside = ports.filter(
    ({ network_id: network, device_owner: owner }) =>
      isInterface(owner) && !cloud.externalNetworks.has(network),
  );
  return legs.flatMap((leg) => [
    ...inside.flatMap((port) =>
      port.fixed_ips.flatMap((fixedIp) =>
        subnetOffers({ router, leg, port, fixedIp }, cloud, question.natModel),
      ),
    ),
    ...floatingIpOffers(router, leg, { cloud, question }),
  ]);
}

interface Attachment {
  readonly router: Router;
  readonly leg: Port;
  readonly port: Port;
  readonly fixedIp: FixedIp;
}

/** The subnet's own prefix, and the router's extra routes by way of that subnet. */
function subnetOffers(attachment: Attachment, cloud: Cloud, natModel: NatModel): readonly Offer[] {
  const { router, leg, port, fixedIp } = attachment;
  const subnet = cloud.subnets.get(fixedIp.subnet_id);
  const hop = subnet && nextHopOf(leg, subnet.ip_version, cloud);
  if (!subnet || !hop || subnet.tags.includes(OPT_OUT)) {
    return [];
  }
  if (!isRouted({ subnet, hop, leg, router }, cloud, natModel)) {
    return [];
  }
  const within = blockList([subnet.cidr]);
  const extra = router.routes.filter(({ nexthop }) => covers(within, nexthop));
  const hasGatewayAddress = fixedIp.ip_address === subnet.gateway_ip;
  return [subnet.cidr, ...extra.map(({ destination }) => destination)].map((prefix) => ({
    prefix,
    nextHop: hop.ip_address,
    hasGatewayAddress,
    port,
  }));
}

interface Crossing {
  readonly subnet: Subnet;
  readonly hop: FixedIp;
  readonly leg: Port;
  readonly router: Router;
}

function isRouted({ subnet, hop, leg, router }: Crossing, cloud: Cloud, natModel: NatModel) {
  const scopeOf = (id: string | undefined) =>
    cloud.pools.get(cloud.subnets.get(id ?? '')?.subnetpool_id ?? '')?.address_scope_id ?? null;
  const snat =
    subnet.ip_version === 4 &&
    leg.device_owner === 'network:router_gateway' &&
    router.external_gateway_info?.enable_snat === true;
  if (natModel === 'ovn') {
    return !snat;
  }
  const scope = scopeOf(hop.subnet_id);
  return scope === scopeOf(subnet.id) && (!snat || scope !== null);
}

/** The leg's address in that family that is not the upstream's own. */
function nextHopOf(leg: Port, family: 4 | 6, cloud: Cloud): FixedIp | undefined {
  return leg.fixed_ips.find(({ subnet_id: id, ip_address: address }) => {
    const subnet = cloud.subnets.get(id);
    return subnet?.ip_version === family && subnet.gateway_ip !== address;
  });
}

function floatingIpOffers(
  router: Router,
  leg: Port,
  { cloud, question }: { readonly cloud: Cloud; readonly question: Question },
): readonly Offer[] {
  const connected = blockList(question.connected);
  const hop = nextHopOf(leg, 4, cloud);
  return cloud.floatingIps
    .filter(
      (one) => one.router_id === router.id && one.floating_network_id === question.externalNetwork,
    )
    .map(({ floating_ip_address: address }) => address)
    .filter((address) => hop !== undefined && !covers(connected, address))
    .map((address) => ({
      prefix: `${address}/32`,
      nextHop: hop?.ip_address ?? '',
      hasGatewayAddress: false,
      port: leg,
    }));
}

async function readCloud(api: CloudApi): Promise<Cloud> {
  const external = await api.list('networks', 'router:external=true');
  const byId = <T extends CloudObject>(objects: readonly T[]) =>
    new Map(objects.map((object) => [object.id, object]));
  return {
    externalNetworks: new Set(external.map(({ id }) => id)),
    routers: await api.list('routers'),
    ports: await api.list('ports'),
    subnets: byId(await api.list<Subnet>('subnets')),
    pools: byId(await api.list<SubnetPool>('subnetpools')),
    floatingIps: await api.list('floatingips'),
  };
}

function blockList(prefixes: readonly string[]): BlockList {
  const list = new BlockList();
  for (const prefix of prefixes) {
    const [address = '', length] = prefix.split('/');
    list.addSubnet(address, Number(length), familyOf(prefix));
  }
  return list;
}

function covers(list: BlockList, prefix: string): boolean {
  return list.check(prefix.replace(/\/.*$/, ''), familyOf(prefix));
}

function familyOf(prefix: string): 'ipv4' | 'ipv6' {
  return prefix.includes(':') ? 'ipv6' : 'ipv4';
}
