/** Child process: route-sync with a real FRR over a real sshd, beside `vtysh` alone and netmiko; prints the samples as JSON. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { gatherState } from '../src/agent/gather.ts';
import { openState } from '../src/agent/state.ts';
import { closeUpstreams, connectUpstreams } from '../src/agent/upstream.ts';
import { parseConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import type { TestSshd } from '../test/support/sshd.ts';
import { generateClouds } from './cloud.ts';
import { benchSnapshot, desiredOf, planOf } from './compute.ts';
import { type Bench, timeCycle, type TimedCycle } from './cycle.ts';
import {
  type FrrRouter,
  settled,
  timeLoad,
  timeVtysh,
  withFrrRouters,
  withSshd,
} from './frr-router.ts';
import type { FrrRequest } from './frr-part.ts';
import { cleanUpWhenEnded } from './namespace.ts';
import { timeNetmiko } from './netmiko.ts';
import { createNotes } from './notes.ts';

const { size, rounds, dir, netmikoRounds } = JSON.parse(process.argv[2] ?? '') as FrrRequest;
cleanUpWhenEnded();
const { note, samples } = createNotes();
const { before, after } = generateClouds(size);
const desired = desiredOf(await benchSnapshot(before));

for (let round = 0; round < rounds; round += 1) {
  const lines = await withFrrRouters(2, async ([ours, peer]) => measureRound(ours, peer));
  if (round < netmikoRounds) {
    await withFrrRouters(1, async ([router]) => measureNetmiko(router, lines));
  }
}
process.stdout.write(JSON.stringify(samples));

/** The lines that were pushed first. */
async function measureRound(ours: FrrRouter, peer: FrrRouter): Promise<string> {
  return withSshd(ours, async (sshd) => {
    const bench = await openFrrBench(sshd);
    try {
      const push = await timeCycle(bench, before);
      await settled(ours, size);
      note('push', push.ms);
      noteSteps(push);
      note('pushPeer', await timeLoad(peer, linesOf(push), dir));
      await settled(peer, size);

      note('noOpFirst', (await timeCycle(bench, before)).ms);
      note('noOp', (await timeCycle(bench, before)).ms);
      note('noOpDevice', await timeDevice(bench));
      note('noOpPeer', await timeVtysh(peer, ['-c', 'show running-config staticd']));

      const change = await timeCycle(bench, after);
      note('change', change.ms);
      note('changePeer', await timeLoad(peer, linesOf(change), dir));
      return linesOf(push);
    } finally {
      await closeUpstreams([bench.upstream]);
    }
  });
}

async function measureNetmiko(router: FrrRouter, lines: string): Promise<void> {
  const { ms, hasFinished } = await timeNetmiko({ router, lines, dir });
  note(hasFinished ? 'netmiko' : 'netmikoEnded', ms);
  if (hasFinished) {
    await settled(router, size);
  }
}

/** As openBench of cycle.ts, with FRR over SSH. */
async function openFrrBench(sshd: TestSshd): Promise<Bench> {
  const config = frrConfig(sshd);
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

/** Nothing is held back and nothing saved, so that a cycle is the push alone. */
function frrConfig({ port, identityFile, knownHostsFile }: TestSshd): Config {
  const ssh = {
    host: '127.0.0.1',
    port,
    identityFile,
    knownHostsFile,
    configFile: '/dev/null',
    agent: false,
  };
  return parseConfig(
    JSON.stringify({
      owner: 'bench',
      cloud: { natModel: 'ovn' },
      policy: { mode: 'sync', allow: [{ prefix: '10.0.0.0/8' }, { prefix: '2001:db8::/32' }] },
      guard: {
        maxRemovals: { count: 10_000_000, percent: 100 },
        maxReplaces: { count: 10_000_000, percent: 100 },
      },
      removal: { snapshots: 1, graceSeconds: 0 },
      upstreams: [
        { name: 'edge', os: 'frr', externalNetworks: ['public'], via: { ssh }, save: 'never' },
      ],
    }),
    'the configuration of the bench',
  );
}

/** What a cycle does with its router when nothing changes: ask, parse and compare. */
async function timeDevice({ upstream }: Bench): Promise<number> {
  const start = performance.now();
  const state = await gatherState({ ...upstream, signal: new AbortController().signal });
  const { unchanged } = planOf(state, desired);
  const ms = performance.now() - start;
  if (unchanged !== size) {
    throw new Error(`${unchanged} of ${size} routes were found unchanged`);
  }
  return ms;
}

/** The lines of routes alone, as a configuration file has them. */
function linesOf({ commands }: TimedCycle): string {
  return commands
    .flatMap(({ command: { stdin = '' } }) => stdin.split('\n'))
    .filter((line) => /^(?:no )?ip(?:v6)? route /.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

function noteSteps({ commands, ms, writtenAt }: TimedCycle): void {
  const at = commands.findIndex(({ command }) => command.stdin !== undefined);
  const [proof, lines, ...reads] = commands.slice(Math.max(at - 1, 0));
  if (at < 1 || proof === undefined || lines === undefined) {
    throw new Error('the first cycle did not prove its rights and send its lines');
  }
  const end = Math.max(...reads.map((read) => read.end));
  // Between the two, journal and ledger go to the disk.
  note('pushStep', proof.end - proof.start + end - writtenAt);
  note('pushBefore', lines.start);
  note('pushWrite', lines.end - lines.start);
  note('pushAfter', ms - lines.end);
}
