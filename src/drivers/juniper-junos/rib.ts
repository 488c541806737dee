/**
 * Static routes in what `show route` prints: brief, terse, detail and extensive text, and JSON or XML (Junos
 * documentation, "show route", "show route terse", "show route extensive", with their sample output).
 */
import { childrenOf, elementsNamed, textOf, type Element } from '../kit/documents.ts';
import { readPrefix, vrfOfTable } from './tables.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress } from '../kit/text.ts';

type Hop = Pick<StaticPath, 'nextHop' | 'interface'>;

/** One static route of one table. */
interface ShownRoute {
  readonly table: string;
  readonly prefix: string;
  readonly distance: string;
  readonly hops: Hop[];
  tag: string;
  discard: boolean;
  /** Copied from another table, where it is shown too. */
  leaked: boolean;
}

interface Reading {
  readonly routes: ShownRoute[];
  table: string;
  prefix: string;
  /** The static route that the next lines tell of. */
  route: ShownRoute | undefined;
  /** One line a route: a line with nothing but a word is one more next hop. */
  terse: boolean;
}

const DISCARD = /^(?:Discard|Reject)$/;

/** No display has longer lines; the expressions take their time with what is none of theirs. */
const LONGEST_LINE = 1000;

type Groups = Readonly<Record<string, string | undefined>>;

