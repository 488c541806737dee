/** What the last cycles did, for `route-sync status`: `status.json` in the state directory. */
import { z } from 'zod';

import type { Freeze } from './freeze.ts';
import { readJson, replaceSharedFile } from './state-file.ts';

/** How many cycles are remembered, and how many held changes of each upstream. */
const CYCLES_KEPT = 20;
const HELD_KEPT = 100;

/** One cycle as `route-sync status` shows it; times are ISO 8601. */
export interface CycleSummary {
  readonly run: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly command: string;
  readonly exitCode: number;
  /** Why the whole cycle ended early, before anything was changed. */
  readonly error?: Complaint | undefined;
  /** The kill switch, where it was on. */
  readonly frozen?: Freeze | undefined;
  readonly upstreams: readonly UpstreamSummary[];
}

export interface UpstreamSummary {
  readonly name: string;
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  readonly failed: number;
  /** The first of them. */
  readonly failures?: readonly FailureSummary[] | undefined;
  readonly conflicts: number;
  /** How many changes were held; `held` may show only the first of them. */
  readonly heldTotal: number;
  readonly held: readonly HeldSummary[];
  /** The guard's refusal. */
  readonly refused?: Complaint | undefined;
  readonly error?: Complaint | undefined;
  /** When the desired state in use was read from the cloud. */
  readonly lastGoodAt?: string | undefined;
}

export interface FailureSummary {
  readonly action: string;
  readonly prefix: string;
  readonly code: string;
}

export interface HeldSummary {
  readonly code: string;
  readonly action: string;
  readonly prefix: string;
  /** ISO 8601, where a time is known. */
  readonly until?: string | undefined;
}

export interface Complaint {
  readonly code: string;
  readonly message: string;
}

/** What the status file holds. */
export interface CycleHistory {
  /** Oldest first. */
  readonly cycles: readonly CycleSummary[];
  /** The newest `lastGoodAt` by upstream, also of cycles that are not kept any more. */
  readonly lastGoodTimes: ReadonlyMap<string, string>;
}

const VERSION = 1;

const text = z.string();
const count = z.int().min(0);
const time = z.string().refine((value) => !Number.isNaN(Date.parse(value)));
const complaint = z.object({ code: text, message: text }).optional();

const upstream = z.object({
  name: text,
  added: count,
  replaced: count,
  removed: count,
  failed: count,
  failures: z.array(z.object({ action: text, prefix: text, code: text })).optional(),
  conflicts: count,
  heldTotal: count,
  held: z.array(z.object({ code: text, action: text, prefix: text, until: text.optional() })),
  refused: complaint,
  error: complaint,
  lastGoodAt: time.optional(),
});

const cycle = z.object({
  run: text,
  startedAt: text,
  finishedAt: text,
  command: text,
  exitCode: z.int(),
  error: complaint,
  frozen: z.object({ by: text, at: text, reason: text }).optional(),
  upstreams: z.array(upstream),
});

const FORMAT = {
  schema: z.object({
    version: z.literal(VERSION),
    cycles: z.array(cycle),
    lastGoodTimes: z.array(z.tuple([text, time])).optional(),
  }),
  version: VERSION,
  repair: 'remove it: only the history of past cycles is lost',
};

/** Empty where there is no file yet. Throws STATE_CORRUPT, STATE_UNREADABLE and STATE_INSECURE. */
export async function readHistory(path: string): Promise<CycleHistory> {
  const { cycles = [], lastGoodTimes } = (await readJson(path, FORMAT)) ?? {};
  return { cycles, lastGoodTimes: new Map(lastGoodTimes) };
}

/** Throws as reading does, and STATE_UNWRITABLE. */
export async function appendCycle(path: string, summary: CycleSummary): Promise<void> {
  const history = await readHistory(path);
  const content = {
    version: VERSION,
    cycles: [...history.cycles, shortened(summary)].slice(-CYCLES_KEPT),
    lastGoodTimes: [...timesAfter(history.lastGoodTimes, summary)],
  };
  await replaceSharedFile(path, `${JSON.stringify(content)}\n`);
}

function shortened(cycle: CycleSummary): CycleSummary {
  const upstreams = cycle.upstreams.map((upstream) => ({
    ...upstream,
    held: upstream.held.slice(0, HELD_KEPT),
  }));
  return { ...cycle, upstreams };
}

/**
 * The newer time counts, because a cycle that starts during an outage may know an older one; but not one in the future,
 * which is what a clock leaves behind that was wrong.
 */
function timesAfter(
  known: CycleHistory['lastGoodTimes'],
  { upstreams, finishedAt }: CycleSummary,
): CycleHistory['lastGoodTimes'] {
  const times = new Map(known);
  for (const { name, lastGoodAt } of upstreams) {
    const last = times.get(name) ?? '';
    if (lastGoodAt !== undefined && (lastGoodAt > last || last > finishedAt)) {
      times.set(name, lastGoodAt);
    }
  }
  return times;
}
