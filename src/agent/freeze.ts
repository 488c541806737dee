/**
 * The kill switch: any file `freeze` in the state directory stops all writes, whatever is in it. In doubt it is on: an
 * operator may have made it by hand, in haste.
 */
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { RouteSyncError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import { codeOf, makeFolder, removeFile, replaceSharedFile } from './state-file.ts';

/** Who stopped all writes, when (ISO 8601) and why; `by` and `at` are `unknown` where nobody knows. */
export interface Freeze {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
}

const UNKNOWN = 'unknown';

/** Characters of one field. */
const MAX_TEXT = 500;

/** What is read of the file: more than we write. */
const MAX_BYTES = 32_768;

const freezeFile = z.object({ by: z.string(), at: z.string(), reason: z.string() });

/** Undefined while nothing is frozen; a state directory that cannot be looked at is. Never throws. */
export async function readFreeze(dir: string): Promise<Freeze | undefined> {
  const path = pathOf(dir);
  let at = UNKNOWN;
  try {
    at = (await lstat(path)).mtime.toISOString();
    const freeze = parse(await readStart(path));
    return freeze ?? { by: UNKNOWN, at, reason: `${path} is there, made by hand` };
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT'
      ? undefined
      : { by: UNKNOWN, at, reason: `${path} cannot be read (${code})` };
  }
}

async function readStart(path: string): Promise<string> {
  // A pipe of that name must not keep us waiting.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(MAX_BYTES) });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function parse(content: string): Freeze | undefined {
  try {
    return harmless(freezeFile.parse(JSON.parse(content)));
  } catch {
    return undefined;
  }
}

/** Makes the folder where need be. Long texts are cut: nobody who must stop writes may fail over words. */
export async function writeFreeze(dir: string, freeze: Freeze): Promise<void> {
  const path = pathOf(dir);
  await makeFolder(dir);
  await replaceSharedFile(path, `${JSON.stringify(harmless(freeze))}\n`);
}

/** Tells whether writes were frozen. Throws STATE_UNWRITABLE. */
export async function removeFreeze(dir: string): Promise<boolean> {
  const path = pathOf(dir);
  const isFolder = await lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) {
    throw new RouteSyncError(
      'STATE_UNWRITABLE',
      `${path} is a folder, which route-sync did not make; remove it by hand`,
      { details: { path } },
    );
  }
  return removeFile(path);
}

function pathOf(dir: string): string {
  return join(dir, 'freeze');
}

/** People type these texts, and they reach terminals and logs. */
function harmless({ by, at, reason }: Freeze): Freeze {
  return { by: shortened(by), at: shortened(at), reason: shortened(reason) };
}

function shortened(text: string): string {
  return Array.from(escapeText(text)).slice(0, MAX_TEXT).join('');
}
