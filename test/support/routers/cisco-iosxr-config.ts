/** The configuration of a simulated Cisco IOS XR router: VRFs, interfaces, `router static` (batfish, CiscoXr_static.g4). */
import { familyOf, type Family } from '../../../src/core/prefix.ts';
import { maskLength, readAddress, readLoosePrefix } from '../../../src/drivers/kit/text.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';
import { Refused, takeAddress, takeNumber, takePrefix, type Words } from './cisco-nxos-words.ts';

interface Route {
  readonly vrf: string;
  readonly family: Family;
  readonly prefix: string;
  readonly nextHopVrf: string | undefined;
  readonly device: string | undefined;
  readonly nextHop: string | undefined;
  readonly distance: number | undefined;
  readonly tag: number | undefined;
  readonly description: string | undefined;
  readonly others: readonly string[];
}

/** One configuration; values are never changed in place. */
export interface XrConfig {
  readonly hostname: string;
  readonly vrfs: readonly string[];
  readonly interfaces: ReadonlyMap<string, readonly string[]>;
  readonly routes: readonly Route[];
  /** `maximum path`: how many routes of a family may be configured. */
  readonly most: number;
}

export const EMPTY: XrConfig = {
  hostname: 'ios',
  vrfs: [],
  interfaces: new Map(),
  routes: [],
  most: 4000,
};

/** The place that a route is configured in. */
export interface Place {
  readonly vrf: string;
  readonly family: Family;
}

const INTERFACE =
  /^(?:GigabitEthernet|TenGigE|HundredGigE|MgmtEth|Bundle-Ether|BVI|Loopback|Null|tunnel-(?:te|ip))[\w/]*\d(?:\.\d+)?$/;

/** The name if it is one of an interface. */
export function interfaceName(word: string | undefined): string | undefined {
  const full = word?.replace(/^gi(?=\d)/i, 'GigabitEthernet').replace(/^null(?=\d)/i, 'Null');
  return full !== undefined && INTERFACE.test(full) ? full : undefined;
}

/** A route line of an address family; `no` may name the prefix alone, and takes what is not there for gone. */
export function routeLine(
  config: XrConfig,
  words: Words,
  { vrf, family, isNo }: Place & { readonly isNo: boolean },
): XrConfig {
  const prefix = takePrefix(words, family);
  if (prefix === undefined) {
    throw new Refused('% Invalid input detected', words.at);
  }
  const isOfPrefix = (route: Route): boolean =>
    route.vrf === vrf && route.family === family && route.prefix === prefix;
  if (isNo && words.isDone) {
    return { ...config, routes: config.routes.filter((route) => !isOfPrefix(route)) };
  }
  const route: Route = { vrf, family, prefix, ...takePath(words, family) };
  const isSame = (each: Route): boolean =>
    isOfPrefix(each) &&
    each.nextHopVrf === route.nextHopVrf &&
    each.device === route.device &&
    each.nextHop === route.nextHop;
  const at = config.routes.findIndex(isSame);
  if (isNo) {
    return at < 0 ? config : { ...config, routes: config.routes.toSpliced(at, 1) };
  }
  return {
    ...config,
    routes: at < 0 ? [...config.routes, route] : config.routes.with(at, route),
  };
}

function takePath(words: Words, family: Family): Omit<Route, 'vrf' | 'family' | 'prefix'> {
  const nextHopVrf = words.keyword('vrf') === undefined ? undefined : words.take();
  const device = interfaceName(words.peek());
  if (device !== undefined) {
    words.take();
  }
  const nextHop = device === 'Null0' ? undefined : takeAddress(words, family);
  if (device === undefined && nextHop === undefined) {
    throw words.isDone
      ? new Refused('% Incomplete command.', -1)
      : new Refused('% Invalid input detected', words.at);
  }
  return { nextHopVrf, device, nextHop, ...takeAttributes(words) };
}

function takeAttributes(words: Words): Pick<Route, 'distance' | 'tag' | 'description' | 'others'> {
  const others: string[] = [];
  let [distance, tag, description]: [number?, number?, string?] = [];
  while (!words.isDone) {
    const number = takeNumber(words, 1, 254);
    const word =
      number === undefined
        ? words.keyword('tag', 'description', 'metric', 'permanent', 'track')
        : undefined;
    if (number !== undefined && distance === undefined) {
      distance = number;
    } else if (word === 'tag') {
      tag = inRange(takeNumber(words, 1, 4_294_967_295), words);
    } else if (word === 'description') {
      description = words.take() ?? '';
    } else if (word === 'metric') {
      others.push(`metric ${inRange(takeNumber(words, 1, 16_777_214), words)}`);
    } else if (word === undefined) {
      throw new Refused('% Invalid input detected', words.at);
    } else {
      others.push(word === 'track' ? `track ${words.take() ?? ''}` : word);
    }
  }
  return { distance, tag, description, others };
}

