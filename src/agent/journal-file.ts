/**
 * Where a journal lies: NAME.jsonl, older parts as NAME@SEQ.jsonl with the number of their first record, and
 * NAME.head.json, which names the last record, so that a journal that was cut short is noticed.
 */
import { constants } from 'node:fs';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { RouteSyncError } from '../errors.ts';
import { appendDurably, type Extent } from './append-file.ts';
import { CHAIN_START, type ChainPoint } from './journal-record.ts';
import {
  codeOf,
  linked,
  makeFolder,
  readJson,
  replaceFile,
  unreadable,
  unwritable,
} from './state-file.ts';

const VERSION = 1;

/** One upstream's journal in one state directory. */
export interface JournalPlace {
  readonly stateDir: string;
  readonly upstream: string;
}

const headFile = z.object({
  version: z.literal(VERSION),
  owner: z.string(),
  upstream: z.string(),
  /** Number and hash of the last record. */
  seq: z.int().min(0),
  hash: z.string(),
  /** Where in NAME.jsonl the run that has no end begins, else the last record, in bytes; null while the file is new. */
  from: z.int().min(0).nullable(),
});

export type JournalHead = z.output<typeof headFile>;

const HEAD_REPAIR =
  'restore it from a backup, or move the journal of this upstream away as a whole: a new one is begun';

export function currentFile({ stateDir, upstream }: JournalPlace): string {
  return join(folderOf(stateDir), `${upstream}.jsonl`);
}

export function headPath({ stateDir, upstream }: JournalPlace): string {
  return join(folderOf(stateDir), `${upstream}.head.json`);
}

function folderOf(stateDir: string): string {
  return join(stateDir, 'journal');
}

/** Undefined where there is no journal yet; throws STATE_CORRUPT and STATE_UNREADABLE. */
export async function readHead(place: JournalPlace): Promise<JournalHead | undefined> {
  const path = headPath(place);
  const head = await readJson(path, { schema: headFile, version: VERSION, repair: HEAD_REPAIR });
  if (head !== undefined && head.upstream !== place.upstream) {
    throw broken(path, `is of upstream ${head.upstream}, not ${place.upstream}`);
  }
  return head;
}

/** `lazily`: after a power cut the head before may be there again, and the journal goes on after it. */
export async function writeHead(
  place: JournalPlace,
  head: Omit<JournalHead, 'version' | 'upstream'>,
  lazily = false,
): Promise<void> {
  const path = headPath(place);
  const { upstream } = place;
  const content = `${JSON.stringify({ version: VERSION, upstream, ...head })}\n`;
  await replaceFile(path, content, { lazily });
}

/** The head of a journal without records; with it a journal that is taken away as a whole is noticed too. */
export async function beginJournal(place: JournalPlace, owner: string): Promise<void> {
  await makeFolder(folderOf(place.stateDir));
  await writeHead(place, { owner, ...CHAIN_START, from: null });
}

/** The older parts in their order, then the current file; only those that exist. */
export async function partsOf(place: JournalPlace): Promise<readonly string[]> {
  const folder = folderOf(place.stateDir);
  const names = await listFolder(folder);
  const older = names.flatMap((name) => {
    const [, upstream, seq] = /^(.+)@(\d+)\.jsonl$/.exec(name) ?? [];
    return upstream === place.upstream ? [{ name, seq: Number(seq) }] : [];
  });
  const current = `${place.upstream}.jsonl`;
  const ordered = older.sort((a, b) => a.seq - b.seq).map(({ name }) => name);
  return [...ordered, ...(names.includes(current) ? [current] : [])].map((name) =>
    join(folder, name),
  );
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return [];
    }
    throw unreadable(folder, codeOf(error), error);
  }
}

/** The bytes from there on, at most `limit`; undefined where the file does not exist. */
export async function readBytes(
  path: string,
  from: number,
  limit = Infinity,
): Promise<Buffer | undefined> {
  const file = await openToRead(path);
  if (file === undefined) {
    return undefined;
  }
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, Math.min(size - from, limit)));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    throw unreadable(path, codeOf(error), error);
  } finally {
    await file.close();
  }
}

/** Undefined where the file does not exist; throws STATE_INSECURE for a link, and STATE_UNREADABLE. */
export async function openToRead(path: string): Promise<FileHandle | undefined> {
  try {
    // A pipe in place of the file must not keep us waiting.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw codeOf(error) === 'ELOOP' ? linked(path) : unreadable(path, codeOf(error), error);
  }
}

/**
 * Records at the end of the current file: durably, or not at all. Resolves with the number of their bytes. Throws
 * STATE_UNWRITABLE, and JOURNAL_BROKEN where another process wrote there.
 */
export async function appendRecords(
  place: JournalPlace,
  chunks: Iterable<Buffer>,
  extent: Extent,
): Promise<number> {
  const path = currentFile(place);
  const changed = (): RouteSyncError =>
    broken(path, 'grew or shrank while this process worked with it');
  return appendDurably({ path, changed, create: true }, chunks, extent);
}

/** Names the current file by its first record, so that a new one can be begun. */
export async function putAside(
  place: JournalPlace,
  last: ChainPoint,
  owner: string,
): Promise<void> {
  const path = currentFile(place);
  try {
    const start = (await readBytes(path, 0, 40))?.toString() ?? '';
    const first = /^\{"seq":(\d+),/.exec(start)?.[1] ?? '0';
    await rename(path, join(folderOf(place.stateDir), `${place.upstream}@${first}.jsonl`));
  } catch (error) {
    throw error instanceof RouteSyncError ? error : unwritable(path, error);
  }
  await writeHead(place, { owner, ...last, from: null });
}

/** Removes the oldest parts beyond the number of them to keep; throws STATE_UNWRITABLE. */
export async function dropOldParts(place: JournalPlace, keep: number): Promise<void> {
  const older = (await partsOf(place)).filter((path) => path !== currentFile(place));
  for (const path of older.slice(0, Math.max(0, older.length - keep))) {
    await rm(path).catch((error: unknown) => {
      throw unwritable(path, error);
    });
  }
}

export function broken(where: string, flaw: string): RouteSyncError {
  return new RouteSyncError(
    'JOURNAL_BROKEN',
    `${where} ${flaw}; find out who did that, then restore it from a backup or move the files of this journal away (a new one is begun)`,
    { details: { where } },
  );
}

export function foreign(path: string, found: string, wanted: string): RouteSyncError {
  return new RouteSyncError(
    'STATE_FOREIGN',
    `${path} is the journal of owner "${found}", not "${wanted}"; run "route-sync purge" with the old configuration first, or move the files of this journal away if its routes are gone`,
    { details: { path, found, wanted } },
  );
}
