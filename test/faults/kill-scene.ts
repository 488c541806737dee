/** One upstream with a saved past, from which a process starts again and again and is killed at another step each time. */
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { openScene, type Run, type Scene } from '../cli/scene.ts';
import { type KillIp, writeKillIp } from './kill-ip.ts';
import { HAS_KERNEL, kernelTable, type KillTable, memoryTable } from './kill-table.ts';
import { FOREIGN, killWorld, type KillWorld } from './kill-world.ts';

const PRELOAD = new URL('./kill-preload.ts', import.meta.url).href;
/** A child that lives longer than this after its parent was left behind. */
const PATIENCE_MS = 10_000;

export interface KillScene {
  readonly scene: Scene;
  readonly world: KillWorld;
  readonly table: KillTable;
  readonly ip: KillIp;
  /** While true, every request to the cloud is cut off. */
  cloudIsDown: boolean;
  /** Runs in this process. */
  readonly run: (args: readonly string[]) => Promise<Run>;
  /** Runs as a process with the preload and the killing `ip`; exit code undefined if it was killed. */
  readonly start: (args: readonly string[], env: Readonly<Record<string, string>>) => Promise<Run>;
  /** The steps of the last start, or the one at which it was killed. */
  readonly steps: () => Promise<readonly string[]>;
  /** Keeps state directory and table as they are now. */
  readonly save: () => Promise<void>;
  /** Brings both back. */
  readonly restore: () => Promise<void>;
  /** Every file of state, lock and temporary folders. */
  readonly files: () => Promise<readonly string[]>;
  /** Resolves when no process of ours (of that program) is left; throws with their command lines. */
  readonly alone: (program?: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openKillScene(config: object): Promise<KillScene> {
  const world = killWorld();
  const scene = await openScene(world.cloud, {
    onRequest: () => (kill.cloudIsDown ? { destroy: true } : undefined),
  });
  const table = HAS_KERNEL ? kernelTable() : memoryTable(scene.ip.routers);
  await table.add(FOREIGN);
  const upstream = { name: 'edge1', os: 'linux', externalNetworks: ['edge'] };
  const allow = [
    { prefix: '203.0.112.0/24', maxLength: 28 },
    { prefix: '2001:db8::/32', maxLength: 64 },
  ];
  await scene.configure({
    policy: { mode: 'sync', allow },
    upstreams: [{ ...upstream, via: { netns: table.netns } }],
    ...config,
  });
  const ip = await killIpOf(scene);
  const log = path.join(scene.folder, 'steps');
  const saved = path.join(scene.folder, 'saved');
  const temporary = path.join(scene.folder, 'tmp');
  await mkdir(temporary);
  const ours: string[] = [];
  const env = { ...(HAS_KERNEL ? { PATH: process.env['PATH'] } : {}), TMPDIR: temporary };
  const kill: KillScene = {
    scene,
    world,
    table,
    ip,
    cloudIsDown: false,
    run: async (args) => scene.run(args, env),
    start: async (args, change) => {
      await rm(log, { force: true });
      const PATH = [ip.folder, path.join(scene.folder, 'bin'), process.env['PATH']].join(':');
      const preload = { NODE_OPTIONS: `--import ${PRELOAD}`, KILL_LOG: log };
      const cache = { NODE_COMPILE_CACHE: path.join(scene.folder, 'cache') };
      return scene.start(args, { ...env, PATH, ...preload, ...cache, ...change }).ended;
    },
    steps: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(0, -1),
    save: async () => {
      await rm(saved, { recursive: true, force: true });
      if (scene.hasState()) {
        await cp(scene.stateDir, saved, { recursive: true, preserveTimestamps: true });
      }
      ours.splice(0, ours.length, ...(await table.list()).ours);
    },
    restore: async () => {
      await rm(scene.stateDir, { recursive: true, force: true });
      await cp(saved, scene.stateDir, { recursive: true, preserveTimestamps: true }).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') {
            throw error;
          }
        },
      );
      await table.restore(ours);
    },
    files: async () => {
      const names = ['state', 'run', 'tmp'].map(async (name) => {
        const folder = path.join(scene.folder, name);
        return (await readdir(folder, { recursive: true })).map((file) => `${name}/${file}`);
      });
      return (await Promise.all(names)).flat().sort();
    },
    alone: async (program = '') => alone([scene.folder, `-n\0${table.netns}`], program),
    close: async () => {
      await table.close();
      await scene.close();
    },
  };
  return kill;
}

async function killIpOf(scene: Scene): Promise<KillIp> {
  const folders = (process.env['PATH'] ?? '').split(':');
  const real = HAS_KERNEL ? await which('ip', folders) : path.join(scene.folder, 'bin', 'ip');
  return writeKillIp(path.join(scene.folder, 'kill-bin'), real);
}

async function which(program: string, folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const names = await readdir(folder).catch((): string[] => []);
    if (names.includes(program)) {
      return path.join(folder, program);
    }
  }
  throw new Error(`${program} is not in PATH`);
}

async function alone(words: readonly string[], program: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const left = (await commandLines()).filter(
      (line) => words.some((word) => line.includes(word)) && line.includes(program),
    );
    const others = left.filter((line) => !line.includes('monitor\0route'));
    if (others.length === 0) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`left behind: ${others.join(' | ').replaceAll('\0', ' ')}`);
    }
    await sleep(2);
  }
}

async function commandLines(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
}
