/** The files that hold runs. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { NOTHING_PUBLISHED, PARTS, type Published, type Run } from './measurement.ts';

/** From the project's root; in git, unlike `bench/results`. */
export const PUBLISHED_FILE = 'bench/published.json';

const place = { part: z.enum(PARTS) };
const runSchema = z.object({
  version: z.literal(2),
  startedAt: z.iso.datetime(),
  commit: z.string(),
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
  measurements: z.array(
    z.object({
      ...place,
      size: z.number(),
      rounds: z.number(),
      samples: z.record(z.string(), z.array(z.number())),
      notes: z.array(z.string()),
    }),
  ),
  skipped: z.array(
    z.object({ ...place, size: z.number().exactOptional(), what: z.string(), why: z.string() }),
  ),
});
const publishedSchema = z.object({ version: z.literal(2), runs: z.array(runSchema) });

/** Throws unless the file is a run of `npm run bench`. */
export async function readRun(file: string): Promise<Run> {
  return runSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

/** Nothing where nothing was published. */
export function readPublished(root: string): Published {
  const file = join(root, PUBLISHED_FILE);
  return existsSync(file)
    ? publishedSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    : NOTHING_PUBLISHED;
}
