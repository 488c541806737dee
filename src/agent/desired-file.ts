/**
 * The last good desired state of one upstream, a file that grows: `desired/NAME.json` in the state directory. It repairs
 * the upstream while the cloud cannot be read.
 */
import { z } from 'zod';

import { comparePrefixes, parseAddress, parsePrefix, PrefixError } from '../core/prefix.ts';
import { areSameOrigins, type DesiredRoute, type NextHop } from '../core/route.ts';
import { addChange, readGrownFile, writeBase, type FileEnd } from './grown-file.ts';
import { interner } from './interner.ts';
import { checkJson, corrupt } from './state-file.ts';
import {
  areDistinct,
  areOriginRows,
  belonging,
  isOurs,
  originOf,
  rowOf,
  type Belonging,
  type OriginRow,
} from './upstream-file.ts';

export interface LastGood {
  /** Of the configuration that the routes were computed with. */
  readonly configDigest: string;
  /** When the cloud was read, Unix milliseconds. */
  readonly at: number;
  readonly routes: readonly DesiredRoute[];
}

type HopRow = readonly [address: string, device?: string | null, onlink?: boolean];

type RouteRow = readonly [
  prefix: string,
  nextHops: readonly HopRow[],
  origins: readonly OriginRow[],
];

const VERSION = 1;

/** The last moment that a Date can name, in Unix milliseconds (ECMA-262, time values). */
const MAX_TIME = 8.64e15;

const REPAIR =
  'restore it from a backup, or remove it: until the cloud was read again, lost routes are then not repaired while it cannot be';

// By hand, as in the ledger: these may be 100,000.
const routes = z.array(z.custom<RouteRow>(isRouteRow)).refine(areDistinct);

const rest = { configDigest: z.string(), at: z.int().min(-MAX_TIME).max(MAX_TIME) };

const FORMAT = {
  schema: z.strictObject({ version: z.literal(VERSION), ...belonging, ...rest, routes }),
  version: VERSION,
  repair: REPAIR,
};

/** What changed: rows in place of those of the same prefix, and prefixes that are gone. */
const changeFormat = z.strictObject({ set: routes, drop: z.array(z.string()), ...rest });

/** A last good state, and where its file ends; without an end, the file can only be written anew. */
export interface LastGoodOnDisk {
  readonly lastGood: LastGood | undefined;
  readonly end: FileEnd | undefined;
}

const NOTHING: LastGoodOnDisk = { lastGood: undefined, end: undefined };

/** Without a state where there is no file. Throws as {@link readGrownFile} does, and STATE_FOREIGN. */
export async function readDesiredFile(path: string, whose: Belonging): Promise<LastGoodOnDisk> {
  const found = await readGrownFile(path, REPAIR);
  if (found === undefined) {
    return NOTHING;
  }
  const file = checkJson(path, found.base, FORMAT);
  const changes = found.changes.map((change) => checkChange(path, change));
  const rows = changes.length === 0 ? file.routes : changedBy(changes, file.routes);
  if (!isOurs(path, { ...file, routes: rows }, whose)) {
    return NOTHING;
  }
  const { configDigest, at } = changes.at(-1) ?? file;
  try {
    const keep = interner();
    const saved = rows.map((row) => routeOf(row, keep));
    const inOrder =
      changes.length === 0 ? saved : saved.sort((a, b) => comparePrefixes(a.prefix, b.prefix));
    return { lastGood: { configDigest, at, routes: inOrder }, end: found.end };
  } catch (error) {
    throw error instanceof PrefixError ? damaged(path, ` (${error.message})`) : error;
  }
}

type Change = z.output<typeof changeFormat>;

function checkChange(path: string, change: unknown): Change {
  const parsed = changeFormat.safeParse(change);
  if (!parsed.success) {
    throw damaged(path, '');
  }
  return parsed.data;
}

function damaged(path: string, how: string): Error {
  return corrupt(path, `is not as route-sync wrote it${how}; ${REPAIR}`);
}

function changedBy(changes: readonly Change[], routes: readonly RouteRow[]): RouteRow[] {
  const rows = new Map(routes.map((row) => [row[0], row]));
  for (const { set, drop } of changes) {
    drop.forEach((prefix) => rows.delete(prefix));
    set.forEach((row) => rows.set(row[0], row));
  }
  return [...rows.values()];
}

