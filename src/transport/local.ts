/** Runs programs on this host, or inside one of its named network namespaces. */
import { stat } from 'node:fs/promises';

import type { CommandOutput, Program } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { runProgram } from './program.ts';
import { programOf, type Transport } from './transport.ts';

/** `ip netns` keeps its names as files in /run/netns, so a name must not lead out of there; nor look like an option. */
const NETNS_NAME = /^\w[\w.-]{0,254}$/;

/** How long a command may take that answers at once if it answers at all; a table of a million routes takes 5 s. */
const DEADLINE_MS = 60_000;

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
      const program = programOf(command);
      const execution = { signal, deadlineMs, description, name: program.argv[0], toFile: true };
      const output = await runProgram(inNamespace(program, netns), execution);
      if (netns !== undefined) {
        refuseNamespaceFailure(netns, output);
      }
      return output;
    },
    close: async () => undefined,
  };
}

/** `ip` enters a namespace by itself, other programs are started in it: one process less. */
function inNamespace(program: Program, netns: string | undefined): Program {
  if (netns === undefined) {
    return program;
  }
  const { argv } = program;
  return argv[0] === 'ip'
    ? { ...program, argv: ['ip', '-n', netns, ...argv.slice(1)] }
    : { ...program, argv: ['ip', 'netns', 'exec', netns, ...argv] };
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
