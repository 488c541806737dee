/** Runs commands on this host, or inside one of its named network namespaces. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { execa } from 'execa';
import type { Command, CommandOutput } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { withInputFile } from './batch-file.ts';
import type { Transport } from './transport.ts';

/** Characters of output that are accepted: a table of a million routes has some 150 million; V8 ends at 536 million. */
const MAX_OUTPUT = 500_000_000;
/** `ip netns` keeps its names as files in /run/netns, so a name must not lead out of there; nor look like an option. */
const NETNS_NAME = /^\w[\w.-]{0,254}$/;
/** Debian's package of a program, for the hint when it is missing. */
const PACKAGES: ReadonlyMap<string, string> = new Map([['ip', 'iproute2']]);

/** How long a command may take that answers at once if it answers at all; a table of a million routes takes 5 s. */
const DEADLINE_MS = 60_000;
/** What each line of a batch adds to that; the kernel takes some 100,000 a second. */
const LINE_MS = 0.5;
/** From SIGTERM to SIGKILL, and from there to the end of our patience: a program inside the kernel obeys neither. */
const KILL_MS = 2000;

export interface LocalOptions {
  readonly netns?: string | undefined;
  /** How long a command without stdin may take, in milliseconds; a batch gets more for each line. */
  readonly deadlineMs?: number;
}

/** The transport to this host, or to the named network namespace of it. */
export function localTransport(options: LocalOptions = {}): Transport {
  const { netns, deadlineMs = DEADLINE_MS } = options;
  if (netns !== undefined && !NETNS_NAME.test(netns)) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `${JSON.stringify(netns)} is no name of a network namespace: letters, digits, "_", "." and "-" are`,
    );
  }
  const description = netns === undefined ? 'this host' : `netns ${netns}`;
  return {
    description,
    target: netns === undefined ? 'local' : `local/netns/${netns}`,
    lockTarget: async () => namespaceIdentity(netns),
    run: async (command, signal) => {
      const argv = inNamespace(command.argv, netns);
      const output = await execute({ ...command, argv }, { signal, deadlineMs, description });
      if (netns !== undefined) {
        refuseNamespaceFailure(netns, output);
      }
      return output;
    },
  };
}

interface Execution {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Where, for people. */
  readonly description: string;
}

async function execute(command: Command, execution: Execution): Promise<CommandOutput> {
  const { signal, description } = execution;
  const [program] = command.argv;
  if (signal.aborted) {
    throw stopped(program, signal.reason);
  }
  const limitMs = execution.deadlineMs + LINE_MS * linesOf(command);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const timer = setTimeout(end, limitMs);
  signal.addEventListener('abort', end);
  try {
    const { stdin } = command;
    const output =
      stdin === undefined
        ? await spawn(command, 'ignore', stop.signal)
        : await withInputFile(stdin, async (file) =>
            spawn(command, file as Descriptor, stop.signal),
          );
    if (output === undefined) {
      throw signal.aborted
        ? stopped(program, signal.reason)
        : unanswered(program, `within ${limitMs / 1000} s on ${description}`);
    }
    return output;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

function linesOf({ stdin = '' }: Command): number {
  return stdin.split('\n').length - 1;
}

/** Of an open file; execa takes any, and its types name the usual ones. */
type Descriptor = 3;

/** Undefined if it was stopped. */
async function spawn(
  { argv }: Command,
  stdin: 'ignore' | Descriptor,
  stop: AbortSignal,
): Promise<CommandOutput | undefined> {
  const [program, ...args] = argv;
  const path = process.env['PATH'] ?? '';
  const child = execa(program, args, {
    stdin,
    // Nothing else is inherited: the environment holds the credentials of the cloud.
    extendEnv: false,
    env: { PATH: path, LANG: 'C', LC_ALL: 'C' },
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
    child.stdout.destroy();
    child.stderr.destroy();
    return undefined;
  }
  if (result.isCanceled) {
    return undefined;
  }
  if (result.exitCode !== undefined && !result.isMaxBuffer) {
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
  }
  throw failure(program, path, result);
}

/** Resolves when a program had SIGTERM and SIGKILL, and time to end by them. */
async function patienceAfter(stop: AbortSignal): Promise<undefined> {
  await once(stop, 'abort');
  return sleep(2 * KILL_MS, undefined, { ref: false });
}

/** `ip -n` only enters the namespace; `ip netns exec` mounts a new /sys too, which containers often forbid. */
function inNamespace(argv: Command['argv'], netns: string | undefined): Command['argv'] {
  if (netns === undefined) {
    return argv;
  }
  const [program, ...args] = argv;
  return program === 'ip' ? ['ip', '-n', netns, ...args] : ['ip', 'netns', 'exec', netns, ...argv];
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

interface Failure {
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly isMaxBuffer: boolean;
  readonly cause?: unknown;
}

function failure(program: string, path: string, result: Failure): RouteSyncError {
  const options = { details: { program }, cause: result.cause };
  if (result.code === 'ENOENT' || result.code === 'EACCES') {
    const name = PACKAGES.get(program) ?? `the package of ${program}`;
    return new RouteSyncError(
      'UPSTREAM_TOOL_MISSING',
      `cannot run ${program}: not found in PATH=${path}; install ${name}, or extend PATH`,
      options,
    );
  }
  const reason = result.isMaxBuffer
    ? `answered with more than ${MAX_OUTPUT} characters`
    : `was ended by ${result.signal ?? result.code ?? 'an unknown cause'}`;
  return new RouteSyncError('UPSTREAM_COMMAND_FAILED', `${program} ${reason}`, options);
}

/** A namespace is one inode of the kernel's own file system, by whatever name or from wherever it is entered. */
async function namespaceIdentity(netns: string | undefined): Promise<string> {
  const path = netns === undefined ? '/proc/self/ns/net' : `/var/run/netns/${netns}`;
  try {
    const { dev, ino } = await stat(path);
    return `network namespace ${dev}:${ino}`;
  } catch {
    // Nothing can be written there: what is wrong with the name, the first command says better.
    return `network namespace ${netns ?? ''}`;
  }
}

function refuseNamespaceFailure(netns: string, output: CommandOutput): void {
  const words = output.stderr.trim();
  const isEntry =
    words.startsWith(`Cannot open network namespace "${netns}"`) ||
    words.startsWith(`setting the network namespace "${netns}" failed`);
  if (output.exitCode === 0 || !isEntry) {
    return;
  }
  if (/Operation not permitted|Permission denied/.test(words)) {
    throw new RouteSyncError(
      'UPSTREAM_NOT_PERMITTED',
      `cannot enter network namespace "${netns}": run as root, or grant CAP_SYS_ADMIN and CAP_NET_ADMIN`,
      { details: { netns } },
    );
  }
  throw new RouteSyncError(
    'UPSTREAM_UNREACHABLE',
    `cannot enter network namespace "${netns}": ${words}; "ip netns list" shows the names`,
    { details: { netns } },
  );
}
