/** Reads what `ip -N -details -json` answers; only the fields in use are checked, by hand, for tables of a million routes. */
import { compareNextHops } from '../../core/next-hops.ts';
import { bitsOf, familyOf, parseAddress, parsePrefix, prefixAt } from '../../core/prefix.ts';
import type { Address, Family, Prefix } from '../../core/prefix.ts';
import type { InstalledRoute, InterfaceAddress, NextHop, UpstreamState } from '../../core/route.ts';
import type { CommandOutput, KernelScope } from '../driver.ts';
import { deviceWords, quote } from '../kit/device-words.ts';
import { invalid } from './answer.ts';
import { readOnce } from './read-once.ts';
import { isFields, readLinkRows, readRows, type Fields } from './rows.ts';
import { DISCARDS, typeNamed } from './types.ts';

/** What the kernel keeps for its own addresses; no router forwards by these. */
const HOUSEKEEPING = new Set(['local', 'broadcast', 'anycast', 'multicast']);
/** rtnetlink.h RTPROT_KERNEL. */
const KERNEL = '2';

/** What a route is apart from its prefix. */
interface Attributes extends Omit<InstalledRoute, 'prefix'> {
  readonly isHousekeeping: boolean;
}

/** Reads the answers to the driver's `gather`: routes of IPv4, routes of IPv6, addresses. */
export function parseState(scope: KernelScope, outputs: readonly CommandOutput[]): UpstreamState {
  const [ipv4, ipv6, addresses] = outputs;
  if (ipv4 === undefined || ipv6 === undefined || addresses === undefined) {
    throw invalid(`three answers were expected, ${outputs.length} came`);
  }
  try {
    return {
      routes: readRoutes(scope, 4, ipv4).concat(readRoutes(scope, 6, ipv6)),
      addresses: readLinks(addresses).flatMap(readAddresses),
    };
  } catch (error) {
    throw error instanceof RangeError ? invalid('it is nested too deeply', error) : error;
  }
}

function readRoutes(scope: KernelScope, family: Family, output: CommandOutput): InstalledRoute[] {
  const routes: InstalledRoute[] = [];
  // Routes are many and their attributes few: each kind is read once.
  const attributesOf = readOnce((row) => readAttributes(scope, row));
  for (const rows of readRows(scope, family, output)) {
    for (const row of rows) {
      const attributes = attributesOf(row);
      const prefix = readPrefix(family, row['dst']);
      if (prefix.family === family && !attributes.isHousekeeping) {
        const { nextHops, kind, description, discards } = attributes;
        // A default route is never ours, whatever it carries.
        const owned = attributes.owned && prefix.length > 0;
        routes.push({ prefix, nextHops, owned, kind, description, ...(discards && { discards }) });
      }
    }
  }
  return routes;
}

/** Whatever the route is apart from its prefix; throws UPSTREAM_OUTPUT_INVALID like all readers here. */
export function readAttributes(scope: KernelScope, fields: Fields): Attributes {
  const type = typeOf(fields);
  const isKernels = optionalText(fields, 'protocol') === KERNEL;
  const nextHops = partsOf(fields).flatMap(readNextHop).sort(compareNextHops);
  const hasGateway = nextHops.length > 0 || fields['via'] !== undefined || hasMembers(fields);
  return {
    nextHops,
    owned: type === 'unicast' && hasMark(scope, fields),
    kind: type === 'unicast' && isKernels && !hasGateway ? 'connected' : 'static',
    ...(DISCARDS.has(type) && { discards: true }),
    description: describe(type, fields),
    isHousekeeping: isKernels && HOUSEKEEPING.has(type),
  };
}

/**
 * A type of service is part of the kernel's key of a route, and a nexthop object (ip-nexthop) stands for a next hop that
 * is named nowhere else: ours have neither.
 */
function hasMark(scope: KernelScope, fields: Fields): boolean {
  return (
    fields['protocol'] === String(scope.protocol) &&
    (fields['metric'] ?? 0) === scope.metric &&
    fields['tos'] === undefined &&
    fields['nhid'] === undefined
  );
}

/** The destination of a route. */
export function readPrefix(family: Family, dst: unknown): Prefix {
  if (typeof dst !== 'string') {
    throw invalid('a route has no dst');
  }
  if (dst === 'default') {
    return parsePrefix(family === 4 ? '0.0.0.0/0' : '::/0');
  }
  return readText(dst, () => parsePrefix(dst.includes('/') ? dst : `${dst}/${bitsOf(family)}`));
}

