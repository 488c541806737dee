/** What a cycle needs, in this process: a cloud over HTTP and the real client, routers in memory, a clock to turn. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type CycleDeps, type CycleOptions, runCycle } from '../../src/agent/cycle.ts';
import { assembleUpstream } from '../../src/agent/upstream.ts';
import { driverFor } from '../../src/drivers/index.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { newRunId, openCycle } from '../../src/cli/wiring.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type CloudServer, type ServeOptions, startCloud } from '../../src/demo/cloud.ts';
import type { Cloud } from '../../src/demo/model.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Report, UpstreamReport } from '../../src/report/report.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { newRouter } from '../cli/fake-ip.ts';

export interface CycleScene {
  readonly server: CloudServer;
  readonly stateDir: string;
  /** By the upstream's name; one that is not here cannot be reached. */
  readonly routers: Map<string, Transport>;
  /** What was logged as a warning or an error. */
  readonly complaints: readonly string[];
  /** Replaces sections of the configuration. */
  readonly configure: (change: object) => Promise<void>;
  readonly passSeconds: (seconds: number) => void;
  /** Sets the wall clock without time passing. */
  readonly jumpSeconds: (seconds: number) => void;
  /** Opens everything anew, as a one-shot command does, and hands it to `use`. */
  readonly withDeps: <T>(readOnly: boolean, use: (deps: CycleDeps) => Promise<T>) => Promise<T>;
  readonly plan: (options?: Partial<CycleOptions>) => Promise<Report>;
  readonly apply: (options?: Partial<CycleOptions>) => Promise<Report>;
  readonly ledger: (upstream?: string) => Promise<Ledger>;
  readonly close: () => Promise<void>;
}

/** The ledger file as it lies on the disk. */
export interface Ledger {
  readonly owner: string;
  readonly missing: readonly (readonly [prefix: string, since: number, snapshots: number])[];
  readonly routes: readonly (readonly [prefix: string, nextHops: string[], origins: string[][]])[];
}

const CONFIG = {
  owner: 'test',
  policy: {
    mode: 'sync',
    allow: [
      { prefix: '198.51.100.0/24', maxLength: 28 },
      { prefix: '2001:db8::/32', maxLength: 64 },
    ],
  },
  cloud: { retries: 0 },
  upstreams: [{ name: 'edge1', os: 'linux', externalNetworks: ['public'] }],
};

export async function openCycleScene(
  cloud: Cloud,
  options: ServeOptions = {},
): Promise<CycleScene> {
  const folder = await mkdtemp(path.join(tmpdir(), 'route-sync-cycle-'));
  await mkdir(path.join(folder, 'run'));
  const server = await startCloud(cloud, options);
  const routers = new Map([['edge1', await newRouter()]]);
  const file = path.join(folder, 'route-sync.yaml');
  const complaints: string[] = [];
  let now = Date.UTC(2026, 0, 1);
  let uptime = 0;
  const context = contextOf(folder, {
    server,
    complaints,
    now: () => now,
    sinceBoot: () => ({ boot: 'test', uptime }),
  });

  const withDeps: CycleScene['withDeps'] = async (readOnly, use) => {
    const loaded = await loadConfig({ path: file, cwd: folder, env: {} });
    const { signal } = new AbortController();
    const deps = await openCycle(context, loaded, {
      command: 'test',
      readOnly,
      signal,
      connect: async ({ owner, upstreams }) => {
        const driver = await driverFor('linux');
        return upstreams.map((config) => {
          const transport = routers.get(config.name) ?? unreachable(config);
          return assembleUpstream(config, { driver, transport, owner });
        });
      },
    });
    try {
      return await use(deps);
    } finally {
      await deps.client.close();
    }
  };

  const cycle = async (push: boolean, change: Partial<CycleOptions> = {}): Promise<Report> =>
    withDeps(!push, async (deps) => {
      const defaults = { force: false, verbose: false, reviewed: undefined };
      return runCycle(deps, { run: newRunId(now), push, ...defaults, ...change });
    });

  const scene: CycleScene = {
    server,
    stateDir: path.join(folder, 'state'),
    routers,
    complaints,
    configure: async (change) => {
      const config = { stateDir: path.join(folder, 'state'), ...CONFIG, ...change };
      await writeFile(file, JSON.stringify(config));
    },
    passSeconds: (seconds) => {
      now += seconds * 1000;
      uptime += seconds * 1000;
    },
    jumpSeconds: (seconds) => {
      now += seconds * 1000;
    },
    withDeps,
    plan: async (change) => cycle(false, change),
    apply: async (change) => cycle(true, change),
    ledger: async (upstream = 'edge1') => {
      const text = await readFile(path.join(folder, `state/upstreams/${upstream}.json`), 'utf8');
      return JSON.parse(text) as Ledger;
    },
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
  await scene.configure({});
  return scene;
}

interface Facts {
  readonly server: CloudServer;
  readonly complaints: string[];
  readonly now: () => number;
  readonly sinceBoot: CommandContext['sinceBoot'];
}

function contextOf(folder: string, { server, complaints, now, sinceBoot }: Facts): CommandContext {
  const complain = (message: string): void => void complaints.push(message);
  const ignore = (): void => undefined;
  const log = {
    error: complain,
    warn: complain,
    info: ignore,
    debug: ignore,
    child: () => log,
    writes: () => false,
  };
  return {
    env: {
      ...server.env,
      PATH: process.env['PATH'],
      RUNTIME_DIRECTORY: path.join(folder, 'run'),
    },
    cwd: folder,
    homeDir: folder,
    uid: 0,
    print: ignore,
    complain,
    log,
    paint: (_, text) => text,
    ask: undefined,
    now,
    sinceBoot,
    host: 'test-host',
    readInput: () => Promise.resolve(''),
    onSignal: () => ignore,
  };
}

function unreachable({ name }: { readonly name: string }): Transport {
  return {
    description: 'nowhere',
    target: `nowhere/${name}`,
    lockTarget: () => Promise.resolve(`nowhere/${name}`),
    run: () => Promise.reject(new RouteSyncError('UPSTREAM_UNREACHABLE', `${name} is gone`)),
    close: () => Promise.resolve(),
  };
}

/** The only upstream's report, or the one of that name. */
export function reportOn({ upstreams }: Report, name = 'edge1'): UpstreamReport {
  const found = upstreams.find((upstream) => upstream.name === name);
  if (found === undefined) {
    throw new Error(`no upstream ${name} in the report`);
  }
  return found;
}

/** What the work was rejected with. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<Error & { readonly code: string }> {
  try {
    await work;
  } catch (error) {
    return error as Error & { readonly code: string };
  }
  throw new Error('nothing was thrown');
}
