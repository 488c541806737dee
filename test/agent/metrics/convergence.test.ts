import { expect } from 'chai';

import { trackConvergence } from '../../../src/agent/metrics/convergence.ts';
import type { UpstreamPlan } from '../../../src/core/plan.ts';
import type { RouteChange } from '../../../src/core/route.ts';
import type { ApplyResult, UpstreamReport } from '../../../src/report/report.ts';
import { EDGE1, PLAN } from '../../report/sample.ts';
import { route } from '../push-input.ts';

const NONE: ApplyResult = {
  added: 0,
  replaced: 0,
  removed: 0,
  failed: [],
  skipped: [],
  verified: true,
};

const ADD: RouteChange = { action: 'add', after: route('198.51.100.0/27', '203.0.113.10') };

interface Cycle {
  readonly startedAt: number;
  /** When the router of the route was changed last. */
  readonly updatedAt?: number;
  readonly verifiedAt?: number;
  readonly changes?: readonly RouteChange[];
  readonly held?: readonly RouteChange[];
  readonly failed?: readonly RouteChange[];
  readonly report?: Partial<UpstreamReport>;
}

/** Tells the seconds that each of several cycles measured. */
function measureAll(cycles: readonly Cycle[]): readonly (readonly number[])[] {
  const { measure } = trackConvergence();
  return cycles.map((cycle) => {
    const { startedAt, updatedAt, verifiedAt, changes = [], held = [], failed = [] } = cycle;
    const plan: UpstreamPlan = {
      ...PLAN,
      changes,
      held: held.map((change) => ({ code: 'guard', message: '', until: undefined, change })),
    };
    const problems = failed.map((change) => ({ change, error: { code: 'X', message: '' } }));
    const result = { ...NONE, failed: problems, verifiedAt };
    const times = updatedAt === undefined ? [] : ([['r1', updatedAt]] as const);
    return measure(
      { ...EDGE1, plan, result, ...cycle.report },
      { startedAt, updatedAt: new Map(times) },
    );
  });
}

const FIRST: Cycle = { startedAt: 10_000 };
const MADE: Cycle = { startedAt: 40_000, updatedAt: 20_000, verifiedAt: 41_500, changes: [ADD] };

describe('trackConvergence', () => {
  it('measures from the change in the cloud to the read-back', () => {
    expect(measureAll([FIRST, MADE])).to.deep.equal([[], [21.5]]);
  });

  it('goes by the newest of the objects of the route, and by no others', () => {
    const { measure } = trackConvergence();
    measure(
      { ...EDGE1, plan: { ...PLAN, changes: [], held: [] } },
      { startedAt: 0, updatedAt: new Map() },
    );
    const updatedAt = new Map([
      ['r1', 1000],
      ['s1', 2000],
      ['i1', 4000],
      ['g1', 3000],
      ['other', 9000],
    ]);

    const took = measure(
      {
        ...EDGE1,
        plan: { ...PLAN, changes: [ADD], held: [] },
        result: { ...NONE, verifiedAt: 10_000 },
      },
      { startedAt: 9000, updatedAt },
    );

    expect(took).to.deep.equal([6]);
  });

  it('counts nothing in the first cycle, which makes what was wanted long ago', () => {
    expect(measureAll([MADE])).to.deep.equal([[]]);
  });

  for (const [what, cycles] of [
    ['what repairs the upstream', [FIRST, { ...MADE, updatedAt: 5000 }]],
    ['what the cloud tells no time of', [FIRST, { ...MADE, updatedAt: undefined }]],
    [
      'a removal',
      [
        FIRST,
        {
          ...MADE,
          changes: [
            {
              action: 'remove',
              origin: ADD.after.origin,
              before: {
                prefix: ADD.after.prefix,
                nextHops: [],
                owned: true,
                kind: 'static',
                description: '',
              },
            },
          ],
        },
      ],
    ],
    ['what failed', [FIRST, { ...MADE, failed: [ADD] }]],
  ] as const) {
    it(`does not count ${what}`, () => {
      expect(measureAll(cycles as readonly Cycle[])).to.deep.equal([[], []]);
    });
  }

  it('counts what changed in the very second in which the last snapshot began', () => {
    expect(measureAll([{ startedAt: 10_900 }, { ...MADE, updatedAt: 10_000 }])).to.deep.equal([
      [],
      [31.5],
    ]);
  });

  it('counts with its whole time what was held or failed before', () => {
    const held: Cycle = { startedAt: 40_000, updatedAt: 20_000, held: [ADD] };
    const failed: Cycle = { ...MADE, startedAt: 70_000, failed: [ADD] };
    const made: Cycle = { ...MADE, startedAt: 100_000, verifiedAt: 101_000 };

    expect(measureAll([FIRST, held, failed, made, made])).to.deep.equal([[], [], [], [81], []]);
  });

  it('counts with its whole time what changed while upstream or cloud were away', () => {
    const away: Cycle = { startedAt: 40_000, report: { plan: undefined } };
    const because = { code: 'CLOUD_UNREACHABLE', message: '' };
    const blind: Cycle = {
      startedAt: 50_000,
      report: { stale: { at: 0, ageSeconds: 1, because } },
    };
    const made: Cycle = { ...MADE, startedAt: 100_000, verifiedAt: 101_000 };

    expect(measureAll([FIRST, away, blind, made])).to.deep.equal([[], [], [], [81]]);
  });

  it('takes a clock of the cloud that is ahead for no time at all', () => {
    expect(measureAll([FIRST, { ...MADE, updatedAt: 60_000 }])).to.deep.equal([[], [0]]);
  });
});
