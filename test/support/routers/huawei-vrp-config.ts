/** What a Huawei router holds as configuration, as far as static routes go, and how it displays that. */
import { familyOf } from '../../../src/core/prefix.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';
import { maskOf } from './cisco-config.ts';

export interface Interface {
  vrf: string | undefined;
  /** Lines of its section, as they are displayed. */
  addresses: string[];
}

/** One line `ip route-static`; a second one with the same first five takes its place. */
export interface Route {
  readonly vrf: string | undefined;
  readonly prefix: string;
  readonly hopVrf: string | undefined;
  readonly device: string | undefined;
  readonly nextHop: string | undefined;
  readonly preference: number;
  readonly tag: number;
  readonly description: string | undefined;
}

export interface Configuration {
  readonly hostname: string;
  vrfs: readonly string[];
  interfaces: Map<string, Interface>;
  routes: readonly Route[];
}

export const DEFAULT_PREFERENCE = 60;

export function emptyConfiguration(hostname: string): Configuration {
  return { hostname, vrfs: [], interfaces: new Map(), routes: [] };
}

/** `display current-configuration`. */
export function displayed(configuration: Configuration): readonly string[] {
  return [
    '#',
    `sysname ${configuration.hostname}`,
    '#',
    ...configuration.vrfs.flatMap((name) => [
      `ip vpn-instance ${name}`,
      ' ipv4-family',
      ' ipv6-family',
      '#',
    ]),
    ...displayedInterfaces(configuration),
    ...configuration.routes.map(lineOf),
    '#',
    'return',
  ];
}

/** `display current-configuration interface`. */
export function displayedInterfaces({ interfaces }: Configuration): readonly string[] {
  return [...interfaces].flatMap(([name, { vrf, addresses }]) => [
    `interface ${name}`,
    ' undo shutdown',
    ...(vrf === undefined ? [] : [` ip binding vpn-instance ${vrf}`]),
    ...addresses.map((line) => ` ${line}`),
    '#',
  ]);
}

function lineOf(route: Route): string {
  const { vrf, hopVrf, device, nextHop, preference, tag, description } = route;
  return [
    destinationOf(route),
    ...(hopVrf === undefined ? [] : [`vpn-instance ${hopVrf}`]),
    ...[device, nextHop?.toUpperCase()].filter((word) => word !== undefined),
    ...(preference === DEFAULT_PREFERENCE ? [] : [`preference ${preference}`]),
    ...(tag === 0 ? [] : [`tag ${tag}`]),
    ...(description === undefined ? [] : [`description ${description}`]),
  ]
    .join(' ')
    .replace('route-static', vrf === undefined ? '$&' : `$& vpn-instance ${vrf}`);
}

function destinationOf({ prefix }: Route): string {
  const [network = '', length = ''] = prefix.split('/');
  return familyOf(network) === 4
    ? `ip route-static ${network} ${maskOf(Number(length))}`
    : `ipv6 route-static ${network.toUpperCase()} ${length}`;
}

/** The truth of the routes, in their order. */
export function pathsOf({ routes }: Configuration): readonly StaticPath[] {
  return routes.map(({ vrf, prefix, device, nextHop, preference, tag, description }) => ({
    vrf: vrf ?? null,
    prefix,
    nextHop: nextHop ?? null,
    interface: device === undefined || device === 'NULL0' ? null : device,
    distance: preference === DEFAULT_PREFERENCE ? null : preference,
    tag: tag === 0 ? null : tag,
    name: null,
    description: description ?? null,
    discard: device === 'NULL0',
  }));
}
