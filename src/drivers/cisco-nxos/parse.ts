/**
 * Reads what Cisco NX-OS writes of static routes: running configuration, `show ip route`, `show routing`, `show ip
 * static-route` and `show ipv6 static-route` (Cisco Nexus 9000 Unicast Routing Configuration Guide; recorded output of
 * CiscoTestAutomation/genieparser, networktocode/ntc-templates and batfish/batfish).
 */
import { withoutBanners } from '../kit/banner.ts';
import { readJsonPaths, readXmlLine, withJson, type Row } from './tables.ts';
import { pathOf, readRouteLine } from '../kit/ip-route-line.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';

/** `switch# `, `switch(maint-mode)# `, `switch(config-vrf)# `. */
const PROMPT = /^[\w.-]{1,80}(?:\(maint-mode\))?(\(conf[\w.\-@/:+]*\))?# ?/;
/** Without meaning for what stands around it; the last one is a syslog message. */
const IDLE = /^\s*$|--More--|%[\w-]+-\d-[\w-]+:/;
const COMMAND = /^show /;
const CONTEXT = /^vrf context (\S+)/;
/** The heads of tables: of `show ip route` and `show routing`, and of the configured routes. */
const TABLE =
  /^(?:IP(?:v6)? Rout(?:e|ing) Table|(Mstatic-route)|Static-route|(IPv6 Configured) Static Routes) for (?:VRF|Context) "([^"]+)"/;
