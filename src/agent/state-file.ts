/** How files of the state directory are read and replaced: whole, checked against their schema, durably, mode 0600. */
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { z } from 'zod';

import { RouteSyncError } from '../errors.ts';

/** One kind of JSON file. */
export interface FileFormat<T> {
  readonly schema: z.ZodType<T>;
  /** The newest version that this route-sync knows. */
  readonly version: number;
  /** What to do with a corrupt file. */
  readonly repair: string;
}

/**
 * Undefined where the file does not exist. Throws STATE_CORRUPT, STATE_UNREADABLE, and STATE_INSECURE for a symbolic
 * link.
 */
export async function readJson<T>(path: string, format: FileFormat<T>): Promise<T | undefined> {
  const content = await readText(path);
  return content === undefined ? undefined : checkJson(path, content, format);
}

/** The value of a file with that content; throws STATE_CORRUPT. */
export function checkJson<T>(path: string, content: string, format: FileFormat<T>): T {
  const value = parseJson(content);
  const parsed = format.schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const { version, repair } = format;
  const found = z.object({ version: z.int() }).safeParse(value).data?.version ?? version;
  throw found > version
    ? corrupt(
        path,
        `was written by a newer route-sync (version ${found}, this one knows ${version}); use that one`,
      )
    : corrupt(path, `is not as route-sync wrote it; ${repair}`);
}

export function corrupt(path: string, problem: string): RouteSyncError {
  return new RouteSyncError('STATE_CORRUPT', `${path} ${problem}`, { details: { path } });
}

/** The same errors as {@link readJson}, but for STATE_CORRUPT: whatever is no UTF-8 is an empty text. */
async function readText(path: string): Promise<string | undefined> {
  const bytes = await readWhole(path);
  return bytes === undefined || isUtf8(bytes) ? bytes?.toString() : '';
}

/** Undefined where the file does not exist. Throws STATE_UNREADABLE, and STATE_INSECURE for a symbolic link. */
export async function readWhole(path: string): Promise<Buffer | undefined> {
  try {
    return await readBytes(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw codeOf(error) === 'ELOOP' ? linked(path) : unreadable(path, codeOf(error), error);
  }
}

async function readBytes(path: string): Promise<Buffer> {
  // A pipe in place of the file must not keep us waiting.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
}

export function linked(path: string): RouteSyncError {
  return new RouteSyncError(
    'STATE_INSECURE',
    `${path} is a symbolic link, which somebody may have planted; put the file itself there, or remove the link`,
    { details: { path } },
  );
}

export function unreadable(path: string, reason: string, cause?: unknown): RouteSyncError {
  return new RouteSyncError(
    'STATE_UNREADABLE',
    `${path} cannot be read (${reason}); run as the user that the agent runs as, or correct its mode`,
    { details: { path }, cause },
  );
}

/** With its parents, mode 0700. Throws STATE_UNWRITABLE. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeWithParents(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Mode 0700; Node's own `recursive` never ends where a parent exists but takes no folders, as in /proc. */
export async function makeWithParents(path: string): Promise<void> {
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

/** Changes whenever the file is replaced; `none` where there is no file. Throws STATE_UNREADABLE. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await lstat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return 'none';
    }
    throw unreadable(path, codeOf(error), error);
  }
}

export interface ReplaceOptions {
  /** Writers of the same file at the same time need different names. */
  readonly temporary?: string;
  /** True: after a power cut the old content may be there again, whole. */
  readonly lazily?: boolean;
}

/**
 * After this returns the new content survives a power cut; before, the old one does. Throws STATE_UNWRITABLE and leaves
 * nothing beside the old file.
 */
export async function replaceFile(
  path: string,
  content: string | Iterable<Buffer>,
  { temporary = `${path}.tmp`, lazily = false }: ReplaceOptions = {},
): Promise<void> {
  try {
    await writeDurably(temporary, content);
    await rename(temporary, path);
    if (!lazily) {
      await syncFolder(dirname(path));
    }
  } catch (error) {
    // Gives the space back on a full disk; the first error is the one that counts.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}

/** As {@link replaceFile}, for a file that no lock protects: several processes may replace it at the same moment. */
export async function replaceSharedFile(path: string, content: string): Promise<void> {
  await replaceFile(path, content, {
    temporary: `${path}.${randomBytes(4).toString('hex')}.tmp`,
  });
  await sweep(path);
}

/** What a crash leaves of a shared file has a name that nobody uses again; nobody writes for as long as this. */
const LITTER_AGE_MS = 60_000;

async function sweep(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  const litter = names.filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.tmp'),
  );
  for (const name of litter) {
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > LITTER_AGE_MS) {
      await rm(join(folder, name), { force: true }).catch(() => undefined);
    }
  }
}

/** What a crash left at the path goes first, and a link that was planted there is not followed. */
async function writeDurably(path: string, content: string | Iterable<Buffer>): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'wx', 0o600);
  try {
    await writeChunks(file, typeof content === 'string' ? [Buffer.from(content)] : content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Resolves with the number of bytes. The next chunk is made while the one before is being written. */
export async function writeChunks(file: FileHandle, chunks: Iterable<Buffer>): Promise<number> {
  let written = 0;
  let underWay: Promise<unknown> = Promise.resolve();
  try {
    for (const chunk of chunks) {
      await underWay;
      underWay = file.writeFile(chunk);
      // Told of by the next await.
      underWay.catch(() => undefined);
      written += chunk.length;
    }
  } finally {
    await underWay;
  }
  return written;
}

/** Durably. Tells whether the file was there; throws STATE_UNWRITABLE. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return false;
    }
    throw unwritable(path, error);
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

/** Files that are made in one cycle beside those that are replaced, with some to spare. */
const INODES = 16;

/** Throws STATE_UNWRITABLE where the file system of the folder has less room than `bytes`. */
export async function assertRoom(path: string, bytes: number): Promise<void> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(path).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  // Some file systems have no limit, or do not tell: they count no blocks, or no inodes.
  const free = blocks === 0 ? Infinity : bavail * bsize;
  if (free < bytes) {
    throw full(path, `${free} bytes are free, ${Math.ceil(bytes)} are needed`);
  }
  if (files !== 0 && ffree < INODES) {
    throw full(path, `${ffree} inodes are free, ${INODES} are needed`);
  }
}

function full(path: string, problem: string): RouteSyncError {
  return new RouteSyncError(
    'STATE_UNWRITABLE',
    `the disk of ${path} is full: ${problem}; free space, or set stateDir to another folder`,
    { details: { path } },
  );
}

export function unwritable(path: string, error: unknown): RouteSyncError {
  return new RouteSyncError(
    'STATE_UNWRITABLE',
    `${path} cannot be written (${codeOf(error)}); free space, correct the rights, or set stateDir to another folder`,
    { details: { path }, cause: error },
  );
}

/** `ENOENT` and the like; the error's own text where it has no code. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
