/** The whole of a journal, part after part, each record checked against the one before it. */
import { createReadStream } from 'node:fs';

import { codeOf, unreadable } from './state-file.ts';
import {
  broken,
  currentFile,
  foreign,
  headPath,
  partsOf,
  readHead,
  type JournalHead,
  type JournalPlace,
} from './journal-file.ts';
import { CHAIN_START, unseal, type ChainPoint, type JournalRecord } from './journal-record.ts';
import {
  cutShort,
  ownershipAfter,
  refuseOldRecord,
  refuseOtherHead,
  TORN,
  type Ownership,
} from './journal-tail.ts';

/** What a whole and sound journal is. */
export interface JournalSummary {
  readonly files: number;
  readonly records: number;
  /** The number of the oldest record; more than 1 where old parts were moved away, 0 where there is none. */
  readonly first: number;
  /** The end of the chain: whoever keeps it elsewhere can tell later that nothing before it was changed. */
  readonly last: ChainPoint;
  /** The bytes of a write that a crash cut short; the next run takes them out. */
  readonly torn: number;
}

/**
 * Shows every record in order to `visit`. Throws JOURNAL_BROKEN with file, line and flaw, STATE_FOREIGN for a journal of
 * another owner, STATE_CORRUPT for the head file, and STATE_UNREADABLE. Needs no lock: a journal only grows.
 */
export async function walkJournal(
  place: JournalPlace,
  owner: string,
  visit: (record: JournalRecord) => void,
): Promise<JournalSummary> {
  const head = await readHead(place);
  const files = await partsOf(place);
  if (head === undefined) {
    if (files.length > 0) {
      throw broken(headPath(place), 'is gone, and the journal beside it is not');
    }
    return { files: 0, records: 0, first: 0, last: CHAIN_START, torn: 0 };
  }
  const walk: Walk = {
    head,
    ownership: { owner: undefined, released: false },
    records: 0,
    first: 0,
    last: undefined,
    torn: 0,
  };
  for (const path of files) {
    await walkFile(path, walk, visit);
  }
  const { records, first, last = CHAIN_START, torn, ownership } = walk;
  if (last.seq < head.seq) {
    throw cutShort(currentFile(place), walk.last, head);
  }
  const found = ownership.owner ?? head.owner;
  if (found !== owner && !ownership.released) {
    throw foreign(currentFile(place), found, owner);
  }
  return { files: files.length, records, first, last: { seq: last.seq, hash: last.hash }, torn };
}

interface Walk {
  readonly head: JournalHead;
  ownership: Ownership;
  records: number;
  first: number;
  last: ChainPoint | undefined;
  torn: number;
}

async function walkFile(
  path: string,
  walk: Walk,
  visit: (record: JournalRecord) => void,
): Promise<void> {
  let number = 0;
  for await (const { bytes, isWhole } of linesOf(path)) {
    number += 1;
    const where = `${path}, line ${number},`;
    const record = isWhole && walk.torn === 0 ? unseal(bytes, walk.last) : TORN;
    if ('flaw' in record) {
      if (walk.last === undefined || walk.last.seq < walk.head.seq) {
        throw broken(where, record.flaw);
      }
      refuseOldRecord(where, bytes, walk.head);
      walk.torn += bytes.length + (isWhole ? 1 : 0);
      continue;
    }
    refuseOtherHead(where, record, walk.head);
    refuseOtherOwner(where, record, walk.ownership);
    walk.ownership = ownershipAfter(walk.ownership, record);
    walk.first ||= record.seq;
    walk.last = record;
    walk.records += 1;
    visit(record);
  }
}

function refuseOtherOwner(
  where: string,
  record: JournalRecord,
  { owner, released }: Ownership,
): void {
  if (record.kind === 'begin' && owner !== undefined && record.owner !== owner && !released) {
    throw broken(where, `begins a run of owner "${record.owner}" in the journal of "${owner}"`);
  }
}

interface Line {
  /** Without the newline. */
  readonly bytes: Buffer;
  /** False for the last one where the newline is missing. */
  readonly isWhole: boolean;
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const block = chunk as Buffer;
      let start = 0;
      for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10, start)) {
        const piece = block.subarray(start, end);
        yield { bytes: rest.length === 0 ? piece : Buffer.concat([...rest, piece]), isWhole: true };
        rest = [];
        start = end + 1;
      }
      if (start < block.length) {
        rest.push(block.subarray(start));
      }
    }
  } catch (error) {
    throw unreadable(path, codeOf(error), error);
  }
  if (rest.length > 0) {
    yield { bytes: Buffer.concat(rest), isWhole: false };
  }
}