/** The parts of a route that may have a next hop each: its members, or itself. */
export function partsOf(fields: Fields): readonly Fields[] {
  return hasMembers(fields) ? readMembers(fields['nexthops']) : [fields];
}

/** The next hop of a route or of one member; none for a device alone or for a gateway of the other family. */
export function readNextHop(fields: Fields): readonly NextHop[] {
  const gateway = optionalText(fields, 'gateway');
  if (gateway === undefined) {
    return [];
  }
  const address = readAddress(gateway);
  const device = optionalText(fields, 'dev');
  const onlink = hasFlag(fields, 'onlink');
  return [{ address, ...(device !== undefined && { device }), ...(onlink && { onlink }) }];
}

/**
 * A network namespace always has its loopback interface, so an answer without interfaces is no answer; taken for one, it
 * would hide what the upstream is connected to. Old iproute2 prints `{}` for an interface that its filter left out.
 */
function readLinks(output: CommandOutput): readonly Fields[] {
  const links = readLinkRows(output).filter((link) => Object.keys(link).length > 0);
  const stranger = links.find((link) => !('ifname' in link) || !('addr_info' in link));
  if (links.length === 0 || stranger !== undefined) {
    const shown = stranger === undefined ? 'an empty list' : quote(JSON.stringify(stranger));
    throw invalid(`ip address show: interfaces with their addresses were expected: ${shown}`);
  }
  return links;
}

function readAddresses(link: Fields): readonly InterfaceAddress[] {
  return readMembers(link['addr_info']).map((info) => {
    const local = optionalText(info, 'local');
    if (local === undefined) {
      throw invalid(`an address has no local: ${quote(JSON.stringify(info))}`);
    }
    // On a point-to-point link `address` is the peer, and the connected network is the peer's.
    const connected = readAddress(optionalText(info, 'address') ?? local);
    const length = Number(info['prefixlen']);
    if (!Number.isInteger(length) || length < 0 || length > bitsOf(familyOf(connected))) {
      throw invalid(`an address has no valid prefixlen: ${quote(JSON.stringify(info))}`);
    }
    return { address: readAddress(local), network: prefixAt(connected, length) };
  });
}

/** The attributes in the order of `ip route show`, for people. */
function describe(type: string, fields: Fields): string {
  const words = [
    ...(type === 'unicast' ? [] : [type]),
    ...partsOf(fields).flatMap(describeHop),
    ...describeField(fields, 'proto', 'protocol'),
    ...describeField(fields, 'metric', 'metric'),
    ...describeField(fields, 'tos', 'tos'),
  ];
  return deviceWords(words.join(' '));
}

function describeHop(fields: Fields): readonly string[] {
  const via = fields['via'];
  return [
    ...(isFields(via) ? ['via', String(via['family']), String(via['host'])] : []),
    ...describeField(fields, 'via', 'gateway'),
    ...describeField(fields, 'dev', 'dev'),
    ...(hasFlag(fields, 'onlink') ? ['onlink'] : []),
  ];
}

function describeField(fields: Fields, word: string, name: string): readonly string[] {
  const value = fields[name];
  return typeof value === 'string' || typeof value === 'number' ? [word, String(value)] : [];
}

/** The name of a route's type, which `-N` turns into its number; without `-details` unicast is left out. */
export function typeOf(fields: Fields): string {
  const type = optionalText(fields, 'type') ?? 'unicast';
  return typeNamed(type) ?? type;
}

function hasMembers(fields: Fields): boolean {
  return fields['nexthops'] !== undefined;
}

function readMembers(value: unknown): readonly Fields[] {
  if (!Array.isArray(value) || !value.every((entry) => isFields(entry))) {
    throw invalid(`a list of objects was expected: ${quote(JSON.stringify(value))}`);
  }
  return value;
}

function hasFlag(fields: Fields, flag: string): boolean {
  const flags = fields['flags'];
  return Array.isArray(flags) && flags.includes(flag);
}

/** Undefined where the object has no such member; throws where it is no text. */
export function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') {
    return value;
  }
  throw invalid(`${name} is not a text: ${quote(JSON.stringify(fields))}`);
}

function readAddress(text: string): Address {
  return readText(text, () => parseAddress(text));
}

function readText<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid(`${quote(text)} is no address or prefix`, cause);
  }
}
