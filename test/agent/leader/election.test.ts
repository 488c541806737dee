import { expect } from 'chai';
import fc from 'fast-check';
import type { Leadership } from '../../../src/agent/leader/leadership.ts';
import { timesOf } from '../../../src/agent/leader/timing.ts';
import { openWorld, type World } from './simulation.ts';

const LEASE_SECONDS = 15;
const TTL_MS = timesOf(LEASE_SECONDS).ttlSeconds * 1000;

/** What a chunk may take that was begun at the last moment: what the term leaves of the lease. */
const CHUNK_MS = TTL_MS / 4;

const CALM = { message: () => 5, random: () => 0.5 };

interface Writing {
  readonly agent: number;
  readonly from: number;
  readonly to: number;
}

/** Has every agent write whatever it may, chunk by chunk, each behind the fence. */
function startWriters(world: World): readonly Writing[] {
  const writings: Writing[] = [];
  world.agents.forEach((leadership, agent) => {
    void (async () => {
      for (;;) {
        const passed = await mayWrite(leadership);
        if (passed) {
          writings.push({ agent, from: world.now(), to: world.now() + CHUNK_MS });
        }
        await world.sleep(agent, 700);
      }
    })();
  });
  return writings;
}

async function mayWrite(leadership: Leadership): Promise<boolean> {
  const term = leadership.term();
  try {
    await term?.assertLeader();
    return term !== undefined;
  } catch {
    return false;
  }
}

function overlaps(writings: readonly Writing[]): readonly (readonly [Writing, Writing])[] {
  const found: (readonly [Writing, Writing])[] = [];
  let last: Writing | undefined;
  for (const writing of writings) {
    if (last !== undefined && last.agent !== writing.agent && writing.from < last.to) {
      found.push([last, writing]);
    }
    last = writing;
  }
  return found;
}

function leadersOf({ agents }: World): readonly number[] {
  return agents.flatMap((each, agent) => (each.role() === 'leader' ? [agent] : []));
}

/** The leader, where there is just one. */
function leaderOf(world: World): number {
  const [leader, ...others] = leadersOf(world);
  expect(others).to.deep.equal([]);
  return leader ?? -1;
}

const trouble = fc.record({
  after: fc.integer({ min: 0, max: 20_000 }),
  agent: fc.nat({ max: 2 }),
  kind: fc.constantFrom('freeze', 'cut', 'slow'),
  ms: fc.integer({ min: 1, max: 40_000 }),
});

describe('startElection', () => {
  it('lets no two agents write at a time, however messages and agents are held up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(trouble, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat({ max: 999 })),
        async (troubles, numbers) => {
          const next = (): number => (numbers.next().value ?? 0) / 1000;
          const until = { cut: [0, 0, 0], slow: [0, 0, 0] };
          let now = (): number => 0;
          const world = await openWorld(3, LEASE_SECONDS, {
            random: next,
            message: (agent) => {
              if ((until.cut[agent] ?? 0) > now()) {
                return undefined;
              }
              return (until.slow[agent] ?? 0) > now() ? next() * 12_000 : next() * 50;
            },
          });
          ({ now } = world);
          const writings = startWriters(world);
          for (const { after, agent, kind, ms } of troubles) {
            await world.pass(after);
            if (kind === 'freeze') {
              world.freeze(agent, ms);
            } else {
              until[kind][agent] = now() + ms;
            }
            expect(leadersOf(world).length).to.be.lessThan(2);
          }
          await world.pass(80_000);
          const leader = leaderOf(world);

          expect(overlaps(writings)).to.deep.equal([]);
          expect(leader, 'nobody leads when all is well again').to.equal(world.owner());
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hands over within one lease, at whatever moment the leader dies', async () => {
    for (let moment = 0; moment < 4000; moment += 190) {
      const world = await openWorld(2, LEASE_SECONDS, CALM);
      await world.pass(20_000 + moment);
      const leader = leaderOf(world);
      world.freeze(leader, 1_000_000);

      await world.pass(LEASE_SECONDS * 1000);

      expect(leaderOf(world), `dead after ${moment} ms`).to.equal(1 - leader);
    }
  });

  it('hands over at the next look when the leader leaves', async () => {
    const world = await openWorld(2, LEASE_SECONDS, CALM);
    const leader = leaderOf(world);
    const left = world.agents[leader]?.close();
    await world.pass(2000);
    await left;

    expect(leaderOf(world)).to.equal(1 - leader);
  });

  it('ends the term of a leader that hears nothing before anybody else may have one', async () => {
    let isCut = false;
    const message = (agent: number): number | undefined => (isCut && agent === 0 ? undefined : 5);
    const world = await openWorld(1, LEASE_SECONDS, { ...CALM, message });
    await world.pass(10_000);
    const term = world.agents[0]?.term();
    isCut = true;

    await world.pass(TTL_MS - CHUNK_MS + 1);

    expect(term?.lost.aborted).to.equal(true);
    expect(term?.lost.reason).to.have.property('code', 'LEADER_UNREACHABLE');
    expect(world.owner()).to.equal(0);
    expect(world.agents[0]?.problem()).to.have.property('code', 'LEADER_UNREACHABLE');
    expect(world.said).to.include('0 this agent leads no more');
  });

  it('does not go on with an old term when it leads again', async () => {
    let isCut = false;
    const message = (): number | undefined => (isCut ? undefined : 5);
    const world = await openWorld(1, LEASE_SECONDS, { ...CALM, message });
    const before = world.agents[0]?.term();
    isCut = true;
    await world.pass(30_000);
    isCut = false;
    await world.pass(30_000);
    const after = world.agents[0]?.term();

    expect(() => before?.check()).to.throw('not renewed in time');
    expect(() => after?.check()).not.to.throw();
  });

  it('tells of a store that does not answer once, and once that it answers again', async () => {
    let isCut = true;
    const message = (): number | undefined => (isCut ? undefined : 5);
    const world = await openWorld(1, LEASE_SECONDS, { ...CALM, message });
    await world.pass(60_000);
    isCut = false;
    await world.pass(20_000);

    expect(world.said).to.deep.equal([
      '0 the store of the leader lock does not answer, nothing is written',
      '0 the store of the leader lock answers again',
      '0 this agent leads',
    ]);
  });

  it('calls back when the role changes, and not any more when that was taken back', async () => {
    const world = await openWorld(2, LEASE_SECONDS, CALM);
    const leader = leaderOf(world);
    const roles: string[] = [];
    const standby = world.agents[1 - leader];
    const forget = standby?.onChange(() => void roles.push(standby.role()));
    world.freeze(leader, 30_000);
    await world.pass(20_000);
    forget?.();
    world.freeze(1 - leader, 60_000);
    await world.pass(100_000);

    expect(roles).to.deep.equal(['leader']);
  });
});
