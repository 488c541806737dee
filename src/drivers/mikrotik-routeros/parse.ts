/**
 * MikroTik RouterOS 6 and 7: static paths from `export`, from `add` commands, and from `print` in all its forms. Facts:
 * RouterOS documentation (Configuration Management, Command Line Interface, IP Routing) and recorded output.
 */
import { attributesOfFlags, isConfigured, isStatic, pathsOf } from './path.ts';
import { columnsIn, gatewayIn, rowIn, type Columns } from './table.ts';
import {
  attributesAsValue,
  attributesInJson,
  printedAttributes,
  typedAttributes,
  type Attributes,
} from './words.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn } from '../kit/text.ts';

/** Where a long line goes on in the next one, whose first blanks are not part of it. */
const BREAK = /(?<!\\)((?:\\\\)*)\\\n\s*/g;
/** `[admin@MikroTik] /ip route> add ...`, with `<SAFE>` in place of `>` in safe mode. */
const TYPED = /^\[[^\]\s]+@[^\]]*\] *(\/[^<>]*?)? *(?:<SAFE>|>) *(.*)$/;
/** `/ip route`, `/ip/route/add ...`, `/ipv6 route print detail`. */
const ROUTES = /^\/(ip|ipv6)[ /]route[ /]*(?:([a-z]+)(?: +(.*))?)?$/;
const ADD = /^\s*add +(.*)$/;
/** The menu of an `add` that stands alone is known by what it sets. */
const SETS_ROUTE = /^(?=.*\bdst-address=).*\b(?:gateway=|type=|blackhole\b)/;
/** `print where routing-table=NAME`: items in columns need not name it. */
const OF_TABLE = /\bprint\b.*\brouting-(?:table|mark)="?([\w.-]+)/;
/** Number and flags come with it where the rest of the item follows below. */
const COMMENT = /^\s*(?:\d+\s+)?((?:[A-Za-z+]+\s+)*);;; ?(.*)$/;
const LEGEND = /^(?:Flags|Columns):|^\s*#/;
/** The lines of an item that follow its first one are further to the right. */
const ITEM = /^ {0,5}(?:\d+ +)?((?:[A-Za-z+]+ +)+)([a-z.][\w.-]*=.*)$/;

/** Where the reading stands. */
interface Reader {
  readonly paths: StaticPath[];
  /** Where `add` belongs; `ip` and `ipv6` are their menus of routes. */
  menu: 'ip' | 'ipv6' | 'other' | undefined;
  /** Of items that do not tell theirs. */
  table: string;
  columns: Columns | undefined;
  /** Of the item that follows. */
  comment: string;
  /** The printed item whose lines are being read. */
  item: Item | undefined;
}

interface Item {
  readonly flags: string;
  readonly words: string;
  readonly cells: Attributes;
}

/** Takes a line and returns true, or returns false and leaves all as it was. */
type LineReader = (reader: Reader, line: string) => boolean;

const LINE_READERS: readonly LineReader[] = [
  readPlace,
  readAdd,
  readValues,
  readComment,
  readHeads,
  readRow,
  readItem,
  readMore,
];

/** Every static path that the text tells, whatever of RouterOS it is; none for any other text. */
export function readMikrotikRouterosPaths(text: string): readonly StaticPath[] {
  const items = text.includes('"dst-address"') ? attributesInJson(text) : undefined;
  if (items !== undefined) {
    return items.filter(isConfigured).flatMap(pathsOf);
  }
  const reader: Reader = {
    paths: [],
    menu: undefined,
    table: '',
    columns: undefined,
    comment: '',
    item: undefined,
  };
  for (const line of linesIn(text).join('\n').replaceAll(BREAK, '$1').split('\n')) {
    if (!LINE_READERS.some((read) => read(reader, line))) {
      close(reader);
    }
  }
  close(reader);
  return reader.paths;
}

/** A menu or a whole command. */
function readPlace(reader: Reader, line: string): boolean {
  const command = commandIn(line);
  if (command === undefined) {
    return false;
  }
  close(reader);
  const [, family, verb = 'add', words] = ROUTES.exec(command) ?? [];
  const [, table = ''] = OF_TABLE.exec(command) ?? [];
  reader.columns = undefined;
  reader.comment = '';
  reader.table = table;
  reader.menu = verb === 'add' ? menuOf(family) : 'other';
  addRoute(reader, words);
  return true;
}

