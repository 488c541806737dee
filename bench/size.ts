/** Child process: measures one size, every cycle beside its peer, and prints the samples as JSON. */
import { rm } from 'node:fs/promises';
import { gatherState } from '../src/agent/gather.ts';
import type { Upstream } from '../src/agent/upstream.ts';
import type { Program } from '../src/drivers/driver.ts';
import { programOf } from '../src/transport/transport.ts';
import { generateClouds } from './cloud.ts';
import { benchSnapshot, desiredOf, planOf, timeCompute } from './compute.ts';
import { openBench, timeCycle, type TimedCommand, type TimedCycle } from './cycle.ts';
import { timeIpAlone } from './ip-alone.ts';
import { flushRoutes } from './namespace.ts';
import type { SampleName, SizeRequest } from './samples.ts';

const PLAIN_READS: readonly Program[] = [
  { argv: ['ip', '-json', '-4', 'route', 'show'] },
  { argv: ['ip', '-json', '-6', 'route', 'show'] },
];

const request = JSON.parse(process.argv[2] ?? '') as SizeRequest;
const { size, rounds, namespaces, dir } = request;
const samples: Partial<Record<SampleName, number[]>> = {};
const { before, after } = generateClouds(size);
const snapshot = await benchSnapshot(before);
const desired = desiredOf(snapshot);

for (let round = 0; round < rounds; round += 1) {
  const { allToAddMs, nothingToDoMs } = timeCompute(snapshot, size);
  note('computeAllToAdd', allToAddMs);
  note('computeNothingToDo', nothingToDoMs);
  if (namespaces !== undefined) {
    await measureCycles(namespaces);
  }
}
process.stdout.write(JSON.stringify(samples));

async function measureCycles({ ours, peer }: NonNullable<SizeRequest['namespaces']>) {
  const bench = await openBench(ours, dir);
  const { driver, scope } = bench.upstream;
  const reads = driver
    .gather(scope)
    .map(programOf)
    .filter(({ argv }) => argv.includes('route'));

  const push = await timeCycle(bench, before);
  note('push', push.ms);
  notePhases(push);
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

function note(name: SampleName, ms: number): void {
  samples[name] = [...(samples[name] ?? []), ms];
}
