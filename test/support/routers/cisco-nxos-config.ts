/** The configuration of a simulated Cisco NX-OS switch: contexts, interfaces, static routes (batfish, CiscoNxos_static.g4). */
import type { Family } from '../../../src/core/prefix.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';
import { Refused, takeAddress, takeNumber, takePrefix, type Words } from './cisco-nxos-words.ts';

/** What makes two lines the same path. */
interface Key {
  readonly vrf: string;
  readonly prefix: string;
  readonly family: Family;
  readonly device: string | undefined;
  readonly nextHop: string | undefined;
  readonly nextHopVrf: string | undefined;
}

interface Route extends Key {
  readonly track: number | undefined;
  readonly name: string | undefined;
  readonly tag: number;
  readonly distance: number;
}

/** One configuration; values are never changed in place, so a copy of the fields is a snapshot. */
export interface NxosConfig {
  readonly hostname: string;
  readonly contexts: readonly string[];
  readonly interfaces: ReadonlyMap<string, readonly string[]>;
  readonly routes: readonly Route[];
}

export const EMPTY: NxosConfig = {
  hostname: 'switch',
  contexts: ['management'],
  interfaces: new Map(),
  routes: [],
};

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^eth?(?:ernet)?(?=\d)/i, 'Ethernet'],
  [/^po(?:rt-channel)?(?=\d)/i, 'port-channel'],
  [/^lo(?:opback)?(?=\d)/i, 'loopback'],
  [/^vl(?:an)?(?=\d)/i, 'Vlan'],
  [/^mgmt(?=0$)/i, 'mgmt'],
  [/^null(?=0$)/i, 'Null'],
];

/** The full name of an interface; undefined if it is none. */
export function interfaceName(word: string | undefined): string | undefined {
  const kind = KINDS.find(([pattern]) => word !== undefined && pattern.test(word));
  return kind === undefined || !/^[a-z-]+[\d/.]+$/i.test(word ?? '')
    ? undefined
    : word?.replace(kind[0], kind[1]);
}

interface Place {
  readonly vrf: string;
  readonly family: Family;
  readonly isNo: boolean;
}

/** `ip route ...` after those two words, in the VRF of the mode; `isNo` takes it away. */
export function routeLine(config: NxosConfig, words: Words, place: Place): NxosConfig {
  const route = takeRoute(config, words, place);
  const { routes } = config;
  const at = routes.findIndex((each) => isSame(each, route));
  if (place.isNo && at < 0) {
    throw new Refused('% Route not deleted, it does not exist', -1);
  }
  if (place.isNo) {
    return { ...config, routes: routes.toSpliced(at, 1) };
  }
  return { ...config, routes: at < 0 ? [...routes, route] : routes.with(at, route) };
}

function takeRoute(config: NxosConfig, words: Words, { vrf, family }: Place): Route {
  const prefix = takePrefix(words, family);
  if (prefix === undefined) {
    throw new Refused(`% Invalid ${family === 4 ? 'ip address/mask' : 'ipv6 prefix'}`, words.at);
  }
  const device = takeInterface(words);
  const nextHop = device === 'Null0' ? undefined : takeAddress(words, family);
  if (device === undefined && nextHop === undefined) {
    throw new Refused(`% ${words.isDone ? 'Incomplete' : 'Invalid'} command`, words.at);
  }
  if (device === undefined && nextHop?.startsWith('fe80:') === true) {
    throw new Refused('% Link-local next hop needs an interface', words.at);
  }
  if (nextHop !== undefined && ownAddresses(config).includes(nextHop)) {
    throw new Refused('% Invalid next hop: it is a local address', words.at);
  }
  return { vrf, prefix, family, device, nextHop, ...takeAttributes(words) };
}

function takeInterface(words: Words): string | undefined {
  const name = interfaceName(words.peek());
  if (name !== undefined) {
    words.take();
  }
  return name;
}

