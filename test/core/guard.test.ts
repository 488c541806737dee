/** The arithmetic of the guard: refused when R > free and (R > count or 100 R > percent x O or, for removals, R = O). */
import { expect } from 'chai';
import fc from 'fast-check';
import { guardPlan, type Cap, type GuardFacts, type GuardLimits } from '../../src/core/guard.ts';
import type { UpstreamPlan } from '../../src/core/plan.ts';
import type { RouteChange } from '../../src/core/route.ts';
import { installed } from './world.ts';

const NO_CAP: Cap = { count: 1e6, percent: 100, free: 1e6 };

const NOTHING: GuardFacts = { ledger: new Map(), recent: [], now: 0 };

/** No caps but these. */
function limitsOf(limits: Partial<GuardLimits>): GuardLimits {
  const perHour = { removals: 1e6, replaces: 1e6 };
  return { maxRemovals: NO_CAP, maxReplaces: NO_CAP, perHour, ...limits };
}

/** A plan with so many changes of each kind among so many owned routes. */
function planWith(counts: {
  readonly adds?: number;
  readonly removes?: number;
  readonly replaces?: number;
  readonly owned: number;
}): UpstreamPlan {
  const { adds = 0, removes = 0, replaces = 0, owned } = counts;
  const kinds: readonly (readonly [RouteChange['action'], number])[] = [
    ['add', adds],
    ['remove', removes],
    ['replace', replaces],
  ];
  const changes = kinds.flatMap(([action, count], kind) =>
    Array.from({ length: count }, (_, index) =>
      changeAt(`10.${kind}.${Math.floor(index / 256)}.${index % 256}/32`, action),
    ),
  );
  return {
    upstream: 'edge1',
    changes,
    held: [],
    conflicts: [],
    warnings: [],
    unneeded: [],
    unchanged: 0,
    owned,
    refused: undefined,
    missing: new Map(),
  };
}

function changeAt(prefix: string, action: RouteChange['action']): RouteChange {
  const before = installed(prefix, ['203.0.113.10']);
  const after = { ...before, origin: [] };
  if (action === 'remove') {
    return { action, before, origin: [] };
  }
  return action === 'add' ? { action, after } : { action, before, after };
}

/** R, O, cap, refused for removals, refused for replaces. */
type Row = readonly [number, number, Cap, boolean, boolean];

const CAP: Cap = { count: 20, percent: 20, free: 2 };
const WIDE: Cap = { count: 1000, percent: 100, free: 2 };

const ROWS: readonly Row[] = [
  // Small tables: `free` always passes, even down to zero.
  [0, 0, CAP, false, false],
  [1, 1, CAP, false, false],
  [2, 2, CAP, false, false],
  [2, 3, CAP, false, false],
  // One more than free, and all of them.
  [3, 3, CAP, true, true],
  [3, 3, WIDE, true, false],
  [3, 4, WIDE, false, false],
  [1000, 1000, WIDE, true, false],
  [999, 1000, WIDE, false, false],
  // Percent exactly at the limit, and one beyond.
  [3, 15, CAP, false, false],
  [3, 14, CAP, true, true],
  [20, 100, CAP, false, false],
  [20, 99, CAP, true, true],
  // Count exactly at the limit, and one beyond.
  [20, 1000, CAP, false, false],
  [21, 1000, CAP, true, true],
  // free 0: every single one counts.
  [1, 1, { ...WIDE, free: 0 }, true, false],
  [1, 2, { ...WIDE, free: 0 }, false, false],
  [0, 0, { ...CAP, free: 0 }, false, false],
  // Zero caps forbid everything beyond free.
  [3, 1000, { count: 0, percent: 100, free: 2 }, true, true],
  [3, 1000, { count: 1000, percent: 0, free: 2 }, true, true],
  [2, 1000, { count: 0, percent: 0, free: 2 }, false, false],
  // Thirds: 100 x 333 = 33300 <= 33.3 x 1000, 33400 is more.
  [333, 1000, { count: 1000, percent: 33.3, free: 2 }, false, false],
  [334, 1000, { count: 1000, percent: 33.3, free: 2 }, true, true],
];

