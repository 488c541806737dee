/** Whole short commands from start to end: `--version`, `plan` on the demo's cloud, `demo`; beside a bare `node -e 0`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { startCloud } from '../src/demo/cloud.ts';
import { demoConfig } from '../src/demo/story-config.ts';
import { createStory } from '../src/demo/story.ts';
import type { Notes } from './notes.ts';

export interface ColdStartRequest {
  /** The project's folder, with `dist` built. */
  readonly root: string;
  /** An upstream without routes. */
  readonly netns: string;
  readonly rounds: number;
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** `plan` ends with 2 where there is something to do. */
const GOOD_ENDS: ReadonlySet<number | undefined> = new Set([0, 2]);

/** Measures in turns. */
export async function measureColdStarts(request: ColdStartRequest, { note }: Notes): Promise<void> {
  const { root, netns, rounds, dir, signal } = request;
  const { cloud } = createStory();
  const server = await startCloud(cloud);
  const config = join(dir, 'demo.yaml');
  await mkdir(join(dir, 'run'), { recursive: true });
  await writeFile(
    config,
    demoConfig(join(dir, 'demo-state')).replace(/netns: [\w-]+/, `netns: ${netns}`),
  );
  const time = async (args: readonly string[]): Promise<number> => {
    const start = performance.now();
    const { exitCode, stderr } = await execa(process.execPath, args, {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: dir,
        RUNTIME_DIRECTORY: join(dir, 'run'),
        ...server.env,
      },
      extendEnv: false,
      reject: false,
      cancelSignal: signal,
    });
    if (!GOOD_ENDS.has(exitCode)) {
      throw new Error(`node ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
    }
    return performance.now() - start;
  };
  const main = join(root, 'dist/main.js');
  try {
    for (let round = 0; round < rounds; round += 1) {
      note('bareNode', await time(['-e', '0']));
      note('version', await time([main, '--version']));
      note('planDemo', await time([main, 'plan', '--config', config]));
      note('demo', await time([main, 'demo']));
    }
  } finally {
    await server.close();
  }
}
