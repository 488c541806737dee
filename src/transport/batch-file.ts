/**
 * Input for a program as an unnamed file, complete before the program starts. Through a pipe, a program outlives us with
 * half of a line if we are killed while it reads, and `ip` executes half a line.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RouteSyncError } from '../errors.ts';

/** Where to keep it: TMPDIR, else memory where the root file system is read-only. */
const FOLDERS = [tmpdir(), '/dev/shm'] as const;

/** Gives `use` a file to read from the start; it is gone when `use` has ended. Throws UPSTREAM_COMMAND_FAILED. */
export async function withInputFile<T>(
  text: string,
  use: (descriptor: number) => Promise<T>,
): Promise<T> {
  const file = await filledFile(text);
  try {
    return await use(file.fd);
  } finally {
    await file.close();
  }
}

async function filledFile(text: string): Promise<FileHandle> {
  const causes: unknown[] = [];
  for (const folder of FOLDERS) {
    let file: FileHandle | undefined;
    try {
      file = await unnamedFile(folder);
      await fill(file, Buffer.from(text));
      return file;
    } catch (cause) {
      causes.push(cause);
      await file?.close();
    }
  }
  throw new RouteSyncError(
    'UPSTREAM_COMMAND_FAILED',
    `no file for the input of a command can be made in ${FOLDERS.join(' or ')} (${String(causes[0])}); free space, or set TMPDIR to another folder`,
    { cause: new AggregateError(causes) },
  );
}

/** open(2): a file that never has a name. Node knows the flag's second half only. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;

/** An empty file for reading and writing that is gone when it is closed, or with this process. */
export async function unnamedFile(folder: string): Promise<FileHandle> {
  try {
    return await open(folder, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch {
    // Some file systems do not know it (overlay before Linux 6.1, NFS): a name that lives for a moment then.
    const path = join(folder, `route-sync-${randomBytes(8).toString('hex')}`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  }
}

/** At positions of our own, so that the reader, who shares the file's position, starts at 0. */
async function fill(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, at);
    at += bytesWritten;
  }
}
