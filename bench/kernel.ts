/** Child process: one size in network namespaces, every cycle beside its peers in the same round; prints the samples as JSON. */
import { rm } from 'node:fs/promises';
import { gatherState } from '../src/agent/gather.ts';
import type { Upstream } from '../src/agent/upstream.ts';
import type { Desired } from '../src/core/desired.ts';
import type { Program } from '../src/drivers/driver.ts';
import { programOf } from '../src/transport/transport.ts';
import { type BirdAlone, startBirdAlone, type StaticRoute, whyNoBird } from './bird-alone.ts';
import { generateClouds } from './cloud.ts';
import { benchSnapshot, desiredOf, planOf } from './compute.ts';
import { openBench, timeCycle, type TimedCommand, type TimedCycle } from './cycle.ts';
import { timeIpAlone, timeIpProcesses } from './ip-alone.ts';
import type { KernelRequest } from './kernel-part.ts';
import { flushRoutes } from './namespace.ts';
import { createNotes } from './notes.ts';

const PLAIN_READS: readonly Program[] = [
  { argv: ['ip', '-json', '-4', 'route', 'show'] },
  { argv: ['ip', '-json', '-6', 'route', 'show'] },
];
/** More would take minutes. */
const MOST_PROCESSES = 1000;

const request = JSON.parse(process.argv[2] ?? '') as KernelRequest;
const { size, rounds, namespaces, dir } = request;
const { ours, peer, bird: birdNetns } = namespaces;
const { note, samples } = createNotes();
const { before, after } = generateClouds(size);
const desired = desiredOf(await benchSnapshot(before));
const routes = {
  before: staticRoutesOf(desired),
  after: staticRoutesOf(desiredOf(await benchSnapshot(after))),
};
const bird = whyNoBird() === undefined ? await startBirdAlone(birdNetns) : undefined;
try {
  for (let round = 0; round < rounds; round += 1) {
    await measureCycles();
    if (bird !== undefined) {
      await measureBird(bird);
    }
  }
} finally {
  await bird?.close();
}
process.stdout.write(JSON.stringify(samples));

async function measureCycles(): Promise<void> {
  const bench = await openBench(ours, dir);
  const { driver, scope } = bench.upstream;
  const reads = driver
    .gather(scope)
    .map(programOf)
    .filter(({ argv }) => argv.includes('route'));

  const push = await timeCycle(bench, before);
  note('push', push.ms);
  notePhases(push);
  if (size <= MOST_PROCESSES) {
    note('pushPeerProcesses', timeIpProcesses(peer, linesOf(push)));
    await flushRoutes([peer]);
  }
  note('pushPeer', await timeIpAlone(peer, linesOf(push), dir));

  note('noOpFirst', (await timeCycle(bench, before)).ms);
  const noOp = await timeCycle(bench, before);
  note('noOp', noOp.ms);
  note('noOpRead', Math.max(...noOp.commands.map(({ end }) => end)));
  note('noOpDevice', await timeDevice(bench.upstream));
  note('noOpPeer', await timeIpAlone(peer, PLAIN_READS, dir));
  note('noOpPeerDetails', await timeIpAlone(peer, reads, dir));

  const change = await timeCycle(bench, after);
  note('change', change.ms);
  note('changePeer', await timeIpAlone(peer, [...reads, ...linesOf(change), ...reads], dir));

  await rm(bench.lockDir, { recursive: true });
  await flushRoutes([ours, peer]);
}

async function measureBird({ push, noOp, change, clear }: BirdAlone): Promise<void> {
  note('pushBird', await push(routes.before));
  note('noOpBird', await noOp());
  note('changeBird', await change(routes.after));
  await clear();
}

/** What a cycle does with its device when nothing changes: ask, parse and compare. */
async function timeDevice(upstream: Upstream): Promise<number> {
  const start = performance.now();
  const state = await gatherState({ ...upstream, signal: new AbortController().signal });
  const { unchanged } = planOf(state, desired);
  const ms = performance.now() - start;
  if (unchanged !== size) {
    throw new Error(`${unchanged} of ${size} routes were found unchanged`);
  }
  return ms;
}

function staticRoutesOf({ routes: wanted }: Desired): readonly StaticRoute[] {
  return wanted.map(({ prefix, nextHops: [hop] }) => ({
    prefix: prefix.text,
    via: hop?.address ?? '',
  }));
}

function linesOf({ commands }: TimedCycle): readonly Program[] {
  return commands.map(({ command }) => command).filter(({ stdin }) => stdin !== undefined);
}

/** The harmless command that proves our rights is the first of the push. */
function isProbe({ command: { argv } }: TimedCommand): boolean {
  return argv.includes('del');
}

function notePhases({ ms, commands, writtenAt }: TimedCycle): void {
  const writes = commands.filter(({ command }) => command.stdin !== undefined);
  const start = Math.min(...writes.map((write) => write.start));
  const end = Math.max(...writes.map((write) => write.end));
  const proof = commands.find(isProbe);
  // Between the two, journal and ledger go to the disk.
  note('pushStep', (proof === undefined ? 0 : proof.end - proof.start) + end - writtenAt);
  note('pushBefore', start);
  note('pushWrite', end - start);
  note('pushAfter', ms - end);
}
