/**
 * Two thousand cycles in one process while tenants, operators, the cloud and the upstreams never rest: nothing may grow.
 * Set ROUTE_SYNC_SEED to repeat a run.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';

import { runCycle, type CycleDeps } from '../../src/agent/cycle.ts';
import { exitCodeOfError, exitCodeOfReport } from '../../src/cli/exit-code.ts';
import { type Outcome, summarizeCycle } from '../../src/cli/cycle-summary.ts';
import { newRunId } from '../../src/cli/wiring.ts';
import { OpenStackError } from '../../src/openstack-client-lite/index.ts';
import { RouteSyncError } from '../../src/errors.ts';
import { type CycleScene, openCycleScene } from '../agent/cycle-scene.ts';
import { randomFrom, seedOf } from './fuzz-random.ts';
import { soakWorld, type SoakWorld } from './soak-world.ts';
import { count } from './summary.ts';

const SEED = Number(process.env['ROUTE_SYNC_SEED'] ?? Date.now() % 1_000_000);
const CYCLES = 2000;
/** The first half runs on one client, as an agent does for weeks; then the configuration is reloaded now and then. */
const PERIODS = [CYCLES / 2, ...Array.from({ length: 20 }, () => CYCLES / 40)];
const WARM_UP = 200;
const MEASURE_EVERY = 100;
/** Connections that a client may keep to the cloud, both ends of which are in this process. */
const SOCKETS = 2 * 8;

const WIDE = { count: 1000, percent: 100, free: 1000 };

const CONFIG = {
  cloud: { retries: 0, requestTimeoutSeconds: 5 },
  guard: { maxRemovals: WIDE, maxReplaces: WIDE },
  removal: { snapshots: 2, graceSeconds: 30 },
  upstreams: ['edge1', 'edge2'].map((name) => ({
    name,
    os: 'linux',
    externalNetworks: ['public'],
    via: { netns: name },
  })),
};

/** What a heap may seem to grow by; one signal or timer that is kept a request makes it several thousand. */
const BYTES_A_CYCLE = 3000;
/** Timers that happen to be under way. */
const FEW = 3;

interface Sample {
  readonly cycle: number;
  readonly heap: number;
  readonly files: number;
  readonly timers: number;
  readonly handles: number;
  readonly children: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function sampleAt(cycle: number): Promise<Sample> {
  await sleep(20);
  collectGarbage();
  collectGarbage();
  const resources = process.getActiveResourcesInfo();
  const tasks = await readdir('/proc/self/task');
  const children = await Promise.all(
    tasks.map(async (task) => readFile(`/proc/self/task/${task}/children`, 'utf8').catch(() => '')),
  );
  return {
    cycle,
    heap: process.memoryUsage().heapUsed,
    files: (await readdir('/proc/self/fd')).length,
    timers: resources.filter((name) => name === 'Timeout').length,
    handles: resources.length,
    children: children
      .join(' ')
      .split(' ')
      .filter((pid) => pid !== '').length,
  };
}

/** By least squares: bytes of heap a cycle. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const cycle = mean(samples.map((sample) => sample.cycle));
  const heap = mean(samples.map((sample) => sample.heap));
  const over = mean(samples.map((sample) => (sample.cycle - cycle) * (sample.heap - heap)));
  return over / mean(samples.map((sample) => (sample.cycle - cycle) ** 2));
}

describe('2,000 cycles under churn and faults', () => {
  let scene: CycleScene;
  let world: SoakWorld;
  let foreign: readonly string[];
  const random = randomFrom(seedOf(SEED));
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(String(warning));

  before(async () => {
    process.on('warning', note);
    world = await soakWorld(random);
    scene = await openCycleScene(world.cloud, { onRequest: () => world.fault() });
    world.upstreams.forEach(({ name, transport }) => scene.routers.set(name, transport));
    await scene.configure(CONFIG);
    foreign = await foreignRoutes();
  });

  after(async () => {
    process.off('warning', note);
    await scene.close();
  });

  async function foreignRoutes(): Promise<readonly string[]> {
    return Promise.all(world.upstreams.map(async ({ list }) => (await list()).foreign));
  }

  /** What is installed now and wanted too, by upstream. */
  async function standing(): Promise<readonly (readonly string[])[]> {
    const prefixes = new Set(world.wanted().map((route) => route.split(' ')[0]));
    return Promise.all(
      world.upstreams.map(async ({ list }) =>
        (await list()).ours
          .map((route) => route.split(' ')[0] ?? '')
          .filter((prefix) => prefixes.has(prefix)),
      ),
    );
  }