/** Nothing that is not typed is kept from an earlier line of the same key. */
function takeAttributes(
  words: Words,
): Omit<Route, 'vrf' | 'prefix' | 'family' | 'device' | 'nextHop'> {
  const nextHopVrf = words.keyword('vrf') === undefined ? undefined : words.take();
  const track =
    words.keyword('track') === undefined ? undefined : inRange(takeNumber(words, 1, 500), words);
  const name = words.keyword('name') === undefined ? undefined : words.take();
  if (name !== undefined && name.length > 50) {
    throw new Refused('% String exceeded max length of (50)', words.at - 1);
  }
  let distance = takeNumber(words, 1, 255);
  const tag =
    words.keyword('tag') === undefined ? 0 : inRange(takeNumber(words, 0, 4_294_967_295), words);
  distance ??= takeNumber(words, 1, 255);
  if (!words.isDone) {
    throw /^\d+$/.test(words.peek() ?? '')
      ? new Refused('% Invalid number, range is (1:255)', words.at)
      : new Refused('% Invalid command', words.at);
  }
  return { nextHopVrf, track, name, tag, distance: distance ?? 1 };
}

function inRange(value: number | undefined, words: Words): number {
  if (value === undefined) {
    throw new Refused('% Invalid number', words.at);
  }
  return value;
}

function isSame(a: Key, b: Key): boolean {
  return (
    a.vrf === b.vrf &&
    a.prefix === b.prefix &&
    a.device === b.device &&
    a.nextHop === b.nextHop &&
    a.nextHopVrf === b.nextHopVrf
  );
}

function ownAddresses({ interfaces }: NxosConfig): readonly string[] {
  return [...interfaces.values()].flat().flatMap((line) => {
    const [, address] = /^ip(?:v6)? address ([^/ ]+)/.exec(line) ?? [];
    return address === undefined ? [] : [address];
  });
}

/** `show running-config`. */
export function shownConfig({
  hostname,
  contexts,
  interfaces,
  routes,
}: NxosConfig): readonly string[] {
  const inVrf = (vrf: string): readonly string[] =>
    routes.filter((route) => route.vrf === vrf).map(shownRoute);
  return [
    '',
    '!Command: show running-config',
    'version 9.3(8) Bios:version 05.42 ',
    `hostname ${hostname}`,
    ...inVrf('default'),
    ...contexts.flatMap((vrf) => [`vrf context ${vrf}`, ...inVrf(vrf).map((line) => `  ${line}`)]),
    ...[...interfaces].flatMap(([name, lines]) => [
      '',
      `interface ${name}`,
      ...lines.map((line) => `  ${line}`),
    ]),
    '',
  ];
}

function shownRoute(route: Route): string {
  const { family, prefix, device, nextHop, nextHopVrf, track, name, tag, distance } = route;
  return [
    `${family === 4 ? 'ip' : 'ipv6'} route ${prefix}`,
    ...(device === undefined ? [] : [device]),
    ...(nextHop === undefined ? [] : [nextHop]),
    ...(nextHopVrf === undefined ? [] : [`vrf ${nextHopVrf}`]),
    ...(track === undefined ? [] : [`track ${track}`]),
    ...(name === undefined ? [] : [`name ${name}`]),
    ...(tag === 0 ? [] : [`tag ${tag}`]),
    ...(distance === 1 ? [] : [String(distance)]),
  ].join(' ');
}

/** The static paths in the order of the configuration. */
export function pathsOf({ routes }: NxosConfig): readonly StaticPath[] {
  return routes.map(
    ({ vrf, prefix, device = null, nextHop = null, distance, tag, name = null }) => ({
      vrf: vrf === 'default' ? null : vrf,
      prefix,
      nextHop,
      interface: device === 'Null0' ? null : device,
      distance: distance === 1 ? null : distance,
      tag: tag === 0 ? null : tag,
      name,
      description: null,
      discard: device === 'Null0',
    }),
  );
}
