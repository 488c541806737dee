/**
 * A login that was refused is not repeated with every cycle: routers and the TACACS+ or RADIUS servers behind them lock
 * accounts after a few of them. Known for as long as the configuration that was read, so that a reload tries at once.
 */
import { stat } from 'node:fs/promises';
import { RouteSyncError } from '../errors.ts';
import type { Transport } from '../transport/transport.ts';

/** After the first refusal; each one after it doubles the pause. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

export interface LoginPauseOptions {
  /** What the login is made with: once one of these files changes, the next attempt is made at once. */
  readonly secretFiles: readonly string[];
  /** Whether there will be other attempts, so that errors tell when. */
  readonly triesAgain: boolean;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
}

type Work = () => ReturnType<Transport['run']>;

interface Refusal {
  readonly error: RouteSyncError;
  /** How many in a row. */
  readonly count: number;
  readonly until: number;
}

/**
 * The transport, but with one login at a time until one was accepted, and with pauses after refused ones: commands are
 * then rejected with UPSTREAM_LOGIN without any attempt.
 */
export function pausingAfterRefusedLogin(
  transport: Transport,
  options: LoginPauseOptions,
): Transport {
  const { secretFiles, now } = options;
  let isAccepted = false;
  let refusal: Refusal | undefined;
  /** What the secret files were at the last attempt. */
  let tried = '';
  let first: Promise<unknown> | undefined;

  async function attempt(work: Work): ReturnType<Work> {
    try {
      const output = await work();
      isAccepted = true;
      refusal = undefined;
      return output;
    } catch (error) {
      isAccepted = false;
      if (!(error instanceof RouteSyncError) || error.code !== 'UPSTREAM_LOGIN') {
        throw error;
      }
      refusal = refused(error, refusal, now());
      throw pausing(refusal, options);
    }
  }

  async function attemptLogin(work: Work): ReturnType<Work> {
    const files = await describeFiles(secretFiles);
    if (files !== tried) {
      tried = files;
      refusal = undefined;
    }
    if (refusal !== undefined && now() < refusal.until) {
      throw pausing(refusal, options);
    }
    return attempt(work);
  }

  return {
    description: transport.description,
    target: transport.target,
    lockTarget: async () => transport.lockTarget(),
    close: async () => transport.close(),
    run: async (command, signal) => {
      const work: Work = async () => transport.run(command, signal);
      if (first !== undefined) {
        await first;
      } else if (!isAccepted) {
        const made = attemptLogin(work);
        first = made
          .catch(() => undefined)
          .finally(() => {
            first = undefined;
          });
        return made;
      }
      return isAccepted ? attempt(work) : attemptLogin(work);
    },
  };
}

/** Commands that were under way together are one attempt. */
function refused(error: RouteSyncError, before: Refusal | undefined, now: number): Refusal {
  if (before !== undefined && now < before.until) {
    return before;
  }
  const count = before?.count ?? 0;
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** count, LONGEST_PAUSE_MS);
  return { error, count: count + 1, until: now + pauseMs };
}

function pausing(
  { error, until }: Refusal,
  { triesAgain, now }: LoginPauseOptions,
): RouteSyncError {
  if (!triesAgain) {
    return error;
  }
  const seconds = Math.ceil((until - now()) / 1000);
  return new RouteSyncError(
    'UPSTREAM_LOGIN',
    `${error.message}; the next attempt is in ${seconds} s, so that the account is not locked: a changed secret or key file, or a reload (SIGHUP), is tried at once`,
    { details: error.details, cause: error },
  );
}

/** Other than before if a file was written, replaced or made readable. */
async function describeFiles(files: readonly string[]): Promise<string> {
  const all = files.map(async (file) => {
    try {
      const { ino, size, ctimeMs } = await stat(file);
      return [ino, size, ctimeMs].join(' ');
    } catch {
      return 'none';
    }
  });
  return (await Promise.all(all)).join(', ');
}
