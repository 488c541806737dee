/** The peer: `ip` alone, started directly and writing to nowhere. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../src/drivers/driver.ts';

/** Runs the commands one after another inside the namespace; throws unless each exits with 0. Returns milliseconds. */
export async function timeIpAlone(
  netns: string,
  commands: readonly Program[],
  dir: string,
): Promise<number> {
  const inputs = await Promise.all(commands.map(async (command, i) => inputFile(command, dir, i)));
  try {
    const start = performance.now();
    for (const [index, { argv }] of commands.entries()) {
      const [, ...args] = argv;
      const child = spawn('ip', ['-n', netns, ...args], {
        stdio: [inputs[index]?.fd ?? 'ignore', 'ignore', 'inherit'],
      });
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) {
        throw new Error(`ip ${args.join(' ')} in ${netns} ended with ${code}`);
      }
    }
    return performance.now() - start;
  } finally {
    await Promise.all(inputs.map(async (input) => input?.close()));
  }
}

/** The same lines with one process of `ip` for each, one after another. Returns milliseconds. */
export function timeIpProcesses(netns: string, commands: readonly Program[]): number {
  const lines = commands.flatMap(({ argv, stdin = '' }) =>
    stdin
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ['-n', netns, ...argv.filter(isFamily), ...line.split(' ')]),
  );
  const start = performance.now();
  for (const args of lines) {
    const { status } = spawnSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) {
      throw new Error(`ip ${args.join(' ')} ended with ${status}`);
    }
  }
  return performance.now() - start;
}

function isFamily(word: string): boolean {
  return word === '-4' || word === '-6';
}

/** A file, so that the peer waits for nobody to write its lines. */
async function inputFile({ stdin }: Program, dir: string, index: number) {
  if (stdin === undefined) {
    return undefined;
  }
  const path = join(dir, `peer-${index}.batch`);
  const file = await open(path, 'w+');
  await file.writeFile(stdin);
  await file.close();
  return open(path, 'r');
}
