/** What routers of Cisco's kind hold as configuration, as far as static routes go, and what these say as StaticPath. */
import { familyOf, parseAddress, parsePrefix, prefixAt } from '../../../src/core/prefix.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';

export interface Interface {
  vrf: string | undefined;
  /** `192.0.2.1/24`, canonical. */
  addresses: string[];
  isDown: boolean;
}

/** One line `ip route`; canonical words. */
export interface Route {
  readonly vrf: string | undefined;
  readonly prefix: string;
  readonly device: string | undefined;
  readonly nextHop: string | undefined;
  readonly distance: number | undefined;
  readonly tag: number | undefined;
  readonly name: string | undefined;
  /** Attributes that say nothing of where the route leads: `track 3`, `permanent`. */
  readonly others: string;
}

export interface Configuration {
  hostname: string;
  /** VRFs with their address families. */
  vrfs: Map<string, Set<4 | 6>>;
  interfaces: Map<string, Interface>;
  routes: readonly Route[];
  /** `archive` / `path`. */
  archive: string | undefined;
}

export function emptyConfiguration(hostname: string): Configuration {
  return { hostname, vrfs: new Map(), interfaces: new Map(), routes: [], archive: undefined };
}

export const ADDRESS4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
export const ADDRESS6 = /^[\da-f]*:[\da-f:.]*$/i;
export const PREFIX4 =
  /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!\/)|(?=\/))){4}\/(?:\d|[12]\d|3[0-2])$/;
export const PREFIX6 = /^[\da-f]*:[\da-f:.]*\/(?:\d|[1-9]\d|1[01]\d|12[0-8])$/i;
export const INTERFACE =
  /^(?:(?:Fast|(?:Ten|TwentyFive)?Gigabit|Hundred)?(?:Ethernet|GigE)|Loopback|Vlan|Tunnel|Null|Port-channel|Serial|Dialer|Management)\d[\d/.:]*$/i;
export const WORD = /^\S+$/;
export const DISTANCE = /^(?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/;
export const NUMBER = /^\d{1,10}$/;

/** True for the number of a tag. */
export function isTag(text: string): boolean {
  return Number(text) <= 4_294_967_295;
}

/** Canonical prefix with its host bits cleared. */
export function prefixOf(text: string): string {
  const [address = '', length = ''] = text.split('/');
  return prefixAt(parseAddress(address), Number(length)).text;
}

export function hasHostBits(text: string): boolean {
  const [address = ''] = text.split('/');
  return prefixOf(text).split('/')[0] !== parseAddress(address);
}

/** Undefined for a mask with holes. */
export function lengthOf(mask: string): number | undefined {
  const bits = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

export function maskOf(length: number): string {
  const bits = '1'.repeat(length).padEnd(32, '0');
  return [0, 8, 16, 24].map((at) => Number.parseInt(bits.slice(at, at + 8), 2)).join('.');
}

/** True if the address is one of the router's own in the VRF. */
export function isOwn(
  { interfaces }: Configuration,
  vrf: string | undefined,
  address: string,
): boolean {
  return [...interfaces.values()].some(
    (each) => each.vrf === vrf && each.addresses.some((own) => own.split('/')[0] === address),
  );
}

export function interfaceOf(configuration: Configuration, name: string): Interface {
  const known = configuration.interfaces.get(name);
  const made = known ?? { vrf: undefined, addresses: [], isDown: false };
  configuration.interfaces.set(name, made);
  return made;
}

/** The addresses of one family, and the network of each. */
export function addressesOf(
  { addresses }: Interface,
  family: 4 | 6,
): readonly { readonly address: string; readonly length: string; readonly network: string }[] {
  return addresses
    .filter((each) => familyOf(each) === family)
    .map((each) => {
      const [address = '', length = ''] = each.split('/');
      return { address, length, network: parsePrefix(prefixOf(each)).text };
    });
}

/** The truth of the routes, in their order. */
export function pathsOf({ routes }: Configuration): readonly StaticPath[] {
  return routes.map(({ vrf, prefix, device, nextHop, distance, tag, name }) => {
    const discard = /^null0$/i.test(device ?? '');
    return {
      vrf: vrf ?? null,
      prefix,
      nextHop: nextHop ?? null,
      interface: discard ? null : (device ?? null),
      distance: distance ?? null,
      tag: tag === undefined || tag === 0 ? null : tag,
      name: name ?? null,
      description: null,
      discard,
    };
  });
}
