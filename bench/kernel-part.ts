/** The part `kernel`: a process of its own for each size, and one for its memory. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecaError } from 'execa';
import { whyNoBird } from './bird-alone.ts';
import { startCloudProcess } from './cloud-process.ts';
import type { Measurement } from './measurement.ts';
import { whyNoNamespace, withNamespaces } from './namespace.ts';
import type { Findings, PartContext } from './part.ts';

/** What the child process kernel.ts is asked to do. */
export interface KernelRequest {
  /** A multiple of 100. */
  readonly size: number;
  readonly rounds: number;
  readonly namespaces: { readonly ours: string; readonly peer: string; readonly bird: string };
  /** A folder for state directories and batch files. */
  readonly dir: string;
}

/** What the child process memory.ts is asked to do. */
export interface MemoryRequest {
  readonly netns: string;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** From here on a round takes minutes. */
const LARGE = 1_000_000;
const LARGE_ROUNDS = 1;
const LARGE_HEAP = ['--max-old-space-size=12288'];
/** The cloud answers in pages of this many objects, as large clouds are set up to. */
const PAGE_SIZE = 10_000;

export async function measureKernel(context: PartContext, size: number): Promise<Findings> {
  const reason = whyNoNamespace();
  if (reason !== undefined) {
    const nothing = { part: 'kernel', size, what: 'everything', why: reason } as const;
    return { measurements: [], skipped: [nothing] };
  }
  const rounds = size < LARGE ? context.rounds : Math.min(context.rounds, LARGE_ROUNDS);
  const fewer =
    rounds < context.rounds ? [`${rounds} of ${context.rounds} rounds: each takes minutes`] : [];
  const times = await measureTimes(context, size, rounds);
  const memory = await measureMemory(context, size);
  const samples = { ...times, ...memory.samples };
  const notes = [...fewer, ...memory.notes];
  const noBird = whyNoBird();
  return {
    measurements: [{ part: 'kernel', size, rounds, samples, notes }],
    skipped: noBird === undefined ? [] : [{ part: 'kernel', size, what: 'BIRD', why: noBird }],
  };
}

/** The large ones hold two versions of the generated cloud beside what is measured. */
async function measureTimes(
  { runChild, dir }: PartContext,
  size: number,
  rounds: number,
): Promise<Measurement['samples']> {
  return withNamespaces(3, async ([ours = '', peer = '', bird = '']) => {
    const request: KernelRequest = { size, rounds, namespaces: { ours, peer, bird }, dir };
    return runChild('kernel.ts', request, size < LARGE ? [] : LARGE_HEAP);
  });
}

interface Memory {
  readonly samples: Measurement['samples'];
  readonly notes: readonly string[];
}

/** Where the default heap is too small, that is told, and a larger one tells how much it takes. */
async function measureMemory(context: PartContext, size: number): Promise<Memory> {
  try {
    return { samples: await runMemory(context, size, []), notes: [] };
  } catch (error) {
    if (!(error instanceof ExecaError) || error.signal !== 'SIGABRT') {
      throw error;
    }
    const notes = ["memory: Node's default heap is too small, a larger one was allowed"];
    return { samples: await runMemory(context, size, LARGE_HEAP), notes };
  }
}

async function runMemory(
  { runChild, dir }: PartContext,
  size: number,
  nodeOptions: readonly string[],
): Promise<Measurement['samples']> {
  const own = await mkdtemp(join(dir, 'memory-'));
  const cloud = await startCloudProcess({ size, delayMs: 0, pageSize: PAGE_SIZE });
  try {
    return await withNamespaces(1, async ([netns = '']) => {
      const request: MemoryRequest = { netns, dir: own, env: cloud.env };
      return runChild('memory.ts', request, nodeOptions);
    });
  } finally {
    await cloud.close();
  }
}
