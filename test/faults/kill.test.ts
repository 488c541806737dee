/**
 * The real process is ended by SIGKILL at every step of a cycle: each access to a file, each child, each request and
 * answer, in the middle of what it writes, and before, within and after the batches that change the kernel's routes.
 * Set ROUTE_SYNC_SEED to repeat a run.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

import { randomFrom, seedOf } from './fuzz-random.ts';
import type { BatchKill } from './kill-ip.ts';
import { type KillScene, openKillScene } from './kill-scene.ts';
import { HAS_KERNEL } from './kill-table.ts';
import { FIRST, FOREIGN_BESIDE, GONE, SECOND } from './kill-world.ts';
import { count } from './summary.ts';

const SEED = Number(process.env['ROUTE_SYNC_SEED'] ?? Date.now() % 1_000_000);
/** Each works on a table of its own; a router in memory is found through PATH, which all share. */
const WORKERS = HAS_KERNEL ? 2 : 1;

interface Scenario {
  /** What is killed. */
  readonly args: (scene: KillScene) => Promise<readonly string[]>;
  /** What leads to the moment before it; false if this version has no such thing. */
  readonly prepare: (scene: KillScene) => Promise<boolean>;
  readonly config?: object;
  /** Every single step is tried. */
  readonly thorough?: true;
  /** What brings everything in order afterwards, and ends with this code. */
  readonly repair: readonly string[];
  readonly exitCode: number;
  readonly wanted: readonly string[];
}

const SOON = { snapshots: 1, graceSeconds: 0 };
const APPLY = async (): Promise<readonly string[]> => ['apply'];

async function installFirst({ run }: KillScene): Promise<boolean> {
  for (const _ of [1, 2]) {
    const { exitCode, stderr } = await run(['apply']);
    expect(exitCode, stderr).to.equal(0);
  }
  return true;
}

async function installAndChange(scene: KillScene): Promise<boolean> {
  await installFirst(scene);
  await scene.table.add([FOREIGN_BESIDE]);
  scene.world.change();
  return true;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'the first push into an empty table': {
    prepare: async () => true,
    args: APPLY,
    repair: ['apply'],
    exitCode: 0,
    wanted: FIRST,
  },
  'additions, a moved next hop and a removal': {
    prepare: installAndChange,
    thorough: true,
    args: APPLY,
    repair: ['apply'],
    exitCode: 0,
    wanted: SECOND,
  },
  'a removal that waits': {
    prepare: async (scene) => {
      await installAndChange(scene);
      expect((await scene.run(['apply'])).exitCode).to.equal(0);
      return true;
    },
    config: { removal: { snapshots: 50, graceSeconds: 3600 } },
    args: APPLY,
    repair: ['apply'],
    exitCode: 0,
    wanted: [...SECOND, ...GONE].sort(),
  },
  'nothing to do': {
    prepare: installFirst,
    args: APPLY,
    repair: ['apply'],
    exitCode: 0,
    wanted: FIRST,
  },
  'a purge': {
    prepare: installFirst,
    args: async () => ['purge', '--yes'],
    repair: ['purge', '--yes'],
    exitCode: 0,
    wanted: [],
  },
  'a cycle without the cloud that repairs a rebooted upstream': {
    prepare: async (scene) => {
      await installFirst(scene);
      await scene.table.restore(FIRST.slice(4));
      scene.cloudIsDown = true;
      return existsSync(path.join(scene.scene.stateDir, 'desired'));
    },
    args: APPLY,
    repair: ['apply'],
    exitCode: 1,
    wanted: FIRST,
  },
  'an undo': {
    prepare: async (scene) => {
      await installAndChange(scene);
      await scene.run(['apply']);
      const { stdout } = await scene.run(['--help']);
      return /^ +undo /m.test(stdout);
    },
    args: async ({ scene }) => {
      const runs = (await scene.readState('journal/edge1.jsonl')).matchAll(/"run":"([^"]+)"/g);
      return ['undo', [...runs].at(-1)?.[1] ?? '', '--yes'];
    },
    repair: ['apply'],
    exitCode: 0,
    wanted: SECOND,
  },
};

