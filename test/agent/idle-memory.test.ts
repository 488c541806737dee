import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { idleMemory, type IdleMemory } from '../../src/agent/idle-memory.ts';

interface Idle {
  readonly memory: IdleMemory;
  readonly clock: { now: number };
  readonly collected: number[];
}

/** Longer than the moment of calm after a cycle. */
const LONGER_MS = 700;

describe('the memory of an agent that waits', () => {
  it('is given back when a cycle is over', async () => {
    const { memory, collected } = idle();
    memory.rest();
    expect(collected).to.deep.equal([]);
    await sleep(LONGER_MS);
    expect(collected).to.have.length(1);
  });

  it('is kept when the next cycle begins at once', async () => {
    const { memory, collected } = idle();
    memory.rest();
    memory.wake();
    await sleep(LONGER_MS);
    expect(collected).to.deep.equal([]);
  });

  it('is given back at most every 20 seconds, and then later', async () => {
    const { memory, clock, collected } = idle();
    memory.rest();
    await sleep(LONGER_MS);
    clock.now += 19_800;
    memory.rest();
    clock.now += 5000;
    await sleep(LONGER_MS);
    expect(collected).to.deep.equal([1000, 25_800]);
    clock.now += 1000;
    memory.rest();
    await sleep(LONGER_MS);
    expect(collected).to.have.length(2);
    memory.wake();
  });
});

function idle(): Idle {
  const clock = { now: 1000 };
  const collected: number[] = [];
  const collect = (): void => void collected.push(clock.now);
  return { memory: idleMemory({ now: () => clock.now, collect }), clock, collected };
}
