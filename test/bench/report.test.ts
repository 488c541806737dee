import { expect } from 'chai';

import { NOTHING_PUBLISHED, type Measurement, type Run } from '../../bench/measurement.ts';
import { reportOf } from '../../bench/report.ts';
import { medianAt, ratioAt, ratioOf, type Section, worstGrowth } from '../../bench/section.ts';
import { SECTIONS } from '../../bench/sections.ts';

const RATIO = { ours: 'push', peer: 'pushPeer' } as const;

const SECTION: Section = {
  part: 'kernel',
  title: 'Kernel',
  about: ['About it.'],
  samples: {
    push: { title: 'the push', unit: 'ms' },
    pushPeer: { title: 'the peer', unit: 'ms' },
  },
  ratios: [RATIO],
  growth: ['push'],
  marks: [
    { what: 'ratio', limit: { most: 1.5 }, unit: '', measured: ratioAt(1000, RATIO) },
    { what: 'speed', limit: { least: 5 }, unit: 'ms', measured: medianAt(1000, 'push') },
    { what: 'growth', limit: { most: 12 }, unit: '', measured: worstGrowth(['push']) },
  ],
};

function measured(size: number, push: readonly number[], peer: readonly number[]): Measurement {
  const samples = { push, pushPeer: peer };
  return { part: 'kernel', size, rounds: push.length, samples, notes: [] };
}

function reportWith(...measurements: readonly Measurement[]): readonly string[] {
  return reportWithout([], measurements);
}

function reportWithout(
  skipped: Run['skipped'],
  measurements: readonly Measurement[],
): readonly string[] {
  const run: Run = {
    version: 2,
    startedAt: '2026-01-02T03:04:05.000Z',
    commit: 'abc1234',
    machine: { CPU: 'a fast one' },
    measurements,
    skipped,
  };
  return reportOf({ version: 2, runs: [run] }, [SECTION]).split('\n');
}

describe('the report of the benchmark', () => {
  it('shows a mark that is met, and one that is not', () => {
    const lines = reportWith(measured(1000, [3], [2]));

    expect(lines).to.include('| ratio | at most 1.5 | 1.5 | met |');
    expect(lines).to.include('| speed | at least 5 ms | 3 ms | **not met** |');
  });

  it('shows that a mark just above its limit is not met', () => {
    expect(reportWith(measured(1000, [1501], [1000]))).to.include(
      '| ratio | at most 1.5 | 1.501 | **not met** |',
    );
  });

  it('shows a mark without its numbers as not measured', () => {
    expect(reportWith(measured(10_000, [3], [2]))).to.include(
      '| ratio | at most 1.5 | - | not measured |',
    );
  });

  it('has the ratios before the times, a column for each size', () => {
    const lines = reportWith(measured(10_000, [30], [20]), measured(1000, [3], [3]));

    const ratios = lines.indexOf('| the push / the peer | 1 | 1.5 |');
    expect(ratios).to.be.greaterThan(0);
    expect(lines.indexOf('| the push, ms | 3 | 30 |')).to.be.greaterThan(ratios);
  });

  it('takes the growth to a decade, whatever lies between two sizes', () => {
    const lines = reportWith(measured(1000, [1], [1]), measured(100_000, [400], [1]));

    expect(lines).to.include('| growth per decade | 1,000 to 100,000 |');
    expect(lines).to.include('| the push | 20.0 |');
    expect(lines).to.include('| growth | at most 12 | 20 | **not met** |');
  });

  it('tells when, with which commit and how often', () => {
    expect(reportWith(measured(1000, [3, 3, 3], [2, 2, 2]))).to.include(
      'Measured 2026-01-02 03:04 UTC, commit abc1234, medians of 3 rounds.',
    );
  });

  it('tells it for each size where it differs', () => {
    expect(reportWith(measured(1000, [3, 3], [2, 2]), measured(10_000, [3], [2]))).to.include(
      'Measured 1,000: 2026-01-02 03:04 UTC, commit abc1234, medians of 2 rounds; 10,000: 2026-01-02 03:04 UTC, commit abc1234, one round.',
    );
  });

  it('names what depends on no number of routes', () => {
    expect(reportWith(measured(0, [3], [2]), measured(1000, [3], [2]))).to.include(
      '| ratio | any size | 1,000 |',
    );
  });

  it('tells what was left out, and why', () => {
    const skipped = { part: 'kernel', size: 1000, what: 'BIRD', why: 'bird is missing' } as const;

    expect(reportWithout([skipped], [])).to.include('- kernel, 1,000: BIRD: bird is missing.');
  });

  it('tells that a whole part is not there', () => {
    expect(reportWith()).to.include.members(['Not measured.', '- Kernel: not part of these runs.']);
  });

  it('shows every promise without any number', () => {
    const report = reportOf(NOTHING_PUBLISHED, SECTIONS);

    const marks = SECTIONS.flatMap((section) => section.marks);
    expect(report.match(/\| not measured \|/g)).to.have.length(marks.length);
  });
});

describe('the ratio to a peer', () => {
  it('is the median of the rounds, not the ratio of the medians', () => {
    expect(ratioOf(measured(1000, [1, 20, 3], [1, 10, 30]), RATIO)).to.equal(1);
  });

  it('is the ratio of the medians where the peer had fewer rounds', () => {
    expect(ratioOf(measured(1000, [1, 20, 3], [6]), RATIO)).to.equal(0.5);
  });

  it('is unknown without a peer', () => {
    expect(ratioOf(measured(1000, [1, 2, 3], []), RATIO)).to.equal(undefined);
  });
});

describe('the sections', () => {
  for (const { part, samples, ratios, growth } of SECTIONS) {
    it(`of ${part} explain every name that they compare`, () => {
      const names = [...ratios.flatMap(({ ours, peer }) => [ours, peer]), ...growth];

      expect(names.filter((name) => samples[name] === undefined)).to.deep.equal([]);
    });
  }
});
