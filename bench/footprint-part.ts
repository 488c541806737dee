/** The part `footprint`: the built program as a process. */
import { cp, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { startCloudProcess } from './cloud-process.ts';
import { measureColdStarts } from './cold-start.ts';
import { measureIdle } from './idle.ts';
import type { Measurement } from './measurement.ts';
import { whyNoNamespace, withNamespaces } from './namespace.ts';
import { createNotes } from './notes.ts';
import type { Findings, PartContext } from './part.ts';
import { measureSizes, whyNoImage } from './project-size.ts';
import { measureStart } from './start-to-routes.ts';
import { timeStartUp } from './start-up.ts';

const PAGE_SIZE = 10_000;

/** Size 0: commands that end, and what lies on the disk. Any other: the agent with so many prefixes. */
export async function measureFootprint(context: PartContext, size: number): Promise<Findings> {
  const reason = whyNoNamespace();
  if (reason !== undefined) {
    const nothing = { part: 'footprint', size, what: 'everything', why: reason } as const;
    return { measurements: [], skipped: [nothing] };
  }
  await buildProgram(context);
  if (size > 0) {
    return { measurements: [await measureAgent(context, size)], skipped: [] };
  }
  const noImage = whyNoImage(context.root);
  return {
    measurements: [await measureCommands(context)],
    skipped:
      noImage === undefined
        ? []
        : [{ part: 'footprint', size, what: 'size of the image', why: noImage }],
  };
}

/** `npm run build`, without removing what others may be running. */
export async function buildProgram({ root, signal }: PartContext): Promise<void> {
  // Type errors do not stop the compiler from writing.
  await execa(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json'], {
    cwd: root,
    reject: false,
    cancelSignal: signal,
  });
  const assets = 'agent/page/assets';
  await cp(join(root, 'src', assets), join(root, 'dist', assets), { recursive: true });
}

async function measureCommands(context: PartContext): Promise<Measurement> {
  const { root, rounds, signal } = context;
  const notes = createNotes();
  const dir = await mkdtemp(join(context.dir, 'commands-'));
  await withNamespaces(1, async ([netns = '']) => {
    const request = { root, netns, rounds, dir, signal };
    await measureColdStarts(request, notes);
    await timeStartUp(request, notes);
  });
  await measureSizes(root, notes);
  return { part: 'footprint', size: 0, rounds, samples: notes.samples, notes: [] };
}

async function measureAgent(context: PartContext, size: number): Promise<Measurement> {
  const { root, rounds } = context;
  const notes = createNotes();
  await withNamespaces(2, async ([netns = '', peerNetns = '']) => {
    const dir = await mkdtemp(join(context.dir, 'start-'));
    await measureStart({ place: { root, dir, netns }, peerNetns, size, rounds }, notes);
  });
  await withNamespaces(1, async ([netns = '']) => {
    const dir = await mkdtemp(join(context.dir, 'idle-'));
    const cloud = await startCloudProcess({ size, delayMs: 0, pageSize: PAGE_SIZE });
    try {
      await measureIdle({ root, dir, netns, cloud: cloud.env }, rounds, notes);
    } finally {
      await cloud.close();
    }
  });
  return { part: 'footprint', size, rounds, samples: notes.samples, notes: [] };
}
