/**
 * The agent with events on a cloud of many routers when processes die: how fast an emptied upstream has its routes again, and what
 * is withdrawn while RabbitMQ is away and after the agent was killed. Between these, what it costs while it waits.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { type AgentPlace, type AgentProcess, applyOnce, startAgent } from '../agent-process.ts';
import { flushRoutes } from '../namespace.ts';
import type { Notes } from '../notes.ts';
import { rssMiB } from '../process-memory.ts';
import { openRoutingTable, type RoutingTable } from '../routing-table.ts';
import { EXTERNAL_NETWORK, UPSTREAM_ADDRESS } from './fill.ts';
import { LAB_DIR } from './fill-api.ts';

export interface ResilienceRequest {
  readonly place: AgentPlace;
  /** How many routes the filled lab gives. */
  readonly prefixes: number;
  readonly rounds: number;
  readonly signal: AbortSignal;
}

/** Of a cycle that reads all of the lab. */
const DEADLINE_MS = 180_000;
/** As long as neutron-dynamic-routing was watched. */
const RABBIT_AWAY_MS = 180_000;
const AFTER_KILL_MS = 10_000;
/** After a cycle, until its last work is done. */
const CALM_MS = 3000;
const QUIET_MS = 60_000;
/** At the start: a repair from the last good state, and the first one that reads the cloud. */
const FIRST_CYCLES = 2;
/** With RabbitMQ back: one of them reads the whole cloud. */
const CYCLES_AFTER = 3;

/** Seven minutes, and a few seconds a round. Stops and starts the lab's RabbitMQ. */
export async function measureResilience(request: ResilienceRequest, notes: Notes): Promise<void> {
  const { place, prefixes, signal } = request;
  await execa('ip', ['-n', place.netns, 'address', 'add', UPSTREAM_ADDRESS, 'dev', 'd0']);
  const table = await openRoutingTable(place.netns);
  try {
    await writeConfig(place, '0 */2 * * * *');
    await applyOnce(place);
    if (table.routes() !== prefixes) {
      throw new Error(`the lab gave ${table.routes()} routes and not ${prefixes}`);
    }
    await measureStarts(request, table, notes);
    signal.throwIfAborted();
    await measureQuiet(place, notes);
    signal.throwIfAborted();
    await measureKill(place, notes);
    signal.throwIfAborted();
    await writeConfig(place, '*/30 * * * * *');
    await measureRabbitAway(place, notes);
    if (table.routes() !== prefixes) {
      throw new Error(`${table.routes()} routes are left of ${prefixes}`);
    }
  } finally {
    await table.close();
  }
}

/** With a user that may have queues of any owner: others on the lab may run an agent too. */
async function writeConfig({ dir, netns }: AgentPlace, schedule: string): Promise<void> {
  await mkdir(join(dir, 'run'), { recursive: true });
  await writeFile(
    join(dir, 'route-sync.yaml'),
    `owner: bench-resilience
stateDir: ${JSON.stringify(join(dir, 'state'))}
schedule: "${schedule}"
cloud:
  natModel: ovn
  notifications:
    url: "amqp://127.0.0.1:5672/"
    username: neutron
    passwordFile: ${JSON.stringify(join(LAB_DIR, 'password'))}
policy:
  mode: sync
  allow: [{ prefix: 10.0.0.0/8 }]
server: { listen: "127.0.0.1:0" }
upstreams:
  - { name: edge, os: linux, externalNetworks: [${EXTERNAL_NETWORK}], via: { netns: ${netns} } }
`,
  );
}

/** From the start of the process until every route is there again; the last good state is on the disk. */
async function measureStarts(
  { place, prefixes, rounds }: ResilienceRequest,
  table: RoutingTable,
  { note }: Notes,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await flushRoutes([place.netns]);
    await table.reaches(0, DEADLINE_MS);
    const start = performance.now();
    const agent = startAgent(place);
    try {
      await table.reaches(prefixes, DEADLINE_MS);
      note('labStart', performance.now() - start);
    } finally {
      await agent.stop();
    }
  }
}

