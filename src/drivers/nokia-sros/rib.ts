/**
 * Static routes in what `show router route-table` (also `extensive`) and `show router static-route` print, in the forms
 * of all releases (Nokia Router Configuration Guide, show commands with their sample output).
 */
import { readSrosHop, vrfOfRouter, type SrosHop } from './hop.ts';
import type { StaticPath } from '../static-path.ts';
import { readLoosePrefix } from '../kit/text.ts';

/** The static route that the next lines tell of. */
interface ShownRoute {
  readonly prefix: string;
  readonly tag: number | null;
  /** In the table of static routes: NH, ID, BH and others. */
  readonly type: string | undefined;
  distance: number | null;
  isStatic: boolean;
}

interface Reading {
  readonly paths: StaticPath[];
  /** Undefined in a table for multicast. */
  vrf: string | null | undefined;
  route: ShownRoute | undefined;
}

/** No display has longer lines; the expressions take their time with what is none of theirs. */
const LONGEST_LINE = 1000;

type Groups = Readonly<Record<string, string | undefined>>;

/** What a line is tells the first expression that fits. */
const LINES: readonly (readonly [RegExp, (reading: Reading, groups: Groups) => void])[] = [
  [/^(?<head>.*)Route Table \((?:Router|Service): (?<router>[^)]+)\)(?<family>.*)$/, startTable],
  // Route table: destination, type, protocol, age and preference; then next hop and metric.
  [
    /^(?<prefix>\S+\/\d+)(?:\s*\[[^\]]*\])?\s+\S+\s+(?<protocol>\S.*?)\s+\d+[dhms]\S*\s+(?<distance>\d+)$/,
    startRoute,
  ],
  // Static routes: prefix, tag, metric, preference, type and activity; then next hop and interface.
  [
    /^(?<prefix>\S+\/\d+)\s+(?<tag>\d+)\s+\d+\s+(?<distance>\d+)\s+(?<type>[A-Z]+)\s+[YN]$/,
    startRoute,
  ],
  // The same on one line, as old releases show it without the tag.
  [
    /^(?<prefix>\S+\/\d+)\s+(?<distance>\d+)\s+\d+\s+(?<type>[A-Z]+)\s+(?<hop>\S+)\s+(?<column>\S.*?)\s+[YN]$/,
    readRoute,
  ],
  [/^Dest Prefix\s*: (?<prefix>\S+)$/, startRoute],
  [/^\s+Protocol\s*: (?<protocol>\S.*)$/, readProtocol],
  [/^\s+Preference\s*: (?<distance>\d+)$/, readPreference],
  [/^\s+(?:Indirect )?Next-Hop\s*: (?<hop>\S.*)$/, addHop],
  // Deeper ones belong to the route that resolves it.
  [/^ {1,4}Interface\s*: (?<device>\S.*)$/, addInterface],
  [/^\s+[\w -]+\s+: /, ignore],
  [/^\s+(?<hop>\S.*?)\s{2,}(?<column>\S.*)$/, addHop],
  [/^\S/, endRoute],
];

/** The static paths in the lines of one or more tables. */
export function shownPaths(lines: readonly string[]): readonly StaticPath[] {
  const reading: Reading = { paths: [], vrf: null, route: undefined };
  for (const line of lines.filter(({ length }) => length <= LONGEST_LINE)) {
    const found = LINES.find(([expression]) => expression.test(line));
    if (found !== undefined) {
      const [expression, read] = found;
      read(reading, expression.exec(line)?.groups ?? {});
    }
  }
  return reading.paths;
}

function startTable(reading: Reading, { head, router = '', family }: Groups): void {
  reading.vrf = /mcast|multicast/i.test(`${head} ${family}`) ? undefined : vrfOfRouter(router);
  reading.route = undefined;
}

function startRoute(reading: Reading, groups: Groups): void {
  const { protocol = '', distance, tag = '', type } = groups;
  const { prefix: destination = '' } = groups;
  const prefix = readLoosePrefix(destination);
  reading.route =
    prefix === undefined
      ? undefined
      : {
          prefix,
          tag: Number(tag) || null,
          type,
          distance: distance === undefined ? null : Number(distance),
          isStatic: type !== undefined || isStatic(protocol),
        };
}

function readRoute(reading: Reading, groups: Groups): void {
  startRoute(reading, groups);
  addHop(reading, groups);
}

function readProtocol({ route }: Reading, { protocol = '' }: Groups): void {
  if (route !== undefined) {
    route.isStatic = isStatic(protocol);
  }
}

function readPreference({ route }: Reading, { distance }: Groups): void {
  if (route !== undefined) {
    route.distance = Number(distance);
  }
}

function isStatic(protocol: string): boolean {
  return protocol.toLowerCase() === 'static';
}

function addHop({ paths, vrf, route }: Reading, { hop = '', column = 'n/a' }: Groups): void {
  // A hop in another VRF is of a route that was leaked from there.
  if (vrf === undefined || route?.isStatic !== true || hop.startsWith('Local VRF')) {
    return;
  }
  const { prefix, distance, tag, type } = route;
  paths.push({
    vrf,
    prefix,
    ...(type === undefined ? readSrosHop(hop) : typedHop(type, hop, column)),
    distance,
    tag,
    name: null,
    description: null,
  });
}

/** In the table of static routes the interface has its own column. */
function typedHop(type: string, hop: string, column: string): SrosHop {
  const shown = readSrosHop(type === 'BH' ? 'Black Hole' : hop);
  return shown.discard || column === 'n/a' ? shown : { ...shown, interface: column };
}

function addInterface({ paths, route }: Reading, { device = '' }: Groups): void {
  const last = route?.isStatic === true ? paths.pop() : undefined;
  paths.push(...(last === undefined ? [] : [{ ...last, interface: device }]));
}

function endRoute(reading: Reading): void {
  reading.route = undefined;
}

function ignore(): void {
  // Attributes that no path has.
}
