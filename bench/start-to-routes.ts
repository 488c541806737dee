/** From the start of the process until an emptied upstream has all its routes again, while the cloud is slow to answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';
import { type AgentPlace, applyOnce, startAgent, writeAgentConfig } from './agent-process.ts';
import { startCloudProcess } from './cloud-process.ts';
import { timeIpAlone } from './ip-alone.ts';
import { flushRoutes } from './namespace.ts';
import type { Notes } from './notes.ts';
import { openRoutingTable, type RoutingTable } from './routing-table.ts';

export interface StartRequest {
  readonly place: Omit<AgentPlace, 'cloud'>;
  readonly peerNetns: string;
  readonly size: number;
  readonly rounds: number;
}

/** How long each list of the slow cloud takes. */
export const SLOW_MS = 10_000;
const PAGE_SIZE = 10_000;
const DEADLINE_MS = 120_000;

/** A last good state is written by one run against the same cloud, when it is quick. */
export async function measureStart(request: StartRequest, notes: Notes): Promise<void> {
  const { place, size } = request;
  await writeAgentConfig({ ...place, cloud: {} });
  const quick = await startCloudProcess({ size, delayMs: 0, pageSize: PAGE_SIZE });
  try {
    await applyOnce({ ...place, cloud: quick.env });
  } finally {
    await quick.close();
  }
  const slow = await startCloudProcess({ size, delayMs: SLOW_MS, pageSize: PAGE_SIZE });
  const table = await openRoutingTable(place.netns);
  try {
    await measureRounds(request, { place: { ...place, cloud: slow.env }, table, notes });
  } finally {
    await table.close();
    await slow.close();
  }
}

interface Running {
  readonly place: AgentPlace;
  /** Opened while every route was there. */
  readonly table: RoutingTable;
  readonly notes: Notes;
}

async function measureRounds(
  { size, rounds, peerNetns }: StartRequest,
  { place, table, notes: { note } }: Running,
): Promise<void> {
  const lines = await linesOf(place.netns);
  for (let round = 0; round < rounds; round += 1) {
    await flushRoutes([place.netns, peerNetns]);
    await table.reaches(-size, DEADLINE_MS);
    const start = performance.now();
    const agent = startAgent(place);
    try {
      await table.reaches(0, DEADLINE_MS);
      note('startToRoutes', performance.now() - start);
    } finally {
      await agent.stop();
    }
    note('startPeer', await timePeer(lines, { netns: peerNetns, dir: place.dir }));
  }
}

/** A `node` that does nothing, and `ip -batch` of the same routes after it. */
async function timePeer(
  lines: Readonly<Record<'-4' | '-6', string>>,
  { netns, dir }: { readonly netns: string; readonly dir: string },
): Promise<number> {
  const start = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  const bare = performance.now() - start;
  const commands = (['-4', '-6'] as const).map((family) => ({
    argv: ['ip', family, '-batch', '-'] as const,
    stdin: lines[family],
  }));
  return bare + (await timeIpAlone(netns, commands, dir));
}

async function linesOf(netns: string): Promise<Readonly<Record<'-4' | '-6', string>>> {
  const dump = async (family: string): Promise<string> => {
    const { stdout } = await execa('ip', ['-n', netns, family, 'route', 'show', 'proto', '201']);
    return stdout
      .split('\n')
      .map((line) => `route add ${line.trim().replace(/ pref medium$/, '')} proto 201\n`)
      .join('');
  };
  return { '-4': await dump('-4'), '-6': await dump('-6') };
}
