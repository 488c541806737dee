/** The ledger of one upstream as a file that grows: `upstreams/NAME.json` in the state directory. */
import { z } from 'zod';

import type { ClockReading } from '../core/clock.ts';
import type { RecentChanges } from '../core/guard.ts';
import type { Missing } from '../core/removal.ts';
import { areSameOrigins, type Origin } from '../core/route.ts';
import { addChange, readGrownFile, writeBase, type FileEnd } from './grown-file.ts';
import { interner, listInterner } from './interner.ts';
import type { SaveMemory } from './save.ts';
import { checkJson, corrupt } from './state-file.ts';
import {
  areDistinct,
  areOriginRows,
  belonging,
  isOurs,
  isTextList,
  originOf,
  rowOf,
  type Belonging,
  type OriginRow,
} from './upstream-file.ts';

export interface LedgerEntry {
  /** What the route was installed for. */
  readonly origin: readonly Origin[];
  /** Canonical addresses of all our routes at the prefix, as installed or about to be. */
  readonly nextHops: readonly string[];
}

/** What route-sync knows of its own routes on one upstream; both maps are keyed by canonical prefix text. */
export interface UpstreamLedger {
  readonly routes: ReadonlyMap<string, LedgerEntry>;
  readonly missing: ReadonlyMap<string, Missing>;
  /** Newest last. */
  readonly recent: readonly RecentChanges[];
  /** When the ledger was written last; undefined where an older version wrote it. */
  readonly clock: ClockReading | undefined;
  /** Absent on upstreams that have nothing to save. */
  readonly save?: SaveMemory;
}

type RouteRow = readonly [
  prefix: string,
  nextHops: readonly string[],
  origins: readonly OriginRow[],
];

const VERSION = 2;

const count = z.int().min(0);
/** Also negative: a clock may be set to long ago. */
const time = z.number();

// By hand: at 100,000 routes zod's own tuples take longer than reading and parsing the file.
const routes = z.array(z.custom<RouteRow>(isRouteRow)).refine(areDistinct);

const common = {
  missing: z.array(z.tuple([z.string(), time, count])).refine(areDistinct),
};

/** All but the routes, of the current version. */
const rest = {
  ...common,
  recent: z.array(z.tuple([time, count, count])),
  clock: z.strictObject({ wall: time, uptime: time, boot: z.string() }).nullable(),
  save: z.strictObject({ pending: z.boolean(), at: time.nullable() }).optional(),
};

const REPAIR =
  'restore it from a backup, or remove it: pending removals then wait anew, and origins are taken from the cloud';

const FORMAT = {
  // Strict, because a field that is not known may be one of ours under a damaged name.
  schema: z.discriminatedUnion('version', [
    z.strictObject({ version: z.literal(1), ...belonging, ...common, routes }),
    z.strictObject({ version: z.literal(VERSION), ...belonging, ...rest, routes }),
  ]),
  version: VERSION,
  repair: REPAIR,
};

/** What changed: rows in place of those of the same prefix, and prefixes that are gone. */
const changeFormat = z.strictObject({ set: routes, drop: z.array(z.string()), ...rest });

const NO_LEDGER: UpstreamLedger = {
  routes: new Map(),
  missing: new Map(),
  recent: [],
  clock: undefined,
};

/** A ledger, and where its file ends; without an end, the file can only be written anew. */
export interface LedgerOnDisk {
  readonly ledger: UpstreamLedger;
  readonly end: FileEnd | undefined;
}

/** Empty where there is no file. Throws as {@link readGrownFile} does, and STATE_FOREIGN. */
export async function readLedgerFile(path: string, whose: Belonging): Promise<LedgerOnDisk> {
  const found = await readGrownFile(path, REPAIR);
  if (found === undefined) {
    return { ledger: NO_LEDGER, end: undefined };
  }
  const file = checkJson(path, found.base, FORMAT);
  const base = file.version === 1 ? { ...file, recent: [], clock: null, save: undefined } : file;
  const changes = found.changes.map((change) => checkChange(path, change));
  const rows = new Map(file.routes.map((row) => [row[0], row]));
  for (const { set, drop } of changes) {
    drop.forEach((prefix) => rows.delete(prefix));
    set.forEach((row) => rows.set(row[0], row));
  }
  const last = changes.at(-1) ?? base;
  const listed = { ...whoseFile(file), routes: [...rows.values()], missing: last.missing };
  if (!isOurs(path, listed, whose)) {
    return { ledger: NO_LEDGER, end: undefined };
  }
  const ledger = { routes: entriesOf(rows.values()), ...restOf(last) };
  return { ledger, end: file.version === VERSION ? found.end : undefined };
}

