/**
 * The state directory: one ledger per upstream, and what the last cycles did. Files change only by atomic replacement,
 * so a crash leaves the old or the new one; a file that is not as we wrote it is an error, never an empty start.
 */
import { join } from 'node:path';

import { z } from 'zod';

import type { Missing } from '../core/removal.ts';
import type { Origin } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { appendCycle, readCycles, type CycleSummary } from './cycle-history.ts';
import { makeFolder, readJson, replaceFile, stampOf, VERSION } from './state-file.ts';

export interface LedgerEntry {
  /** What the route was installed for. */
  readonly origin: readonly Origin[];
  /** Canonical addresses, as installed or about to be. */
  readonly nextHops: readonly string[];
}

/** What route-sync knows of its own routes on one upstream; both maps are keyed by canonical prefix text. */
export interface UpstreamLedger {
  readonly routes: ReadonlyMap<string, LedgerEntry>;
  readonly missing: ReadonlyMap<string, Missing>;
}

/** Whose ledger: the upstream's configured name, and the place and mark that it writes to. */
export interface LedgerKey {
  readonly name: string;
  readonly target: string;
}

export interface StateOptions {
  readonly dir: string;
  readonly owner: string;
  /** For dry runs: nothing is created, and every write is a defect. */
  readonly readOnly: boolean;
}

/**
 * Reading gives an empty value where a file does not exist, and otherwise throws STATE_CORRUPT, STATE_FOREIGN or
 * STATE_UNREADABLE. Writing throws STATE_UNWRITABLE and leaves the old file. Callers hold the upstream's lock while
 * they use its ledger.
 */
export interface StateDirectory {
  readLedger(key: LedgerKey): Promise<UpstreamLedger>;
  writeLedger(key: LedgerKey, ledger: UpstreamLedger): Promise<void>;
  /** Oldest first. */
  readCycles(): Promise<readonly CycleSummary[]>;
  appendCycle(cycle: CycleSummary): Promise<void>;
}

type OriginRow = readonly [
  router: string,
  subnet: string,
  project: string,
  port: string,
  leg: string,
  /** Absent in ledgers of version 1. */
  network?: string,
  floatingIp?: string,
];

type RouteRow = readonly [
  prefix: string,
  nextHops: readonly string[],
  origins: readonly OriginRow[],
];

const count = z.int().min(0);

const ledgerFile = z.object({
  version: z.literal(VERSION),
  owner: z.string(),
  upstream: z.string(),
  target: z.string(),
  missing: z.array(z.tuple([z.string(), count, count])),
  // By hand: at 100,000 routes zod's own tuples take longer than reading and parsing the file.
  routes: z.array(z.custom<RouteRow>(isRouteRow)),
});

type LedgerFile = z.output<typeof ledgerFile>;

const LEDGER_REPAIR =
  'restore it from a backup, or remove it: pending removals then wait anew, and origins are taken from the cloud';

const NO_LEDGER: UpstreamLedger = { routes: new Map(), missing: new Map() };

/** A ledger as it was read or written last, and what its file looked like then. */
interface Seen {
  readonly stamp: string;
  readonly target: string;
  readonly ledger: UpstreamLedger;
}

/** Makes the directory (0700) unless `readOnly`. */
export async function openState({ dir, owner, readOnly }: StateOptions): Promise<StateDirectory> {
  const ledgers = join(dir, 'upstreams');
  const status = join(dir, 'status.json');
  const ledgerPath = (key: LedgerKey): string => join(ledgers, `${key.name}.json`);
  if (!readOnly) {
    await makeFolder(ledgers);
  }
  // A ledger is read anew only if its file is not the one that we saw last.
  const seen = new Map<string, Seen>();
  return {
    readLedger: async (key) => {
      const path = ledgerPath(key);
      const stamp = await stampOf(path);
      const last = seen.get(path);
      if (last !== undefined && last.stamp === stamp && last.target === key.target) {
        return last.ledger;
      }
      const ledger = await readLedger(path, key, owner);
      seen.set(path, { stamp, target: key.target, ledger });
      return ledger;
    },
    writeLedger: async (key, ledger) => {
      refuseDryRun(readOnly);
      const path = ledgerPath(key);
      // One name is enough under the upstream's lock, and what a crash left there is overwritten.
      await replaceFile(path, ledgerText(key, ledger, owner), `${path}.tmp`);
      seen.set(path, { stamp: await stampOf(path), target: key.target, ledger });
    },
    readCycles: async () => readCycles(status),
    appendCycle: async (cycle) => {
      refuseDryRun(readOnly);
      await appendCycle(status, cycle);
    },
  };
}

function refuseDryRun(readOnly: boolean): void {
  if (readOnly) {
    throw new RouteSyncError('INTERNAL', 'a dry run tried to write to the state directory');
  }
}

async function readLedger(path: string, key: LedgerKey, owner: string): Promise<UpstreamLedger> {
  const file = await readJson(path, ledgerFile, LEDGER_REPAIR);
  // A ledger without routes says nothing about anybody's: after a purge, owner and mark may change.
  if (file === undefined || file.routes.length + file.missing.length === 0) {
    return NO_LEDGER;
  }
  refuseForeign(path, file, { owner, upstream: key.name, target: key.target });
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
  };
}

function originOf([router, subnet, project, port, leg, network, floatingIp]: OriginRow): Origin {
  return {
    router,
    subnet,
    project,
    port,
    leg,
    network: network ?? '',
    floatingIp: floatingIp ?? '',
  };
}

function isRouteRow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) {
    return false;
  }
  const [prefix, nextHops, origins] = value as readonly unknown[];
  return (
    typeof prefix === 'string' &&
    isTextList(nextHops) &&
    Array.isArray(origins) &&
    origins.every((row: unknown) => isTextList(row) && (row.length === 5 || row.length === 7))
  );
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

type Belonging = Pick<LedgerFile, 'owner' | 'upstream' | 'target'>;

function refuseForeign(path: string, file: LedgerFile, wanted: Belonging): void {
  for (const field of ['owner', 'upstream', 'target'] as const) {
    if (file[field] !== wanted[field]) {
      throw new RouteSyncError(
        'STATE_FOREIGN',
        `${path} lists ${file.routes.length} routes of ${field} "${file[field]}", not "${wanted[field]}"; run "route-sync purge" with the old configuration first, or remove the file if those routes are gone`,
        { details: { path, found: file[field], wanted: wanted[field] } },
      );
    }
  }
}

/** JSON with one route a line, so that people can search it. */
function ledgerText(key: LedgerKey, ledger: UpstreamLedger, owner: string): string {
  const missing = Array.from(ledger.missing, ([prefix, { since, snapshots }]) => [
    prefix,
    since,
    snapshots,
  ]);
  const routes = Array.from(ledger.routes, ([prefix, { nextHops, origin }]) =>
    JSON.stringify([
      prefix,
      nextHops,
      origin.map(({ router, subnet, project, port, leg, network, floatingIp }) => [
        router,
        subnet,
        project,
        port,
        leg,
        network,
        floatingIp,
      ]),
    ]),
  );
  const head = { version: VERSION, owner, upstream: key.name, target: key.target, missing };
  return `${JSON.stringify(head).slice(0, -1)},"routes":[\n${routes.join(',\n')}\n]}\n`;
}