function isRouteRow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) {
    return false;
  }
  const [prefix, nextHops, origins] = value as readonly unknown[];
  return (
    typeof prefix === 'string' &&
    Array.isArray(nextHops) &&
    nextHops.length > 0 &&
    nextHops.every(isHopRow) &&
    areOriginRows(origins)
  );
}

function isHopRow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > 3) {
    return false;
  }
  const [address, device = null, onlink = false] = value as readonly unknown[];
  return (
    typeof address === 'string' &&
    (device === null || (typeof device === 'string' && device !== '')) &&
    typeof onlink === 'boolean'
  );
}

function routeOf(
  [text, nextHops, origins]: RouteRow,
  keep: (text: string) => string,
): DesiredRoute {
  const prefix = parsePrefix(text);
  refuseOtherForm(text, prefix.text);
  return {
    prefix,
    nextHops: nextHops.map(hopOf),
    origin: origins.map((row) => originOf(row, keep)),
  };
}

function hopOf([text, device, onlink]: HopRow): NextHop {
  const address = parseAddress(text);
  refuseOtherForm(text, address);
  return {
    address,
    ...(typeof device === 'string' && { device }),
    ...(onlink !== undefined && { onlink }),
  };
}

/** We write canonical text only; and in another form the same prefix could stand there twice. */
function refuseOtherForm(text: string, canonical: string): void {
  if (text !== canonical) {
    throw new PrefixError(`"${text}" is not the canonical form`, canonical);
  }
}

/**
 * Adds what is new against `known`, which must be what the file holds, or writes all anew; a file that differs only in
 * `at` stays as it is. Resolves with where the file then ends. Throws STATE_UNWRITABLE and leaves the file as it was.
 */
export async function writeDesiredFile(
  { path, whose }: { readonly path: string; readonly whose: Belonging },
  { configDigest, at, routes: wanted }: LastGood,
  { lastGood: known, end }: LastGoodOnDisk,
): Promise<FileEnd> {
  if (known !== undefined && end !== undefined) {
    const { set, drop } = changedRoutes(known.routes, wanted);
    if (set.length + drop.length === 0 && known.configDigest === configDigest) {
      return end;
    }
    const added = await addChange(path, end, { configDigest, at, set: set.map(rowAt), drop });
    if (added !== undefined) {
      return added;
    }
  }
  const head = { version: VERSION, ...whose, configDigest };
  return writeBase(path, head, { rows: textsOf(wanted), tail: `,"at":${at}` });
}

function* textsOf(wanted: readonly DesiredRoute[]): Generator<string> {
  for (const route of wanted) {
    yield JSON.stringify(rowAt(route));
  }
}

/**
 * Both are in the order of their prefixes, which makes it short; where they are not, a prefix may stand in both lists, and
 * what is read back is the same, since drops go before sets.
 */
function changedRoutes(
  before: readonly DesiredRoute[],
  after: readonly DesiredRoute[],
): { readonly set: readonly DesiredRoute[]; readonly drop: readonly string[] } {
  const set: DesiredRoute[] = [];
  const drop: string[] = [];
  let at = 0;
  for (const route of after) {
    let old = before[at];
    while (old !== undefined && comparePrefixes(old.prefix, route.prefix) < 0) {
      drop.push(old.prefix.text);
      at += 1;
      old = before[at];
    }
    if (old?.prefix.text === route.prefix.text) {
      at += 1;
    }
    if (!isSameRoute(route, old)) {
      set.push(route);
    }
  }
  return { set, drop: [...drop, ...before.slice(at).map(({ prefix }) => prefix.text)] };
}

function isSameRoute(a: DesiredRoute | undefined, b: DesiredRoute | undefined): boolean {
  return (
    a === b ||
    (a !== undefined &&
      b !== undefined &&
      a.prefix.text === b.prefix.text &&
      a.nextHops.length === b.nextHops.length &&
      a.nextHops.every((hop, index) => isSameHop(hop, b.nextHops[index])) &&
      areSameOrigins(a.origin, b.origin))
  );
}

function isSameHop(a: NextHop, b: NextHop | undefined): boolean {
  return a.address === b?.address && a.device === b.device && a.onlink === b.onlink;
}

function rowAt({ prefix, nextHops, origin }: DesiredRoute): RouteRow {
  return [prefix.text, nextHops.map(hopRow), origin.map(rowOf)];
}

function hopRow({ address, device, onlink }: NextHop): HopRow {
  if (onlink !== undefined) {
    return [address, device ?? null, onlink];
  }
  return device === undefined ? [address] : [address, device];
}
