/**
 * One writer per upstream on this machine: a kernel lock on a file, held by a `flock` child that lives as long as our
 * pipe to it. However we die, the pipe closes and the lock goes; nothing can become stale.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { z } from 'zod';

import { RouteSyncError } from '../errors.ts';

/** EX_TEMPFAIL: what `flock` shall exit with when another process holds the lock. */
const CONFLICT_STATUS = 75;

export interface LockRequest {
  /** From `runtimeDirectory`. */
  readonly dir: string;
  /** What is written to (host, namespace, table): the same text for every way to the same thing. */
  readonly target: string;
  /** What shows there that a route is ours, such as `protocol 201`. One mark on one target belongs to one owner. */
  readonly mark: string;
  readonly owner: string;
  /** What we do, for the message to whoever comes second. */
  readonly command: string;
  readonly now: Date;
  /** How long to wait for another process; 0: not at all. */
  readonly waitSeconds: number;
  /** $PATH, to find `flock`. */
  readonly searchPath: string;
}

export interface Lock {
  /** Aborts if the lock is lost before its release because somebody killed the child that holds it. */
  readonly lost: AbortSignal;
  /** The owner who used our mark here before us, running or not; undefined if nobody did, or if it was us. */
  readonly otherOwner: string | undefined;
  /** Writes down that the mark is ours from now on. */
  claimMark(): Promise<void>;
  release(): Promise<void>;
}

/** What the lock file says; only its kernel lock tells whether the holder still holds it. */
const recordSchema = z.object({
  holder: z.object({ pid: z.int(), owner: z.string(), command: z.string(), since: z.string() }),
  /** Owners by mark, also those whose process is gone. */
  owners: z.record(z.string(), z.string()),
});

type LockRecord = z.output<typeof recordSchema>;

interface Holder {
  /** Resolves when the lock is gone for whatever reason. */
  readonly ended: Promise<unknown>;
  letGo(): Promise<void>;
}

/**
 * Throws LOCKED when another process holds it, UPSTREAM_TOOL_MISSING without `flock`, STATE_UNWRITABLE when the file
 * cannot be used.
 */
export async function acquireLock(request: LockRequest): Promise<Lock> {
  const path = join(request.dir, fileName(request.target));
  const holder = await withFile(path, async (file) => hold(path, file, request));
  try {
    const owners = await withFile(path, async (file) => signIn(file, request));
    return lockOf(holder, { path, request, owners });
  } catch (error) {
    await holder.letGo();
    throw error;
  }
}

interface Held {
  readonly path: string;
  readonly request: LockRequest;
  readonly owners: LockRecord['owners'];
}

function lockOf(holder: Holder, { path, request, owners }: Held): Lock {
  const { mark, owner } = request;
  const lost = new AbortController();
  let released = false;
  async function watch(): Promise<void> {
    await holder.ended;
    if (!released) {
      const message = `the lock ${path} was lost: the flock process that held it ended`;
      lost.abort(new RouteSyncError('LOCKED', message));
    }
  }
  void watch();
  return {
    lost: lost.signal,
    otherOwner: owners[mark] === owner ? undefined : owners[mark],
    claimMark: async () =>
      withFile(path, async (file) =>
        writeRecord(file, { holder: holderOf(request), owners: { ...owners, [mark]: owner } }),
      ),
    release: async () => {
      released = true;
      await holder.letGo();
    },
  };
}

async function hold(path: string, file: FileHandle, request: LockRequest): Promise<Holder> {
  const options = ['--timeout', String(request.waitSeconds)];
  const conflict = ['--conflict-exit-code', String(CONFLICT_STATUS)];
  const child = execa('flock', [...options, ...conflict, path, 'cat'], {
    cwd: '/',
    env: { PATH: request.searchPath },
    extendEnv: false,
    // In a session of its own, the child does not get the Ctrl-C that lets us finish the cycle.
    detached: true,
    cleanup: false,
    reject: false,
  });
  // A child that leaves early breaks the pipe; its exit status tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.write('\n');
  const echo = once(child.stdout, 'data').then(() => undefined);
  const failure = await Promise.race([echo, child]);
  if (failure === undefined) {
    const letGo = async (): Promise<void> => {
      child.stdin.end();
      await child;
    };
    return { ended: child, letGo };
  }
  if (failure.code === 'ENOENT') {
    const message = 'flock is not installed; install util-linux';
    throw new RouteSyncError('UPSTREAM_TOOL_MISSING', message, { details: { tool: 'flock' } });
  }
  throw failure.exitCode === CONFLICT_STATUS
    ? await conflictError(path, file, request)
    : unusable(path, failure.stderr?.trim() || failure.shortMessage || 'flock failed');
}

async function conflictError(
  path: string,
  file: FileHandle,
  { target }: LockRequest,
): Promise<RouteSyncError> {
  const holder = (await readRecord(file))?.holder;
  const who =
    holder === undefined
      ? 'another process'
      : `pid ${holder.pid} (owner "${holder.owner}", ${holder.command}) since ${holder.since}`;
  return new RouteSyncError(
    'LOCKED',
    `${target} is held by ${who}; wait until it ends, or say --wait SECONDS`,
    {
      details: { path, target, holder },
      retryable: true,
    },
  );
}

/** Writes us down as the holder; resolves with the owners of all marks so far. */
async function signIn(file: FileHandle, request: LockRequest): Promise<LockRecord['owners']> {
  const owners = (await readRecord(file))?.owners ?? {};
  await writeRecord(file, { holder: holderOf(request), owners });
  return owners;
}

function holderOf({ owner, command, now }: LockRequest): LockRecord['holder'] {
  return { pid: process.pid, owner, command, since: now.toISOString() };
}

/** Undefined for a new file, and for one that a crash left half written: the record is a courtesy, not the lock. */
async function readRecord(file: FileHandle): Promise<LockRecord | undefined> {
  const content = await file.readFile('utf8');
  try {
    return recordSchema.safeParse(JSON.parse(content)).data;
  } catch {
    return undefined;
  }
}

/** In place: a new file would not carry the lock. */
async function writeRecord(file: FileHandle, record: LockRecord): Promise<void> {
  await file.truncate(0);
  await file.write(`${JSON.stringify(record)}\n`, 0);
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof RouteSyncError ? error : unusable(path, String(error), error);
  }
}

function unusable(path: string, reason: string, cause?: unknown): RouteSyncError {
  return new RouteSyncError('STATE_UNWRITABLE', `the lock ${path} cannot be used: ${reason}`, {
    details: { path },
    cause,
  });
}

/** Readable, and different for different targets. */
function fileName(target: string): string {
  const words = target
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
  const digest = createHash('sha256').update(target).digest('hex').slice(0, 12);
  return `${words}-${digest}.lock`;
}
