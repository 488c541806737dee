/** The journal's last runs for the page: read only while somebody looks, after cycles that changed something, and never twice at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readRuns } from '../journal-runs.ts';
import { OpenStackError } from '../../openstack-client-lite/index.ts';
import { RouteSyncError } from '../../errors.ts';
import type { ReportedError } from '../../report/report.ts';
import type { UpstreamJournal } from './journal-view.ts';

/** How many runs may be read at a time: each takes a walk through all journals. */
const MOST_READS = 8;

/** How many runs of each upstream are kept for the page. */
const RUNS_KEPT = 50;

/** Reads all journals, with the changes of the one run that is asked for. */
export type ReadJournal = (run: string | undefined) => Promise<readonly UpstreamJournal[]>;

export interface JournalPlaces {
  readonly stateDir: string;
  readonly owner: string;
  /** The upstreams' names. */
  readonly upstreams: readonly string[];
}

/** A reader of the journals in the state directory; one that is not sound is told of beside the others. */
export function journalReader({ stateDir, owner, upstreams }: JournalPlaces): ReadJournal {
  return async (run) => {
    const journals: UpstreamJournal[] = [];
    for (const upstream of upstreams) {
      try {
        const runs = await readRuns({ stateDir, upstream }, owner, run);
        journals.push({ upstream, runs, error: undefined });
      } catch (error) {
        journals.push({ upstream, runs: [], error: reported(error) });
      }
    }
    return journals;
  };
}

function reported(error: unknown): ReportedError {
  return error instanceof RouteSyncError || error instanceof OpenStackError
    ? { code: error.code, message: error.message }
    : { code: 'INTERNAL', message: String(error) };
}

export interface JournalWatch {
  /** What is known at once, undefined before the first reading; begins to read where the key is another one. */
  readonly recent: (key: string) => readonly UpstreamJournal[] | undefined;
  /** The same; the first reading is waited for, but no longer than so many milliseconds. */
  readonly settled: (
    key: string,
    milliseconds: number,
  ) => Promise<readonly UpstreamJournal[] | undefined>;
  /** Grows when what `recent` gives changes. */
  readonly version: () => number;
  /** The changes of one run, read now; undefined where too many others are being read. */
  readonly changesOf: (run: string) => Promise<readonly UpstreamJournal[] | undefined>;
  /** Calls back when what `recent` gives has changed, until the returned function is called. */
  readonly subscribe: (callback: () => void) => () => void;
}

export function watchJournal(read: ReadJournal): JournalWatch {
  const readers = new Set<() => void>();
  let version = 0;
  const reading = new Map<string, Promise<readonly UpstreamJournal[]>>();
  let known: readonly UpstreamJournal[] | undefined;
  let readFor: string | undefined;
  let refreshing: Promise<void> = Promise.resolve();
  let queue: Promise<unknown> = Promise.resolve();

  const inTurn: ReadJournal = async (run) => {
    const reading = queue.then(async () => read(run));
    queue = reading.catch(() => undefined);
    return reading;
  };

  async function refresh(): Promise<void> {
    const journals = await inTurn(undefined);
    known = journals.map((each) => ({ ...each, runs: each.runs.slice(-RUNS_KEPT) }));
    version += 1;
    readers.forEach((tell) => tell());
  }

  function recent(key: string): typeof known {
    if (readFor !== key) {
      readFor = key;
      refreshing = refresh().catch(() => {
        readFor = undefined;
      });
    }
    return known;
  }

  return {
    recent,
    settled: async (key, milliseconds) => {
      if (recent(key) === undefined) {
        await Promise.race([refreshing, sleep(milliseconds)]);
      }
      return known;
    },
    version: () => version,
    changesOf: async (run) => {
      const known = reading.get(run);
      if (known !== undefined || reading.size >= MOST_READS) {
        return known;
      }
      const changes = inTurn(run).finally(() => reading.delete(run));
      reading.set(run, changes);
      return changes;
    },
    subscribe: (callback) => {
      const reader = (): void => callback();
      readers.add(reader);
      return () => void readers.delete(reader);
    },
  };
}
