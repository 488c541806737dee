/** The ledger of one upstream as a file: `upstreams/NAME.json` in the state directory. */
import { z } from 'zod';

import type { ClockReading } from '../core/clock.ts';
import type { RecentChanges } from '../core/guard.ts';
import type { Missing } from '../core/removal.ts';
import type { Origin } from '../core/route.ts';
import type { SaveMemory } from './save.ts';
import { readJson, replaceFile } from './state-file.ts';
import {
  areDistinct,
  areOriginRows,
  belonging,
  isOurs,
  isTextList,
  openText,
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

const common = {
  ...belonging,
  missing: z.array(z.tuple([z.string(), time, count])).refine(areDistinct),
  // By hand: at 100,000 routes zod's own tuples take longer than reading and parsing the file.
  routes: z.array(z.custom<RouteRow>(isRouteRow)).refine(areDistinct),
};

const FORMAT = {
  // Strict, because a field that is not known may be one of ours under a damaged name.
  schema: z.discriminatedUnion('version', [
    z.strictObject({ version: z.literal(1), ...common }),
    z.strictObject({
      version: z.literal(VERSION),
      ...common,
      recent: z.array(z.tuple([time, count, count])),
      clock: z.strictObject({ wall: time, uptime: time, boot: z.string() }).nullable(),
      save: z.strictObject({ pending: z.boolean(), at: time.nullable() }).optional(),
    }),
  ]),
  version: VERSION,
  repair:
    'restore it from a backup, or remove it: pending removals then wait anew, and origins are taken from the cloud',
};

const NO_LEDGER: UpstreamLedger = {
  routes: new Map(),
  missing: new Map(),
  recent: [],
  clock: undefined,
};

/** Empty where there is no file. Throws as {@link readJson} does, and STATE_FOREIGN. */
export async function readLedgerFile(path: string, whose: Belonging): Promise<UpstreamLedger> {
  const file = await readJson(path, FORMAT);
  if (file === undefined || !isOurs(path, file, whose)) {
    return NO_LEDGER;
  }
  const { recent, clock, save } =
    file.version === 1 ? { recent: [], clock: null, save: undefined } : file;
  return {
    routes: new Map(
      file.routes.map(([prefix, nextHops, origins]) => [
        prefix,
        { nextHops, origin: origins.map(originOf) },
      ]),
    ),
    missing: new Map(
      file.missing.map(([prefix, since, snapshots]) => [prefix, { since, snapshots }]),
    ),
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

/** Throws STATE_UNWRITABLE and leaves the old file. */
export async function writeLedgerFile(
  path: string,
  whose: Belonging,
  { routes, missing, recent, clock, save }: UpstreamLedger,
): Promise<void> {
  const head = {
    version: VERSION,
    ...whose,
    missing: Array.from(missing, ([prefix, { since, snapshots }]) => [prefix, since, snapshots]),
    recent: recent.map(({ at, removals, replaces }) => [at, removals, replaces]),
    clock: clock ?? null,
    ...(save === undefined ? {} : { save: { ...save, at: save.at ?? null } }),
  };
  const rows = Array.from(routes, ([prefix, { nextHops, origin }]) =>
    JSON.stringify([prefix, nextHops, origin.map(rowOf)]),
  );
  await replaceFile(path, `${openText(head, rows)}}\n`);
}
