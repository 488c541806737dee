/**
 * What was done to one upstream, by whom and why: an append-only file whose records are chained by hashes. What a run
 * means to do is on the disk before the push, so that it can be undone, and repaired after a crash.
 */
import type { RouteChange, UpstreamState } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import type { ApplyResult } from '../report/report.ts';
import {
  endFacts,
  journalChange,
  recordsOf,
  recoveredFacts,
  type AdoptChange,
  type JournalChange,
} from './journal-facts.ts';
import { appendRecords, beginJournal, dropOldParts, putAside, writeHead } from './journal-file.ts';
import type { JournalPlace } from './journal-file.ts';
import { seal } from './journal-record.ts';
import type { ChainPoint, JournalFacts } from './journal-record.ts';
import { readTail, type Tail } from './journal-tail.ts';
import type { NumberById } from './stamps.ts';

/** A file that is larger is put aside when a run begins; 64 MiB. */
const FULL_BYTES = 64 * 1024 * 1024;

export interface JournalOptions {
  /** The state directory. */
  readonly dir: string;
  /** The upstream's configured name. */
  readonly upstream: string;
  /** What is written to and with which mark, as in the ledger. */
  readonly target: string;
  readonly owner: string;
  /** The name of this machine. */
  readonly host: string;
  /** Who runs this process: a name or a user id. */
  readonly user: string;
  /** How many older files of 64 MiB are kept; the oldest go first. */
  readonly keepFiles: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What a run is. */
export interface RunFacts {
  readonly run: string;
  readonly command: string;
  readonly force: boolean;
  /** The run that this one undoes. */
  readonly undoes?: string;
}

/** A run that began and has no end: a crash, or a full disk after the push. */
export interface UnfinishedRun {
  readonly run: string;
  readonly command: string;
  readonly changes: readonly JournalChange[];
}

/**
 * Callers hold the upstream's lock. Writing throws STATE_UNWRITABLE; a journal that could not be written is to be opened
 * anew.
 */
export interface Journal {
  readonly unfinished: UnfinishedRun | undefined;
  /** On disk when it resolves: who, what, why, before and after. */
  begin(
    facts: RunFacts,
    changes: readonly (RouteChange | AdoptChange)[],
    revisions: NumberById,
  ): Promise<void>;
  /** What became of the run. */
  end(run: string, result: ApplyResult): Promise<void>;
  /** Ends the unfinished run, if there is one, by what of it stands on the upstream. */
  recover(state: UpstreamState): Promise<void>;
}

/**
 * Reads only the end of the journal, and writes nothing yet. Throws JOURNAL_BROKEN and STATE_CORRUPT where the end is
 * not as it was written, STATE_FOREIGN for another owner's journal, STATE_UNREADABLE.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, upstream, owner } = options;
  const place = { stateDir: dir, upstream };
  let tail = await readTail(place, owner);
  let command = '';

  const append = async (facts: Iterable<JournalFacts>): Promise<void> => {
    tail = await appendTo(place, tail, { facts, owner, at: new Date(options.now()).toISOString() });
  };

  return {
    get unfinished() {
      return tail.unfinished && unfinishedRun(tail.unfinished);
    },
    begin: async (facts, changes, revisions) => {
      if (tail.unfinished !== undefined) {
        throw new RouteSyncError('INTERNAL', `run ${tail.unfinished.begin.run} was not recovered`);
      }
      if (tail.extent.size > FULL_BYTES && tail.extent.dropped === 0) {
        await putAside(place, tail.last, owner);
        await dropOldParts(place, options.keepFiles);
        tail = { ...tail, extent: { size: 0, dropped: 0 } };
      }
      const { host, user, target } = options;
      const about = { owner, host, user, upstream, target, changes: changes.length };
      ({ command } = facts);
      await append(recordsOf({ begin: { kind: 'begin', ...facts, ...about }, changes, revisions }));
    },
    end: async (run, result) => append([endFacts(run, result, command === 'purge')]),
    recover: async (state) => {
      if (tail.unfinished !== undefined) {
        await append([recoveredFacts(tail.unfinished, state)]);
      }
    },
  };
}

interface Addition {
  readonly facts: Iterable<JournalFacts>;
  readonly owner: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Records first, head behind: after a crash in between, the journal only goes on after its head. */
async function appendTo(
  place: JournalPlace,
  { last, extent, isNew }: Tail,
  { facts, owner, at }: Addition,
): Promise<Tail> {
  if (isNew) {
    await beginJournal(place, owner);
  }
  const { size, dropped } = extent;
  const chain = chainAt(at, last);
  const repair = Buffer.concat([...chain.seal(dropped > 0 ? [{ kind: 'repaired', dropped }] : [])]);
  const written = await appendRecords(place, inTurn([repair], chain.seal(facts)), extent);
  // The name of a new file is only kept with its folder.
  const lazily = size > 0;
  await writeHead(place, { owner, ...chain.end(), from: size + repair.length }, lazily);
  return {
    last: chain.end(),
    extent: { size: size + written, dropped: 0 },
    unfinished: undefined,
    isNew: false,
  };
}

function* inTurn(first: Iterable<Buffer>, second: Iterable<Buffer>): Generator<Buffer> {
  yield* first;
  yield* second;
}

/** How many lines become bytes at a time: 100,000 strings that live together cost more than they are worth. */
const BATCH = 1000;

/** Seals records one after another, from the last one on; `at` is ISO 8601. */
function chainAt(
  at: string,
  last: ChainPoint,
): {
  readonly seal: (facts: Iterable<JournalFacts>) => Generator<Buffer>;
  readonly end: () => ChainPoint;
} {
  let point = last;
  return {
    seal: function* sealAll(facts) {
      let lines: string[] = [];
      for (const each of facts) {
        const sealed = seal(each, at, point);
        ({ point } = sealed);
        if (lines.push(sealed.line) === BATCH) {
          yield Buffer.from(lines.join(''));
          lines = [];
        }
      }
      yield Buffer.from(lines.join(''));
    },
    end: () => ({ seq: point.seq, hash: point.hash }),
  };
}

function unfinishedRun({ begin, changes }: NonNullable<Tail['unfinished']>): UnfinishedRun {
  return { run: begin.run, command: begin.command, changes: changes.map(journalChange) };
}