function whoseFile({ owner, upstream, target }: Belonging): Belonging {
  return { owner, upstream, target };
}

function checkChange(path: string, change: unknown): z.output<typeof changeFormat> {
  const parsed = changeFormat.safeParse(change);
  if (!parsed.success) {
    throw corrupt(path, `is not as route-sync wrote it; ${REPAIR}`);
  }
  return parsed.data;
}

function entriesOf(rows: Iterable<RouteRow>): UpstreamLedger['routes'] {
  const keep = interner();
  const keepList = listInterner();
  const routes = new Map<string, LedgerEntry>();
  for (const [prefix, nextHops, origins] of rows) {
    routes.set(prefix, {
      nextHops: keepList(nextHops),
      origin: origins.map((row) => originOf(row, keep)),
    });
  }
  return routes;
}

function restOf({
  missing,
  recent,
  clock,
  save,
}: Omit<z.output<typeof changeFormat>, 'set' | 'drop'>): Omit<UpstreamLedger, 'routes'> {
  return {
    missing: new Map(missing.map(([prefix, since, snapshots]) => [prefix, { since, snapshots }])),
    recent: recent.map(([at, removals, replaces]) => ({ at, removals, replaces })),
    clock: clock ?? undefined,
    ...(save === undefined ? {} : { save: { ...save, at: save.at ?? undefined } }),
  };
}

function isRouteRow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) {
    return false;
  }
  const [prefix, nextHops, origins] = value as readonly unknown[];
  return typeof prefix === 'string' && isTextList(nextHops) && areOriginRows(origins);
}

/**
 * Adds what is new against `known`, which must be what the file holds, or writes all anew. Resolves with where the file
 * then ends. Throws STATE_UNWRITABLE and leaves the file as it was.
 */
export async function writeLedgerFile(
  { path, whose }: { readonly path: string; readonly whose: Belonging },
  ledger: UpstreamLedger,
  known: LedgerOnDisk | undefined,
): Promise<FileEnd> {
  const rest = restRow(ledger);
  if (known?.end !== undefined) {
    const change = { ...changedRows(known.ledger.routes, ledger.routes), ...rest };
    const end = await addChange(path, known.end, change);
    if (end !== undefined) {
      return end;
    }
  }
  const head = { version: VERSION, ...whose, ...rest };
  return writeBase(path, head, { rows: textsOf(ledger.routes) });
}

function restRow({
  missing,
  recent,
  clock,
  save,
}: UpstreamLedger): Readonly<Record<string, unknown>> {
  return {
    missing: Array.from(missing, ([prefix, { since, snapshots }]) => [prefix, since, snapshots]),
    recent: recent.map(({ at, removals, replaces }) => [at, removals, replaces]),
    clock: clock ?? null,
    ...(save === undefined ? {} : { save: { ...save, at: save.at ?? null } }),
  };
}

function* textsOf(routes: UpstreamLedger['routes']): Generator<string> {
  for (const entry of routes) {
    yield JSON.stringify(rowAt(entry));
  }
}

function rowAt([prefix, { nextHops, origin }]: readonly [string, LedgerEntry]): RouteRow {
  return [prefix, nextHops, origin.map(rowOf)];
}

function changedRows(
  before: UpstreamLedger['routes'],
  after: UpstreamLedger['routes'],
): { readonly set: readonly RouteRow[]; readonly drop: readonly string[] } {
  const set: RouteRow[] = [];
  const drop: string[] = [];
  if (before !== after) {
    for (const entry of after) {
      if (!isSameEntry(entry[1], before.get(entry[0]))) {
        set.push(rowAt(entry));
      }
    }
    for (const prefix of before.keys()) {
      if (!after.has(prefix)) {
        drop.push(prefix);
      }
    }
  }
  return { set, drop };
}

/** True if both stand in a file alike. */
export function isSameEntry(a: LedgerEntry, b: LedgerEntry | undefined): boolean {
  return (
    a === b ||
    (b !== undefined &&
      a.nextHops.length === b.nextHops.length &&
      a.nextHops.every((address, index) => address === b.nextHops[index]) &&
      areSameOrigins(a.origin, b.origin))
  );
}