function inRange(value: number | undefined, words: Words): number {
  if (value === undefined) {
    throw new Refused('% Invalid input detected', words.at);
  }
  return value;
}

/** A line below `interface`, in the form that the router shows; undefined if it takes none such. */
export function interfaceLine(line: string): string | undefined {
  const [, address = '', length, mask = ''] =
    /^ipv[46] address ([\da-f.:]+)(\/\d+)?(?: ([\d.]+))?$/i.exec(line) ?? [];
  const parsed = readAddress(address);
  if (parsed !== undefined && familyOf(parsed) === 6) {
    return readLoosePrefix(`${address}${length ?? ''}`) === undefined ? undefined : line;
  }
  if (parsed !== undefined) {
    return length === undefined && maskLength(mask) === undefined ? undefined : line;
  }
  return /^(?:vrf \S+|description .+|shutdown)$/.test(line) ? line : undefined;
}

/** Why the router would not commit it. */
export function commitFailure({ routes, most }: XrConfig): string | undefined {
  const counts = ([4, 6] as const).map((of) => routes.filter(({ family }) => family === of).length);
  return counts.some((count) => count > most)
    ? `% Failed to commit one or more configuration items during a pseudo-atomic operation. All changes made have been reverted. Please issue 'show configuration failed [inheritance]' from this session to view the errors\n`
    : undefined;
}

/** The lines of `show running-config router static`. */
export function shownStatic({ routes }: XrConfig): readonly string[] {
  const vrfs = [...new Set(routes.map(({ vrf }) => vrf))].filter((vrf) => vrf !== 'default');
  const families = (vrf: string, indent: string): readonly string[] =>
    ([4, 6] as const).flatMap((family) => {
      const own = routes.filter((route) => route.vrf === vrf && route.family === family);
      return own.length === 0
        ? []
        : [
            `${indent}address-family ipv${family} unicast`,
            ...own.map((route) => `${indent} ${shownRoute(route)}`),
            `${indent}!`,
          ];
    });
  return routes.length === 0
    ? []
    : [
        'router static',
        ...families('default', ' '),
        ...vrfs.flatMap((vrf) => [` vrf ${vrf}`, ...families(vrf, '  '), ' !']),
        '!',
      ];
}

function shownRoute(route: Route): string {
  const { prefix, nextHopVrf, device, nextHop, distance, tag, description, others } = route;
  return [
    prefix,
    ...(nextHopVrf === undefined ? [] : [`vrf ${nextHopVrf}`]),
    ...(device === undefined ? [] : [device]),
    ...(nextHop === undefined ? [] : [nextHop]),
    ...(distance === undefined ? [] : [String(distance)]),
    ...(tag === undefined ? [] : [`tag ${tag}`]),
    ...(description === undefined ? [] : [`description ${description}`]),
    ...others,
  ].join(' ');
}

/** The lines of `show running-config interface`. */
export function shownInterfaces({ interfaces }: XrConfig): readonly string[] {
  return [...interfaces].flatMap(([name, lines]) => [
    `interface ${name}`,
    ...lines.map((line) => ` ${line}`),
    '!',
  ]);
}

/** The lines of `show running-config vrf NAME`. */
export function shownVrf({ vrfs }: XrConfig, name: string): readonly string[] {
  return vrfs.includes(name) ? [`vrf ${name}`, ' address-family ipv4 unicast', ' !', '!'] : [];
}

/** The static paths in the order of the configuration. */
export function pathsOf({ routes }: XrConfig): readonly StaticPath[] {
  return routes.map(({ vrf, prefix, device = null, nextHop = null, ...route }) => ({
    vrf: vrf === 'default' ? null : vrf,
    prefix,
    nextHop,
    interface: device === 'Null0' ? null : device,
    distance: route.distance ?? null,
    tag: route.tag ?? null,
    name: null,
    description: route.description ?? null,
    discard: device === 'Null0',
  }));
}
