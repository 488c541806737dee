/**
 * The displays of routes of Cisco IOS and IOS-XE, which Arista EOS took over: `show ip route` of tables and of one prefix,
 * `show ip static route`, `show ipv6 route`, `show ipv6 static` (Cisco IOS command references, Arista EOS User Manual;
 * recorded output of CiscoTestAutomation/genieparser and networktocode/ntc-templates).
 */
import { pathOf, type WrittenPath } from '../kit/ip-route-line.ts';
import type { StaticPath } from '../static-path.ts';
import { maskLength, readAddress, readLoosePrefix, readMaskedPrefix } from '../kit/text.ts';

/** What names the table that follows; without a name it is the global one. */
const TABLES = [
  /^Routing Table: (\S+)/,
  /^IPv6 Routing Table - (?:(\S+) - )?\d+ entries/,
  /^IPv6 Static routes(?: Table - (\S+))?/i,
  /^VRF(?: name)?: (\S+)/i,
];
const STATIC_TABLE = /^Static local RIB for (\S+)/;
/** What was typed, with or without its prompt. */
const COMMAND = /^(?:[\w.@/:()-]{0,80}[>#]|(?:do )?sho?w? )(?:.*\bvrf ([^\s*]+))?/;
/** `10.0.0.0/24 is subnetted`: the subnets are written without the length. */
const CLASSFUL = /^[\d.]+(?:\/(\d+)| ([\d.]+))? is (variably )?subnetted/;
/** Codes with flags, the prefix, perhaps its mask, and what is written behind it. */
const ENTRY =
  /^((?!via\b)[a-z]\w{0,2}(?:[\s*%+&]{1,8}\w{0,2})?)\s+(\d+(?:\.\d+){3}(?:\/\d+)?|[\da-f]*:[\da-f:.]*(?:\/\d+)?)(?: (\d+(?:\.\d+){3}))?((?:[\s,].*)?)$/i;
/** A further path of `show ip static route`, which repeats the code and not the prefix. */
const STATIC_MORE = /^([A-Z][A-Z0-9]?)\s+(\[\d+\/\d+\].*)$/;
/** A line of `show ipv6 static`: flags, prefix, where it leads, distance, and what follows it. */
const STATIC6 =
  /^\*?\s{0,8}([a-z]{0,2}?)\s{0,8}([\da-f]*:[\da-f:.]*\/\d+),?\s+((?:via|interface)\s.*?), distance (\d+)(.*)$/i;
/** The display of one prefix. */
const DETAIL = /^Routing entry for ([\da-f.:]+\/\d+)/i;
const KNOWN_VIA = /^Known via "(\w+).*", distance (\d+)/;
const TAG = /(?:^|, )tag (\d+)/i;
const BLOCKS = /^Routing (?:Descriptor Blocks|paths):/i;
/** A path of a display of one prefix. */
const BLOCK = /^(?:\*\s*)?(?:directly connected|\d+(?:\.\d+){3}|[\da-f]*:[\da-f:]*:)/i;
/** A further path of a table. */
const MORE = /^(?:\[\d+\/\d+\]|via\s|(?:is )?directly connected)/;
const LEADS = /\bvia\b|\bdirectly connected\b|, Null0/i;

/** Static, and neither replicated (`+`, `&`) nor leaked (`L`); NG is a static route to a nexthop group of EOS. */
const STATIC = /^(?:S|NG)[\s*%p]*$/;
/** Typed in, alone or with a tracking object; all others of `show ip static route` come from elsewhere. */
const TYPED = /^[MT]$/;
/** For unicast or for everything; the others are of DHCP, neighbour discovery, AAA and the like. */
const TYPED6 = /^u?$/;

/** What may stand before an address or an interface and says nothing of it. */
const FILLER =
  /^(?:|\*|via|is|(?:in)?directly|connected|nexthop|vtep|interface|never|\d+:\d+:\d+|(?:\d+[ywdhms])+)$/i;
/** With the VRF of the interface behind `%`. */
const INTERFACE = /^[a-z][\w./:-]*\d[\w./:-]*(?:%.*)?$/i;

/** The route that the lines without a prefix belong to. */
interface Entry {
  readonly prefix: string | undefined;
  readonly isStatic: boolean;
  /** What its further paths look like; undefined while none can come. */
  readonly more: RegExp | undefined;
  readonly distance: number | undefined;
  readonly tag: number | undefined;
}

/** Where in which table a line stands. */
interface Place {
  readonly vrf: string | undefined;
  /** Tells the static routes by their codes. */
  readonly codes: RegExp;
  /** The length of subnets that are written without it. */
  readonly length?: string | undefined;
  readonly entry?: Entry;
}

/** What a line does: the place after it, and the text of the path that it holds for the entry there. */
interface Step {
  readonly place: Place;
  readonly path?: string;
}

type Reader = (line: string, place: Place) => Step | undefined;

const READERS: readonly Reader[] = [
  readStatic6,
  readEntry,
  readTable,
  readClassful,
  readStaticMore,
  readDetail,
  readMore,
];

/** A reader that takes displays line by line and gives the static path that a line holds. */
export function ribReader(): (line: string) => readonly StaticPath[] {
  let place: Place = { vrf: undefined, codes: STATIC };
  return (line) => {
    const step = readStep(line.trim(), place);
    place = step?.place ?? place;
    const { vrf, entry } = place;
    return step?.path === undefined || entry?.prefix === undefined || !entry.isStatic
      ? []
      : [pathOf(vrf, entry.prefix, readPath(step.path, entry))];
  };
}

/** The first reader that knows the line; undefined for a line that says nothing of routes. */
function readStep(line: string, place: Place): Step | undefined {
  for (const read of READERS) {
    const step = read(line, place);
    if (step !== undefined) {
      return step;
    }
  }
  return undefined;
}

function readTable(line: string): Step | undefined {
  const local = STATIC_TABLE.exec(line);
  if (local !== null) {
    return { place: { vrf: local[1], codes: TYPED } };
  }
  const match = [...TABLES, COMMAND]
    .map((table) => table.exec(line))
    .find((found) => found !== null);
  return match && { place: { vrf: match[1] === 'all' ? undefined : match[1], codes: STATIC } };
}

function readClassful(line: string, { vrf, codes }: Place): Step | undefined {
  const match = CLASSFUL.exec(line);
  if (match === null) {
    return undefined;
  }
  const [, length, mask = '', variably] = match;
  const written = length ?? maskLength(mask)?.toString();
  return { place: { vrf, codes, length: variably === undefined ? written : undefined } };
}

function readStatic6(line: string, place: Place): Step | undefined {
  const match = STATIC6.exec(line);
  if (match === null) {
    return undefined;
  }
  const [, flags = '', prefix = '', path = '', distance, rest = ''] = match;
  const entry = {
    prefix: readLoosePrefix(prefix),
    isStatic: TYPED6.test(flags),
    // What `detail` tells below is how the next hop resolves.
    more: undefined,
    distance: Number(distance),
    tag: numberIn(TAG.exec(rest)),
  };
  return { place: { ...place, entry }, path };
}

function readEntry(line: string, place: Place): Step | undefined {
  const match = ENTRY.exec(line);
  if (match === null) {
    return undefined;
  }
  const [, codes = '', prefix = '', mask = '', rest = ''] = match;
  const isStatic = place.codes.test(codes.trimEnd());
  // Most entries of a large table are none of ours; below one of `show ip static route` there may still be one that is.
  const isNeeded = isStatic || place.codes === TYPED;
  const entry = {
    prefix: isNeeded ? readSubnet(prefix, mask, place.length) : undefined,
    isStatic,
    more: MORE,
    distance: distanceIn(rest),
    tag: numberIn(TAG.exec(rest)),
  };
  return { place: { ...place, entry }, ...(LEADS.test(rest) ? { path: rest } : {}) };
}

function readSubnet(prefix: string, mask: string, length: string | undefined): string | undefined {
  const isBare = length !== undefined && !prefix.includes('/');
  return readMaskedPrefix(prefix, mask) ?? readLoosePrefix(isBare ? `${prefix}/${length}` : prefix);
}

function readStaticMore(line: string, place: Place): Step | undefined {
  const [, code = '', path = ''] = STATIC_MORE.exec(line) ?? [];
  return place.entry === undefined || code === ''
    ? undefined
    : { place: { ...place, entry: { ...place.entry, isStatic: place.codes.test(code) } }, path };
}

/** The lines of a display of one prefix that stand before its paths. */
function readDetail(line: string, place: Place): Step | undefined {
  const [, prefix] = DETAIL.exec(line) ?? [];
  if (prefix !== undefined) {
    const entry = {
      prefix: readLoosePrefix(prefix),
      isStatic: false,
      more: undefined,
      distance: undefined,
      tag: undefined,
    };
    return { place: { ...place, entry } };
  }
  const change = changeIn(line);
  return change && place.entry && { place: { ...place, entry: { ...place.entry, ...change } } };
}

function changeIn(line: string): Partial<Entry> | undefined {
  const [, source, distance] = KNOWN_VIA.exec(line) ?? [];
  if (source !== undefined) {
    return { isStatic: source === 'static', distance: Number(distance) };
  }
  if (BLOCKS.test(line)) {
    return { more: BLOCK };
  }
  return /^Tag \d/.test(line) ? { tag: numberIn(TAG.exec(line)) } : undefined;
}

function readMore(line: string, place: Place): Step | undefined {
  return place.entry?.more?.test(line) === true ? { place, path: line } : undefined;
}

/** Each path shows its own distance or stands below one; a connected one shows none. */
function readPath(text: string, entry: Entry): WrittenPath {
  const distance = distanceIn(text);
  const inherited = /^\s*is /.test(text) ? undefined : entry.distance;
  return { ...readHop(text), distance: distance ?? inherited, tag: entry.tag };
}

/** The first address and the first interface, in any order, up to a word that is part of neither. */
function readHop(text: string): WrittenPath {
  const words = text.replaceAll(/\[[^\]]*\]|\([^)]*\)/g, ' ').split(/[\s,]+/);
  let nextHop: string | undefined;
  let device: string | undefined;
  for (const word of words.filter((each) => !FILLER.test(each))) {
    const address = readAddress(word.replace(/\/\d+$/, ''));
    if (address !== undefined && nextHop === undefined) {
      nextHop = address;
    } else if (address === undefined && device === undefined && INTERFACE.test(word)) {
      device = word.replace(/%.*$/, '');
    } else {
      break;
    }
  }
  return { nextHop, interface: device };
}

function distanceIn(text: string): number | undefined {
  return numberIn(/^\s*\[(\d+)\/\d+\]/.exec(text));
}

function numberIn(match: RegExpExecArray | null): number | undefined {
  return match === null ? undefined : Number(match[1]);
}
