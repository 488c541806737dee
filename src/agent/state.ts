/**
 * The state directory: what route-sync must not forget between two cycles. Files change by atomic replacement, large ones
 * also by a line at their end, so a crash leaves the old or the new one; a file that is not as we wrote it is an error,
 * never an empty start.
 *
 *     upstreams/NAME.json  the ledger: our routes on one upstream, and how long unwanted ones have been unwanted
 *     desired/NAME.json    the last good desired state, for as long as the cloud cannot be read
 *     journal/NAME.*       what was changed and why
 *     status.json          what the last cycles did
 *     freeze               the kill switch
 */
import { join } from 'node:path';

import { RouteSyncError } from '../errors.ts';
import { appendCycle, readHistory, type CycleSummary } from './cycle-history.ts';
import {
  readDesiredFile,
  writeDesiredFile,
  type LastGood,
  type LastGoodOnDisk,
} from './desired-file.ts';
import { fileMemory, type Place } from './file-memory.ts';
import { readFreeze, removeFreeze, writeFreeze, type Freeze } from './freeze.ts';
import {
  readLedgerFile,
  writeLedgerFile,
  type LedgerOnDisk,
  type UpstreamLedger,
} from './ledger-file.ts';
import { refuseOpenEntry, refuseOpenRoot } from './state-check.ts';
import { assertRoom, makeFolder, removeFile } from './state-file.ts';
import type { Belonging, LedgerKey } from './upstream-file.ts';

export type { LastGood } from './desired-file.ts';
export type { Freeze } from './freeze.ts';
export type { LedgerEntry, UpstreamLedger } from './ledger-file.ts';
export type { LedgerKey } from './upstream-file.ts';

export interface StateOptions {
  readonly dir: string;
  readonly owner: string;
  /** For dry runs: nothing is created, and every write is a defect. */
  readonly readOnly: boolean;
}

/**
 * Reading gives an empty value or undefined where a file does not exist, and otherwise throws STATE_CORRUPT,
 * STATE_FOREIGN, STATE_UNREADABLE or STATE_INSECURE. Writing throws STATE_UNWRITABLE and leaves the old file. Callers
 * hold the upstream's lock while they use its ledger and its last good state.
 */
export interface StateDirectory {
  readLedger(key: LedgerKey): Promise<UpstreamLedger>;
  writeLedger(key: LedgerKey, ledger: UpstreamLedger): Promise<void>;
  readLastGood(key: LedgerKey): Promise<LastGood | undefined>;
  /** Costs nothing while routes and configuration stay the same values; `at` is then not written anew either. */
  writeLastGood(key: LedgerKey, lastGood: LastGood): Promise<void>;
  /** For a purge: what was removed on purpose must not come back while the cloud cannot be read. */
  forgetLastGood(key: LedgerKey): Promise<void>;
  /** Oldest first. */
  readCycles(): Promise<readonly CycleSummary[]>;
  /** By upstream: when the newest desired state that a cycle worked with was read, ISO 8601. */
  readLastGoodTimes(): Promise<ReadonlyMap<string, string>>;
  appendCycle(cycle: CycleSummary): Promise<void>;
  /** Never throws. */
  readFreeze(): Promise<Freeze | undefined>;
  writeFreeze(freeze: Freeze): Promise<void>;
  /** Tells whether writes were frozen. */
  removeFreeze(): Promise<boolean>;
  /** Before anything is written: throws unless the directory is protected and what all upstreams share is whole. */
  check(): Promise<void>;
  /** The same for the files of one upstream, under its lock. */
  checkUpstream(key: LedgerKey): Promise<void>;
  /** Throws STATE_UNWRITABLE where the disk has less room. */
  assertRoom(bytes: number): Promise<void>;
}

