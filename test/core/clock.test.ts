import { expect } from 'chai';
import fc from 'fast-check';
import { clockJump, type ClockReading } from '../../src/core/clock.ts';

const LAST: ClockReading = { wall: 1_000_000, uptime: 50_000, boot: 'a' };

/** A second later by the uptime, and so much by the wall clock. */
function afterASecond(wallMs: number): ClockReading {
  return { wall: LAST.wall + wallMs, uptime: LAST.uptime + 1000, boot: 'a' };
}

describe('clockJump', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['both clocks go on alike', 1000, 0],
    ['the readings are 2 s apart', 3000, 0],
    ['the wall clock is a little more ahead', 3001, 2001],
    ['the readings are 2 s apart the other way', -1000, 0],
    ['the wall clock is a little more behind', -1001, -2001],
    ['the wall clock was set an hour forward', 3_601_000, 3_600_000],
    ['the wall clock was set an hour back', -3_599_000, -3_600_000],
  ];
  for (const [title, wallMs, jump] of cases) {
    it(`is ${jump} ms when ${title}`, () => {
      expect(clockJump(LAST, afterASecond(wallMs))).to.equal(jump);
    });
  }

  const far = afterASecond(3_601_000);
  const unknown: readonly (readonly [string, ClockReading | undefined, ClockReading])[] = [
    ['without an earlier reading', undefined, far],
    ['across boots', LAST, { ...far, boot: 'b' }],
    ['where the system does not tell boots apart', { ...LAST, boot: '' }, { ...far, boot: '' }],
    ['where the uptime went back', LAST, { ...far, uptime: LAST.uptime - 1 }],
  ];
  for (const [title, last, now] of unknown) {
    it(`is 0 ${title}`, () => {
      expect(clockJump(last, now)).to.equal(0);
    });
  }

  it('is the jump, however long after the first reading', () => {
    const jumps = fc.integer({ min: -1e12, max: 1e12 }).filter((jump) => Math.abs(jump) > 2000);
    fc.assert(
      fc.property(fc.nat(1e12), jumps, (passed, jump) => {
        const now = { wall: LAST.wall + passed + jump, uptime: LAST.uptime + passed, boot: 'a' };

        expect(clockJump(LAST, now)).to.equal(jump);
      }),
    );
  });
});
