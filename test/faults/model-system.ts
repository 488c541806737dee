/** The real thing under the model: a cloud over HTTP, a router in memory, a state directory, and one agent at a time. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type CycleDeps, runCycle } from '../../src/agent/cycle.ts';
import { exitCodeOfError, exitCodeOfReport } from '../../src/cli/exit-code.ts';
import { newRunId } from '../../src/cli/wiring.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type CycleScene, openCycleScene } from '../agent/cycle-scene.ts';
import { ask, listing, newRouter } from '../cli/fake-ip.ts';
import { smallCloud } from '../cli/small-cloud.ts';
import { isOnPurpose } from './fuzz-run.ts';
import { Judge, type Rules, type Table } from './model-judge.ts';
import { Tenants } from './model-tenants.ts';
import { faultIn, type Weather } from './model-weather.ts';

export const RULES: Rules = {
  mode: 'sync',
  snapshots: 2,
  graceSeconds: 60,
  maxRemovals: { count: 2, percent: 60, free: 1 },
};

const ALLOW = [
  { prefix: '198.51.100.0/24', maxLength: 28 },
  { prefix: '2001:db8::/32', maxLength: 64 },
];

interface Parts {
  readonly tenants: Tenants;
  readonly scene: CycleScene;
  readonly router: Transport;
  readonly stateDir: string;
  readonly setWeather: (weather: Weather, victim: string | undefined) => void;
}

interface Agent {
  readonly deps: CycleDeps;
  readonly close: () => Promise<void>;
}

interface Row {
  readonly dst: string;
  readonly protocol: string;
  readonly gateway?: string;
}

export interface Tables {
  readonly ours: Table;
  /** As listed. */
  readonly foreign: string;
}

export class System {
  readonly tenants: Tenants;
  readonly #judge = new Judge();
  readonly #parts: Parts;
  #agent: Agent | undefined;
  #rules: Rules = RULES;
  #isFrozen = false;
  #now = Date.UTC(2026, 0, 1);

  private constructor(parts: Parts) {
    this.tenants = parts.tenants;
    this.#parts = parts;
  }

  static async open(): Promise<System> {
    const small = smallCloud();
    let weather: Weather = 'fair';
    let victim: string | undefined;
    const scene = await openCycleScene(small.cloud, {
      onRequest: (request) => faultIn(weather, request, victim),
    });
    const router = await newRouter();
    scene.routers.set('edge1', {
      ...router,
      run: async (command, signal) => {
        if (weather === 'upstream') {
          throw new RouteSyncError('UPSTREAM_UNREACHABLE', 'edge1 is gone');
        }
        return router.run(command, signal);
      },
    });
    const system = new System({
      scene,
      router,
      tenants: new Tenants(small),
      stateDir: await mkdtemp(path.join(tmpdir(), 'route-sync-model-')),
      setWeather: (next, hidden) => {
        weather = next;
        victim = hidden;
      },
    });
    await system.configure(RULES);
    return system;
  }

  async close(): Promise<void> {
    await this.restart();
    await rm(this.#parts.stateDir, { recursive: true, force: true });
    await this.#parts.scene.close();
  }

  /** New rules take effect in a new agent. */
  async configure(rules: Rules): Promise<void> {
    const { mode, snapshots, graceSeconds, maxRemovals } = rules;
    await this.restart();
    this.#rules = rules;
    await this.#parts.scene.configure({
      stateDir: this.#parts.stateDir,
      policy: { mode, allow: ALLOW, floatingIps: true },
      removal: { snapshots, graceSeconds },
      guard: { maxRemovals },
    });
  }

  /** The next cycle is a new process's. */
  async restart(): Promise<void> {
    await this.#agent?.close();
    this.#agent = undefined;
  }

  async loseState(): Promise<void> {
    await this.restart();
    await rm(this.#parts.stateDir, { recursive: true, force: true });
    this.#isFrozen = false;
    this.#judge.forget();
  }

  async setFrozen(isFrozen: boolean): Promise<void> {
    const { stateDir } = this.#parts;
    const file = path.join(stateDir, 'freeze');
    if (isFrozen) {
      await mkdir(stateDir, { recursive: true, mode: 0o700 });
      await writeFile(file, '', { mode: 0o600 });
    } else {
      await rm(file, { force: true });
    }
    this.#isFrozen = isFrozen;
  }

  pass(seconds: number): void {
    this.#now += seconds * 1000;
    this.#parts.scene.passSeconds(seconds);
  }

  /** One `ip route` command by hand; that it is refused is the hand's own mistake. */
  async edit(words: string): Promise<void> {
    await ask(this.#parts.router, ['ip', 'route', ...words.split(' ')]);
  }

  async tables(): Promise<Tables> {
    const lines = (await listing(this.#parts.router)).split('\n');
    const rows = lines.flatMap((line) => JSON.parse(line) as Row[]);
    const isOurs = ({ protocol }: Row): boolean => protocol === '201';
    return {
      ours: new Map(rows.filter(isOurs).map(({ dst, gateway = '' }) => [dst, gateway])),
      foreign: JSON.stringify(rows.filter((row) => !isOurs(row))),
    };
  }

  /** One pushing cycle, judged. */
  async cycle(weather: Weather, isForced: boolean): Promise<void> {
    const before = await this.tables();
    const victim = weather === 'lie' ? this.tenants.victim() : undefined;
    this.#parts.setWeather(weather, victim?.router);
    const exitCode = await this.#run(isForced);
    this.#parts.setWeather('fair', undefined);
    const isBlind =
      ['down', 'cut', 'html'].includes(weather) || (weather === 'narrow' && this.tenants.size > 0);
    if (exitCode !== 1 && (isBlind || weather === 'upstream')) {
      throw new Error(`exit code ${exitCode} in weather ${weather}`);
    }
    const after = await this.tables();
    this.#judge.judge({
      before: before.ours,
      after: after.ours,
      rules: this.#rules,
      now: this.#now,
      foreignBefore: before.foreign,
      foreignAfter: after.foreign,
      isForced,
      wanted: this.tenants.wanted(),
      hidden: new Set(victim === undefined ? [] : [victim.prefix]),
      isCloudDown: isBlind,
      isUpstreamDown: weather === 'upstream',
      isFrozen: this.#isFrozen,
    });
  }

  async #run(force: boolean): Promise<number> {
    this.#agent ??= await this.#startAgent();
    const run = newRunId(this.#now);
    try {
      const options = { run, push: true, force, verbose: false, reviewed: undefined };
      return exitCodeOfReport(await runCycle(this.#agent.deps, options));
    } catch (error) {
      if (isOnPurpose(error)) {
        return exitCodeOfError(error);
      }
      throw error;
    }
  }

  /** What a scene hands out is good until the work that it was handed to ends. */
  async #startAgent(): Promise<Agent> {
    const started = Promise.withResolvers<CycleDeps>();
    const ended = Promise.withResolvers<undefined>();
    const work = this.#parts.scene.withDeps(false, async (deps) => {
      started.resolve(deps);
      await ended.promise;
    });
    work.catch(started.reject);
    return {
      deps: await started.promise,
      close: async () => {
        ended.resolve(undefined);
        await work;
      },
    };
  }
}
