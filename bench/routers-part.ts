/** The part `routers`: a process of its own for each size. */
import type { Findings, PartContext } from './part.ts';

/** What the child process is asked to do. */
export interface RouterRequest {
  /** A multiple of 100. */
  readonly size: number;
  readonly rounds: number;
  /** A folder for state directories. */
  readonly dir: string;
}

/** What counts here, lines and round trips, is the same in every round. */
const ROUNDS = 1;

export async function measureRouters(
  { dir, runChild }: PartContext,
  size: number,
): Promise<Findings> {
  const request: RouterRequest = { size, rounds: ROUNDS, dir };
  const samples = await runChild('routers.ts', request);
  const notes = ['lines and round trips are the same in every round'];
  const measurement = { part: 'routers', size, rounds: ROUNDS, samples, notes } as const;
  return { measurements: [measurement], skipped: [] };
}