/** One minute between two cycles, RabbitMQ connected. */
async function measureQuiet(place: AgentPlace, { note }: Notes): Promise<void> {
  const agent = startAgent(place);
  try {
    // The last of them keeps to the schedule: the next one is two minutes away.
    await cyclesEnd(agent, FIRST_CYCLES + 1);
    await sleep(CALM_MS);
    const [before, start] = [agent.cpu(), performance.now()];
    await sleep(QUIET_MS);
    const seconds = (performance.now() - start) / 1000;
    note('labIdleCpu', ((agent.cpu() - before) / seconds) * 100);
    note('labIdleRss', rssMiB(agent.status()));
  } finally {
    await agent.stop();
  }
}

/** SIGKILL, a while without an agent, and the first cycle of the next one. */
async function measureKill(place: AgentPlace, { note }: Notes): Promise<void> {
  const withdrawn = await countWithdrawn(place.netns, async () => {
    const agent = startAgent(place);
    await cyclesEnd(agent, FIRST_CYCLES);
    process.kill(pidOf(agent), 'SIGKILL');
    await agent.stop();
    await sleep(AFTER_KILL_MS);
    const next = startAgent(place);
    try {
      await cyclesEnd(next, FIRST_CYCLES);
    } finally {
      await next.stop();
    }
  });
  note('withdrawnAfterKill', withdrawn);
}

/** Polling goes on while RabbitMQ is away; ends some cycles after it came back. */
async function measureRabbitAway(place: AgentPlace, { note }: Notes): Promise<void> {
  const withdrawn = await countWithdrawn(place.netns, async () => {
    const agent = startAgent(place);
    try {
      await cyclesEnd(agent, FIRST_CYCLES);
      await labScript('. rabbit.sh; end rabbit');
      try {
        note('cyclesWithoutRabbit', await countCycles(agent, RABBIT_AWAY_MS));
      } finally {
        await labScript('. rabbit.sh; start_rabbit; await_rabbit');
      }
      await cyclesEnd(agent, CYCLES_AFTER);
    } finally {
      await agent.stop();
    }
  });
  note('withdrawnWithoutRabbit', withdrawn);
}

async function cyclesEnd(agent: AgentProcess, count: number): Promise<void> {
  for (let cycle = 0; cycle < count; cycle += 1) {
    await agent.cycleEnds();
  }
}

async function countCycles(agent: AgentProcess, ms: number): Promise<number> {
  const deadline = performance.now() + ms;
  let cycles = 0;
  for (;;) {
    const left = deadline - performance.now();
    const isOver = await Promise.race([
      agent.cycleEnds().then(() => false),
      sleep(Math.max(left, 0), true),
    ]);
    if (isOver) {
      return cycles;
    }
    cycles += 1;
  }
}

/** Routes that the kernel tells to be deleted meanwhile; also those that come back. */
async function countWithdrawn(netns: string, work: () => Promise<void>): Promise<number> {
  const child: ChildProcess = spawn(
    'ip',
    ['-n', netns, '-rcvbuf', String(1 << 26), 'monitor', 'route'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  let withdrawn = 0;
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
    withdrawn += line.startsWith('Deleted ') ? 1 : 0;
  });
  try {
    await work();
  } finally {
    child.kill();
    await ended;
  }
  return withdrawn;
}

/** Shell in the folder of the lab's scripts, with its functions. */
async function labScript(text: string): Promise<void> {
  const cwd = join(import.meta.dirname, '../../test/lab');
  // A daemon keeps what it inherits open.
  await execa('bash', ['-c', `. lab.sh; LAB_PASSWORD=$(cat "$LAB_DIR/password"); ${text}`], {
    cwd,
    env: { LAB_DIR },
    stdio: 'ignore',
  });
}

function pidOf(agent: AgentProcess): number {
  return Number(/^Pid:\s+(\d+)$/m.exec(agent.status())?.[1]);
}
