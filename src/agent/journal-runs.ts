/** A journal run by run: what began, what became of it, and the changes of the one that is asked for. */
import type { JournalPlace } from './journal-file.ts';
import { journalChange, type JournalChange } from './journal-facts.ts';
import type { BeginFacts, EndFacts, JournalRecord, RecoveredFacts } from './journal-record.ts';
import { walkJournal } from './journal-walk.ts';

/** One run on one upstream. */
export interface JournalRun {
  /** ISO 8601. */
  readonly at: string;
  readonly begin: BeginFacts;
  /** How many changes of each kind were meant. */
  readonly counts: Readonly<Record<JournalChange['action'], number>>;
  /** The changes themselves; only of the run that was asked for. */
  readonly changes: readonly JournalChange[];
  /** How it ended; undefined while it has no end. */
  readonly end: EndFacts | RecoveredFacts | undefined;
}

type Draft = {
  -readonly [K in keyof JournalRun]: JournalRun[K];
} & { readonly counts: Record<JournalChange['action'], number>; changes: JournalChange[] };

/** Oldest first, with the changes of the `wanted` one. Throws as {@link walkJournal} does. */
export async function readRuns(
  place: JournalPlace,
  owner: string,
  wanted: string | undefined,
): Promise<readonly JournalRun[]> {
  const runs: Draft[] = [];
  await walkJournal(place, owner, (record) => {
    take(runs, record, wanted);
  });
  return runs;
}

function take(runs: Draft[], record: JournalRecord, wanted: string | undefined): void {
  // The runs of one upstream follow one another: its lock lets no second one begin.
  const last = runs.at(-1);
  switch (record.kind) {
    case 'begin':
      runs.push({
        at: record.at,
        begin: record,
        counts: { add: 0, replace: 0, remove: 0, adopt: 0 },
        changes: [],
        end: undefined,
      });
      break;
    case 'change':
      if (last !== undefined) {
        last.counts[record.action] += 1;
        if (record.run === wanted) {
          last.changes.push(journalChange(record));
        }
      }
      break;
    case 'end':
    case 'recovered':
      if (last !== undefined) {
        last.end = record;
      }
      break;
    case 'repaired':
      break;
  }
}