/** Where one process is killed. */
interface KillPoint {
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  readonly batch: BatchKill | undefined;
}

/** What stays the same for all kill points of one scene. */
interface Facts {
  readonly scenario: Scenario;
  readonly args: readonly string[];
  readonly foreign: readonly string[];
  /** Prefixes that were there before, that the command leaves, and that shall be there afterwards. */
  readonly kept: readonly string[];
  /** Files after a run that nobody killed, and its repair. */
  readonly files: readonly string[];
  readonly points: readonly KillPoint[];
  readonly hasJournal: boolean;
}

function prefixesOf(routes: readonly string[]): readonly string[] {
  return routes.map((route) => route.slice(0, route.indexOf(' ')));
}

/** Every step of a run that nobody kills, and every write once more to be torn. */
async function explore(scene: KillScene, scenario: Scenario, seed: number): Promise<Facts> {
  const { table, ip } = scene;
  const args = await scenario.args(scene);
  const { ours, foreign } = await table.list();
  await scene.save();
  await table.watch();
  await ip.order(undefined);
  const { exitCode, stderr } = await scene.start(args, {});
  expect(exitCode, stderr).to.equal(scenario.exitCode);
  const random = randomFrom(seed);
  const steps = (await scene.steps()).flatMap((line): KillPoint[] => {
    const [, number = '', kind = '', name = ''] = /^(\d+) (\w+) (.*)$/.exec(line) ?? [];
    if (scenario.thorough !== true && QUIET.test(name) && !random.percent(QUIET_PERCENT)) {
      return [];
    }
    const text = `step ${number}, ${name}`;
    const env = { KILL_AT: number };
    const tears = Array.from({ length: tearsOf(kind, name) }, () => String(random.int(100)));
    return [
      { text, env, batch: undefined },
      ...tears.map((tear) => ({
        text: `${text}, after ${tear} % of it`,
        env: { ...env, KILL_TEAR: tear },
        batch: undefined,
      })),
    ];
  });
  const batches = (await ip.batches()).flatMap((lines, index) => {
    const middle = 1 + random.int(Math.max(1, lines - 1));
    return [
      { batch: index + 1, lines: 0, outlives: false },
      { batch: index + 1, lines: middle, outlives: false },
      { batch: index + 1, lines: middle, outlives: true },
      { batch: index + 1, lines, outlives: false },
    ];
  });
  const hasJournal = /^ +journal /m.test((await scene.run(['--help'])).stdout);
  const unharmed = prefixesOf((await table.list()).ours);
  await scene.run(scenario.repair);
  const wanted = prefixesOf(scenario.wanted);
  return {
    scenario,
    args,
    foreign,
    kept: prefixesOf(ours).filter((prefix) => wanted.includes(prefix) && unharmed.includes(prefix)),
    files: await scene.files(),
    hasJournal,
    points: [
      ...steps,
      ...batches.map((batch) => ({ text: JSON.stringify(batch), env: { KILL_AT: '0' }, batch })),
    ],
  };
}

/** A batch that ends within a word may say something else: that is tried more often. */
function tearsOf(kind: string, name: string): number {
  return kind === 'write' ? (name.includes('-batch') ? 4 : 1) : 0;
}

/** Steps that only look; most of them leave the same world behind. */
const QUIET = /^http|stat|readFile|^answer|^exit/;
/** So many percent of the quiet steps are tried where a scenario does not try them all. */
const QUIET_PERCENT = 15;

