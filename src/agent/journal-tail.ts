/** The end of a journal, which is all that a writer reads: how far it goes, and the run that has no end. */
import type { Extent } from './append-file.ts';
import {
  broken,
  currentFile,
  foreign,
  headPath,
  partsOf,
  readBytes,
  readHead,
  type JournalHead,
  type JournalPlace,
} from './journal-file.ts';
import {
  CHAIN_START,
  unseal,
  type BeginFacts,
  type ChainPoint,
  type ChangeFacts,
  type JournalRecord,
} from './journal-record.ts';

export interface Tail {
  readonly last: ChainPoint;
  /** Of the current file. */
  readonly extent: Extent;
  /** A run that began and has no end. */
  readonly unfinished:
    | { readonly begin: BeginFacts; readonly changes: readonly ChangeFacts[] }
    | undefined;
  /** True if there is no head file yet. */
  readonly isNew: boolean;
}

const NOTHING: Tail = {
  last: CHAIN_START,
  extent: { size: 0, dropped: 0 },
  unfinished: undefined,
  isNew: true,
};

/**
 * Checks the chain from the last run on. What follows the record that the head names and does not fit is the rest of a
 * write that a crash cut short: nothing was pushed for it. Throws JOURNAL_BROKEN, STATE_CORRUPT, STATE_FOREIGN.
 */
export async function readTail(place: JournalPlace, owner: string): Promise<Tail> {
  const head = await readHead(place);
  if (head === undefined) {
    if ((await partsOf(place)).length > 0) {
      throw broken(headPath(place), 'is gone, and the journal beside it is not');
    }
    return NOTHING;
  }
  const current = await readBytes(currentFile(place), head.from ?? 0);
  const bytes = current ?? (await interrupted(place, head));
  const walk = walkTail(place, bytes, head);
  const { ownership } = walk;
  if (ownership.owner !== owner && !ownership.released) {
    throw foreign(currentFile(place), ownership.owner ?? '', owner);
  }
  const size = current === undefined ? 0 : (head.from ?? 0) + walk.good;
  return {
    last: walk.last,
    extent: { size, dropped: current === undefined ? 0 : bytes.length - walk.good },
    unfinished: walk.unfinished,
    isNew: false,
  };
}

/** A crash between putting the full file aside and beginning the new one: what the head means is in the newest part. */
async function interrupted(place: JournalPlace, head: JournalHead): Promise<Buffer> {
  const newest = (await partsOf(place)).at(-1);
  if (head.from === null) {
    return Buffer.alloc(0);
  }
  const bytes = newest === undefined ? undefined : await readBytes(newest, head.from);
  if (bytes === undefined) {
    throw broken(currentFile(place), `is gone, and ${headPath(place)} names record ${head.seq}`);
  }
  return bytes;
}

interface Walk extends Pick<Tail, 'last' | 'unfinished'> {
  readonly ownership: Ownership;
  /** How many bytes hold good records. */
  readonly good: number;
}

function walkTail(place: JournalPlace, bytes: Buffer, head: JournalHead): Walk {
  const path = currentFile(place);
  const start = head.from === null ? { seq: head.seq, hash: head.hash } : undefined;
  let last: ChainPoint | undefined = start;
  let unfinished: Unfinished;
  let ownership: Ownership = { owner: head.owner, released: false };
  let good = 0;
  for (let at = 0; at < bytes.length; at = good) {
    const newline = bytes.indexOf(10, at);
    const record = newline < 0 ? TORN : unseal(bytes.subarray(at, newline), last);
    if ('flaw' in record) {
      const where = `${path}, byte ${(head.from ?? 0) + at}`;
      if (last === undefined || last.seq < head.seq) {
        throw broken(where, record.flaw);
      }
      refuseOldRecord(where, bytes.subarray(at, Math.max(at, newline)), head);
      break;
    }
    if (last === undefined && record.kind === 'change') {
      throw broken(headPath(place), 'points into the middle of a run');
    }
    refuseOtherHead(path, record, head);
    ownership = ownershipAfter(ownership, record);
    unfinished = unfinishedAfter(unfinished, record);
    last = record;
    good = newline + 1;
  }
  if (last === undefined || last.seq < head.seq) {
    throw cutShort(path, last, head);
  }
  return { last, unfinished, ownership, good };
}

export const TORN = { flaw: 'ends in the middle of a record' } as const;

/** Throws JOURNAL_BROKEN if this is the record that the head names, and another one. */
export function refuseOtherHead(path: string, record: JournalRecord, head: JournalHead): void {
  if (record.seq === head.seq && record.hash !== head.hash) {
    throw broken(
      path,
      `has another record ${record.seq} than its head file names: it was rewritten`,
    );
  }
}

/**
 * What a crash cut short was to come after the head. A sound record that should come before it means that somebody moved
 * records, or turned the head to another place; throws JOURNAL_BROKEN.
 */
export function refuseOldRecord(where: string, line: Buffer, head: JournalHead): void {
  const record = unseal(line, undefined);
  if (!('flaw' in record) && record.seq <= head.seq) {
    throw broken(where, `holds record ${record.seq} out of its order`);
  }
}

export function cutShort(path: string, last: ChainPoint | undefined, { seq }: JournalHead): Error {
  const end = last === undefined ? 'has no record' : `ends with record ${last.seq}`;
  return broken(path, `${end}, but its head file names record ${seq}: the end was cut off`);
}

/** Whose journal it is; one that a complete purge released may be gone on with by another owner. */
export interface Ownership {
  readonly owner: string | undefined;
  readonly released: boolean;
}

export function ownershipAfter(before: Ownership, record: JournalRecord): Ownership {
  if (record.kind === 'begin') {
    return { owner: record.owner, released: false };
  }
  return record.kind === 'end' ? { ...before, released: record.released } : before;
}

type Unfinished = { readonly begin: BeginFacts; readonly changes: ChangeFacts[] } | undefined;

function unfinishedAfter(before: Unfinished, record: JournalRecord): Unfinished {
  if (record.kind === 'begin') {
    return { begin: record, changes: [] };
  }
  if (record.kind === 'change') {
    before?.changes.push(record);
  }
  return record.kind === 'end' || record.kind === 'recovered' ? undefined : before;
}
