/**
 * MikroTik RouterOS 6 and 7: the rows of `/ip route print` below the heads of their columns. Facts: RouterOS
 * documentation (IP Routing, routing/route) and recorded output.
 */
import type { Attributes } from './words.ts';

/** Where each column begins, from left to right; the first one is the destination's. */
export type Columns = readonly [Column, ...Column[]];

interface Column {
  readonly name: string;
  readonly start: number;
}

/** A printed route: its flags, and its attributes by the names that `print detail` has for them. */
export interface Row {
  readonly flags: string;
  readonly cells: Attributes;
}

const DESTINATION = 'dst-address';
/** A narrow column shows the beginning of its name only: `D` for the distance. */
const NAMES = ['gateway', 'distance', 'routing-table', 'routing-mark', 'comment'] as const;
/** Number and flags, both of which may be missing, and the destination. */
const ROW = /^(\s*(?:\d+\s+)?((?:[A-Za-z+]+\s+)*))[\da-f.:]*[.:]\S*(?!\S)/i;

/** The columns if the line is the head of a table of routes. */
export function columnsIn(line: string): Columns | undefined {
  const [first, ...others] = [...line.matchAll(/[^\s#]+/g)].map(({ 0: head, index }) => ({
    name: nameOf(head.toLowerCase()),
    start: index,
  }));
  return first?.name === DESTINATION ? [first, ...others] : undefined;
}

function nameOf(head: string): string {
  return NAMES.find((name) => name.startsWith(head)) ?? head;
}

/** The route of a line; a number with many digits moves the whole line to the right. */
export function rowIn(columns: Columns, line: string): Row | undefined {
  const [, before = '', flags = ''] = ROW.exec(line) ?? [];
  const [first, second] = columns;
  if (before === '' || (second !== undefined && before.length >= second.start)) {
    return undefined;
  }
  const moved = before.length - first.start;
  const cells = columns.map(
    ({ name, start }, i) => [name, cut(line, start + moved, endOf(columns, i) + moved)] as const,
  );
  return { flags, cells: new Map(cells) };
}

/** One more gateway of the route above: version 6 gives each a line of its own. */
export function gatewayIn(columns: Columns, line: string): string {
  const at = columns.findIndex(({ name }) => name === 'gateway');
  const start = columns[at]?.start ?? Infinity;
  return cut(line, 0, start) === '' ? cut(line, start, endOf(columns, at)) : '';
}

function endOf(columns: Columns, index: number): number {
  return columns[index + 1]?.start ?? Infinity;
}

/** The text between two columns; a word across the border belongs to what is right of it. */
function cut(line: string, start: number, end: number): string {
  return line.slice(borderAt(line, start), borderAt(line, end)).trim();
}

function borderAt(line: string, at: number): number {
  return /\S/.test(line.charAt(at)) ? line.lastIndexOf(' ', at) + 1 : at;
}
