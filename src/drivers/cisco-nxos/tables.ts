/**
 * The structured displays of Cisco NX-OS: `show ip route | json` and `| xml` (Cisco Nexus 9000 Programmability Guide: rows
 * stand in TABLE_ and ROW_ objects, and a table of one row is no list).
 */
import { pathOf } from '../kit/ip-route-line.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

/** Deeper than any display of NX-OS nests, also inside the envelope of NX-API. */
const DEEPEST = 40;
const XML_LEAF = /<(?:\w+:)?([\w-]+)>([^<]*)<\/|<\/(?:\w+:)?ROW_path>/g;

/** The fields of one object; in XML all texts. */
export type Row = Readonly<Record<string, unknown>>;

/** A JSON document that stood among the lines of a text. */
export interface JsonDocument {
  readonly json: unknown;
}

/** The VRF and the prefix that a row stands under. */
interface Place {
  readonly vrf?: string | undefined;
  readonly prefix?: string | undefined;
}

/** The lines of a text, with each JSON document in the place of its lines. */
export function withJson(lines: readonly string[]): readonly (string | JsonDocument)[] {
  const read: (string | JsonDocument)[] = [];
  let open: string[] = [];
  for (const line of lines) {
    if (open.length === 0 && !/^[{[]/.test(line)) {
      read.push(line);
      continue;
    }
    open.push(line);
    const document = open.length === 1 || /^[}\]]/.test(line) ? parseJson(open) : undefined;
    if (document !== undefined) {
      read.push(document);
      open = [];
    }
  }
  // What never closes is no JSON: its lines count as such.
  return [...read, ...open];
}

function parseJson(lines: readonly string[]): JsonDocument | undefined {
  try {
    return { json: JSON.parse(lines.join('\n')) };
  } catch {
    return undefined;
  }
}

/** The static paths of the rows in a JSON document. */
export function readJsonPaths(value: unknown, outer: Place = {}, depth = 0): readonly StaticPath[] {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) {
    return [];
  }
  const row: Row = { ...value };
  const place = placeOf(row, outer);
  const inner = Object.values(row).flatMap((child) => readJsonPaths(child, place, depth + 1));
  return [...readRow(row, place), ...inner];
}

/** The static paths whose rows end on one line of XML, and the fields that the next line goes on with. */
export function readXmlLine(
  fields: Row,
  line: string,
): { readonly fields: Row; readonly paths: readonly StaticPath[] } {
  let row = fields;
  const paths: StaticPath[] = [];
  for (const [, name, text] of line.matchAll(XML_LEAF)) {
    if (name === undefined) {
      const place = placeOf(row, {});
      paths.push(...readRow(row, place));
      row = { 'vrf-name-out': place.vrf, ipprefix: place.prefix };
    } else {
      row = { ...row, [name]: text };
    }
  }
  return { fields: row, paths };
}

function placeOf(row: Row, outer: Place): Place {
  return {
    vrf: textIn(row, 'vrf-name-out') ?? outer.vrf,
    prefix: textIn(row, 'ipprefix') ?? outer.prefix,
  };
}

function readRow(row: Row, { vrf, prefix = '' }: Place): readonly StaticPath[] {
  const canonical = row['clientname'] === 'static' ? readLoosePrefix(prefix) : undefined;
  const written = {
    nextHop: readAddress(textIn(row, 'ipnexthop') ?? ''),
    interface: textIn(row, 'ifname'),
    distance: numberIn(row, 'pref'),
    tag: numberIn(row, 'tag'),
  };
  return canonical === undefined ? [] : [pathOf(vrf, canonical, written)];
}

function textIn(row: Row, name: string): string | undefined {
  const value = row[name];
  return typeof value === 'string' ? value : undefined;
}

/** Most numbers are written as texts. */
function numberIn(row: Row, name: string): number | undefined {
  const text = String(row[name]);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
