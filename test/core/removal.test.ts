import { expect } from 'chai';
import {
  countMissing,
  graceEnd,
  isDue,
  shiftMissing,
  type Missing,
} from '../../src/core/removal.ts';

const RULE = { snapshots: 2, graceSeconds: 60 };

function whole(now: number): Parameters<typeof countMissing>[1] {
  return { now, reading: 'whole' };
}

describe('countMissing', () => {
  it('begins with one snapshot and now', () => {
    expect(countMissing(undefined, whole(5000))).to.deep.equal({ since: 5000, snapshots: 1 });
  });

  it('counts on and keeps the beginning', () => {
    expect(countMissing({ since: 5000, snapshots: 1 }, whole(9000))).to.deep.equal({
      since: 5000,
      snapshots: 2,
    });
  });

  it('takes the reading of what changed for the first look, and for no other', () => {
    const reading = 'touched';

    const first = countMissing(undefined, { now: 5000, reading });

    expect(first).to.deep.equal({ since: 5000, snapshots: 1 });
    expect(countMissing(first, { now: 9000, reading })).to.deep.equal(first);
    expect(countMissing(first, whole(9000)).snapshots).to.equal(2);
  });

  it('follows a clock that was set back, so that the grace time cannot grow', () => {
    const before = { since: 1_000_000, snapshots: 1 };

    const after = countMissing(before, whole(400_000));

    expect(after).to.deep.equal({ since: 400_000, snapshots: 2 });
    expect(isDue(after, RULE, 400_000)).to.equal(false);
    expect(isDue(after, RULE, 460_000)).to.equal(true);
  });
});

describe('graceEnd', () => {
  it('is the beginning plus the grace time', () => {
    expect(graceEnd({ since: 5000, snapshots: 1 }, RULE)).to.equal(65_000);
  });
});

describe('isDue', () => {
  const cases: readonly (readonly [Missing, number, boolean])[] = [
    [{ since: 0, snapshots: 2 }, 60_000, true],
    [{ since: 0, snapshots: 2 }, 59_999, false],
    [{ since: 0, snapshots: 1 }, 60_000, false],
    [{ since: 0, snapshots: 1 }, 1e12, false],
    [{ since: 0, snapshots: 9 }, 59_999, false],
    [{ since: 0, snapshots: 3 }, 1e12, true],
  ];
  for (const [missing, now, due] of cases) {
    it(`${due ? 'lets go' : 'keeps'} after ${missing.snapshots} snapshots and ${now} ms`, () => {
      expect(isDue(missing, RULE, now)).to.equal(due);
    });
  }

  it('lets go at once where nothing is to be waited for', () => {
    const rule = { snapshots: 1, graceSeconds: 0 };

    expect(isDue(countMissing(undefined, whole(7)), rule, 7)).to.equal(true);
  });
});

describe('shiftMissing', () => {
  const missing = new Map([['10.1.0.0/24', { since: 1_000_000, snapshots: 2 }]]);
  const record = (jump: number): Missing =>
    shiftMissing(missing, jump).get('10.1.0.0/24') ?? { since: NaN, snapshots: 0 };

  for (const jump of [3_600_000, -3_600_000]) {
    it(`keeps what was waited over a jump of ${jump} ms`, () => {
      const now = (waited: number): number => 1_000_000 + jump + waited;

      expect(record(jump).snapshots).to.equal(2);
      expect(isDue(record(jump), RULE, now(59_999))).to.equal(false);
      expect(isDue(record(jump), RULE, now(60_000))).to.equal(true);
    });
  }
});