const FAMILY = /^IPv[46] (\S+)(?: Static)? Routes:/;
const PREFIX = /^([\da-f.:]+\/\d+), (?:ubest|all-best|\d+ ucast)/i;
/** The lines of paths. One star is the best next hop for unicast; two are the one for multicast. */
const PATHS = [
  /^\*?via (?:vrf \S+, )?(?<hop>[^\s,]+)(?:, (?<device>[^\s,[]+))?, \[(?<distance>\d+)\/\d+\], [^,]+, static(?![\w-])(?:.*\btag (?<tag>\d+))?/,
  /^(?<prefix>[\d.]+\/\d+), configured nh: (?<hop>\S+)(?: (?<device>[A-Za-z]\S*))?/,
  /^(?<prefix>[\da-f:.]+\/\d+) -> (?<hop>[^\s,]+), preference: (?<distance>\d+)/i,
];
const REAL_NEXT_HOP = /^real-next-hop: \S+ interface: (\S+)/;
const TAG = /^,? ?tag (\d+)/;
/** How a display of configured routes says that there is no address. */
const UNSPECIFIED = new Set(['0.0.0.0', '::']);

/** What the lines so far say of the next one. */
interface Reading {
  readonly paths: StaticPath[];
  context: Context | undefined;
  table: Table;
  xml: Row;
}

/** The block `vrf context` that a line may belong to. */
interface Context {
  readonly indent: number;
  readonly vrf: string;
  /** Nothing was indented in it so far: then its routes are not either. */
  readonly isFlat: boolean;
}

/** The part of a display that a line belongs to. */
interface Table {
  readonly vrf?: string | undefined;
  readonly isMulticast?: boolean;
  readonly prefix?: string | undefined;
  /** The last path is what further lines tell of. */
  readonly isOpen?: boolean;
}

/** Reads any text of NX-OS; the paths stand in the order of the text. */
export function readCiscoNxosPaths(text: string): readonly StaticPath[] {
  const reading: Reading = { paths: [], context: undefined, table: {}, xml: {} };
  for (const part of withJson(withoutBanners(linesIn(text)))) {
    if (typeof part !== 'string') {
      reading.paths.push(...readJsonPaths(part.json));
    } else if (!IDLE.test(part)) {
      readLine(reading, part);
    }
  }
  return reading.paths;
}

function readLine(reading: Reading, line: string): void {
  const [prompt, mode] = PROMPT.exec(line) ?? [''];
  const words = line.slice(prompt.length).trim();
  if (prompt !== '' || COMMAND.test(words)) {
    reading.table = { isMulticast: words.includes(' multicast') };
  }
  // What is typed at a prompt stands as deep as the mode that the prompt shows.
  const indent = prompt === '' ? line.search(/\S/) : (mode ?? '').split('-').length;
  readConfiguration(reading, indent, words);
  reading.table = readHead(reading.table, words) ?? readDisplay(reading, words);
  const { fields, paths } = readXmlLine(reading.xml, words);
  reading.xml = fields;
  reading.paths.push(...paths);
}

function readConfiguration(reading: Reading, indent: number, words: string): void {
  const route = readRouteLine(words);
  const [, vrf] = CONTEXT.exec(words) ?? [];
  const context = contextAt(reading.context, indent, words);
  reading.context = vrf === undefined ? context : { indent, vrf, isFlat: true };
  if (route !== undefined) {
    reading.paths.push(context === undefined ? route : { ...route, vrf: context.vrf });
  }
}

/** The block that a line of that depth belongs to. */
function contextAt(
  context: Context | undefined,
  indent: number,
  words: string,
): Context | undefined {
  if (context === undefined) {
    return undefined;
  }
  if (indent > context.indent || words.startsWith('!')) {
    return { ...context, isFlat: false };
  }
  return context.isFlat && readRouteLine(words) !== undefined ? context : undefined;
}

/** The table that the head of a table or of a prefix opens; undefined for all other lines. */
function readHead(table: Table, words: string): Table | undefined {
  const [head, multicast, ipv6, vrf] = TABLE.exec(words) ?? [];
  if (head !== undefined) {
    // Of the tables of IPv6, only the command tells which one was asked for.
    const isMulticast = ipv6 === undefined ? multicast !== undefined : table.isMulticast === true;
    return { vrf, isMulticast };
  }
  const [, family] = FAMILY.exec(words) ?? [];
  if (family !== undefined) {
    return { vrf: table.vrf, isMulticast: family !== 'Unicast' };
  }
  const [, prefix] = PREFIX.exec(words) ?? [];
  return prefix === undefined ? undefined : { ...table, prefix, isOpen: false };
}

/** Takes the path of a line, or what the line adds to the last one. */
function readDisplay(reading: Reading, words: string): Table {
  const { paths, table } = reading;
  const path = readPath(table, words);
  if (path !== undefined) {
    paths.push(...(table.isMulticast === true ? [] : [path]));
    return { ...table, isOpen: table.isMulticast !== true };
  }
  const last = table.isOpen === true ? paths.pop() : undefined;
  paths.push(...(last === undefined ? [] : [withAttribute(last, words)]));
  // Another path, of whatever protocol, has its own attributes.
  return words.includes('via ') ? { ...table, isOpen: false } : table;
}

function readPath(table: Table, words: string): StaticPath | undefined {
  const groups = PATHS.map((form) => form.exec(words)?.groups).find((found) => found !== undefined);
  const { prefix = table.prefix, hop = '', device, distance, tag } = groups ?? {};
  const canonical = groups === undefined ? undefined : readLoosePrefix(prefix ?? '');
  const address = readAddress(hop.replace(/[/%].*$/, ''));
  return canonical === undefined
    ? undefined
    : pathOf(table.vrf, canonical, {
        nextHop: UNSPECIFIED.has(address ?? '') ? undefined : address,
        interface: address === undefined ? hop : device,
        distance: distance === undefined ? undefined : Number(distance),
        tag: tag === undefined ? undefined : Number(tag),
      });
}

/** The path with what the next lines of a display tell of it. */
function withAttribute(path: StaticPath, words: string): StaticPath {
  const [, tag] = TAG.exec(words) ?? [];
  if (tag !== undefined) {
    return { ...path, tag: Number(tag) };
  }
  const [, device = 'none'] = REAL_NEXT_HOP.exec(words) ?? [];
  const isNews = device !== 'none' && !path.discard && path.interface === null;
  return isNews ? { ...path, interface: device } : path;
}
