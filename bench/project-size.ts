/** How large what is installed is, in MiB on disk, and the image where it was built. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Notes } from './notes.ts';

/** `.ci/image` writes it; MiB. */
const IMAGE_FILE = 'bench/results/image.json';
const imageSchema = z.object({
  image: z.number(),
  node: z.number(),
  dependencies: z.number(),
  own: z.number(),
});
const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().default(false) })),
});

/** Why the image's size is not known here, or undefined. */
export function whyNoImage(root: string): string | undefined {
  return existsSync(join(root, IMAGE_FILE))
    ? undefined
    : `no ${IMAGE_FILE}: run .ci/image before, which builds the image (root on Debian 12)`;
}

export async function measureSizes(root: string, { note }: Notes): Promise<void> {
  note('sizeOwn', await diskMiB([join(root, 'dist')]));
  note('sizeDependencies', await diskMiB(dependencies(root)));
  note('sizeNode', await diskMiB([process.execPath]));
  if (whyNoImage(root) === undefined) {
    const text = readFileSync(join(root, IMAGE_FILE), 'utf8');
    const { image } = imageSchema.parse(JSON.parse(text));
    note('sizeImage', image);
  }
}

/** The folders of what is installed with `npm ci --omit=dev`. */
function dependencies(root: string): readonly string[] {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const { packages } = lockSchema.parse(JSON.parse(text));
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev && existsSync(join(root, path)))
    .map(([path]) => join(root, path));
}

/** `du` counts nothing twice. */
async function diskMiB(paths: readonly string[]): Promise<number> {
  const { stdout } = await execa('du', ['-c', '-s', '-B', '1024', ...paths]);
  return Number(stdout.split('\n').at(-1)?.split('\t')[0]) / 1024;
}
