/** Runs commands on this host, or inside one of its named network namespaces. */
import { execa } from 'execa';
import type { Command, CommandOutput } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import type { Transport } from './transport.ts';

/** Characters of output that are accepted: a table of a million routes has some 150 million; V8 ends at 536 million. */
const MAX_OUTPUT = 500_000_000;
/** `ip netns` keeps its names as files in /run/netns, so a name must not lead out of there; nor look like an option. */
const NETNS_NAME = /^\w[\w.-]{0,254}$/;
/** Debian's package of a program, for the hint when it is missing. */
const PACKAGES: ReadonlyMap<string, string> = new Map([['ip', 'iproute2']]);

/** The transport to this host, or to the named network namespace of it. */
export function localTransport(options: { readonly netns?: string | undefined } = {}): Transport {
  const { netns } = options;
  if (netns !== undefined && !NETNS_NAME.test(netns)) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `${JSON.stringify(netns)} is no name of a network namespace: letters, digits, "_", "." and "-" are`,
    );
  }
  return {
    description: netns === undefined ? 'this host' : `netns ${netns}`,
    target: netns === undefined ? 'local' : `local/netns/${netns}`,
    run: async (command, signal) => {
      const output = await execute(command, netns, signal);
      if (netns !== undefined) {
        refuseNamespaceFailure(netns, output);
      }
      return output;
    },
  };
}

async function execute(
  command: Command,
  netns: string | undefined,
  signal: AbortSignal,
): Promise<CommandOutput> {
  const [program, ...args] = inNamespace(command.argv, netns);
  if (signal.aborted) {
    throw stopped(program, signal.reason);
  }
  const path = process.env['PATH'] ?? '';
  const result = await execa(program, args, {
    ...(command.stdin === undefined ? { stdin: 'ignore' } : { input: command.stdin }),
    // Nothing else is inherited: the environment holds the credentials of the cloud.
    extendEnv: false,
    env: { PATH: path, LANG: 'C', LC_ALL: 'C' },
    cancelSignal: signal,
    // Ctrl-C on a terminal goes to the whole process group, and must not tear a batch apart.
    detached: true,
    maxBuffer: MAX_OUTPUT,
    stripFinalNewline: false,
    reject: false,
  });
  if (result.exitCode !== undefined && !result.isCanceled && !result.isMaxBuffer) {
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
  }
  throw failure(program, path, result);
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

interface Failure {
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly isCanceled: boolean;
  readonly isMaxBuffer: boolean;
  readonly cause?: unknown;
}

function failure(program: string, path: string, result: Failure): RouteSyncError {
  if (result.isCanceled) {
    return stopped(program, result.cause);
  }
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
