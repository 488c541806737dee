/** What a namespace holds, without a dump: asking costs next to nothing, whatever the number of routes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RoutingTable {
  /** Routes of both families that came after it was opened. */
  readonly routes: () => number;
  /** Resolves as soon as so many routes are there; rejects after the deadline. */
  readonly reaches: (routes: number, deadlineMs?: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const DEADLINE_MS = 10 * 60_000;
const BETWEEN_LOOKS_MS = 2;

/** A process inside the namespace keeps the view on its tables open. */
export async function openRoutingTable(netns: string): Promise<RoutingTable> {
  const child = spawn('ip', ['netns', 'exec', netns, 'cat'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const { pid = 0 } = child;
  // Until `ip` has become `cat`, it is in the namespace of this process.
  while (readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'cat\n') {
    await sleep(1);
  }
  const before = entriesOf(pid);
  const routes = (): number => entriesOf(pid) - before;
  return {
    routes,
    reaches: async (wanted, deadlineMs = DEADLINE_MS) => {
      const deadline = performance.now() + deadlineMs;
      while (routes() !== wanted) {
        if (performance.now() > deadline) {
          throw new Error(
            `${netns} has ${routes()} routes and not ${wanted} after ${deadlineMs} ms`,
          );
        }
        await sleep(BETWEEN_LOOKS_MS);
      }
    },
    close: async () => {
      child.stdin?.end();
      await ended;
    },
  };
}

/** net/ipv4/fib_trie.c, fib_triestat_seq_show: of the first table, main. net/ipv6/route.c, rt6_stats_seq_show: the fourth number. */
function entriesOf(pid: number): number {
  const ipv4 = /^Main:$.*?Prefixes:\s+(\d+)/ms.exec(
    readFileSync(`/proc/${pid}/net/fib_triestat`, 'utf8'),
  );
  const ipv6 = readFileSync(`/proc/${pid}/net/rt6_stats`, 'utf8').split(' ')[3];
  return Number(ipv4?.[1] ?? 0) + Number.parseInt(ipv6 ?? '', 16);
}

/** One line for each change that the kernel tells, until closed: `ip monitor route`. */
export interface RouteMonitor {
  /** Resolves when each of these was told after the call. */
  readonly told: (lines: ReadonlySet<string>) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The lines are as `eventOf` makes them. */
export async function openRouteMonitor(netns: string): Promise<RouteMonitor> {
  const child: ChildProcess = spawn(
    'ip',
    ['-n', netns, '-rcvbuf', String(1 << 28), 'monitor', 'route'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  let missing = new Set<string>();
  let onAll = (): void => undefined;
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
    if (missing.delete(eventOf(line)) && missing.size === 0) {
      onAll();
    }
  });
  // It says nothing when it is ready: a route that comes and goes does.
  const probe = '198.51.100.255';
  const heard = told(new Set([`gone ${probe}`]));
  const timer = setInterval(() => {
    spawnSync('ip', ['-n', netns, 'route', 'add', 'blackhole', probe]);
    spawnSync('ip', ['-n', netns, 'route', 'del', 'blackhole', probe]);
  }, 20);
  await heard;
  clearInterval(timer);

  async function told(lines: ReadonlySet<string>): Promise<void> {
    missing = new Set(lines);
    return new Promise((resolve) => {
      onAll = resolve;
    });
  }
  return {
    told,
    close: async () => {
      child.kill();
      await ended;
    },
  };
}

/** `PREFIX NEXT-HOP`, or `gone PREFIX`. */
export function eventOf(line: string): string {
  const words = line.split(' ').filter((word) => word !== 'blackhole');
  const via = words[words.indexOf('via') + 1] ?? '';
  return words[0] === 'Deleted' ? `gone ${words[1]}` : `${words[0]} ${via}`;
}
