/**
 * Huawei VRP 5 and 8: the static path of one line of configuration. Facts: Huawei's command references (`ip
 * route-static`, `ip route-static vpn-instance`, `ipv6 route-static`; NetEngine, CloudEngine, S and AR series).
 */
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix, readMaskedPrefix } from '../kit/text.ts';

/** `default-preference`, `bfd`, `topology` and the like have no address in the place of the prefix. */
const ROUTE =
  /^\s*ip(?:v6)? +route-static +(?:vpn-instance +(?:"([^"]*)"|(\S+)) +)?([\da-f:.]+) +([\d.]+) +(.*)$/i;
/** The last attribute holds the rest of the line. */
const DESCRIPTION = /(?:^| )description +(?:"(.*)"|(.*))$/;
/** In which instance the next hop is. */
const ELSEWHERE = /^(?:vpn-instance +(?:"[^"]*"|\S+)|public)(?: +|$)/;
/** `GigabitEthernet0/0/1`, `100GE1/0/1`, or as it is typed: `Vlanif 10`. */
const INTERFACE = /^(?!tag |preference )([a-z][a-z-]* +\d[\d/.:]*|[\da-z][\w./:-]*\d)(?: +|$)/i;
const ADDRESS = /^([\da-f:.]+)(?: |$)/i;
/** VRP 3 knows the two words, later ones the interface. */
const DISCARD = /^null ?0( |$)| (?:blackhole|reject)(?: |$)/i;

const NOWHERE = { nextHop: null, interface: null } as const;

/** The path that the line configures; undefined if it configures none. */
export function readConfiguredPath(line: string): StaticPath | undefined {
  const [, quoted, vrf = quoted, address = '', mask = '', rest = ''] = ROUTE.exec(line) ?? [];
  const prefix = mask.includes('.')
    ? readMaskedPrefix(address, mask)
    : readLoosePrefix(`${address}/${mask}`);
  return prefix === undefined ? undefined : { vrf: vrf ?? null, prefix, ...attributesOf(rest) };
}

function attributesOf(rest: string): Omit<StaticPath, 'vrf' | 'prefix'> {
  const [, quoted, description = quoted] = DESCRIPTION.exec(rest) ?? [];
  const path = rest.replace(DESCRIPTION, '').replace(ELSEWHERE, '');
  const discard = DISCARD.test(path);
  return {
    ...(discard ? NOWHERE : hopOf(path)),
    distance: numberAfter('preference', path),
    tag: numberAfter('tag', path) || null,
    name: null,
    description: description ?? null,
    discard,
  };
}

/** The next hop, with or without an interface before it. */
function hopOf(path: string): Pick<StaticPath, 'nextHop' | 'interface'> {
  const direct = addressAt(path);
  const [taken = '', device = null] = direct === null ? (INTERFACE.exec(path) ?? []) : [];
  return { nextHop: direct ?? addressAt(path.slice(taken.length)), interface: device };
}

function addressAt(path: string): string | null {
  const [, text = ''] = ADDRESS.exec(path) ?? [];
  return readAddress(text) ?? null;
}

function numberAfter(word: string, path: string): number | null {
  const [, digits] = new RegExp(`(?:^| )${word} +(\\d+)(?: |$)`).exec(path) ?? [];
  return digits === undefined ? null : Number(digits);
}