  /** One cycle as the agent runs it. */
  async function cycle(deps: CycleDeps): Promise<number> {
    const startedAt = deps.now();
    const run = newRunId(startedAt);
    const options = { run, push: true, force: false, verbose: false, reviewed: undefined };
    const { exitCode, outcome } = await runCycle(deps, options).then(
      (report): { exitCode: number; outcome: Outcome } => ({
        exitCode: exitCodeOfReport(report),
        outcome: { report },
      }),
      (error: unknown) => {
        if (!(error instanceof RouteSyncError || error instanceof OpenStackError)) {
          count('unhandled errors');
          throw error;
        }
        return { exitCode: exitCodeOfError(error), outcome: { error } };
      },
    );
    const facts = { run, command: 'run', startedAt, finishedAt: deps.now(), exitCode };
    await deps.state.appendCycle(summarizeCycle(facts, outcome));
    return exitCode;
  }

  async function disturbedCycle(deps: CycleDeps): Promise<number> {
    while (random.percent(60)) {
      await world.disturb();
    }
    scene.passSeconds(60);
    const before = await standing();
    const exitCode = await cycle(deps);
    const now = await standing();
    const lost = before.flatMap((prefixes, index) =>
      prefixes.filter((prefix) => now[index]?.includes(prefix) !== true),
    );
    count('wrong removals', lost.length);
    expect(lost, `wrong removals, seed ${SEED}`).to.deep.equal([]);
    const touched = (await foreignRoutes()).filter((text, index) => text !== foreign[index]);
    count('foreign routes touched', touched.length);
    expect(touched, `foreign routes touched, seed ${SEED}`).to.deep.equal([]);
    count('soak cycles');
    // Both are lists of the scene, which only grow.
    (scene.server.requests as unknown[]).length = 0;
    (scene.complaints as string[]).length = 0;
    return exitCode;
  }

  it('keep every foreign route, converge, and let nothing grow', async () => {
    const open: Sample[] = [];
    const closed: Sample[] = [];
    const exitCodes = new Map<number, number>();
    let cycles = 0;
    for (const period of PERIODS) {
      await scene.withDeps(false, async (deps) => {
        for (let left = period; left > 0; left -= 1) {
          const exitCode = await disturbedCycle(deps);
          exitCodes.set(exitCode, (exitCodes.get(exitCode) ?? 0) + 1);
          cycles += 1;
          if (cycles > WARM_UP && cycles % MEASURE_EVERY === 0) {
            open.push(await sampleAt(cycles));
          }
        }
      });
      closed.push(await sampleAt(cycles));
    }
    for (const samples of [open, closed.slice(1)]) {
      const [first] = samples;
      expect(Math.round(slopeOf(samples)), `bytes a cycle, seed ${SEED}`).to.be.below(
        BYTES_A_CYCLE,
      );
      for (const { files, timers, handles, children } of samples) {
        expect(files, 'open files').to.be.at.most((first?.files ?? 0) + SOCKETS);
        expect(timers, 'timers').to.be.at.most((first?.timers ?? 0) + FEW);
        expect(handles, 'handles').to.be.at.most((first?.handles ?? 0) + SOCKETS);
        expect(children, 'child processes').to.equal(0);
      }
    }
    expect(
      new Set(closed.map(({ files }) => files)),
      'open files without a client',
    ).to.have.lengthOf(1);
    expect(warnings).to.deep.equal([]);
    // Neither all went well nor did everything fail: both would prove little.
    expect([...exitCodes.keys()]).to.include.members([0, 1, 4]);
  });

  it('ends with exactly what the cloud wants', async () => {
    world.calm();
    await scene.withDeps(false, async (deps) => {
      for (const _ of [1, 2, 3, 4]) {
        scene.passSeconds(60);
        await cycle(deps);
      }
    });
    for (const { list } of world.upstreams) {
      expect((await list()).ours, `seed ${SEED}`).to.deep.equal(world.wanted());
    }
  });
});
