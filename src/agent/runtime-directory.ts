/** Finds the folder for locks: the same one for every route-sync on this machine that may write to the same upstream. */
import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

import { RouteSyncError } from '../errors.ts';
import { makeWithParents } from './state-file.ts';

interface RuntimeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Our effective user id. */
  readonly uid: number;
  /** The folder of the whole machine. */
  readonly system?: string;
}

/**
 * $RUNTIME_DIRECTORY (systemd's), else `system` for root and for whoever may write there, else a folder of the user's
 * own. Makes the folder (0700); throws STATE_UNWRITABLE where that fails or where others could plant files.
 */
export async function runtimeDirectory({
  env,
  uid,
  system = '/run/route-sync',
}: RuntimeOptions): Promise<string> {
  const [given = ''] = (env['RUNTIME_DIRECTORY'] ?? '').split(':');
  if (given !== '') {
    return makeFolder(given);
  }
  if (uid === 0 || (await isWritable(system))) {
    return makeFolder(system);
  }
  const dir = await makeFolder(userFolder(env, uid));
  await refuseShared(dir, uid);
  return dir;
}

function userFolder(env: RuntimeOptions['env'], uid: number): string {
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  const temporary = env['TMPDIR'] ?? '';
  return isAbsolute(runtime)
    ? join(runtime, 'route-sync')
    : join(isAbsolute(temporary) ? temporary : '/tmp', `route-sync-${uid}`);
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function makeFolder(path: string): Promise<string> {
  try {
    await makeWithParents(path);
    return path;
  } catch (error) {
    throw new RouteSyncError(
      'STATE_UNWRITABLE',
      `the folder for locks ${path} cannot be made (${String(error)}); set RUNTIME_DIRECTORY to a folder that may be written`,
      { details: { path }, cause: error },
    );
  }
}

/** The temporary folder is everybody's: a link or a folder of somebody else could lead our writes anywhere. */
async function refuseShared(path: string, uid: number): Promise<void> {
  const found = await lstat(path);
  const problem = found.isDirectory() ? ownershipProblem(found, uid) : 'is no folder';
  if (problem !== undefined) {
    throw new RouteSyncError(
      'STATE_UNWRITABLE',
      `the folder for locks ${path} ${problem}; remove it, or set RUNTIME_DIRECTORY to a folder of your own`,
      { details: { path } },
    );
  }
}

function ownershipProblem(
  found: { readonly uid: number; readonly mode: number },
  uid: number,
): string | undefined {
  if (found.uid !== uid) {
    return `belongs to user ${found.uid}, not to ${uid}`;
  }
  return (found.mode & 0o022) === 0 ? undefined : 'may be written by other users';
}
