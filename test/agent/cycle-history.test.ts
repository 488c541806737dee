import { expect } from 'chai';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { appendCycle, readHistory, type CycleSummary } from '../../src/agent/cycle-history.ts';
import { countFlipsNoticed, CYCLE, expectCutsNoticed, failure, newPlace } from './state-scene.ts';

const [EDGE] = CYCLE.upstreams;

/** A cycle that ended at this minute and worked with a desired state of that minute. */
function cycle(finished: number, lastGood: number | undefined, name = 'edge1'): CycleSummary {
  const lastGoodAt = lastGood === undefined ? undefined : minute(lastGood);
  const upstreams = EDGE === undefined ? [] : [{ ...EDGE, name, lastGoodAt }];
  return { ...CYCLE, finishedAt: minute(finished), upstreams };
}

function minute(count: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, count)).toISOString();
}

describe('appendCycle', () => {
  let dir: string;
  let file: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ dir, close } = await newPlace());
    file = join(dir, 'status.json');
    await mkdir(dir);
  });

  afterEach(async () => {
    await close();
  });

  async function timesAfter(...cycles: readonly CycleSummary[]): Promise<object> {
    for (const each of cycles) {
      await appendCycle(file, each);
    }
    return Object.fromEntries((await readHistory(file)).lastGoodTimes);
  }

  it('remembers cycles, oldest first', async () => {
    await appendCycle(file, CYCLE);
    await appendCycle(file, { ...CYCLE, run: 'run-1' });

    const { cycles } = await readHistory(file);
    expect(cycles).to.deep.equal([CYCLE, { ...CYCLE, run: 'run-1' }]);
    expect(await readdir(dir)).to.deep.equal(['status.json']);
  });

  it('remembers 20 cycles and 100 held changes of each upstream', async () => {
    const held = Array.from({ length: 300 }, (_, index) => ({
      code: 'grace',
      action: 'remove',
      prefix: `10.1.${index}.0/24`,
    }));
    const upstreams = CYCLE.upstreams.map((upstream) => ({ ...upstream, heldTotal: 300, held }));
    for (let run = 0; run < 23; run++) {
      await appendCycle(file, { ...CYCLE, run: `run-${run}`, upstreams });
    }

    const { cycles } = await readHistory(file);

    expect(cycles.map(({ run }) => run))
      .to.have.length(20)
      .and.to.include('run-22');
    expect(cycles[0]?.run).to.equal('run-3');
    expect(cycles[0]?.upstreams[0]).to.deep.include({ heldTotal: 300, held: held.slice(0, 100) });
  });

  it('remembers the last good time of an upstream beyond the cycles that are kept', async () => {
    const outage = Array.from({ length: 25 }, (_, index) => cycle(10 + index, undefined));

    expect(await timesAfter(cycle(5, 5), ...outage)).to.deep.equal({ edge1: minute(5) });
  });

  for (const [name, cycles, times] of [
    ['takes the newer time', [cycle(5, 5), cycle(6, 6)], { edge1: minute(6) }],
    ['keeps a newer time', [cycle(5, 5), cycle(6, 1)], { edge1: minute(5) }],
    ['drops a time in the future', [cycle(60, 60), cycle(6, 6)], { edge1: minute(6) }],
    [
      'keeps upstreams apart',
      [cycle(5, 5), cycle(6, 6, 'edge2')],
      { edge1: minute(5), edge2: minute(6) },
    ],
    [
      'knows an upstream of any name',
      [cycle(5, 5, '__proto__')],
      Object.fromEntries([['__proto__', minute(5)]]),
    ],
  ] as const) {
    it(name, async () => {
      expect(await timesAfter(...cycles)).to.deep.equal(times);
    });
  }
});

describe('readHistory', () => {
  let dir: string;
  let file: string;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ dir, close } = await newPlace());
    file = join(dir, 'status.json');
    await mkdir(dir);
  });

  afterEach(async () => {
    await close();
  });

  it('is empty where there is no file', async () => {
    expect(await readHistory(file)).to.deep.equal({ cycles: [], lastGoodTimes: new Map() });
  });

  it('reads a file of before there were last good states', async () => {
    const { frozen, ...old } = cycle(5, undefined);
    await writeFile(file, JSON.stringify({ version: 1, cycles: [old] }));

    const { cycles, lastGoodTimes } = await readHistory(file);
    expect(frozen).to.not.equal(undefined);
    expect(cycles[0]).to.include({ run: 'run-0' }).and.to.not.have.property('frozen');
    expect(lastGoodTimes.size).to.equal(0);
  });

  it('takes a file cut at any byte for corrupt, never for a shorter history', async () => {
    await appendCycle(file, CYCLE);

    await expectCutsNoticed(
      file,
      async () => readHistory(file),
      'remove it: only the history of past cycles is lost',
    );
  });

  it('never fails but with an error of its own when a bit is flipped', async () => {
    await appendCycle(file, CYCLE);

    const noticed = await countFlipsNoticed(file, async () => readHistory(file));
    expect(noticed).to.be.greaterThan(0);
  });

  for (const [name, content] of [
    ['no cycles', { version: 1 }],
    ['a cycle that is none', { version: 1, cycles: [{}] }],
    ['a time that is none', { version: 1, cycles: [], lastGoodTimes: [['edge1', 'soon']] }],
  ] as const) {
    it(`takes ${name} for corrupt, and does not write over it`, async () => {
      await writeFile(file, JSON.stringify(content));

      const { code, message } = await failure(appendCycle(file, CYCLE));
      expect(code).to.equal('STATE_CORRUPT');
      expect(message).to.contain('only the history of past cycles is lost');
    });
  }
});