/** Makes the directory (0700) unless `readOnly`. */
export async function openState({ dir, owner, readOnly }: StateOptions): Promise<StateDirectory> {
  if (!readOnly) {
    await refuseOpenRoot(dir, uid());
    await makeFolder(join(dir, 'upstreams'));
    await makeFolder(join(dir, 'desired'));
  }
  const refuseDryRun = (): void => {
    if (readOnly) {
      throw new RouteSyncError('INTERNAL', 'a dry run tried to write to the state directory');
    }
  };
  const ledgers = ledgerStore(dir, owner, refuseDryRun);
  const lastGoods = lastGoodStore(dir, owner, refuseDryRun);
  const status = join(dir, 'status.json');
  return {
    ...ledgers,
    ...lastGoods,
    readCycles: async () => (await readHistory(status)).cycles,
    readLastGoodTimes: async () => (await readHistory(status)).lastGoodTimes,
    appendCycle: async (cycle) => {
      refuseDryRun();
      await appendCycle(status, cycle);
    },
    readFreeze: async () => readFreeze(dir),
    writeFreeze: async (freeze) => {
      refuseDryRun();
      await writeFreeze(dir, freeze);
    },
    removeFreeze: async () => {
      refuseDryRun();
      return removeFreeze(dir);
    },
    check: async () => {
      await refuseOpenRoot(dir, uid());
      await refuseOpenEntries(dir, ['upstreams', 'desired', 'journal', 'status.json']);
      await readHistory(status);
    },
    checkUpstream: async (key) => {
      await refuseOpenEntries(dir, filesOf(key));
      await ledgers.readLedger(key);
      await lastGoods.readLastGood(key);
    },
    assertRoom: async (bytes) => assertRoom(dir, bytes),
  };
}

type LedgerStore = Pick<StateDirectory, 'readLedger' | 'writeLedger'>;

function ledgerStore(dir: string, owner: string, refuseDryRun: () => void): LedgerStore {
  const placeOf = placesIn(join(dir, 'upstreams'));
  const memory = fileMemory<LedgerOnDisk>();
  return {
    readLedger: async (key) => {
      const place = placeOf(key);
      const read = async (): Promise<LedgerOnDisk> =>
        readLedgerFile(place.path, belonging(key, owner));
      return (await memory.read(place, read)).ledger;
    },
    writeLedger: async (key, ledger) => {
      refuseDryRun();
      const place = placeOf(key);
      const known = await memory.recall(place);
      const file = { path: place.path, whose: belonging(key, owner) };
      const end = await writeLedgerFile(file, ledger, known);
      await memory.keep(place, { ledger, end });
    },
  };
}

type LastGoodStore = Pick<StateDirectory, 'readLastGood' | 'writeLastGood' | 'forgetLastGood'>;

function lastGoodStore(dir: string, owner: string, refuseDryRun: () => void): LastGoodStore {
  const placeOf = placesIn(join(dir, 'desired'));
  const memory = fileMemory<LastGoodOnDisk>();
  const read = async (key: LedgerKey): Promise<LastGoodOnDisk> => {
    const place = placeOf(key);
    return memory.read(place, async () => readDesiredFile(place.path, belonging(key, owner)));
  };
  return {
    readLastGood: async (key) => (await read(key)).lastGood,
    writeLastGood: async (key, lastGood) => {
      refuseDryRun();
      const place = placeOf(key);
      const known = await read(key).catch(unusable);
      const { routes, configDigest } = lastGood;
      const isKnown =
        known.lastGood?.routes === routes && known.lastGood.configDigest === configDigest;
      const file = { path: place.path, whose: belonging(key, owner) };
      const end = isKnown ? known.end : await writeDesiredFile(file, lastGood, known);
      await memory.keep(place, { lastGood, end });
    },
    forgetLastGood: async (key) => {
      refuseDryRun();
      await removeFile(placeOf(key).path);
    },
  };
}

/** A damaged or foreign state is no base for a change: it is written anew. */
function unusable(error: unknown): LastGoodOnDisk {
  if (
    error instanceof RouteSyncError &&
    (error.code === 'STATE_CORRUPT' || error.code === 'STATE_FOREIGN')
  ) {
    return { lastGood: undefined, end: undefined };
  }
  throw error;
}

function placesIn(folder: string): (key: LedgerKey) => Place {
  return ({ name, target }) => ({ path: join(folder, `${name}.json`), target });
}

function belonging({ name, target }: LedgerKey, owner: string): Belonging {
  return { owner, upstream: name, target };
}

function filesOf({ name }: LedgerKey): readonly string[] {
  return [
    `upstreams/${name}.json`,
    `desired/${name}.json`,
    `journal/${name}.jsonl`,
    `journal/${name}.head.json`,
  ];
}

async function refuseOpenEntries(dir: string, entries: readonly string[]): Promise<void> {
  for (const entry of entries) {
    await refuseOpenEntry(join(dir, entry), uid());
  }
}

function uid(): number {
  return process.geteuid?.() ?? 0;
}
