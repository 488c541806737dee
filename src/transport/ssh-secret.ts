/** Files that an SSH login needs: readable for us, and those with a secret for nobody else; modes as in ssh(1), FILES. */
import { constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';

import { RouteSyncError } from '../errors.ts';

const MAX_SECRET_BYTES = 4096;
/** Of our own file, as `ssh` wants its private keys. */
const ANY_OTHER = 0o077;
/** Of a file that somebody else put there for us, such as a mounted secret: our group may read it. */
const STRANGERS = 0o037;

/** The secret in the first line of a file; `purpose` names the setting. Throws UPSTREAM_LOGIN. */
export async function readSecretLine(file: string, purpose: string): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    // A named pipe without a writer would be waited for.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    const forbidden = stats.uid === process.getuid?.() ? ANY_OTHER : STRANGERS;
    if (!stats.isFile() || stats.size > MAX_SECRET_BYTES) {
      throw unusable(file, purpose, `it is no file of at most ${MAX_SECRET_BYTES} bytes`);
    }
    if ((stats.mode & forbidden) !== 0) {
      throw unusable(file, purpose, `others may read or change it; run: chmod 600 ${file}`);
    }
    const [line = ''] = (await handle.readFile('utf8')).split(/\r?\n/);
    if (line === '') {
      throw unusable(file, purpose, 'its first line is empty');
    }
    return line;
  } catch (error) {
    throw error instanceof RouteSyncError ? error : unusable(file, purpose, codeOf(error));
  } finally {
    await handle?.close();
  }
}

/** `ssh` goes on without such a file, and fails later for a reason that misleads. Throws UPSTREAM_LOGIN. */
export async function refuseUnreadable(file: string, purpose: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    throw unusable(file, purpose, codeOf(error));
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}

function unusable(file: string, purpose: string, reason: string): RouteSyncError {
  return new RouteSyncError('UPSTREAM_LOGIN', `cannot use ${file} (${purpose}): ${reason}`, {
    details: { file, reason },
  });
}
