/** The objects of the generated clouds: as many announced prefixes as wanted, every fifth one IPv6. */
import { networkInterfaces } from 'node:os';
import type { NeutronObject } from '../src/openstack-client-lite/index.ts';

/** `after` differs from `before` in one of a hundred prefixes: a third each removed, added, and moved to another router. */
export type CloudVersion = 'before' | 'after';

/** The upstream's own addresses in the external subnets. */
export const UPSTREAM_ADDRESSES = ['172.16.0.1/14', '2001:db8:ffff:ffff::1/64'] as const;

/** One announced prefix: its number in the cloud, and the number of its router. */
export interface Slot {
  readonly index: number;
  readonly router: number;
}

/** Prefixes of one router, as long as there are not too many routers. */
const PER_ROUTER = 50;
/**
 * With more the kernel itself would be what is measured: its time for new IPv4 routes grows with the square of the next
 * hops behind one device.
 */
const MOST_ROUTERS = 2000;
/** One of so many prefixes is IPv6. */
const IPV6_EVERY = 5;
const NETWORK = uuid('net', 0);
const EXTERNAL_SUBNETS = [uuid('ext', 4), uuid('ext', 6)] as const;
const PROJECT = 'b3f1c2d4e5f60718293a4b5c6d7e8f90';
const CREATED = '2026-01-02T03:04:05Z';
/** No tenant prefix may cover an address of this host, so such prefixes are left out. */
const OCCUPIED = new Set(
  Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address }) => ipv4Number(address) >>> 4),
  ),
);

/** How many routers carry `size` prefixes. */
export function routersOf(size: number): number {
  return Math.min(size / PER_ROUTER, MOST_ROUTERS);
}

export function externalNetwork(): NeutronObject<'networks'> {
  return {
    id: NETWORK,
    name: 'public',
    project_id: PROJECT,
    'router:external': true,
    subnets: [...EXTERNAL_SUBNETS],
  };
}

export function slotsOf(size: number, version: CloudVersion): readonly Slot[] {
  const routers = routersOf(size);
  const slots: Slot[] = [];
  for (let index = 0; index < size; index += 1) {
    const router = Math.floor((index * routers) / size);
    const hundred = Math.floor(index / 100);
    // The place within its hundred moves on, so that both families change.
    const changes = version === 'after' && index % 100 === hundred % IPV6_EVERY;
    const kind = changes ? (['removed', 'added', 'moved'] as const)[hundred % 3] : 'kept';
    if (kind !== 'removed') {
      slots.push({ index, router: kind === 'moved' ? (router + 1) % routers : router });
    }
    if (kind === 'added') {
      slots.push({ index: size + hundred, router });
    }
  }
  return slots;
}

export function routerOf(router: number): NeutronObject<'routers'> {
  const external = { network_id: NETWORK, external_fixed_ips: legAddresses(router) };
  return {
    id: uuid('router', router),
    name: `router-${router}`,
    project_id: PROJECT,
    admin_state_up: true,
    status: 'ACTIVE',
    external_gateway_info: { ...external, enable_snat: false },
    routes: [],
    tags: [],
    created_at: CREATED,
    updated_at: CREATED,
    revision_number: 3,
  };
}

export function gatewayPortOf(router: number): NeutronObject<'ports'> {
  return {
    id: uuid('gateway', router),
    device_id: uuid('router', router),
    device_owner: 'network:router_gateway',
    network_id: NETWORK,
    project_id: '',
    fixed_ips: legAddresses(router),
    admin_state_up: true,
    tags: [],
    created_at: CREATED,
    updated_at: CREATED,
  };
}

export function interfacePortOf({ index, router }: Slot): NeutronObject<'ports'> {
  return {
    id: uuid('port', index),
    device_id: uuid('router', router),
    device_owner: 'network:router_interface',
    network_id: uuid('net', index + 1),
    project_id: PROJECT,
    fixed_ips: [{ subnet_id: uuid('subnet', index), ip_address: prefixOf(index).gateway }],
    admin_state_up: true,
    tags: [],
    created_at: CREATED,
    updated_at: CREATED,
  };
}

export function subnetOf({ index }: Slot): NeutronObject<'subnets'> {
  const { version, cidr, gateway } = prefixOf(index);
  return {
    id: uuid('subnet', index),
    name: `subnet-${index}`,
    network_id: uuid('net', index + 1),
    project_id: PROJECT,
    ip_version: version,
    cidr,
    gateway_ip: gateway,
    subnetpool_id: null,
    tags: [],
    created_at: CREATED,
    updated_at: CREATED,
  };
}

export function externalSubnets(): readonly NeutronObject<'subnets'>[] {
  const [ipv4, ipv6] = EXTERNAL_SUBNETS;
  const common = { network_id: NETWORK, project_id: PROJECT, subnetpool_id: null, tags: [] };
  return [
    {
      ...common,
      id: ipv4,
      name: 'public-4',
      ip_version: 4,
      cidr: '172.16.0.0/14',
      gateway_ip: '172.16.0.1',
    },
    {
      ...common,
      id: ipv6,
      name: 'public-6',
      ip_version: 6,
      cidr: '2001:db8:ffff:ffff::/64',
      gateway_ip: '2001:db8:ffff:ffff::1',
    },
  ];
}

function legAddresses(router: number): NeutronObject<'ports'>['fixed_ips'] {
  const [ipv4, ipv6] = EXTERNAL_SUBNETS;
  const host = router + 2;
  const words = host < 0x1_0000 ? [host] : [host >>> 16, host & 0xffff];
  return [
    { subnet_id: ipv4, ip_address: ipv4Text(0xac10_0000 + host) },
    { subnet_id: ipv6, ip_address: `2001:db8:ffff:ffff::${words.map(hex).join(':')}` },
  ];
}

interface TenantPrefix {
  readonly version: 4 | 6;
  readonly cidr: string;
  readonly gateway: string;
}

/** A /28 of 10.0.0.0/8, or a /64 of 2001:db8::/32; in no order, as clouds are. */
function prefixOf(index: number): TenantPrefix {
  const group = Math.floor(index / IPV6_EVERY);
  const member = index % IPV6_EVERY;
  if (member === IPV6_EVERY - 1) {
    const n = scramble(group);
    const network = `2001:db8:${hex((n >>> 15) + 1)}:${hex((n & 0x7fff) + 1)}::`;
    return { version: 6, cidr: `${network}/64`, gateway: `${network}1` };
  }
  const n = group * (IPV6_EVERY - 1) + member;
  const wanted = 0xa0_0000 + scramble(n);
  // The last numbers are beyond any size in use.
  const block = OCCUPIED.has(wanted) ? 0xa0_0000 + scramble(0xf_ffff - (n & 0xff)) : wanted;
  return { version: 4, cidr: `${ipv4Text(block * 16)}/28`, gateway: ipv4Text(block * 16 + 1) };
}

/** A bijection of the numbers below 2^20. */
function scramble(n: number): number {
  return Math.imul(n, 0x9e371) & 0xf_ffff;
}

export function uuid(
  kind: 'net' | 'ext' | 'router' | 'gateway' | 'port' | 'subnet',
  n: number,
): string {
  const kinds = ['net', 'ext', 'router', 'gateway', 'port', 'subnet'];
  return `0f1e2d3c-4b5a-4697-8788-${hex(kinds.indexOf(kind))}${hex(n).padStart(11, '0')}`;
}

function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

function ipv4Number(text: string): number {
  return text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function hex(number: number): string {
  return number.toString(16);
}