describe('guardPlan', () => {
  for (const [changes, owned, cap, removals, replaces] of ROWS) {
    const title = `${changes} of ${owned} with count ${cap.count}, percent ${cap.percent}, free ${cap.free}`;

    it(`${removals ? 'refuses' : 'lets through'} the removal of ${title}`, () => {
      const limits = limitsOf({ maxRemovals: cap });
      const plan = guardPlan(planWith({ removes: changes, owned }), limits, NOTHING);

      expect(plan.refused?.code).to.equal(removals ? 'GUARD_REMOVALS' : undefined);
      expect(plan.held).to.have.length(removals ? changes : 0);
    });

    it(`${replaces ? 'refuses' : 'lets through'} the replacement of ${title}`, () => {
      const limits = limitsOf({ maxReplaces: cap });
      const plan = guardPlan(planWith({ replaces: changes, owned }), limits, NOTHING);

      expect(plan.refused?.code).to.equal(replaces ? 'GUARD_REPLACES' : undefined);
      expect(plan.held).to.have.length(replaces ? changes : 0);
    });
  }

  const actionsOf = ({ changes }: UpstreamPlan): readonly string[] =>
    changes.map(({ action }) => action);

  it('withholds all removals and nothing else', () => {
    const plan = planWith({ adds: 2, removes: 3, replaces: 1, owned: 4 });

    const guarded = guardPlan(plan, limitsOf({ maxRemovals: CAP }), NOTHING);

    expect(actionsOf(guarded)).to.deep.equal(['add', 'add', 'replace']);
    expect(guarded.held.map(({ code, change }) => `${code} ${change.action}`)).to.deep.equal([
      'guard remove',
      'guard remove',
      'guard remove',
    ]);
    expect(guarded.refused?.message).to.equal(
      '3 removals of 4 routes on edge1 exceed guard.maxRemovals (count 20, percent 20, free 2); review the plan, then run once with --force',
    );
  });

  it('withholds all replaces and nothing else', () => {
    const plan = planWith({ adds: 1, removes: 1, replaces: 3, owned: 4 });

    const guarded = guardPlan(plan, limitsOf({ maxReplaces: CAP }), NOTHING);

    expect(actionsOf(guarded)).to.deep.equal(['add', 'remove']);
    expect(guarded.refused?.message).to.contain('3 replaces of 4 routes on edge1');
  });

  it('names both where both are too many; adds still go out', () => {
    const plan = planWith({ adds: 1, removes: 3, replaces: 3, owned: 6 });

    const guarded = guardPlan(plan, limitsOf({ maxRemovals: CAP, maxReplaces: CAP }), NOTHING);

    expect(actionsOf(guarded)).to.deep.equal(['add']);
    expect(guarded.refused?.code).to.equal('GUARD_REMOVALS');
    expect(guarded.refused?.message).to.match(/3 removals .*; 3 replaces /);
  });

  it('never looks at adds', () => {
    const plan = planWith({ adds: 500, owned: 0 });

    const cap = { count: 0, percent: 0, free: 0 };
    const all = { maxRemovals: cap, maxReplaces: cap };
    const perHour = { removals: 0, replaces: 0 };

    const guarded = guardPlan(
      plan,
      { ...all, perHour, perExternalNetwork: all, perProject: all },
      { ...NOTHING, recent: [{ at: 0, removals: 9, replaces: 9 }] },
    );

    expect(guarded).to.equal(plan);
  });

  it('refuses exactly beyond its limits', () => {
    const cap = fc.record({ count: fc.nat(12), percent: fc.nat(100), free: fc.nat(6) });
    const counts = fc.tuple(fc.nat(12), fc.nat(12), fc.nat(30));
    fc.assert(
      fc.property(cap, counts, (limit, [removes, replaces, rest]) => {
        const owned = removes + replaces + rest;
        const beyond = (wanted: number): boolean =>
          wanted > limit.count || wanted / owned > limit.percent / 100;
        const removalsRefused = removes > limit.free && (beyond(removes) || removes === owned);
        const replacesRefused = replaces > limit.free && beyond(replaces);

        const guarded = guardPlan(
          planWith({ adds: 1, removes, replaces, owned }),
          limitsOf({ maxRemovals: limit, maxReplaces: limit }),
          NOTHING,
        );

        const actions = actionsOf(guarded);
        expect(actions.filter((action) => action === 'remove')).to.have.length(
          removalsRefused ? 0 : removes,
        );
        expect(actions.filter((action) => action === 'replace')).to.have.length(
          replacesRefused ? 0 : replaces,
        );
        expect(guarded.refused !== undefined).to.equal(removalsRefused || replacesRefused);
      }),
      { numRuns: 1000 },
    );
  });
});
