/** Adding to the end of a file of the state directory: durably, or not at all. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { RouteSyncError } from '../errors.ts';
import { unwritable, writeChunks } from './state-file.ts';

/** The part of a file that counts, and what a crash left behind it; bytes. */
export interface Extent {
  readonly size: number;
  readonly dropped: number;
}

export interface AppendPlace {
  readonly path: string;
  /** The error for a file that another process changed under us. */
  readonly changed: () => RouteSyncError;
  /** False: the file must be there. */
  readonly create: boolean;
}

/**
 * Resolves with the number of bytes, once they survive a power cut; what a full disk took of them is removed again.
 * Throws STATE_UNWRITABLE.
 */
export async function appendDurably(
  place: AppendPlace,
  chunks: Iterable<Buffer>,
  { size, dropped }: Extent,
): Promise<number> {
  const { path, changed, create } = place;
  let file: FileHandle | undefined;
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
    file = await open(path, create ? flags | constants.O_CREAT : flags, 0o600);
    if ((await file.stat()).size !== size + dropped) {
      throw changed();
    }
    if (dropped > 0) {
      await file.truncate(size);
    }
    return await writeOrUndo(file, chunks, size);
  } catch (error) {
    throw error instanceof RouteSyncError ? error : unwritable(path, error);
  } finally {
    await file?.close();
  }
}

async function writeOrUndo(
  file: FileHandle,
  chunks: Iterable<Buffer>,
  size: number,
): Promise<number> {
  try {
    const written = await writeChunks(file, chunks);
    await file.sync();
    return written;
  } catch (error) {
    // What is left would be cut off by the next run; the first error is the one that counts.
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}
