/**
 * What the models of both CLIs of SR OS keep: routers and services with their interfaces and static routes (Nokia Router
 * Configuration Guide), how values are checked, and how the router shows its interfaces.
 */
import { parseAddress } from '../../../src/core/prefix.ts';
import type { StaticPath } from '../../../src/drivers/static-path.ts';
import { readAddress, readLoosePrefix } from '../../../src/drivers/kit/text.ts';

/** A path as it is configured; `admin` is its administrative state. */
export interface Hop {
  admin: boolean | undefined;
  preference?: number;
  tag?: number;
  metric?: number;
  description?: string;
}

export interface SrosRouter {
  /** Leaves of a service: service-id and customer. */
  readonly leaves: Map<string, string>;
  /** By name; the addresses with their lengths. */
  readonly interfaces: Map<string, Map<string, string>>;
  /** By prefix, then by next hop or `black-hole`. */
  readonly routes: Map<string, Map<string, Hop>>;
}

/** By name: `Base`, or a service. */
export type SrosConfig = Map<string, SrosRouter>;

/** What a number may be; undefined for what is no number. */
export const RANGES = {
  preference: [0, 255],
  tag: [1, 4_294_967_295],
  metric: [0, 65_535],
} as const;

export type NumberName = keyof typeof RANGES;

export function emptyConfig(): SrosConfig {
  return new Map([['Base', emptyRouter()]]);
}

export function emptyRouter(): SrosRouter {
  return { leaves: new Map(), interfaces: new Map(), routes: new Map() };
}

export function inRange(name: NumberName, text: string): boolean {
  const [least, most] = RANGES[name];
  return /^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most;
}

/** A prefix without host bits, as it was written. */
export function isPrefix(text: string): boolean {
  const [head = '', length = ''] = text.split('/');
  const address = readAddress(head);
  return (
    address !== undefined &&
    /^\d{1,3}$/.test(length) &&
    readLoosePrefix(text) === `${parseAddress(head)}/${Number(length)}`
  );
}

/** A next hop of the family of the prefix, with an interface behind it where it is link-local. */
export function isNextHop(text: string, prefix: string): boolean {
  const [head = '', ...device] = text.split('-');
  const address = readAddress(head);
  const isLinkLocal = /^fe[89ab]/i.test(head);
  return (
    address !== undefined &&
    address.includes(':') === prefix.includes(':') &&
    isLinkLocal === device.length > 0
  );
}

/** The static paths of all routers; what is down is not there for forwarding. */
export function staticPaths(config: SrosConfig): readonly StaticPath[] {
  return [...config].flatMap(([name, { routes }]) =>
    [...routes].flatMap(([prefix, hops]) =>
      [...hops].map(([hop, { admin, preference, tag, description }]) => {
        const [address = '', ...device] = hop.split('-');
        const discard = hop === 'black-hole';
        return {
          vrf: name === 'Base' ? null : name,
          prefix: readLoosePrefix(prefix) ?? prefix,
          nextHop: discard ? null : (readAddress(address) ?? null),
          interface: discard || device.length === 0 ? null : device.join('-'),
          distance: preference ?? null,
          tag: tag ?? null,
          name: null,
          description: description ?? null,
          discard,
          ...(admin === true ? {} : { disabled: true as const }),
        };
      }),
    ),
  );
}

/** `show router [NAME] interface`. */
export function interfaceTable(name: string, { interfaces }: SrosRouter): string {
  const title = name === 'Base' ? 'Router: Base' : `Service: ${name}`;
  const line = '='.repeat(79);
  const rows = [...interfaces].flatMap(([device, addresses]) => [
    `${device.padEnd(32)} Up        Up/Up       Network 1/1/1`,
    ...[...addresses].map(([address, length]) => {
      const state = address.includes(':') ? 'PREFERRED' : 'n/a';
      return `   ${`${address}/${length}`.padEnd(60)}${state}`;
    }),
  ]);
  return [
    '',
    line,
    `Interface Table (${title})`,
    line,
    'Interface-Name                   Adm       Opr(v4/v6)  Mode    Port/SapId',
    '   IP-Address                                                  PfxState',
    '-'.repeat(79),
    ...rows,
    '-'.repeat(79),
    `Interfaces : ${interfaces.size}`,
    line,
    '',
  ].join('\n');
}

/** The words of a line; quotes hold one together. */
export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** A keyword that the word stands for: itself, or the only one that begins with it. */
export function keyword<K extends string>(
  word: string | undefined,
  names: readonly K[],
): K | undefined {
  const exact = names.find((name) => name === word);
  const fits = names.filter((name) => word !== undefined && name.startsWith(word));
  return exact ?? (fits.length === 1 ? fits[0] : undefined);
}
