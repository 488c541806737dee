/** A small cloud and its upstream in few words, for the core's tests. Ids are speaking texts instead of UUIDs. */
import { judge, type Candidate } from '../../src/core/eligibility.ts';
import type { KnownRoute } from '../../src/core/hold.ts';
import type { Policy, PrefixRule } from '../../src/core/policy.ts';
import { bitsOf, contains, hostPrefix, parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { InstalledRoute, InterfaceAddress, UpstreamState } from '../../src/core/route.ts';
import type { FixedIp, Router, RouterPort, Snapshot, Subnet } from '../../src/core/snapshot.ts';

/** One subnet on one router; the same `id` on two routers is one subnet that both are attached to. */
export interface SubnetSketch extends Partial<Omit<Subnet, 'cidr' | 'gatewayIp'>> {
  readonly cidr: string;
  /** Default: the subnet's second address; `none` for a subnet without. */
  readonly gatewayIp?: string | undefined;
  /** The router's own address; default the subnet's second address. */
  readonly address?: string;
  readonly port?: string;
  readonly createdAt?: string;
}

export interface RouterSketch extends Partial<Omit<Router, 'gateways' | 'extraRoutes'>> {
  readonly id: string;
  /** One list of addresses for each gateway; the network is the one whose subnet holds the first. */
  readonly gateways?: readonly (readonly string[])[];
  /** Interface legs: one list of addresses for each. */
  readonly legs?: readonly (readonly string[])[];
  readonly subnets?: readonly (string | SubnetSketch)[];
  /** Destination and next hop. */
  readonly routes?: readonly (readonly [string, string])[];
}

const CREATED = '2026-01-01T00:00:00Z';

export const PUBLIC = 'net-public';
export const PARTNER = 'net-partner';

const EXTERNAL: readonly Subnet[] = [
  external('sub-public-4', PUBLIC, '203.0.113.0/24'),
  external('sub-public-6', PUBLIC, '2001:db8:100::/64'),
  external('sub-partner-4', PARTNER, '198.51.100.0/24'),
];

export const NETWORKS: Snapshot['externalNetworks'] = new Map(
  [PUBLIC, PARTNER].map((id) => [
    id,
    {
      id,
      name: id.slice('net-'.length),
      subnetIds: EXTERNAL.filter(({ networkId }) => networkId === id).map((subnet) => subnet.id),
    },
  ]),
);

function external(id: string, networkId: string, cidr: string): Subnet {
  return tenantSubnet({ id, networkId, cidr, gatewayIp: secondOf(cidr) });
}

/** A snapshot with the external networks `public` and `partner` and the sketched routers. */
export function cloudOf(
  routers: readonly RouterSketch[],
  overrides: Partial<Snapshot> = {},
): Snapshot {
  const attachments = routers.flatMap(attachmentsOf);
  return {
    routers: routers.map(routerOf),
    interfacePorts: [
      ...routers.flatMap(({ id, legs = [] }) => legs.map(portOn(`${id}-leg`, id))),
      ...attachments.map(({ port }) => port),
    ],
    gatewayPorts: routers.flatMap(({ id, gateways = [] }) =>
      gateways.map(portOn(`${id}-gateway`, id)),
    ),
    // Of several sketches with one id the first makes the subnet.
    subnets: new Map(
      [...attachments.map(({ subnet }) => subnet).toReversed(), ...EXTERNAL].map((subnet) => [
        subnet.id,
        subnet,
      ]),
    ),
    externalNetworks: NETWORKS,
    floatingIps: [],
    natModel: 'ovn',
    poolScopes: new Map(),
    poolNames: new Map(),
    scopeNames: new Map(),
    ...overrides,
  };
}

function attachmentsOf({ id: routerId, subnets = [] }: RouterSketch): readonly {
  readonly subnet: Subnet;
  readonly port: RouterPort;
}[] {
  return subnets.map((each) => {
    const {
      address,
      port,
      createdAt = CREATED,
      ...rest
    } = typeof each === 'string' ? { cidr: each } : each;
    const subnet = tenantSubnet({ id: `sub-${routerId}-${rest.cidr}`, ...rest });
    return {
      subnet,
      port: {
        id: port ?? `port-${routerId}-${subnet.id}`,
        routerId,
        networkId: subnet.networkId,
        createdAt,
        fixedIps: [{ subnetId: subnet.id, address: parseAddress(address ?? secondOf(rest.cidr)) }],
      },
    };
  });
}

function routerOf(sketch: RouterSketch): Router {
  return {
    name: sketch.id,
    projectId: 'project-blue',
    adminStateUp: true,
    status: 'ACTIVE',
    createdAt: CREATED,
    tags: [],
    enableSnat: false,
    ...sketch,
    gateways: (sketch.gateways ?? []).map((addresses) => ({
      networkId: networkOf(addresses),
      fixedIps: addresses.map(fixedIpOf),
    })),
    extraRoutes: (sketch.routes ?? []).map(([destination, nextHop]) => ({
      destination: parsePrefix(destination),
      nextHop: parseAddress(nextHop),
    })),
  };
}

type SubnetText = Pick<SubnetSketch, 'cidr' | 'gatewayIp'> &
  Partial<Omit<Subnet, 'cidr' | 'gatewayIp'>>;

function tenantSubnet({ cidr, gatewayIp, ...rest }: SubnetText & { id: string }): Subnet {
  const hasGateway = gatewayIp !== 'none';
  return {
    name: rest.id,
    networkId: `net-of-${rest.id}`,
    projectId: 'project-blue',
    subnetPoolId: undefined,
    addressScopeId: undefined,
    tags: [],
    ...rest,
    cidr: parsePrefix(cidr),
    gatewayIp: hasGateway ? parseAddress(gatewayIp ?? secondOf(cidr)) : undefined,
  };
}

/** Makes the ports `NAME-0`, `NAME-1` ... of one router on the networks of their addresses. */
function portOn(
  name: string,
  routerId: string,
): (addresses: readonly string[], index: number) => RouterPort {
  return (addresses, index) => ({
    id: `${name}-${index}`,
    routerId,
    networkId: networkOf(addresses),
    createdAt: CREATED,
    fixedIps: addresses.map(fixedIpOf),
  });
}

function networkOf([address = '']: readonly string[]): string {
  return externalSubnetOf(address).networkId;
}

function fixedIpOf(address: string): FixedIp {
  return { subnetId: externalSubnetOf(address).id, address: parseAddress(address) };
}

function externalSubnetOf(address: string): Subnet {
  const host = hostPrefix(parseAddress(address));
  const subnet = EXTERNAL.find(({ cidr }) => contains(cidr, host));
  if (subnet === undefined) {
    throw new Error(`${address} is in no external subnet of this cloud`);
  }
  return subnet;
}

/** `10.1.0.0/24` -> `10.1.0.1`, `2001:db8::/64` -> `2001:db8::1`. */
function secondOf(cidr: string): string {
  const [base = ''] = cidr.split('/');
  return base.includes(':') ? `${base}1` : base.replace(/\d+$/, (last) => `${Number(last) + 1}`);
}

export function ruleOf(text: string, overrides: Partial<PrefixRule> = {}): PrefixRule {
  const prefix = parsePrefix(text);
  return {
    prefix,
    minLength: prefix.length,
    maxLength: bitsOf(prefix.family),
    externalNetworks: [],
    projects: [],
    addressScopes: [],
    subnetPools: [],
    ...overrides,
  };
}

/** Lets everything through that the built-in refusals permit. */
export function policyOf(overrides: Partial<Policy> = {}): Policy {
  return {
    mode: 'sync',
    allow: [ruleOf('0.0.0.0/0'), ruleOf('::/0')],
    deny: [],
    reserved: [],
    foreignOverlap: 'warn',
    foreignCovering: 'ignore',
    tags: { optOut: 'route-sync:off' },
    extraRoutes: false,
    floatingIps: false,
    ecmp: false,
    ...overrides,
  };
}

/** Judges the cloud for an upstream that serves both external networks. */
export function judged(snapshot: Snapshot, policy: Policy = policyOf()): readonly Candidate[] {
  return judge({
    snapshot,
    policy,
    servedNetworks: new Set([PUBLIC, PARTNER]),
    protectedAddresses: [],
  });
}

/** One line per candidate: `10.1.0.0/24 via 203.0.113.10: eligible`. */
export function inWords(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(
    ({ prefix, nextHops, verdict }) => `${prefix.text} via ${nextHops.join(' ')}: ${verdict}`,
  );
}

/** A static route on the upstream; `mark` tells whose it is. */
export function installed(
  prefix: string,
  nextHops: readonly string[],
  mark: 'ours' | 'foreign' = 'ours',
): InstalledRoute {
  return {
    prefix: parsePrefix(prefix),
    nextHops: nextHops.map((text) => ({ address: parseAddress(text) })),
    owned: mark === 'ours',
    kind: 'static',
    description: mark === 'ours' ? 'proto 201' : 'proto 4 metric 50',
  };
}

/** A ledger that knows these routes as they are, but not what they are for. */
export function ledgerOf(routes: readonly InstalledRoute[]): ReadonlyMap<string, KnownRoute> {
  const byPrefix = Map.groupBy(routes, ({ prefix }) => prefix.text);
  return new Map(
    Array.from(byPrefix, ([prefix, same]) => [
      prefix,
      {
        origin: [],
        nextHops: same.flatMap(({ nextHops }) => nextHops.map(({ address }) => address)),
      },
    ]),
  );
}

/** What an upstream holds; `addresses` are pairs of address and connected network. */
export function stateOf(
  routes: readonly InstalledRoute[],
  addresses: readonly (readonly [string, string])[] = [],
): UpstreamState {
  return {
    routes,
    addresses: addresses.map(([address, network]): InterfaceAddress => ({
      address: parseAddress(address),
      network: parsePrefix(network),
    })),
  };
}
