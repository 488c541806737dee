/** What the agent costs while it waits, and what its cycles cost, on its default schedule; beside a `node` that only waits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AgentPlace,
  type AgentProcess,
  startAgent,
  writeAgentConfig,
} from './agent-process.ts';
import type { Notes } from './notes.ts';
import { peakMiB, rssMiB } from './process-memory.ts';

/** Cycles before the first round: what the compiler does for them is over then. */
const WARM_UP = 2;
/** After a cycle, until its last work is done. */
const CALM_MS = 2000;
/** Ends before the next cycle of the default schedule, every 30 s, can begin. */
const QUIET_MS = 20_000;

/** Takes 30 s a round, and two minutes more. */
export async function measureIdle(
  place: AgentPlace,
  rounds: number,
  { note }: Notes,
): Promise<void> {
  await writeAgentConfig(place);
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 30_000)'], {
    stdio: 'ignore',
  });
  const agent = startAgent(place);
  try {
    for (let cycle = 0; cycle < WARM_UP; cycle += 1) {
      await agent.cycleEnds();
    }
    for (let round = 0; round < rounds; round += 1) {
      await measurePeriod(agent, note);
      note('rssBare', rssMiB(readFileSync(`/proc/${bare.pid ?? 0}/status`, 'utf8')));
    }
    note('rssPeak', peakMiB(agent.status()));
  } finally {
    await agent.stop();
    await endBare(bare);
  }
}

/** From the end of one cycle to the end of the next one. */
async function measurePeriod(agent: AgentProcess, note: Notes['note']): Promise<void> {
  const begin = { cpu: agent.cpu(), children: agent.childrenCpu() };
  const next = agent.cycleEnds();
  await sleep(CALM_MS);
  const [quietFrom, start] = [agent.cpu(), performance.now()];
  await sleep(QUIET_MS);
  const idle = (agent.cpu() - quietFrom) / ((performance.now() - start) / 1000);
  note('idleCpu', idle * 100);
  note('rss', rssMiB(agent.status()));
  await next;
  note('rssAtEnd', rssMiB(agent.status()));
  note('cycleCpu', (agent.cpu() - begin.cpu) * 1000);
  note('cycleChildrenCpu', (agent.childrenCpu() - begin.children) * 1000);
}

async function endBare(bare: ChildProcess): Promise<void> {
  const ended = once(bare, 'exit');
  bare.kill();
  await ended;
}
