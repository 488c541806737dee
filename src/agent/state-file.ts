/** How files of the state directory are read and replaced: whole, checked against their schema, durably, mode 0600. */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { z } from 'zod';

import { RouteSyncError } from '../errors.ts';

/** The version of every file of the state directory. */
export const VERSION = 1;

/** Undefined where the file does not exist. `repair` says what to do with a corrupt one. */
export async function readJson<T>(
  path: string,
  schema: z.ZodType<T>,
  repair: string,
): Promise<T | undefined> {
  const content = await readText(path);
  if (content === undefined) {
    return undefined;
  }
  const value = parseJson(content);
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const version = z.object({ version: z.int() }).safeParse(value).data?.version ?? VERSION;
  const problem =
    version > VERSION
      ? `was written by a newer route-sync (version ${version}, this one knows ${VERSION}); use that one`
      : `is not as route-sync wrote it; ${repair}`;
  throw new RouteSyncError('STATE_CORRUPT', `${path} ${problem}`, { details: { path } });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw new RouteSyncError(
      'STATE_UNREADABLE',
      `${path} cannot be read (${codeOf(error)}); run as the user that the agent runs as, or correct its mode`,
      { details: { path }, cause: error },
    );
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
}

/** With its parents, mode 0700. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeWithParents(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Node's own `recursive` never ends where a parent exists but takes no folders, as in /proc. */
async function makeWithParents(path: string): Promise<void> {
  const make = async (): Promise<void> => mkdir(path, { mode: 0o700 });
  try {
    await make();
  } catch (error) {
    const isThere = codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory();
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) {
      await makeWithParents(dirname(path));
      await make();
    } else if (!isThere) {
      throw error;
    }
  }
}

/** Changes whenever the file is replaced; the same text for every file that cannot be looked at. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return 'none';
  }
}

/** After this returns the new content survives a power cut; before, the old one does. */
export async function replaceFile(path: string, content: string, temporary: string): Promise<void> {
  try {
    await writeDurably(temporary, content);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // Gives the space back on a full disk; the first error is the one that counts.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unwritable(path: string, error: unknown): RouteSyncError {
  return new RouteSyncError(
    'STATE_UNWRITABLE',
    `${path} cannot be written (${codeOf(error)}); free space, correct the rights, or set stateDir to another folder`,
    { details: { path }, cause: error },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
