/** The agent as a process against the lab: `route-sync run` of these sources, with a configuration of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LAB_DIR, type Lab } from './fill-api.ts';

export interface LabAgentRequest {
  readonly lab: Lab;
  /** The project's folder. */
  readonly root: string;
  /** For configuration, state and locks; empty. */
  readonly dir: string;
  /** The upstream. */
  readonly netns: string;
  readonly externalNetwork: string;
  /** Cron with seconds. */
  readonly schedule: string;
  readonly events: boolean;
}

export interface LabAgent {
  readonly stop: () => Promise<void>;
}

const START_MS = 60_000;
/** So that a removal is seen as soon as it is known: by default it waits for more snapshots and for a grace. */
const AT_ONCE = { snapshots: 1, graceSeconds: 0 };

/** Resolves after its first cycle. */
export async function startLabAgent(request: LabAgentRequest): Promise<LabAgent> {
  const { lab, root, dir } = request;
  const config = await writeConfig(request);
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'run', '--config', config], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: dir,
      RUNTIME_DIRECTORY: join(dir, 'run'),
      ...lab.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let said = '';
  const firstCycle = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said = `${said}${line}\n`.slice(-4000);
        if (/ cycle run=/.test(line)) {
          resolve();
        }
      });
    }
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  const early = Promise.race([ended, after(START_MS)]).then((): never => {
    throw new Error(`route-sync run has not come to its first cycle: ${said}`);
  });
  try {
    await Promise.race([firstCycle, early]);
  } catch (error) {
    await stop();
    throw error;
  }
  // What loses the race later on is no failure.
  early.catch(() => undefined);
  return { stop };
}

async function writeConfig({ dir, netns, ...request }: LabAgentRequest): Promise<string> {
  const file = join(dir, 'route-sync.yaml');
  const passwordFile = join(dir, 'password');
  await mkdir(join(dir, 'run'), { recursive: true });
  await copyFile(join(LAB_DIR, 'password'), passwordFile);
  const notifications = {
    url: 'amqp://127.0.0.1:5672/',
    username: 'route-sync',
    passwordFile,
  };
  // JSON is YAML, too.
  await writeFile(
    file,
    JSON.stringify({
      owner: 'lab',
      stateDir: join(dir, 'state'),
      schedule: request.schedule,
      server: { listen: 'off' },
      cloud: { natModel: 'ovn', ...(request.events && { notifications }) },
      policy: { mode: 'sync', allow: [{ prefix: '10.0.0.0/8' }], extraRoutes: true },
      guard: { maxRemovals: { count: 100, percent: 100 } },
      removal: AT_ONCE,
      upstreams: [
        {
          name: 'edge',
          os: 'linux',
          externalNetworks: [request.externalNetwork],
          via: { netns },
        },
      ],
    }),
  );
  return file;
}

async function after(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
}