/** Kills one process and brings everything in order; throws what is not as promised. True if it was killed. */
async function killOnce(scene: KillScene, facts: Facts, point: KillPoint): Promise<boolean> {
  const { table, ip } = scene;
  const { scenario, foreign, kept } = facts;
  await scene.restore();
  await ip.order(point.batch);
  const { exitCode } = await scene.start(facts.args, point.env);
  await scene.alone('flock');
  if (point.batch?.outlives === true) {
    // The next cycle starts while the batch of the dead one still runs; what that costs is one more cycle.
    await scene.run(scenario.repair);
  }
  await scene.alone();
  const dead = await table.list();
  if (!isEqual(dead.foreign, foreign)) {
    count('foreign routes touched');
  }
  expect(dead.foreign.join('\n'), 'foreign routes after the kill').to.equal(foreign.join('\n'));
  const lost = kept.filter((prefix) => !prefixesOf(dead.ours).includes(prefix));
  if (lost.length > 0) {
    count('wrong removals', lost.length);
  }
  expect(lost, 'prefixes lost at the kill').to.deep.equal([]);
  await repair(scene, facts);
  return exitCode === undefined;
}

async function repair(
  scene: KillScene,
  { scenario, foreign, files, hasJournal }: Facts,
): Promise<void> {
  const { table } = scene;
  const first = await scene.run(scenario.repair);
  const isRepaired = isEqual((await table.list()).ours, scenario.wanted);
  const last = isRepaired ? first : await scene.run(scenario.repair);
  const after = await table.list();
  expect(JSON.stringify(after), last.stderr).to.equal(
    JSON.stringify({ ours: scenario.wanted, foreign }),
  );
  expect(last.exitCode, last.stderr).to.equal(scenario.exitCode);
  expect(table.touched().join('; '), 'changes of foreign routes').to.equal('');
  // One name for all runs is overwritten by the next; a name of each run's own fills the disk.
  const isKnown = (file: string): boolean =>
    files.includes(file.replace(/(\.[0-9a-f]{8})?\.tmp$/, ''));
  const left = (await scene.files()).filter((file) => !isKnown(file));
  expect(left.join(' '), 'files left behind').to.equal('');
  expect((await scene.run(['status'])).exitCode, 'status').to.equal(0);
  if (hasJournal) {
    const verified = await scene.run(['journal', 'verify']);
    expect(verified.exitCode, verified.stderr).to.equal(0);
  }
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.join('\n') === b.join('\n');
}

interface Tally {
  readonly killed: number;
  readonly failures: readonly string[];
}

/** Ends early where foreign routes were touched: nothing that follows would mean anything. */
async function killAll(
  scene: KillScene,
  facts: Facts,
  points: readonly KillPoint[],
): Promise<Tally> {
  const failures: string[] = [];
  let killed = 0;
  for (const point of points) {
    const { foreign } = await scene.table.list();
    if (!isEqual(foreign, facts.foreign)) {
      break;
    }
    try {
      killed += (await killOnce(scene, facts, point)) ? 1 : 0;
    } catch (error) {
      failures.push(`${point.text} (${(await scene.steps()).join(' ')}): ${String(error)}`);
    }
  }
  return { killed, failures };
}

/** A worker takes every so many-th kill point; false if there is no such scenario in this version. */
async function work(scenario: Scenario, worker: number): Promise<boolean> {
  const scene = await openKillScene({ removal: SOON, ...scenario.config });
  try {
    if (!(await scenario.prepare(scene))) {
      return false;
    }
    const facts = await explore(scene, scenario, seedOf(SEED));
    const mine = facts.points.filter((_, index) => index % WORKERS === worker);
    const { killed, failures } = await killAll(scene, facts, mine);
    count('kill points tried', killed + failures.length);
    expect(failures.slice(0, 20).join('\n'), `${failures.length} failures, seed ${SEED}`).to.equal(
      '',
    );
    expect(killed, 'processes that were killed').to.be.above(mine.length * 0.9);
    return true;
  } finally {
    await scene.close();
  }
}

describe('SIGKILL at every step', () => {
  for (const [what, scenario] of Object.entries(SCENARIOS)) {
    it(`${what}: the next cycles converge, and foreign routes stay`, async function test() {
      const workers = Array.from({ length: WORKERS }, async (_, worker) => work(scenario, worker));
      // A worker that fails does not end the others: they still kill processes of their own.
      await Promise.allSettled(workers);
      if ((await Promise.all(workers)).includes(false)) {
        this.skip();
      }
    });
  }
});
