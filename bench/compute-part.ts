/** The part `compute`: a process of its own for each size. */
import type { Findings, PartContext } from './part.ts';

export async function measureCompute(
  { rounds, runChild }: PartContext,
  size: number,
): Promise<Findings> {
  const samples = await runChild('compute-child.ts', { size, rounds }, ['--expose-gc']);
  return { measurements: [{ part: 'compute', size, rounds, samples, notes: [] }], skipped: [] };
}
