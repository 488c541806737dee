/**
 * The lines `ip route` and `ipv6 route` as Cisco IOS and Arista EOS write them (Cisco IOS IP Routing command reference,
 * Arista EOS User Manual "Static routes"), and the path that such a line stands for.
 */
import { familyOf } from '../../core/prefix.ts';
import { RouteSyncError } from '../../errors.ts';
import type { DeviceScope } from '../driver.ts';
import type { DevicePath } from './edits.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix, readMaskedPrefix } from './text.ts';
import { safeWord } from './word.ts';

/** Words that take the next word with them. */
const WITH_VALUE = new Set([
  'tag',
  'name',
  'track',
  'metric',
  'weight',
  'label',
  'policy',
  'vni',
  'router-mac-address',
  'nexthop-vrf',
  'egress-vrf',
  'vrf',
  'nexthop-group',
]);
const ALONE = new Set([
  'permanent',
  'global',
  'unicast',
  'multicast',
  'dhcp',
  'vtep',
  'segment-routing',
]);
/** Not static routes, though written as such: one for reverse path lookups only, and one that a DHCP server fills in. */
const OTHERS = ['multicast', 'dhcp'];
const LARGEST_DISTANCE = 255;
const ROUTE_LINE = /^\s*ip(?:v6)?\s+route\s+(?:vrf\s+(\S+)\s+)?(.*)$/;
const QUOTED = /^"(.*)"$/;

/** Where a path leads, and what it carries, as it is written; a discard is still an interface here. */
export interface WrittenPath {
  readonly nextHop?: string | undefined;
  readonly interface?: string | undefined;
  readonly distance?: number | undefined;
  readonly tag?: number | undefined;
  readonly name?: string | undefined;
}

/** The path of one line of configuration; undefined for every line that is not a static unicast route. */
export function readRouteLine(line: string): StaticPath | undefined {
  const [, vrf, rest] = ROUTE_LINE.exec(line) ?? [];
  const [address = '', mask = '', ...more] = rest?.match(/"[^"]*"|\S+/g) ?? [];
  const masked = readMaskedPrefix(address, mask);
  const prefix = masked ?? readLoosePrefix(address);
  const settings = readOptions(masked === undefined ? [mask, ...more] : more);
  return prefix === undefined || settings.size === 0 || OTHERS.some((word) => settings.has(word))
    ? undefined
    : pathOf(vrf, prefix, {
        nextHop: settings.get('address'),
        interface: settings.get('interface'),
        distance: numberIn(settings.get('distance')),
        tag: numberIn(settings.get('tag')),
        name: settings.get('name')?.replace(QUOTED, '$1'),
      });
}

/**
 * The same line up to its distance: `ip route [vrf V] DESTINATION [INTERFACE] NEXT-HOP [DISTANCE]`. The destination is
 * in the form of the OS.
 */
export function writeRouteLine(
  { vrf }: DeviceScope,
  destination: string,
  { address, device, distance }: DevicePath,
): string {
  return [
    familyOf(address) === 6 ? 'ipv6 route' : 'ip route',
    ...(vrf === undefined ? [] : ['vrf', safeWord('vrf', vrf)]),
    destination,
    ...(device === undefined ? [] : [safeWord('interface', device)]),
    safeWord('address', address),
    ...(distance === undefined ? [] : [distanceWord(distance)]),
  ].join(' ');
}

function distanceWord(distance: number): string {
  if (distance > LARGEST_DISTANCE) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `distance ${distance} cannot be used in a command: on this router OS it must be 1-${LARGEST_DISTANCE}`,
      { details: { distance } },
    );
  }
  return safeWord('number', String(distance));
}

/** A path in the words of the contract: Null0 is a discard, tag 0 is none, and the VRF `default` is the global one. */
export function pathOf(vrf: string | undefined, prefix: string, written: WrittenPath): StaticPath {
  const discard = /^null ?0?$/i.test(written.interface ?? '');
  return {
    vrf: vrf === undefined || vrf === 'default' ? null : vrf,
    prefix,
    nextHop: written.nextHop ?? null,
    interface: discard ? null : (written.interface ?? null),
    distance: written.distance ?? null,
    tag: written.tag === undefined || written.tag === 0 ? null : written.tag,
    name: written.name === undefined || written.name === '' ? null : written.name,
    description: null,
    discard,
  };
}

/** What the words after the prefix set, by its name; a keyword without a value is set to nothing. */
function readOptions(words: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  const rest = words.filter((word) => word !== '');
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [key, value] = readOption(word, rest, settings);
    settings.set(key, value);
  }
  return settings;
}

/** One setting; what belongs to it is taken from the rest. */
function readOption(
  word: string,
  rest: string[],
  known: ReadonlyMap<string, string>,
): readonly [key: string, value: string] {
  const keyword = word.toLowerCase();
  if (WITH_VALUE.has(keyword)) {
    return [keyword, rest.shift() ?? ''];
  }
  if (/^\d+$/.test(word)) {
    return ['distance', word];
  }
  const address = readAddress(word);
  if (address !== undefined) {
    return ['address', address];
  }
  if (ALONE.has(keyword) || known.has('address') || known.has('interface')) {
    return [keyword, ''];
  }
  // Typed by hand, the number of an interface may stand apart: `Dialer 1`.
  const isCut = /^[a-z-]+$/i.test(word) && /^\d[\d/.:]*$/.test(rest[0] ?? '');
  return ['interface', isCut ? [word, ...rest.splice(0, 1)].join(' ') : word];
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
