/** Starts one program and waits for its end, its deadline or the end of our patience. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { execa } from 'execa';
import type { CommandOutput, OutputBytes, Program } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { withInputFile } from './batch-file.ts';
import { openOutputFile } from './output-file.ts';

/** Characters of output that are accepted: a table of a million routes has some 150 million; V8 ends at 536 million. */
const MAX_OUTPUT = 500_000_000;
/** Debian's package of a program, for the hint when it is missing. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ['ip', 'iproute2'],
  ['ssh', 'openssh-client'],
]);

/** What each line of a batch adds to the deadline; the kernel takes some 100,000 a second. */
const LINE_MS = 0.5;
/** From SIGTERM to SIGKILL, and from there to the end of our patience: a program inside the kernel obeys neither. */
const KILL_MS = 2000;

export interface Execution {
  readonly signal: AbortSignal;
  /** How long a program without stdin may take, in milliseconds; a batch gets more for each line. */
  readonly deadlineMs: number;
  /** Where, for people. */
  readonly description: string;
  /** What messages call the program. Default: its first word. */
  readonly name?: string;
  /** Called when it is stopped before its end. */
  readonly onStop?: () => void;
  /** True where the answer of a program without stdin may be long, and no process but itself writes it. */
  readonly toFile?: boolean;
  /** Nothing else is inherited: our environment holds the credentials of the cloud. Default: PATH and the C locale. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves with any exit status. Rejects like Transport.run. */
export async function runProgram(program: Program, execution: Execution): Promise<CommandOutput> {
  const { signal, description, name = program.argv[0] } = execution;
  if (signal.aborted) {
    throw stopped(name, signal.reason);
  }
  const limitMs = execution.deadlineMs + LINE_MS * linesOf(program);
  const stop = new AbortController();
  const end = (): void => {
    stop.abort();
    execution.onStop?.();
  };
  const timer = setTimeout(end, limitMs);
  signal.addEventListener('abort', end);
  const base = { env: execution.env ?? plainEnvironment(), stop: stop.signal, name };
  try {
    const { stdin } = program;
    const output =
      stdin === undefined
        ? await ask(program, base, execution)
        : await withInputFile(stdin, async (file) =>
            spawn(program, { ...base, stdin: file as Descriptor, stdout: 'pipe' }),
          );
    if (output === undefined) {
      throw signal.aborted
        ? stopped(name, signal.reason)
        : unanswered(name, `within ${limitMs / 1000} s on ${description}`);
    }
    return output;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Runs a program without stdin; undefined if it was stopped. */
async function ask(
  program: Program,
  base: Omit<Surroundings, 'stdin' | 'stdout'>,
  { toFile = false }: Execution,
): Promise<CommandOutput | undefined> {
  const excess = new AbortController();
  const limit = { most: MAX_OUTPUT, onExcess: () => excess.abort() };
  const file = toFile ? await openOutputFile(limit) : undefined;
  if (file === undefined) {
    return spawn(program, { ...base, stdin: 'ignore', stdout: 'pipe' });
  }
  try {
    const stdout = file.descriptor as Descriptor;
    const stop = AbortSignal.any([base.stop, excess.signal]);
    const output = await spawn(program, { ...base, stop, stdin: 'ignore', stdout });
    const bytes = file.end();
    if (bytes === undefined) {
      throw failure(base.name, { isMaxBuffer: true });
    }
    return output && withBytes(output, bytes);
  } finally {
    await file.close();
  }
}

function withBytes({ stderr, exitCode }: CommandOutput, bytes: OutputBytes): CommandOutput {
  let text: string | undefined;
  return {
    get stdout() {
      text ??= Buffer.concat(bytes.chunks).toString();
      return text;
    },
    stderr,
    exitCode,
    bytes,
  };
}

function plainEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? '', LANG: 'C', LC_ALL: 'C' };
}

function linesOf({ stdin = '' }: Program): number {
  let lines = 0;
  for (let at = stdin.indexOf('\n'); at >= 0; at = stdin.indexOf('\n', at + 1)) {
    lines += 1;
  }
  return lines;
}

/** Of an open file; execa takes any, and its types name the usual ones. */
type Descriptor = 3;

interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: 'ignore' | Descriptor;
  readonly stdout: 'pipe' | Descriptor;
  readonly stop: AbortSignal;
  readonly name: string;
}

/** Undefined if it was stopped. */
async function spawn(
  { argv: [program, ...args] }: Program,
  { env, stdin, stdout, stop, name }: Surroundings,
): Promise<CommandOutput | undefined> {
  const child = execa(program, args, {
    stdin,
    stdout,
    extendEnv: false,
    env,
    cancelSignal: stop,
    forceKillAfterDelay: KILL_MS,
    killDescendants: true,
    // Ctrl-C on a terminal goes to the whole process group, and must not tear a batch apart.
    detached: true,
    maxBuffer: MAX_OUTPUT,
    stripFinalNewline: false,
    reject: false,
  });
  const result = await Promise.race([child, patienceAfter(stop)]);
  if (result === undefined) {
    // Nobody waits for it any more, so it must not keep this process alive.
    child.nodeChildProcess.unref();
    child.stdout?.destroy();
    child.stderr.destroy();
    return undefined;
  }
  if (result.isCanceled) {
    return undefined;
  }
  if (result.exitCode !== undefined && !result.isMaxBuffer) {
    return { stdout: result.stdout ?? '', stderr: result.stderr, exitCode: result.exitCode };
  }
  if (result.code === 'ENOENT' || result.code === 'EACCES') {
    throw missing(program, env['PATH'] ?? '', result.cause);
  }
  throw failure(name, result);
}

/** Resolves when a program had SIGTERM and SIGKILL, and time to end by them. */
async function patienceAfter(stop: AbortSignal): Promise<undefined> {
  await once(stop, 'abort');
  return sleep(2 * KILL_MS, undefined, { ref: false });
}

function stopped(program: string, cause: unknown): RouteSyncError {
  return new RouteSyncError(
    'UPSTREAM_UNREACHABLE',
    `${program} was stopped before its end: its deadline passed or route-sync is ending`,
    { details: { program }, retryable: true, cause },
  );
}

function unanswered(program: string, limit: string): RouteSyncError {
  return new RouteSyncError(
    'UPSTREAM_UNREACHABLE',
    `${program} gave no answer ${limit} and was ended; see what it or the kernel waits for there`,
    { details: { program }, retryable: true },
  );
}

function missing(program: string, path: string, cause: unknown): RouteSyncError {
  const name = PACKAGES.get(program) ?? `the package of ${program}`;
  return new RouteSyncError(
    'UPSTREAM_TOOL_MISSING',
    `cannot run ${program}: not found in PATH=${path}; install ${name}, or extend PATH`,
    { details: { program }, cause },
  );
}

interface Failure {
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly isMaxBuffer: boolean;
  readonly cause?: unknown;
}

function failure(program: string, result: Failure): RouteSyncError {
  const reason = result.isMaxBuffer
    ? `answered with more than ${MAX_OUTPUT} characters`
    : `was ended by ${result.signal ?? result.code ?? 'an unknown cause'}`;
  return new RouteSyncError('UPSTREAM_COMMAND_FAILED', `${program} ${reason}`, {
    details: { program },
    cause: result.cause,
  });
}