/** From the top of the menus, whether it was typed at a prompt or not. */
function commandIn(line: string): string | undefined {
  const [isTyped, menu = '', words = ''] = TYPED.exec(line) ?? [];
  if (isTyped === undefined) {
    return line.startsWith('/') ? line : undefined;
  }
  return words.startsWith('/') ? words : `${menu}/${words}`;
}

function menuOf(family: string | undefined): NonNullable<Reader['menu']> {
  return family === 'ip' || family === 'ipv6' ? family : 'other';
}

function readAdd(reader: Reader, line: string): boolean {
  const [isAdd, words = ''] = ADD.exec(line) ?? [];
  if (isAdd !== undefined && (reader.menu !== undefined || SETS_ROUTE.test(words))) {
    addRoute(reader, words);
  }
  return isAdd !== undefined;
}

function addRoute({ paths, menu }: Reader, words: string | undefined): void {
  if (words !== undefined && menu !== 'other') {
    const everything = menu === 'ipv6' ? '::/0' : '0.0.0.0/0';
    paths.push(...pathsOf(new Map([['dst-address', everything], ...typedAttributes(words)])));
  }
}

function readValues({ paths }: Reader, line: string): boolean {
  const isValues = line.startsWith('.id=');
  if (isValues) {
    paths.push(...attributesAsValue(line).filter(isConfigured).flatMap(pathsOf));
  }
  return isValues;
}

function readComment(reader: Reader, line: string): boolean {
  const [isComment, flags = '', comment = ''] = COMMENT.exec(line) ?? [];
  if (isComment === undefined) {
    return false;
  }
  close(reader);
  reader.comment = comment;
  if (flags !== '') {
    open(reader, { flags, words: '', cells: new Map() });
  }
  return true;
}

function readHeads(reader: Reader, line: string): boolean {
  const columns = columnsIn(line);
  if (columns === undefined && !LEGEND.test(line)) {
    return false;
  }
  close(reader);
  reader.columns = columns;
  return true;
}

function readRow(reader: Reader, line: string): boolean {
  const { columns, item } = reader;
  const row = columns && rowIn(columns, line);
  const gateway = columns === undefined ? '' : gatewayIn(columns, line);
  if (row?.flags === '' && item !== undefined) {
    reader.item = { ...item, cells: new Map([...item.cells, ...row.cells]) };
  } else if (row !== undefined) {
    open(reader, { ...row, words: '' });
  } else if (gateway !== '' && item !== undefined) {
    const gateways = [item.cells.get('gateway'), gateway].join(',');
    reader.item = { ...item, cells: new Map([...item.cells, ['gateway', gateways]]) };
  }
  return row !== undefined || gateway !== '';
}

function readItem(reader: Reader, line: string): boolean {
  const [isItem, flags = '', words = ''] = ITEM.exec(line) ?? [];
  if (isItem !== undefined) {
    open(reader, { flags, words, cells: new Map() });
  }
  return isItem !== undefined;
}

function readMore(reader: Reader, line: string): boolean {
  const { item } = reader;
  const isMore = item !== undefined && /^\s{2,}\S/.test(line);
  if (isMore) {
    reader.item = { ...item, words: `${item.words} ${line.trim()}` };
  }
  return isMore;
}

function open(reader: Reader, item: Item): void {
  close(reader);
  const comment = reader.comment === '' ? [] : [['comment', reader.comment] as const];
  reader.item = { ...item, cells: new Map([...item.cells, ...comment]) };
  reader.comment = '';
}

function close(reader: Reader): void {
  const { item, table, paths } = reader;
  reader.item = undefined;
  const flags = item?.flags.replaceAll(/\s/g, '') ?? '';
  if (item !== undefined && isStatic(flags)) {
    const told = new Map([
      ['routing-table', table],
      ...printedAttributes(item.words),
      ...item.cells,
    ]);
    paths.push(...pathsOf(new Map([...told, ...attributesOfFlags(flags, told)])));
  }
}
