/** Who holds the leader lock. What the store says of others is a stranger's text: checked here, escaped where it is shown. */
import { createHash, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';

import { z } from 'zod';

/** One process that takes part in the election. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
  /** The same for all processes that share the folder for locks: on one upstream these never write at the same time. */
  readonly place: string;
  /** Different for each time that a process takes part. */
  readonly id: string;
}

const holderSchema = z.object({
  host: z.string().max(255),
  pid: z.int().nonnegative(),
  since: z.string().max(40),
  place: z.string().max(64),
  id: z.string().max(64),
});

/** What is in the store where nobody wrote it as we do: somebody holds the lock all the same. */
const STRANGER: Holder = { host: 'unknown', pid: 0, since: 'unknown', place: '', id: '' };

export interface Self {
  readonly host: string;
  /** The folder for locks. */
  readonly runtimeDir: string;
  /** Empty where the system does not tell. */
  readonly boot: string;
}

/** Who does not lead yet. */
export type Candidate = Omit<Holder, 'since'>;

/** Us, for one time that we take part. */
export async function newCandidate({ host, runtimeDir, boot }: Self): Promise<Candidate> {
  const { dev, ino } = await stat(runtimeDir, { bigint: true });
  const place = createHash('sha256').update(`${host} ${boot} ${dev} ${ino}`).digest('hex');
  return {
    host,
    pid: process.pid,
    place: place.slice(0, 16),
    id: randomUUID(),
  };
}

/** Never fails: whatever stands there, somebody holds the lock. */
export function parseHolder(text: string): Holder {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return STRANGER;
  }
}

/** `net1 (pid 812) since 2026-01-01T00:00:00.000Z`; to be escaped where it is shown. */
export function describeHolder({ host, pid, since }: Holder): string {
  return `${host} (pid ${pid}) since ${since}`;
}
