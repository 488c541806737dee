/**
 * The displays of routes that Cisco IOS XR has: `show route` with and without a prefix, and `show static topology detail`
 * (Cisco IOS XR Routing Command Reference; recorded output of CiscoTestAutomation/genieparser and
 * networktocode/ntc-templates).
 */
import { pathOf } from '../kit/ip-route-line.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

/** The head of a table; with the SAFI in the display of configured routes. */
const TABLE = /^VRF: (\S+)(?:.* SAFI: (\S+))?/;
const COMMAND = /^show (?:route|static)\b(?:.*? vrf (?!all(?: |$))(\S+))?/;
/** Codes, the prefix, and where it leads. */
const ENTRY =
  /^(?<code>[a-z][\w*]*(?: [\w*]+)?)\s+(?<prefix>[\da-f.:]+\/\d+)(?:[\s,]+(?<rest>.*))?$/i;
const DETAIL = /^Routing entry for ([\da-f.:]+\/\d+)/i;
const KNOWN_VIA = /^Known via "(\w+)[^"]*", distance (\d+)/;
const TAG = /^Tag (\d+)/;
const STATIC = /^S(?: ?\*)?$/;
const HOP =
  /^\[(?<distance>\d+)\/\d+\] via (?<nextHop>[^\s,]+)(?: \([^)]*\))?, [^,]+(?:, (?<device>[^\s,]+))?/;
const CONNECTED = /^is directly connected,(?: [\w:.]+,)? (?<device>[^\s,]+)/;
const CUT = 'is directly connected,';
/** The end of a line that was too long: `00:01:02, Loopback0`. */
const REST = /^[\w:.]+, (?<device>[^\s,]+)$/;
/** A path below `Routing Descriptor Blocks`. */
const BLOCK =
  /^(?:\* )?(?:directly connected|(?<nextHop>[\da-f]*[.:][\da-f.:]*))(?:, from [^\s,]+)?(?:, via (?<device>[^\s,]+))?(?:,|$)/i;
/** Columns of `show static topology detail`; the third of the last ones is the distance. */
const ROW =
  /^(?:(?<prefix>[\da-f.:]+\/\d+)\s+)?(?<device>\S+)\s+(?<nextHop>\S+)\s+\S+\s+\S+\s+\[\d+\/\d+\/(?<distance>\d+)[\d/]*\]/i;
const BEST_TAG = /^Path has best tag: (\d+)/;
/** What stands in the columns where nothing is configured, and how an address that is none is written. */
const NONE = 'None';
const NOWHERE = new Set([NONE, '::', '0.0.0.0']);

/** What the lines of a display so far say of the next one. */
export interface Table {
  readonly vrf?: string | undefined;
  readonly isMulticast?: boolean;
  /** Of the route that further lines belong to, if it is static. */
  readonly prefix?: string | undefined;
  /** The display of one route in paragraphs. */
  readonly detail?: Detail;
  /** The line before breaks off where the interface belongs. */
  readonly isCut?: boolean;
}

interface Detail {
  readonly prefix: string;
  readonly isStatic?: boolean;
  readonly distance?: string | undefined;
  readonly tag?: string;
}

/** What one line leaves behind: the table for the next one, and what it says of a path. */
export interface TableStep {
  readonly table: Table;
  readonly path?: StaticPath | undefined;
  /** The tag of the path before. */
  readonly tag?: number;
}

/** What a line says of one path, as it is written. */
interface Groups {
  readonly nextHop?: string | undefined;
  readonly device?: string | undefined;
  readonly distance?: string | undefined;
  readonly tag?: string | undefined;
}

/** The table that begins with a command or a head; undefined for all other lines. */
export function readTableHead(words: string): Table | undefined {
  const [head, name, safi] = TABLE.exec(words) ?? [];
  if (head !== undefined) {
    return { vrf: name, isMulticast: safi === 'Multicast' };
  }
  const [command, vrf] = COMMAND.exec(words) ?? [];
  return command === undefined ? undefined : { vrf, isMulticast: words.includes(' multicast') };
}

/** Reads one line of a table. */
export function readTableLine(table: Table, words: string): TableStep {
  return (
    readEntry(table, words) ??
    readRow(table, words) ??
    readDetail(table, words) ??
    readHop(table, words)
  );
}

/** Reads a line of `show route` with a prefix. */
function readEntry({ vrf, isMulticast = false }: Table, words: string): TableStep | undefined {
  const { code = '', prefix, rest = '' } = ENTRY.exec(words)?.groups ?? {};
  const table = { vrf, isMulticast, prefix: STATIC.test(code) ? prefix : undefined };
  return prefix === undefined ? undefined : readHop(table, rest);
}

/** Reads a line of `show static topology detail`. */
function readRow(table: Table, words: string): TableStep | undefined {
  const { vrf, isMulticast = false } = table;
  const row = ROW.exec(words)?.groups;
  if (row !== undefined) {
    const prefix = row['prefix'] ?? table.prefix;
    return { table: { vrf, isMulticast, prefix }, path: pathIn(table, prefix, row) };
  }
  const [, tag] = BEST_TAG.exec(words) ?? [];
  const isKnown = table.prefix !== undefined && !isMulticast && tag !== undefined && tag !== '0';
  return isKnown ? { table, tag: Number(tag) } : undefined;
}

/** Takes a path behind a prefix, or on a line of its own below it. */
function readHop(table: Table, words: string): TableStep {
  const forms = table.isCut === true ? [REST] : [HOP, CONNECTED];
  const groups = forms.map((form) => form.exec(words)?.groups).find((found) => found !== undefined);
  return {
    table: { ...table, isCut: words === CUT },
    path: groups === undefined ? undefined : pathIn(table, table.prefix, groups),
  };
}

/** Reads `show route PREFIX`; undefined for lines of no interest. */
function readDetail(table: Table, words: string): TableStep | undefined {
  const { vrf, isMulticast = false, detail } = table;
  const [, prefix] = DETAIL.exec(words) ?? [];
  const [, protocol, distance] = KNOWN_VIA.exec(words) ?? [];
  const [, tag] = TAG.exec(words) ?? [];
  const block = BLOCK.exec(words)?.groups;
  if (prefix !== undefined) {
    return { table: { vrf, isMulticast, detail: { prefix } } };
  }
  if (detail === undefined) {
    return undefined;
  }
  if (protocol !== undefined) {
    const isStatic = protocol === 'static';
    return { table: { ...table, detail: { ...detail, isStatic, distance } } };
  }
  if (tag !== undefined) {
    return { table: { ...table, detail: { ...detail, tag } } };
  }
  return detail.isStatic === true && block !== undefined
    ? { table, path: pathIn(table, detail.prefix, { ...detail, ...block }) }
    : undefined;
}

/** The path of a prefix, if that is static and not for multicast. */
function pathIn(table: Table, prefix: string | undefined, groups: Groups): StaticPath | undefined {
  const canonical = table.isMulticast === true ? undefined : readLoosePrefix(prefix ?? '');
  const { nextHop = NONE, device = NONE, distance, tag } = groups;
  return canonical === undefined
    ? undefined
    : pathOf(table.vrf, canonical, {
        nextHop: NOWHERE.has(nextHop) ? undefined : readAddress(nextHop),
        interface: device === NONE ? undefined : device,
        distance: distance === undefined ? undefined : Number(distance),
        tag: tag === undefined ? undefined : Number(tag),
      });
}
