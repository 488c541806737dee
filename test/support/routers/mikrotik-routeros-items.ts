/**
 * The items of RouterOS that matter for static routes, their properties and what these may be (RouterOS documentation: IP
 * Routing, IP Addressing, Virtual Routing and Forwarding; Manual:IP/Route of version 6).
 */
import { familyOf, parseAddress, parsePrefix } from '../../../src/core/prefix.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';
import { hasHostBits } from './cisco-config.ts';
import { ConsoleError } from './mikrotik-routeros-words.ts';

/** Properties by name; `.id` is unique. */
export type Item = ReadonlyMap<string, string>;

export interface Device {
  readonly version: 6 | 7;
  readonly hostname: string;
  /** By menu: `ip route`. */
  readonly items: Map<Menu, Item[]>;
  ids: number;
}

export type Menu =
  | 'ip route'
  | 'ipv6 route'
  | 'ip address'
  | 'ipv6 address'
  | 'ip vrf'
  | 'ip route vrf'
  | 'routing table';

const ROUTE = ['dst-address', 'gateway', 'distance', 'comment', 'disabled', 'check-gateway'];
const SCOPES = ['scope', 'target-scope', 'pref-src'];

/** The properties that may be set in a menu of the version; undefined if it has no such menu. */
export function propertiesOf({ version }: Device, menu: Menu): readonly string[] | undefined {
  const address = ['address', 'interface', 'comment', 'disabled', 'advertise'];
  const menus: Readonly<Record<Menu, readonly string[] | undefined>> =
    version === 7
      ? {
          'ip route': [...ROUTE, ...SCOPES, 'routing-table', 'blackhole', 'suppress-hw-offload'],
          'ipv6 route': [...ROUTE, ...SCOPES, 'routing-table', 'blackhole', 'suppress-hw-offload'],
          'ip vrf': ['interfaces', 'name', 'comment', 'disabled'],
          'ip route vrf': undefined,
          'routing table': ['name', 'fib', 'comment', 'disabled'],
          'ip address': address,
          'ipv6 address': address,
        }
      : {
          'ip route': [...ROUTE, ...SCOPES, 'routing-mark', 'type', 'route-tag'],
          'ipv6 route': [...ROUTE, 'scope', 'target-scope', 'type'],
          'ip vrf': undefined,
          'ip route vrf': ['interfaces', 'routing-mark', 'comment', 'disabled'],
          'routing table': undefined,
          'ip address': address,
          'ipv6 address': address,
        };
  return menus[menu];
}

/** The value as the router keeps it; throws what the console says of one that it does not take. */
export function checked(
  device: Device,
  menu: Menu,
  [name, value]: readonly [string, string],
): string {
  const family = menu.startsWith('ipv6') ? 6 : 4;
  switch (name) {
    case 'dst-address':
      return destination(value, family);
    case 'gateway':
      return gateways(device, value, family);
    case 'distance':
      if (!/^\d+$/.test(value) || Number(value) < 1 || Number(value) > 255) {
        throw new ConsoleError('value of distance out of range (1..255)');
      }
      return String(Number(value));
    case 'routing-table':
      if (!tablesOf(device).includes(value)) {
        throw new ConsoleError('input does not match any value of routing-table');
      }
      return value;
    case 'disabled':
      if (!['yes', 'no'].includes(value)) {
        throw new ConsoleError('invalid value for argument disabled');
      }
      return value;
    default:
      return value;
  }
}

function tablesOf({ items }: Device): readonly string[] {
  const named = [...(items.get('ip vrf') ?? []), ...(items.get('routing table') ?? [])];
  return ['main', ...named.map((item) => item.get('name') ?? '')];
}

function destination(value: string, family: 4 | 6): string {
  try {
    const text = value.includes('/') ? value : `${value}/${family === 4 ? 32 : 128}`;
    if (familyOf(text) === family && !hasHostBits(text)) {
      return parsePrefix(text).text;
    }
  } catch {
    // Said below.
  }
  throw new ConsoleError('invalid value for argument dst-address');
}

/** Addresses, with an interface or a table, and interfaces; several only in version 6. */
function gateways(device: Device, value: string, family: 4 | 6): string {
  const list = value.split(',');
  if (device.version === 7 && list.length > 1) {
    throw new ConsoleError('invalid value for argument gateway');
  }
  return list.map((each) => gateway(device, each, family)).join(',');
}

function gateway(device: Device, value: string, family: 4 | 6): string {
  const [, hop = '', name, table] = /^([^%@]*)(?:%([^@]*))?(?:@(.*))?$/.exec(value) ?? [];
  const isAddress = isAddressOf(hop, family);
  const isInterface = /^ether[1-8]$/.test(isAddress ? (name ?? 'ether1') : hop);
  const isTable = table === undefined || (device.version === 7 && tablesOf(device).includes(table));
  const isLost = isAddress && hop.startsWith('fe80:') && name === undefined;
  if (!isInterface || !isTable || isLost) {
    throw new ConsoleError(
      'invalid value for argument gateway:\n    invalid value for argument address\n    input does not match any value of interface',
    );
  }
  return value;
}

function isAddressOf(text: string, family: 4 | 6): boolean {
  try {
    return familyOf(parseAddress(text)) === family;
  } catch {
    return false;
  }
}

/** One line of `export terse`, which leaves out what goes without saying. */
export function exported({ version }: Device, menu: Menu, item: Item): string {
  const shown = [...item].filter(
    ([name, value]) =>
      name !== '.id' &&
      !(name === 'disabled' && value === 'no' && version === 6) &&
      !(name === 'distance' && value === '1' && version === 7),
  );
  const words = shown
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (name === 'blackhole' ? name : `${name}=${quoted(value)}`));
  return `/${menu} add ${words.join(' ')}`;
}

function quoted(value: string): string {
  return /^[\w.:/@%,-]+$/.test(value)
    ? value
    : `"${value.replaceAll(/[\\"$?]/g, (character) => `\\${character}`)}"`;
}

/** The truth of the routes, in their order. */
export function pathsOf({ items }: Device): readonly StaticPath[] {
  return (['ip route', 'ipv6 route'] as const).flatMap((menu) =>
    (items.get(menu) ?? []).flatMap((item) => {
      const discard = item.has('blackhole') || item.get('type') === 'blackhole';
      const table = item.get('routing-table') ?? item.get('routing-mark') ?? 'main';
      return (discard ? '' : (item.get('gateway') ?? '')).split(',').map((gateway) => ({
        vrf: table === 'main' ? null : table,
        prefix: item.get('dst-address') ?? '',
        ...hopOf(gateway),
        distance: Number(item.get('distance')),
        tag: null,
        name: null,
        description: item.get('comment') ?? null,
        discard,
        ...(item.get('disabled') === 'yes' ? { disabled: true as const } : {}),
      }));
    }),
  );
}

function hopOf(gateway: string): Pick<StaticPath, 'nextHop' | 'interface'> {
  const [hop = ''] = gateway.split('@');
  const [address = '', device] = hop.split('%');
  return /[.:]/.test(address)
    ? { nextHop: address, interface: device ?? null }
    : { nextHop: null, interface: hop === '' ? null : hop };
}
