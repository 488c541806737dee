import { expect } from 'chai';

import {
  type Measurement,
  median,
  NOTHING_PUBLISHED,
  publish,
  type Run,
  type Skipped,
} from '../../bench/measurement.ts';

function run(startedAt: string, facts: Partial<Run>): Run {
  return {
    version: 2,
    startedAt,
    commit: 'abc',
    machine: {},
    measurements: [],
    skipped: [],
    ...facts,
  };
}

function measured(part: Measurement['part'], size: number, value: number): Measurement {
  return { part, size, rounds: 1, samples: { push: [value] }, notes: [] };
}

describe('median', () => {
  it('is the middle one', () => {
    expect(median([3, 1, 2])).to.equal(2);
  });

  it('is the mean of two middle ones', () => {
    expect(median([4, 1, 2, 3])).to.equal(2.5);
  });

  it('of nothing is no number', () => {
    expect(median([])).to.be.NaN;
  });
});

describe('publish', () => {
  const early = run('2026-01-01T00:00:00Z', {
    measurements: [measured('kernel', 1000, 1), measured('kernel', 10_000, 2)],
  });

  it('puts a measurement in the place of the same part and size', () => {
    const late = run('2026-01-02T00:00:00Z', { measurements: [measured('kernel', 1000, 3)] });

    const { runs } = publish(publish(NOTHING_PUBLISHED, early), late);

    expect(runs.map(({ measurements }) => measurements)).to.deep.equal([
      [measured('kernel', 10_000, 2)],
      [measured('kernel', 1000, 3)],
    ]);
  });

  it('forgets a run of which nothing is left', () => {
    const late = run('2026-01-02T00:00:00Z', { measurements: early.measurements });

    expect(publish(publish(NOTHING_PUBLISHED, early), late).runs).to.deep.equal([late]);
  });

  it('keeps the other parts, with their own date', () => {
    const late = run('2026-01-02T00:00:00Z', { measurements: [measured('compute', 1000, 3)] });

    expect(publish(publish(NOTHING_PUBLISHED, early), late).runs).to.deep.equal([early, late]);
  });

  it('sorts by date, whatever is published first', () => {
    const late = run('2026-01-02T00:00:00Z', { measurements: [measured('compute', 1000, 3)] });

    expect(publish(publish(NOTHING_PUBLISHED, late), early).runs).to.deep.equal([early, late]);
  });

  it('forgets what was left out once it was measured', () => {
    const left: Skipped = { part: 'frr', size: 1000, what: 'netmiko', why: 'it is missing' };
    const before = run('2026-01-01T00:00:00Z', { skipped: [left] });
    const late = run('2026-01-02T00:00:00Z', { measurements: [measured('frr', 1000, 3)] });

    expect(publish(publish(NOTHING_PUBLISHED, before), late).runs).to.deep.equal([late]);
  });

  it('forgets that a part was left out as a whole once any of it was measured', () => {
    const left: Skipped = { part: 'frr', what: 'everything', why: 'zebra is missing' };
    const before = run('2026-01-01T00:00:00Z', { skipped: [left] });
    const late = run('2026-01-02T00:00:00Z', { measurements: [measured('frr', 1000, 3)] });

    expect(publish(publish(NOTHING_PUBLISHED, before), late).runs).to.deep.equal([late]);
  });
});
