/**
 * The lines `ip route` and `ipv6 route` of an FRR configuration (FRR user manual, "STATIC"; measured on FRR 8.4.4), and
 * those of Cumulus' `net add routing route`, which are the same.
 */
import { frrPath, type FrrHop } from './path.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix, readMaskedPrefix } from '../kit/text.ts';

const ROUTE_LINE = /^\s*(?:ip|ipv6|net add routing) route (.+)$/;
const DISCARD = /^(?:null0|blackhole|reject)$/i;
/** What has more digits, or is greater, is the name of an interface to FRR. */
const DISTANCE = /^(?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/;
/** Words that take the next word with them. */
const WITH_VALUE = new Set([
  'tag',
  'vrf',
  'table',
  'metric',
  'label',
  'nexthop-vrf',
  'weight',
  'color',
  'source',
  'profile',
  'segments',
  'encap-behavior',
  'encap-source',
]);
const ALONE = new Set(['onlink', 'bfd', 'multi-hop']);
const VRF_BLOCK = /^vrf (\S+)$/;
/** Its own end, a comment at the margin, or a line that belongs to no VRF. */
const BLOCK_END = /^(?:\s*exit|!|(?!(?:ip|ipv6|no|vni)\b)\w)/;

/** Reads a configuration line by line, for a line may stand in the block of a VRF. */
export function frrConfigReader(): (line: string) => StaticPath | undefined {
  let block: string | undefined;
  return (line) => {
    block = VRF_BLOCK.exec(line)?.[1] ?? (BLOCK_END.test(line) ? undefined : block);
    return readRouteLine(line, block);
  };
}

function readRouteLine(line: string, block: string | undefined): StaticPath | undefined {
  const [, text = ''] = ROUTE_LINE.exec(line) ?? [];
  // Dell's SONiC has the VRF in front; a source (`from`) is no part of where a route leads.
  const words = text
    .replace(/^vrf (\S+) (.*)$/, '$2 vrf $1')
    .replace(/^(\S+) from \S+/, '$1')
    .split(/\s+/);
  const [address = '', mask = ''] = words;
  const masked = readMaskedPrefix(address, mask);
  const prefix = masked ?? readLoosePrefix(address);
  const [target, ...rest] = words.slice(masked === undefined ? 1 : 2);
  if (prefix === undefined || target === undefined) {
    return undefined;
  }
  const settings = readSettings(rest);
  const route = {
    prefix,
    vrf: settings.get('vrf') ?? block,
    table: numberIn(settings.get('table')),
    distance: numberIn(settings.get('distance')),
    tag: numberIn(settings.get('tag')),
  };
  return frrPath(route, readHop(target, rest));
}

/** An address that FRR cannot read is the name of an interface to it. */
function readHop(target: string, rest: readonly string[]): FrrHop {
  const nextHop = readAddress(target);
  const device = nextHop === undefined ? target : rest.slice(0, 1).find((word) => !isSetting(word));
  return { nextHop, interface: device, discard: device !== undefined && DISCARD.test(device) };
}

function isSetting(word: string): boolean {
  return WITH_VALUE.has(word) || ALONE.has(word) || DISTANCE.test(word);
}

/** What the words behind the next hop set, by its name. */
function readSettings(words: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (WITH_VALUE.has(word)) {
      settings.set(word, rest.shift() ?? '');
    } else if (DISTANCE.test(word)) {
      settings.set('distance', word);
    }
  }
  return settings;
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
