/** The real agent as a process: `dist/main.js` with a configuration of its own, and what /proc tells of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childrenCpuSeconds, cpuSeconds } from './process-memory.ts';

export interface AgentPlace {
  /** The project's folder, with `dist` built. */
  readonly root: string;
  /** For configuration, state and locks. */
  readonly dir: string;
  /** The upstream. */
  readonly netns: string;
  /** OS_* variables. */
  readonly cloud: Readonly<Record<string, string>>;
}

export interface AgentProcess {
  /** Resolves with the next line `cycle` of its log. */
  readonly cycleEnds: () => Promise<void>;
  /** /proc/PID/status. */
  readonly status: () => string;
  /** CPU seconds of its threads so far. */
  readonly cpu: () => number;
  /** CPU seconds of all that it started and that has ended. */
  readonly childrenCpu: () => number;
  /** Ends it and waits for that. */
  readonly stop: () => Promise<void>;
}

/** Defaults wherever they exist: schedule, guard, metrics and status page. */
export async function writeAgentConfig({ dir, netns }: AgentPlace): Promise<string> {
  const file = join(dir, 'route-sync.yaml');
  await mkdir(join(dir, 'run'), { recursive: true });
  await writeFile(
    file,
    `owner: bench
stateDir: ${JSON.stringify(join(dir, 'state'))}
cloud: { natModel: ovn, retries: 0 }
policy:
  mode: sync
  allow: [{ prefix: 10.0.0.0/8 }, { prefix: "2001:db8::/32" }]
server: { listen: "127.0.0.1:0" }
upstreams:
  - { name: edge, os: linux, externalNetworks: [public], via: { netns: ${netns} } }
`,
  );
  return file;
}

/** Starts `route-sync run`; its configuration has been written. */
export function startAgent(place: AgentPlace): AgentProcess {
  const child = spawnCommand(place, 'run');
  const { pid = 0 } = child;
  const ended = once(child, 'exit') as Promise<[number | null]>;
  let said = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream ?? process.stdin }).on('line', (line) => {
      said = `${said}${line}\n`.slice(-4000);
      if (/ cycle run=/.test(line)) {
        listeners.forEach((tell) => tell());
        listeners.clear();
      }
    });
  }
  let isStopping = false;
  const early = async (): Promise<never> => {
    await ended;
    throw new Error(`route-sync run ended${isStopping ? '' : ' by itself'}: ${said}`);
  };
  return {
    cycleEnds: async () =>
      Promise.race([new Promise<void>((resolve) => void listeners.add(resolve)), early()]),
    status: () => readFileSync(`/proc/${pid}/status`, 'utf8'),
    cpu: () => cpuSeconds(threadsOf(pid)),
    childrenCpu: () => childrenCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8')),
    stop: async () => {
      isStopping = true;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs `route-sync apply` once; throws unless it ends well. */
export async function applyOnce(place: AgentPlace): Promise<void> {
  const child = spawnCommand(place, 'apply');
  child.stdout?.resume();
  let said = '';
  child.stderr?.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    throw new Error(`route-sync apply ended with ${code}: ${said}`);
  }
}

/** What the image and the systemd unit set. */
const AS_SHIPPED = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' };

function spawnCommand({ root, dir, cloud }: AgentPlace, command: string): ChildProcess {
  const args = [join(root, 'dist/main.js'), command, '--config', join(dir, 'route-sync.yaml')];
  return spawn(process.execPath, args, {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: dir,
      RUNTIME_DIRECTORY: join(dir, 'run'),
      ...AS_SHIPPED,
      ...cloud,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function threadsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'),
  );
}
