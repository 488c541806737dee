/**
 * Output of a program as an unnamed file, read while it grows. Through a pipe each of its small writes would wake this
 * process up: 100,000 routes took twice the time.
 */
import { createHash, type Hash } from 'node:crypto';
import { fstatSync, readSync } from 'node:fs';
import { statfs, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import type { OutputBytes } from '../drivers/driver.ts';
import { unnamedFile } from './batch-file.ts';

/** Where to keep it: memory first, else TMPDIR. */
const FOLDERS = ['/dev/shm', tmpdir()];
/**
 * What must be free there, in bytes: several times the longest answer. A program that finds no room for its output may
 * say nothing about it (`ip` does not).
 */
const ROOM = 2_000_000_000;
const EVERY_MS = 5;
const CHUNK = 1_048_576;

export interface OutputFile {
  readonly descriptor: number;
  /** All that was written; undefined where that is more than is accepted. */
  readonly end: () => OutputBytes | undefined;
  readonly close: () => Promise<void>;
}

export interface OutputLimit {
  /** How many bytes are accepted. */
  readonly most: number;
  /** Called once when there are more. */
  readonly onExcess: () => void;
}

/** Undefined where no such file can be made or little room is left; a pipe serves there. */
export async function openOutputFile(
  limit: OutputLimit,
  folders: readonly string[] = FOLDERS,
): Promise<OutputFile | undefined> {
  for (const folder of folders) {
    try {
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize >= ROOM) {
        return watched(await unnamedFile(folder), limit);
      }
    } catch {
      // The next folder, or none.
    }
  }
  return undefined;
}

interface Reading {
  readonly descriptor: number;
  readonly hash: Hash;
  readonly chunks: Buffer[];
  size: number;
}

function watched(file: FileHandle, { most, onExcess }: OutputLimit): OutputFile {
  const reading: Reading = { descriptor: file.fd, hash: createHash('sha256'), chunks: [], size: 0 };
  const timer = setInterval(() => {
    if (reading.size <= most) {
      readOn(reading);
      if (reading.size > most) {
        onExcess();
      }
    }
  }, EVERY_MS);
  return {
    descriptor: file.fd,
    end: () => {
      clearInterval(timer);
      readOn(reading);
      return reading.size > most
        ? undefined
        : { chunks: reading.chunks, digest: reading.hash.digest('hex') };
    },
    close: async () => {
      clearInterval(timer);
      await file.close();
    },
  };
}

/** At positions of our own: the program writes at the file's. From memory, so it does not block. */
function readOn(reading: Reading): void {
  const { size } = fstatSync(reading.descriptor);
  while (reading.size < size) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, size - reading.size));
    const count = readSync(reading.descriptor, chunk, 0, chunk.length, reading.size);
    if (count === 0) {
      return;
    }
    const read = chunk.subarray(0, count);
    reading.hash.update(read);
    reading.chunks.push(read);
    reading.size += count;
  }
}
