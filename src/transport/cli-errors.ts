/** What can go wrong in a CLI session, as errors for people; nothing that a secret was typed into is shown. */
import { RouteSyncError } from '../errors.ts';

/** More of what a router says is no help. */
const MAX_WORDS = 160;

/** What a router said, on one line. */
export function quote(words: string): string {
  const line = words.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return JSON.stringify(line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}...` : line);
}

export interface Loss {
  readonly description: string;
  /** What happened, as the end of a sentence about the session. */
  readonly reason: string;
  /** The line that was sent last, and how many lines of how many were answered. */
  readonly progress?: Progress | undefined;
  readonly cause?: unknown;
}

export interface Progress {
  readonly line: string;
  readonly answered: number;
  readonly lines: number;
}

/** The session was lost, stopped or not answered; what was sent may have had its effect. */
export function lost({ description, reason, progress, cause }: Loss): RouteSyncError {
  const where =
    progress === undefined
      ? ''
      : ` after the line ${quote(progress.line)} (${progress.answered} of ${progress.lines} lines answered)`;
  return new RouteSyncError(
    'UPSTREAM_UNREACHABLE',
    `the CLI session with ${description} ${reason}${where}`,
    { details: { ...progress }, retryable: true, cause },
  );
}

/** The router does not let us in, or not far enough. */
export function refusedLogin(description: string, problem: string): RouteSyncError {
  return new RouteSyncError('UPSTREAM_LOGIN', `the CLI of ${description} ${problem}`, {
    details: {},
  });
}

/** The CLI is not what it was taken for. */
export function strange(
  description: string,
  problem: string,
  details: Readonly<Record<string, unknown>> = {},
): RouteSyncError {
  return new RouteSyncError('UPSTREAM_SESSION', `the CLI of ${description} ${problem}`, {
    details,
  });
}
