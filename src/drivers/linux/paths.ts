/**
 * Reads what `ip route` prints, as text or as JSON, with or without -N and -details. Source: ip-route(8), the protocol
 * numbers of rtnetlink.h and of FRR's name file, and what iproute2 6.1 was measured to print.
 */
import { familyOf, type Family } from '../../core/prefix.ts';
import { withoutEncap, type Fields } from './rows.ts';
import { DISCARDS, typeNamed } from './types.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';

/** What the kernel, router advertisements, DHCP clients and routing daemons call their routes, by name and number. */
const DYNAMIC = new Set(
  `unspec none 0 redirect 1 kernel 2 gated 8 ra 9 mrt 10 zebra 11 bird 12 dnrouted 13 xorp 14 ntk 15 dhcp 16 mrouted 17
   babel 42 openr 99 bgp 186 isis 187 ospf 188 rip 189 ripng 190 nhrp 191 eigrp 192 ldp 193 sharp 194 pbr 195
   openfabric 197 srte 198`.split(/\s+/),
);
const MAIN = new Set(['main', '254', 'default', '253']);
/** The words of a route line that are followed by a value of interest, and what JSON calls them. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['via', 'gateway'],
  ['dev', 'dev'],
  ['table', 'table'],
  ['vrf', 'table'],
  ['proto', 'protocol'],
  ['protocol', 'protocol'],
  ['metric', 'metric'],
  ['scope', 'scope'],
  ['src', 'prefsrc'],
  ['from', 'from'],
  ['nhid', 'nhid'],
  ['pref', 'pref'],
  ['uid', 'uid'],
]);
/** A command typed at a prompt, or given alone. */
const COMMAND =
  /(?:^|[$#>%]\s*|\bsudo\s+)ip\s+(?<options>(?:-\S+\s+(?:inet6?\s+)?)*)r(?:oute?|ou?)?(?:\s+(?<filter>.*))?$/;
/** How a line of `ip neigh` ends. */
const NEIGHBOUR = /\s(?:REACHABLE|STALE|DELAY|PROBE|FAILED|INCOMPLETE|PERMANENT|NOARP)$/;
const DOCUMENT = /^[ \t]*\[\s*\{/gm;
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;

type Row = Record<string, unknown>;

/** One route, or a command whose filter iproute2 leaves out of the routes that follow. */
interface Item {
  readonly kind: 'route' | 'command';
  readonly row: Row;
}

/** Every path that nobody but a person or a configuration tool has set; in the order of the text. */
export function readLinuxPaths(text: string): readonly StaticPath[] {
  const paths: StaticPath[] = [];
  let asked: Fields = {};
  let family: Family = 4;
  for (const { kind, row } of itemsIn(linesIn(text).join('\n'))) {
    if (kind === 'command') {
      asked = row;
      continue;
    }
    const route = { ...asked, ...row };
    family = familyIn(route) ?? family;
    paths.push(...pathsOf(route, family));
  }
  return paths;
}

/** Routes of JSON documents and of the lines around them. */
function itemsIn(text: string): readonly Item[] {
  const parts: (readonly Item[])[] = [];
  let read = 0;
  DOCUMENT.lastIndex = 0;
  for (let found = DOCUMENT.exec(text); found !== null; found = DOCUMENT.exec(text)) {
    const end = endOfDocument(text, found.index);
    const rows = rowsIn(text.slice(found.index, end));
    if (rows !== undefined) {
      parts.push(itemsOfLines(text.slice(read, found.index)), rows);
      read = end;
    }
    DOCUMENT.lastIndex = end;
  }
  return [...parts, itemsOfLines(text.slice(read))].flat();
}

/** Behind the bracket that closes it, or the end of the text. */
function endOfDocument(text: string, start: number): number {
  let depth = 0;
  JSON_TOKEN.lastIndex = start;
  for (let token = JSON_TOKEN.exec(text); token !== null; token = JSON_TOKEN.exec(text)) {
    const [word] = token;
    depth += Number('[{'.includes(word)) - Number(']}'.includes(word));
    if (depth === 0) {
      return JSON_TOKEN.lastIndex;
    }
  }
  return text.length;
}

function rowsIn(json: string): readonly Item[] | undefined {
  try {
    const rows = JSON.parse(withoutEncap(json)) as readonly Row[];
    return rows.map((row) => ({ kind: 'route', row }));
  } catch {
    return undefined;
  }
}

function itemsOfLines(text: string): readonly Item[] {
  const items: Item[] = [];
  // With -oneline a backslash stands for the end of a line.
  for (const line of text.split(/[\n\\]|\s(?=nexthop\s)/)) {
    const words = line.trim().split(/\s+/);
    const last = items.at(-1)?.row;
    const command = COMMAND.exec(line)?.groups;
    if (command !== undefined) {
      items.push({ kind: 'command', row: commandOf(command) });
    } else if (words[0] === 'nexthop' && last !== undefined) {
      last['nexthops'] = [...membersOf(last), attributesIn(words)];
    } else if (words[0] === 'cache' && last !== undefined) {
      last['cache'] = true;
    } else if (!NEIGHBOUR.test(line)) {
      items.push(...routeOf(words));
    }
  }
  return items;
}

function commandOf({ options = '', filter = '' }: Readonly<Record<string, string>>): Row {
  const { table, ...row } = attributesIn(filter.split(/\s+/));
  return {
    ...row,
    ...(table === undefined || table === 'all' ? {} : { table }),
    ...(/-6|inet6/.test(options) ? { family: 6 } : {}),
  };
}

function routeOf(words: readonly string[]): readonly Item[] {
  const [first = '', second = ''] = words;
  const isTyped = typeNamed(first) !== undefined;
  const dst = isTyped ? second : first;
  const attributes = attributesIn(words);
  return dst === 'default' || readLoosePrefix(dst) !== undefined
    ? [{ kind: 'route', row: { ...attributes, dst, ...(isTyped ? { type: first } : {}) } }]
    : [];
}

/** The values behind the words of a line; those of a tunnel (`encap seg6local ... table 100`) are not the route's. */
function attributesIn(words: readonly string[]): Row {
  const row: Row = {};
  let isTunnel = false;
  for (const [i, word] of words.entries()) {
    isTunnel = word === 'encap' || (isTunnel && word !== 'via' && word !== 'dev');
    const name = NAMES.get(word);
    if (name !== undefined && !isTunnel) {
      const value = words[i + 1];
      row[name] = value === 'inet6' || value === 'inet' ? words[i + 2] : value;
      Object.assign(row, value === 'inet6' ? { family: 4 } : {});
    }
  }
  return row;
}

function membersOf(row: Fields): readonly Fields[] {
  const members = row['nexthops'];
  return Array.isArray(members) ? members : [];
}

/** Undefined for a default route that could be of either. */
function familyIn(row: Fields): Family | undefined {
  const dst = textIn(row, 'dst') ?? '';
  if (dst !== 'default') {
    return familyOf(dst);
  }
  // IPv4 through an IPv6 gateway: `via inet6`.
  if (row['family'] === 4 || typeof row['via'] === 'object') {
    return 4;
  }
  if (row['family'] === 6 || row['pref'] !== undefined || isReject(row)) {
    return 6;
  }
  const parts = [row, ...membersOf(row)];
  const address = parts
    .flatMap((part) => [textIn(part, 'gateway'), textIn(part, 'prefsrc')])
    .find((text) => text !== undefined);
  return address === undefined ? undefined : familyOf(address);
}

/** Only IPv6 hangs what it refuses on the loopback interface. */
function isReject(row: Fields): boolean {
  return isDiscard(row) && row['dev'] === 'lo';
}

function isDiscard(row: Fields): boolean {
  return DISCARDS.has(typeIn(row));
}

function typeIn(row: Fields): string {
  return typeNamed(textIn(row, 'type') ?? 'unicast') ?? 'unspec';
}

function pathsOf(row: Fields, family: Family): readonly StaticPath[] {
  const dst = textIn(row, 'dst') ?? '';
  const prefix = readLoosePrefix(dst === 'default' ? (family === 4 ? '0.0.0.0/0' : '::/0') : dst);
  if (prefix === undefined || !isStatic(row)) {
    return [];
  }
  const discard = isDiscard(row);
  const table = textIn(row, 'table');
  const members = membersOf(row);
  return (members.length === 0 || discard ? [row] : members).map((hop) => ({
    vrf: table === undefined || MAIN.has(table) ? null : table,
    prefix,
    nextHop: discard ? null : nextHopOf(hop),
    interface: discard ? null : (textIn(hop, 'dev') ?? null),
    distance: numberIn(row, 'metric'),
    tag: null,
    name: null,
    description: null,
    discard,
  }));
}

function isStatic(row: Fields): boolean {
  // `ip route get` answers with a route that stands nowhere; neighbours and rules have a `dst` too.
  const isOther =
    row['from'] === '::' || ['cache', 'uid', 'state', 'priority'].some((name) => name in row);
  // A line with nothing but an address is none.
  const isRoute = Object.keys(row).length > 1;
  return (
    isRoute &&
    !isOther &&
    !['multicast', 'unspec'].includes(typeIn(row)) &&
    !DYNAMIC.has(textIn(row, 'protocol') ?? 'boot')
  );
}

function nextHopOf(hop: Fields): string | null {
  const via = hop['via'];
  const host = typeof via === 'object' && via !== null ? textIn(via as Fields, 'host') : undefined;
  return readAddress(textIn(hop, 'gateway') ?? host ?? '') ?? null;
}

/** The text of a member; numbers of JSON count as text. */
function textIn(row: Fields, name: string): string | undefined {
  const value = row[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function numberIn(row: Fields, name: string): number | null {
  const text = textIn(row, name) ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}