/** What a line is tells the first expression that fits. */
const LINES: readonly (readonly [RegExp, (reading: Reading, groups: Groups) => void])[] = [
  [/^\s*(?<table>\S+): \d+ destinations/, startTable],
  [/^\s*(?<prefix>\S+) \(\d+ entr(?:y|ies), /, startPrefix],
  [
    /^\s*(?:(?<prefix>[\da-f.:]+(?:\/\d+)?|default)\s*)?[*+@#-]?\s*\[(?<protocol>[^\]/]+)\/(?<distance>\d+)[^\]]*\](?:.*\btag (?<tag>\d+))?/i,
    startRoute,
  ],
  [/^\s*[*+@#-]?\s*(?<protocol>\S+)\s+Preference: (?<distance>\d+)/, startRoute],
  [
    /^\s*(?:[*+@#-]\s+)?(?:[?VNI]\s+)?(?<prefix>[\da-fA-F.:]+\/\d+)\s+(?<protocol>[A-Z])\s+(?<distance>\d+)\s+(?<terse>\S.*)$/,
    startTerse,
  ],
  [
    /^\s*(?:[*+@#-]\s+)?(?:[?VNI]\s+)?(?<protocol>[A-Z])\s+(?<distance>\d+)\s+(?<terse>\S.*)$/,
    startTerse,
  ],
  [/^\s*(?:[*+@#-]\s+)?(?:[?VNI]\s+)?(?<prefix>[\da-f.:]+\/\d+)$/i, startPrefix],
  [/^\s*(?:Next hop: |>?\s*to )(?<to>[\da-f.:]+)(?: via (?<via>[^\s,]+))?/i, addHop],
  [/^\s*(?:Next hop: |>?\s*)via (?<via>[^\s,]+)/, addHop],
  [/^\s*(?:Next hop type: )?(?:Discard|Reject)\b/, discard],
  [/^\s*(?:State: <.*\bSecondary\b|Primary (?:Routing )?Table)/, leak],
  [/(?:^|\s)Tag: (?<tag>\d+)/, addTag],
  // What follows repeats the next hops of the route that was resolved.
  [/^\s*Indirect next hops: \d/, endRoute],
  [/^\s+>?(?<terse>[\w.:/-]+)$/, addTerseHop],
];

/** The static paths in the lines of one or more displays. */
export function shownPaths(lines: readonly string[]): readonly StaticPath[] {
  const reading: Reading = {
    routes: [],
    table: 'inet.0',
    prefix: '',
    route: undefined,
    terse: false,
  };
  for (const line of lines.filter(({ length }) => length <= LONGEST_LINE)) {
    const found = LINES.find(([expression]) => expression.test(line));
    if (found !== undefined) {
      const [expression, read] = found;
      read(reading, expression.exec(line)?.groups ?? {});
    }
  }
  return reading.routes.flatMap(pathsOf);
}

/** The static paths in the documents of `| display json` and `| display xml`. */
export function documentedPaths(elements: readonly Element[]): readonly StaticPath[] {
  return elementsNamed(elements, 'route-table')
    .flatMap((table) =>
      childrenOf(table, 'rt').flatMap((route) =>
        childrenOf(route, 'rt-entry')
          .filter((entry) => textOf(entry, 'protocol-name') === 'Static')
          .map((entry) => documented(table, route, entry)),
      ),
    )
    .flatMap(pathsOf);
}

function documented(table: Element, route: Element, entry: Element): ShownRoute {
  const destination = textOf(route, 'rt-destination') ?? '';
  const length = textOf(route, 'rt-prefix-length');
  const types = elementsNamed(entry.children, 'nh-type').map(({ text }) => text);
  const states = entry.children.filter(({ name }) => /state/.test(name));
  return {
    table: textOf(table, 'table-name') ?? 'inet.0',
    prefix: length === undefined ? destination : `${destination}/${length}`,
    distance: textOf(entry, 'preference') ?? '',
    tag: textOf(entry, 'rt-tag') ?? textOf(entry, 'tag') ?? '',
    hops: childrenOf(entry, 'nh').flatMap((hop) => hopOf(textOf(hop, 'to'), textOf(hop, 'via'))),
    discard: types.some((type) => DISCARD.test(type)),
    leaked: states.some(({ text }) => /\bSecondary\b/.test(text)),
  };
}

function pathsOf(route: ShownRoute): readonly StaticPath[] {
  const { discard, leaked, table, hops } = route;
  const vrf = vrfOfTable(table);
  const prefix = readPrefix(route.prefix, table);
  if (vrf === undefined || prefix === undefined || leaked) {
    return [];
  }
  const none: Hop = { nextHop: null, interface: null };
  return (discard || hops.length === 0 ? [none] : hops).map((hop) => ({
    vrf,
    prefix,
    ...hop,
    distance: route.distance === '' ? null : Number(route.distance),
    tag: Number(route.tag) || null,
    name: null,
    description: null,
    discard,
  }));
}

function startTable(reading: Reading, { table = '' }: Groups): void {
  reading.table = table;
  startPrefix(reading, {});
}

function startPrefix(reading: Reading, { prefix = '' }: Groups): void {
  reading.prefix = prefix;
  endRoute(reading);
}

function startRoute(reading: Reading, groups: Groups): void {
  const { table } = reading;
  const { prefix = reading.prefix, protocol = '', distance = '', tag = '' } = groups;
  startPrefix(reading, { prefix });
  reading.terse = false;
  if (/^(?:Static|S)$/.test(protocol)) {
    reading.route = { table, prefix, distance, tag, hops: [], discard: false, leaked: false };
    reading.routes.push(reading.route);
  }
}

function startTerse(reading: Reading, groups: Groups): void {
  const { terse = '' } = groups;
  const words = terse.replaceAll('>', ' ').trim().split(/\s+/);
  startRoute(reading, groups);
  reading.terse = true;
  // Metrics come before the next hop.
  addTerseHop(reading, { terse: words.find((word) => !/^\d+$/.test(word)) });
}

function addTerseHop({ route, terse }: Reading, { terse: word = '' }: Groups): void {
  if (route === undefined || !terse) {
    return;
  }
  if (DISCARD.test(word)) {
    route.discard = true;
  } else if (readAddress(word) !== undefined) {
    route.hops.push(...hopOf(word, undefined));
  } else if (/\d/.test(word)) {
    route.hops.push(...hopOf(undefined, word));
  }
}

function addHop({ route }: Reading, { to, via }: Groups): void {
  route?.hops.push(...hopOf(to, via));
}

function addTag({ route }: Reading, { tag = '' }: Groups): void {
  if (route !== undefined) {
    route.tag = tag;
  }
}

function discard({ route }: Reading): void {
  if (route !== undefined) {
    route.discard = true;
  }
}

function leak({ route }: Reading): void {
  if (route !== undefined) {
    route.leaked = true;
  }
}

function endRoute(reading: Reading): void {
  reading.route = undefined;
}

/** Nothing for what leads into another table. */
function hopOf(to = '', via: string | undefined): readonly Hop[] {
  const nextHop = readAddress(to) ?? null;
  return nextHop === null && via === undefined ? [] : [{ nextHop, interface: via ?? null }];
}
