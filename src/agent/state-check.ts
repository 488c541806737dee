/** Nobody but us and root may change the state directory: who can, decides which routes are ours to remove. */
import { lstat, stat } from 'node:fs/promises';

import { RouteSyncError } from '../errors.ts';
import { codeOf, linked, unreadable } from './state-file.ts';

/** The right to write of the group and of all others. */
const OPEN = 0o022;

/**
 * For the state directory itself, which may be a symbolic link because its place is configured; fine where it does not
 * exist, also where a parent is no folder: whoever makes it says that better. Throws STATE_INSECURE and STATE_UNREADABLE.
 */
export async function refuseOpenRoot(path: string, uid: number): Promise<void> {
  refuseOpen(path, await factsOf(path, stat, ['ENOENT', 'ENOTDIR']), uid);
}

/** For a folder or a file in it, which may be no symbolic link; otherwise as {@link refuseOpenRoot}. */
export async function refuseOpenEntry(path: string, uid: number): Promise<void> {
  refuseOpen(path, await factsOf(path, lstat, ['ENOENT']), uid);
}

interface Facts {
  readonly uid: number;
  readonly mode: number;
  isSymbolicLink(): boolean;
}

async function factsOf(
  path: string,
  look: (path: string) => Promise<Facts>,
  absent: readonly string[],
): Promise<Facts | undefined> {
  try {
    return await look(path);
  } catch (error) {
    if (absent.includes(codeOf(error))) {
      return undefined;
    }
    throw unreadable(path, codeOf(error), error);
  }
}

function refuseOpen(path: string, found: Facts | undefined, uid: number): void {
  if (found === undefined) {
    return;
  }
  if (found.isSymbolicLink()) {
    throw linked(path);
  }
  if (found.uid !== uid && found.uid !== 0) {
    throw insecure(
      path,
      `belongs to user ${found.uid}; run as that user, or run: chown -R ${uid} ${path}`,
    );
  }
  if ((found.mode & OPEN) !== 0) {
    const mode = (found.mode & 0o7777).toString(8).padStart(4, '0');
    throw insecure(path, `may be changed by other users (mode ${mode}); run: chmod go-w ${path}`);
  }
}

function insecure(path: string, problem: string): RouteSyncError {
  return new RouteSyncError('STATE_INSECURE', `${path} ${problem}`, { details: { path } });
}
