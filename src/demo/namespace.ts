/**
 * The demo's upstream: a real Linux router in a private network namespace where the user may make one, else a simulated
 * one in memory. Nothing on the machine changes, and nothing is left behind, however the process ends.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { execa } from 'execa';
import { RouteSyncError } from '../errors.ts';
import { localTransport } from '../transport/local.ts';
import { programOf, type Transport } from '../transport/transport.ts';
import { memoryRouter } from './memory-router.ts';
import type { UpstreamFacts } from './story-config.ts';

/** `netns`: made as root; `userns`: within a user namespace, by anybody; `memory`: simulated. */
export type DemoUpstreamKind = 'netns' | 'userns' | 'memory';

export interface DemoUpstream {
  readonly kind: DemoUpstreamKind;
  readonly transport: Transport;
  /** For people: what the upstream is, and why it is nothing better. */
  readonly description: string;
  /** Removes the upstream. It may be called twice. */
  readonly close: () => Promise<void>;
}

type NamespaceKind = Exclude<DemoUpstreamKind, 'memory'>;

/** What `unshare` has to make, under the names of /proc/PID/ns, and what to call it. */
const NAMESPACES = {
  netns: { parts: ['net'], make: ['--net'], what: 'a private network namespace' },
  userns: {
    parts: ['user', 'net'],
    make: ['--user', '--map-root-user', '--net'],
    what: 'a private network namespace of an unprivileged user',
  },
} as const satisfies Record<NamespaceKind, object>;

const SETUP_DEADLINE_MS = 10_000;

/** Opens the first of `kinds` that the system permits; by default the most real one. Memory always works. */
export async function openDemoUpstream(
  facts: UpstreamFacts,
  kinds: readonly DemoUpstreamKind[] = ['netns', 'userns', 'memory'],
): Promise<DemoUpstream> {
  const reasons: string[] = [];
  for (const kind of kinds) {
    if (kind === 'memory') {
      const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
      return openInMemory(facts, `a simulated router in memory${why}`);
    }
    try {
      return await openNamespace(facts, kind);
    } catch (error) {
      reasons.push(`no ${kind}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new RouteSyncError(
    'UPSTREAM_UNREACHABLE',
    `the demo's upstream cannot be made here: ${reasons.join('; ')}; the kind "memory" needs nothing`,
  );
}

async function openInMemory(facts: UpstreamFacts, description: string): Promise<DemoUpstream> {
  const transport = { ...memoryRouter({ interfaces: facts.interfaces }), description };
  await runBatch(transport, routeLines(facts));
  return { kind: 'memory', transport, description, close: () => Promise.resolve() };
}

async function openNamespace(facts: UpstreamFacts, kind: NamespaceKind): Promise<DemoUpstream> {
  const { what } = NAMESPACES[kind];
  const doors = await makeNamespace(kind);
  const close = async (): Promise<void> => {
    await Promise.all(doors.map(({ handle }) => handle.close()));
  };
  try {
    const transport = transportThrough(doors, what);
    await runBatch(transport, [...linkLines(facts), ...routeLines(facts)]);
    return { kind, transport, description: what, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An open file of /proc/PID/ns: it keeps a namespace alive after its last process. */
interface Door {
  readonly part: 'user' | 'net';
  readonly handle: FileHandle;
}

/**
 * The namespace has no name and no process: only this process's open files keep it, so the kernel removes it with them.
 * The first process in it is a `cat` that answers one line, by which it is known to be inside, and ends.
 */
async function makeNamespace(kind: NamespaceKind): Promise<readonly Door[]> {
  const { make, parts } = NAMESPACES[kind];
  const first = execa('unshare', [...make, '--', 'cat'], {
    reject: false,
    stdin: 'pipe',
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '' },
    timeout: SETUP_DEADLINE_MS,
  });
  // Without a reader the line breaks the pipe; the exit of `unshare` says why there is none.
  first.stdin.on('error', () => undefined);
  first.stdin.write('inside\n');
  const inside = new Promise<true>((resolve) => {
    first.stdout.once('data', () => resolve(true));
  });
  const ended = first.then(({ stderr, code }) => stderr.trim() || (code ?? 'it ended at once'));
  const reason = await Promise.race([inside, ended]);
  try {
    if (reason !== true) {
      throw new RouteSyncError('UPSTREAM_NOT_PERMITTED', reason);
    }
    const folder = `/proc/${first.pid}/ns`;
    return await Promise.all(
      parts.map(async (part) => ({ part, handle: await open(`${folder}/${part}`) })),
    );
  } finally {
    first.stdin.end();
    await first;
  }
}

/** Enters by the open files, never by a process id, which might be another process's by now. */
function transportThrough(doors: readonly Door[], description: string): Transport {
  const host = localTransport();
  const flags = doors.map(({ part, handle }) => `--${part}=/proc/${process.pid}/fd/${handle.fd}`);
  const target = `demo/${process.pid}`;
  return {
    description,
    target,
    lockTarget: async () => target,
    run: (command, signal) => {
      const program = programOf(command);
      const argv = ['nsenter', '--preserve-credentials', ...flags, '--', ...program.argv] as const;
      return host.run({ ...program, argv }, signal);
    },
    close: async () => host.close(),
  };
}

/** Each interface is one end of a pair whose other end stays there too: a line that is up, with nobody behind it. */
function linkLines({ interfaces }: UpstreamFacts): readonly string[] {
  return interfaces.flatMap(({ device, addresses }) => [
    `link add name ${device} type veth peer name ${device}-far`,
    `link set ${device} up`,
    `link set ${device}-far addrgenmode none up`,
    // Until duplicate address detection ends, IPv6 routes through the address would be refused.
    ...addresses.map((address) => `address add ${address} dev ${device} nodad`),
  ]);
}

function routeLines({ routes }: UpstreamFacts): readonly string[] {
  return routes.map((route) => `route add ${route}`);
}

async function runBatch(transport: Transport, lines: readonly string[]): Promise<void> {
  const output = await transport.run(
    { argv: ['ip', '-batch', '-'], stdin: `${lines.join('\n')}\n` },
    AbortSignal.timeout(SETUP_DEADLINE_MS),
  );
  if (output.exitCode !== 0) {
    const message = `the demo's upstream could not be set up: ${output.stderr.trim()}`;
    throw new RouteSyncError('UPSTREAM_COMMAND_FAILED', message);
  }
}
