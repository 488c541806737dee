/**
 * Huawei VRP 5 and 8: static paths from `display current-configuration` and from the routing tables. Facts: Huawei's
 * command references (`display ip routing-table`, `display ipv6 routing-table`) and recorded output.
 */
import { readConfiguredPath } from './config.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';

/** What may stand before a line: the prompt where it was typed, and what a page break leaves. */
const BEFORE = /^(?:<[^<>\s]+>|\[[~*]?[^[\]\s]+\]|\s*-+ ?More ?-+)/i;
/** `Routing Tables: Public`, `Routing Table : vpn1`, and of one protocol `vpn1 Routing Table : Static`. */
const TABLE = /^\s*(?:Routing Tables? *: *(\S+)(?: net)?|(\S+) Routing Tables? *: *\S+)$/i;
const PUBLIC = /^(?:public|_public_)$/i;
/** `10.0.0.0/8  Static  60  0  RD  192.0.2.1  Vlanif10`; without destination it is one more path to the one above. */
const ROW =
  /^\s*(?:([\d.]+\/\d+)\s+)?([a-z][\w-]*)\s+(\d+)\s+\d+\s+(?:[A-Z]{1,4}\s+)?([\da-f]*[.:][\da-f.:]+)\s+(\S+)$/i;
/** IPv6 paths in the brief form have two lines: `2001:db8::/32  Static` and `2001:db8::1  Vlanif10`. */
const BRIEF_FIRST = /^\s*([\da-f:.]+\/\d+)\s+([a-z][\w-]*)$/i;
const BRIEF_SECOND = /^\s*([\da-f:.]+)\s+(\S+)$/i;
/** `Label : value` of the verbose forms; after a label without value comes the next label. */
const FIELD =
  /(?<!\S)(Destination|PrefixLength|Protocol|Preference|NextHop|Tag|Interface) *: *(\S+)(?!\S)(?! *:)/g;

/** What stands for the next hop of a path that has none. */
const NO_ADDRESS = /^(?:0\.0\.0\.0|::)$/;

/** What a routing table tells of one path, by the labels of the verbose forms. */
type Fields = Readonly<Record<string, string | undefined>>;

/** Where the reading stands. */
interface Reader {
  readonly paths: StaticPath[];
  vrf: string | null;
  /** Of the last row that named one. */
  destination: string | undefined;
  /** The path whose lines are being read. */
  open: Fields;
}

/** Every static path that the text tells, whatever of VRP it is; none for any other text. */
export function readHuaweiVrpPaths(text: string): readonly StaticPath[] {
  const reader: Reader = { paths: [], vrf: null, destination: undefined, open: {} };
  linesIn(text).forEach((line) => readLine(reader, line.replace(BEFORE, '')));
  close(reader);
  return reader.paths;
}

function readLine(reader: Reader, line: string): void {
  const configured = readConfiguredPath(line);
  const [table, name = '', ofProtocol = name] = TABLE.exec(line) ?? [];
  if (configured !== undefined) {
    close(reader);
    reader.paths.push(configured);
  } else if (table !== undefined) {
    close(reader);
    reader.vrf = PUBLIC.test(ofProtocol) ? null : ofProtocol;
  } else if (line === '') {
    close(reader);
  } else {
    readTableLine(reader, line);
  }
}

function readTableLine(reader: Reader, line: string): void {
  const row = ROW.exec(line);
  const brief = BRIEF_FIRST.exec(line);
  if (row !== null) {
    const [, Destination = reader.destination, Protocol, Preference, NextHop, Interface] = row;
    reader.destination = Destination;
    open(reader, { Destination, Protocol, Preference, NextHop, Interface });
  } else if (brief === null) {
    readFields(reader, line);
  } else {
    const [, Destination, Protocol] = brief;
    open(reader, { Destination, Protocol });
  }
}

function readFields(reader: Reader, line: string): void {
  const second = BRIEF_SECOND.exec(line);
  const fields: Fields =
    second === null
      ? Object.fromEntries([...line.matchAll(FIELD)].map(([, label, value]) => [label, value]))
      : { NextHop: second[1], Interface: second[2] };
  if (fields['Destination'] === undefined) {
    reader.open = { ...reader.open, ...fields };
  } else {
    open(reader, fields);
  }
}

function open(reader: Reader, fields: Fields): void {
  close(reader);
  reader.open = fields;
}

function close(reader: Reader): void {
  reader.paths.push(...pathOf(reader.vrf, reader.open));
  reader.open = {};
}

function pathOf(vrf: string | null, fields: Fields): readonly StaticPath[] {
  const { Preference, Tag } = fields;
  const prefix = prefixIn(fields);
  return prefix === undefined || fields['Protocol']?.toLowerCase() !== 'static'
    ? []
    : [
        {
          vrf,
          prefix,
          ...hopIn(fields),
          distance: Preference === undefined ? null : Number(Preference),
          tag: Number(Tag) || null,
          name: null,
          description: null,
          discard: isDiscard(fields),
        },
      ];
}

function prefixIn({ Destination = '', PrefixLength }: Fields): string | undefined {
  return readLoosePrefix(
    PrefixLength === undefined ? Destination : `${Destination}/${PrefixLength}`,
  );
}

function hopIn(fields: Fields): Pick<StaticPath, 'nextHop' | 'interface'> {
  const { NextHop = '', Interface = 'Unknown' } = fields;
  const address = readAddress(NextHop.replace(NO_ADDRESS, ''));
  return isDiscard(fields)
    ? { nextHop: null, interface: null }
    : { nextHop: address ?? null, interface: Interface === 'Unknown' ? null : Interface };
}

function isDiscard({ Interface = '' }: Fields): boolean {
  return /^null0$/i.test(Interface);
}
