/**
 * MikroTik RouterOS 6 and 7: from the attributes of one route to its static paths. Facts: RouterOS documentation (IP
 * Routing, Policy Routing, Moving from ROSv6 to v7; Manual:IP/Route of version 6).
 */
import type { Attributes } from './words.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

const DISCARDS = /^(?:blackhole|unreachable|prohibit)$/;
/** Version 6 marks a static route with `S`, version 7 with `s`; `D` was not configured but made by the router. */
const STATIC = /^[^D]*[Ss][^D]*$/;
/** A route that is switched off may show no kind; those of other kinds cannot be switched off. */
const SWITCHED_OFF = /^[IH+]*X[IH+]*$/;
/** What only the router's own routes have, told where flags are not. */
const OWN = ['local-address', 'vrf-interface', 'received-from'] as const;

/** One path for each gateway; none if the destination cannot be read. */
export function pathsOf(attributes: Attributes): readonly StaticPath[] {
  const [destination = '', inTable = ''] = textOf(attributes, 'dst-address').split('@');
  const prefix = readLoosePrefix(destination);
  const table =
    textOf(attributes, 'routing-table') || textOf(attributes, 'routing-mark') || inTable;
  const discard = isYes(attributes, 'blackhole') || DISCARDS.test(textOf(attributes, 'type'));
  const gateways = discard ? [''] : textOf(attributes, 'gateway').split(/[,;]/);
  return prefix === undefined
    ? []
    : gateways.map((gateway) => ({
        vrf: table === 'main' ? null : table || null,
        prefix,
        ...hopOf(gateway),
        distance: numberOf(attributes, 'distance'),
        tag: numberOf(attributes, 'route-tag') || null,
        name: null,
        description: textOf(attributes, 'comment') || null,
        discard,
        ...(isYes(attributes, 'disabled') ? { disabled: true } : {}),
      }));
}

/** True if the flags of a printed route are those of a configured one; they come without blanks. */
export function isStatic(flags: string): boolean {
  return STATIC.test(flags) || SWITCHED_OFF.test(flags);
}

/** What flags tell; `U` and `P` of version 6 have no gateway, `U` of version 7 is a gateway that does not answer. */
export function attributesOfFlags(flags: string, told: Attributes): Attributes {
  const isDiscard = flags.includes('B') || (/[UP]/.test(flags) && textOf(told, 'gateway') === '');
  return new Map([
    ...(isDiscard ? [['blackhole', 'yes'] as const] : []),
    ...(flags.includes('X') ? [['disabled', 'yes'] as const] : []),
  ]);
}

/** True if a route that is told without flags is a configured one. */
export function isConfigured(attributes: Attributes): boolean {
  const isOwn = isYes(attributes, 'dynamic') || attributes.get('distance') === '0';
  return !isOwn && (isYes(attributes, 'static') || OWN.every((name) => !attributes.has(name)));
}

/** `192.0.2.1`, `fe80::1%ether1`, `ether1`, each perhaps with the table it is looked up in: `192.0.2.1@main`. */
function hopOf(gateway: string): Pick<StaticPath, 'nextHop' | 'interface'> {
  const [hop = ''] = gateway.split('@');
  const [first = '', device] = hop.split('%');
  const address = readAddress(first);
  if (address !== undefined) {
    return { nextHop: address, interface: device ?? null };
  }
  // A column that is too narrow cuts what it shows.
  return { nextHop: null, interface: hop.endsWith('...') ? null : hop || null };
}

function textOf(attributes: Attributes, name: string): string {
  return attributes.get(name) ?? '';
}

function numberOf(attributes: Attributes, name: string): number | null {
  const text = textOf(attributes, name);
  return /^\d+$/.test(text) ? Number(text) : null;
}

function isYes(attributes: Attributes, name: string): boolean {
  return !/^(?:no|false)$/.test(attributes.get(name) ?? 'no');
}
