/** What the last cycles did, for `route-sync status`: `status.json` in the state directory. */
import { z } from 'zod';

import { readJson, replaceFile, VERSION } from './state-file.ts';

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
  readonly upstreams: readonly UpstreamSummary[];
}

export interface UpstreamSummary {
  readonly name: string;
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  readonly failed: number;
  readonly conflicts: number;
  /** How many changes were held; `held` may show only the first of them. */
  readonly heldTotal: number;
  readonly held: readonly HeldSummary[];
  /** The guard's refusal. */
  readonly refused?: Complaint | undefined;
  readonly error?: Complaint | undefined;
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

const text = z.string();
const count = z.int().min(0);
const complaint = z.object({ code: text, message: text }).optional();

const statusFile = z.object({
  version: z.literal(VERSION),
  cycles: z.array(
    z.object({
      run: text,
      startedAt: text,
      finishedAt: text,
      command: text,
      exitCode: z.int(),
      error: complaint,
      upstreams: z.array(
        z.object({
          name: text,
          added: count,
          replaced: count,
          removed: count,
          failed: count,
          conflicts: count,
          heldTotal: count,
          held: z.array(
            z.object({ code: text, action: text, prefix: text, until: text.optional() }),
          ),
          refused: complaint,
          error: complaint,
        }),
      ),
    }),
  ),
});

/** Oldest first; empty where there is no file yet. Throws STATE_CORRUPT and STATE_UNREADABLE. */
export async function readCycles(path: string): Promise<readonly CycleSummary[]> {
  const repair = 'remove it: only the history of past cycles is lost';
  return (await readJson(path, statusFile, repair))?.cycles ?? [];
}

/** Throws as reading does, and STATE_UNWRITABLE. */
export async function appendCycle(path: string, cycle: CycleSummary): Promise<void> {
  const cycles = [...(await readCycles(path)), shortened(cycle)].slice(-CYCLES_KEPT);
  // No lock protects this file: two processes on different upstreams may end at the same moment.
  const temporary = `${path}.${process.pid}.tmp`;
  await replaceFile(path, `${JSON.stringify({ version: VERSION, cycles })}\n`, temporary);
}

function shortened(cycle: CycleSummary): CycleSummary {
  const upstreams = cycle.upstreams.map((upstream) => ({
    ...upstream,
    held: upstream.held.slice(0, HELD_KEPT),
  }));
  return { ...cycle, upstreams };
}
