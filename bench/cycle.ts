/** The real cycle on a real namespace, as `route-sync apply` runs it, with a clock on every command that it sends. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { runCycle } from '../src/agent/cycle.ts';
import { sinceBoot } from '../src/agent/boot-clock.ts';
import { openJournal, type Journal } from '../src/agent/journal.ts';
import { acquireLock } from '../src/agent/lock.ts';
import { NOBODY } from '../src/agent/observer.ts';
import { openState, type StateDirectory } from '../src/agent/state.ts';
import { connectUpstreams, lockTarget, markOf, type Upstream } from '../src/agent/upstream.ts';
import { parseConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import type { Program } from '../src/drivers/driver.ts';
import type { OpenStackClient } from '../src/openstack-client-lite/index.ts';
import type { ApplyResult } from '../src/report/report.ts';
import { programOf, type Transport } from '../src/transport/transport.ts';

/** One command and when it ran, in milliseconds from the start of the cycle. */
export interface TimedCommand {
  readonly command: Program;
  readonly start: number;
  readonly end: number;
}

export interface TimedCycle {
  readonly ms: number;
  readonly commands: readonly TimedCommand[];
  /** When all that goes ahead of the push was on disk; 0 where nothing had to. */
  readonly writtenAt: number;
  readonly result: ApplyResult;
}

/** An upstream with a state directory of its own. */
export interface Bench {
  readonly config: Config;
  readonly upstream: Upstream;
  readonly state: StateDirectory;
  readonly lockDir: string;
  /** Of the state. */
  readonly own: string;
}

/** The bench's configuration: nothing is held back, so that every change of a cycle is pushed by it. */
export function benchConfig(netns: string): Config {
  return parseConfig(
    `owner: bench
cloud: { natModel: ovn }
policy:
  mode: sync
  allow: [{ prefix: 10.0.0.0/8 }, { prefix: "2001:db8::/32" }]
guard:
  maxRemovals: { count: 10000000, percent: 100 }
  maxReplaces: { count: 10000000, percent: 100 }
removal: { snapshots: 1, graceSeconds: 0 }
upstreams:
  - { name: edge, os: linux, externalNetworks: [public], via: { netns: ${netns} } }
`,
    'the configuration of the bench',
  );
}

/** A bench on the namespace with an empty state directory inside `dir`. */
export async function openBench(netns: string, dir: string): Promise<Bench> {
  return benchOf(benchConfig(netns), dir);
}

/** The same with the one upstream of the configuration. */
export async function benchOf(config: Config, dir: string): Promise<Bench> {
  const [upstream] = await connectUpstreams(config);
  if (upstream === undefined) {
    throw new TypeError('the configuration of the bench has no upstream');
  }
  const own = await mkdtemp(join(dir, 'state-'));
  const lockDir = join(own, 'lock');
  await mkdir(lockDir);
  const state = await openState({ dir: own, owner: config.owner, readOnly: false });
  return { config, upstream, state, lockDir, own };
}

/** {@link pushCycle} with a clock on it. */
export async function timeCycle(bench: Bench, client: OpenStackClient): Promise<TimedCycle> {
  const { state } = bench;
  const commands: TimedCommand[] = [];
  const start = performance.now();
  const transport = timed(bench.upstream.transport, (command, from) =>
    commands.push({ command, start: from - start, end: performance.now() - start }),
  );
  /** The first time for each: what comes after the push is written again. */
  const written = new Map<string, number>();
  const note = (what: string): void => {
    written.set(what, written.get(what) ?? performance.now() - start);
  };
  const timedState: StateDirectory = {
    ...state,
    writeLedger: async (key, ledger) => {
      await state.writeLedger(key, ledger);
      note('ledger');
    },
    writeLastGood: async (key, lastGood) => {
      await state.writeLastGood(key, lastGood);
      note('last good state');
    },
  };
  const upstream = { ...bench.upstream, transport };
  const timedBench = { ...bench, upstream, state: timedState };
  const result = await pushCycle(timedBench, client, () => note('journal'));
  const writtenAt = Math.max(0, ...written.values());
  return { ms: performance.now() - start, commands, writtenAt, result };
}

/** Runs one cycle with push; throws unless it took and verified everything. */
export async function pushCycle(
  bench: Bench,
  client: OpenStackClient,
  onJournal: () => void = () => undefined,
): Promise<ApplyResult> {
  const { config, state } = bench;
  const report = await runCycle(
    {
      config,
      upstreams: [bench.upstream],
      client,
      state,
      lock: async (upstream) => lock(upstream, bench),
      journal: async (upstream) => journal(upstream, bench, onJournal),
      command: 'bench',
      observer: NOBODY,
      clock: () => ({ wall: Date.now(), ...sinceBoot() }),
      now: Date.now,
      signal: new AbortController().signal,
    },
    { run: 'bench', push: true, force: false, verbose: false, reviewed: undefined },
  );
  const [upstream] = report.upstreams;
  const result = upstream?.result;
  if (result === undefined || !result.verified || result.failed.length > 0) {
    const why = upstream?.error?.message ?? result?.failed[0]?.error.message ?? 'not verified';
    throw new Error(`the cycle did not push everything: ${why}`);
  }
  return result;
}

function timed(transport: Transport, record: (command: Program, start: number) => void): Transport {
  return {
    ...transport,
    run: async (command, signal) => {
      const start = performance.now();
      const output = await transport.run(command, signal);
      record(programOf(command), start);
      return output;
    },
  };
}

async function lock(upstream: Upstream, { config, lockDir }: Bench) {
  return acquireLock({
    dir: lockDir,
    target: await lockTarget(upstream),
    mark: markOf(upstream),
    owner: config.owner,
    command: 'bench',
    now: new Date(),
    waitSeconds: 0,
    searchPath: process.env['PATH'] ?? '',
  });
}

async function journal(
  { config: { name } }: Upstream,
  { config, own }: Bench,
  onJournal: () => void,
): Promise<Journal> {
  const who = { owner: config.owner, host: 'bench', user: 'bench', keepFiles: 16, now: Date.now };
  const opened = await openJournal({ ...who, dir: own, upstream: name, target: 'bench' });
  return {
    ...opened,
    begin: async (...facts) => {
      await opened.begin(...facts);
      onJournal();
    },
  };
}
