/** Everything that the command line needs to run for real: a cloud over HTTP, routers, a configuration, a state folder. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';

import { execa } from 'execa';

import { sinceBoot } from '../../src/agent/boot-clock.ts';
import { runProgram } from '../../src/cli/program.ts';
import { type CloudServer, type ServeOptions, startCloud } from '../../src/demo/cloud.ts';
import type { Cloud } from '../../src/demo/model.ts';
import { createLog } from '../../src/report/log.ts';
import { type FakeIp, newRouter, startFakeIp } from './fake-ip.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

export interface Run {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is under way. */
export interface Running {
  readonly pid: number;
  /** What stderr says so far. */
  readonly log: () => string;
  readonly ended: Promise<Run>;
}

export interface Scene {
  readonly server: CloudServer;
  readonly ip: FakeIp;
  readonly folder: string;
  readonly configFile: string;
  readonly stateDir: string;
  /** Writes the configuration: the default one with these keys in place of its own. */
  readonly configure: (change?: object) => Promise<void>;
  /** Runs `route-sync ARGS` in this process; `env` goes over the scene's. */
  readonly run: (args: readonly string[], env?: Env) => Promise<Run>;
  /** Starts `route-sync ARGS` as a process of its own. */
  readonly start: (args: readonly string[], env?: Env) => Running;
  readonly hasState: () => boolean;
  readonly readState: (file: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The configuration of a scene: `edge1` and whatever the test changes. */
export const UPSTREAM = {
  name: 'edge1',
  os: 'linux',
  externalNetworks: ['public'],
  via: { netns: 'edge1' },
} as const;

const CONFIG = {
  owner: 'test',
  policy: {
    mode: 'sync',
    allow: [
      { prefix: '198.51.100.0/24', maxLength: 28 },
      { prefix: '2001:db8::/32', maxLength: 64 },
    ],
  },
  cloud: { retries: 0, requestTimeoutSeconds: 5 },
  removal: { snapshots: 1, graceSeconds: 0 },
  jitterSeconds: 0,
  upstreams: [UPSTREAM],
};

/** Serves the cloud, with one router in memory as namespace `edge1`. */
export async function openScene(cloud: Cloud, options: ServeOptions = {}): Promise<Scene> {
  const folder = await mkdtemp(path.join(tmpdir(), 'route-sync-cli-'));
  const bin = path.join(folder, 'bin');
  const runtime = path.join(folder, 'run');
  await Promise.all([mkdir(bin), mkdir(runtime)]);
  const ip = await startFakeIp(bin);
  ip.routers.set('edge1', await newRouter());
  const server = await startCloud(cloud, options);
  const configFile = path.join(folder, 'route-sync.yaml');
  const stateDir = path.join(folder, 'state');

  const searchPath = process.env['PATH'] ?? '';
  const environment = {
    ...server.env,
    PATH: `${bin}:${searchPath}`,
    HOME: folder,
    RUNTIME_DIRECTORY: runtime,
  };

  const start: Scene['start'] = (args, env = {}) => {
    const child = execa(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: { ...environment, ...env },
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const ended = child.then(({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr }));
    return { pid: child.pid ?? 0, log: () => log, ended };
  };

  const scene: Scene = {
    server,
    ip,
    folder,
    configFile,
    stateDir,
    configure: async (change = {}) => {
      // JSON is YAML.
      await writeFile(configFile, JSON.stringify({ ...CONFIG, stateDir, ...change }));
    },
    start,
    run: async (args, env = {}) => {
      const all = { ...environment, ...env };
      // Programs are found through the PATH of the process.
      process.env['PATH'] = all.PATH;
      try {
        return await runHere(args, { env: all, folder });
      } finally {
        process.env['PATH'] = searchPath;
      }
    },
    hasState: () => existsSync(stateDir),
    readState: async (file) => readFile(path.join(stateDir, file), 'utf8'),
    close: async () => {
      await Promise.all([server.close(), ip.close()]);
      await rm(folder, { recursive: true });
    },
  };
  await scene.configure();
  return scene;
}

/** What main.ts does, without the process. */
export async function runHere(
  args: readonly string[],
  {
    env,
    folder,
    input = '',
  }: { readonly env: Env; readonly folder: string; readonly input?: string },
): Promise<Run> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      stderr.push(chunk.toString());
      done();
    },
  });
  const exitCode = await runProgram(args, {
    env,
    cwd: folder,
    homeDir: folder,
    uid: process.getuid?.() ?? 0,
    print: (text) => void stdout.push(text),
    complain: (text) => void stderr.push(text),
    log: createLog({ stream, level: 'info', format: 'text', colour: false }),
    paint: (_, text) => text,
    ask: undefined,
    now: Date.now,
    sinceBoot,
    host: 'test-host',
    readInput: () => Promise.resolve(input),
    onSignal: () => () => undefined,
  });
  return { exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
}
