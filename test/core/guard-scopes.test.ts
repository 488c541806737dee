/** The guard beyond one upstream's own caps: by external network, by project, by the hour, and over all upstreams. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  guardPlan,
  guardRun,
  lastHour,
  shiftRecent,
  type Cap,
  type GuardFacts,
  type GuardLimits,
} from '../../src/core/guard.ts';
import type { UpstreamPlan } from '../../src/core/plan.ts';
import {
  prefixOf,
  type ChangeAction,
  type Origin,
  type RouteChange,
} from '../../src/core/route.ts';
import { installed } from './world.ts';

/** Where a route comes from: `NETWORK PROJECT`. */
type Place = string;

interface Sketch {
  readonly action: ChangeAction;
  /** Several for a route of several legs. */
  readonly from: readonly Place[];
}

const NO_CAP: Cap = { count: 1e6, percent: 100, free: 1e6 };
const ONE: Cap = { count: 1, percent: 100, free: 0 };
const WAY_OUT = 'review the plan, then run once with --force';

function limitsOf(limits: Partial<GuardLimits>): GuardLimits {
  const perHour = { removals: 1e6, replaces: 1e6 };
  return { maxRemovals: NO_CAP, maxReplaces: NO_CAP, perHour, ...limits };
}

function originOf(place: Place): Origin {
  const [network = '', project = ''] = place.split(' ');
  return { router: 'r', subnet: 's', project, port: 'p', leg: 'l', network, floatingIp: '' };
}

const prefixAt = (index: number): string => `10.0.${Math.floor(index / 256)}.${index % 256}/32`;

function changeOf({ action, from }: Sketch, index: number): RouteChange {
  const before = installed(prefixAt(index), ['203.0.113.10']);
  const origin = from.map(originOf);
  const after = { prefix: before.prefix, nextHops: before.nextHops, origin };
  return action === 'remove'
    ? { action, before, origin }
    : action === 'add'
      ? { action, after }
      : { action, before, after };
}

/** So many changes of one kind from one place. */
const times = (count: number, action: ChangeAction, ...from: readonly Place[]): readonly Sketch[] =>
  Array.from({ length: count }, () => ({ action, from }));

function planOf(sketches: readonly Sketch[], upstream = 'edge1'): UpstreamPlan {
  return {
    upstream,
    changes: sketches.map(changeOf),
    held: [],
    conflicts: [],
    warnings: [],
    unneeded: [],
    unchanged: 0,
    owned: 1000,
    refused: undefined,
    missing: new Map(),
  };
}

/** A ledger with so many routes of each place. */
function factsOf(sizes: Readonly<Record<Place, number>>): GuardFacts {
  const routes = Object.entries(sizes).flatMap(([place, size]) =>
    Array.from({ length: size }, () => ({ origin: place === '' ? [] : [originOf(place)] })),
  );
  return {
    ledger: new Map(routes.map((route, index) => [prefixAt(index), route])),
    recent: [],
    now: 0,
  };
}

/** What goes out: `remove 2, add 1`. */
const goesOut = ({ changes }: UpstreamPlan): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(changes, ({ action }) => action)].map(([action, of]) => [action, of.length]),
  );

const heldAt = ({ held }: UpstreamPlan): readonly string[] =>
  held.map(({ change }) => prefixOf(change).text);

describe('guardPlan', () => {
  describe('by group', () => {
    const scopes = [
      ['perExternalNetwork', 'external network', 'blue x', 'green x', 'blue'],
      ['perProject', 'project', 'x blue', 'x green', 'blue'],
    ] as const;
    for (const [key, name, busy, calm, group] of scopes) {
      it(`${key} withholds the removals of the group alone`, () => {
        const plan = planOf([
          ...times(2, 'remove', busy),
          ...times(1, 'remove', calm),
          ...times(2, 'replace', busy),
          ...times(1, 'add', busy),
        ]);

        const guarded = guardPlan(
          plan,
          limitsOf({ [key]: { maxRemovals: ONE } }),
          factsOf({ [busy]: 10, [calm]: 10 }),
        );

        expect(goesOut(guarded)).to.deep.equal({ remove: 1, replace: 2, add: 1 });
        expect(heldAt(guarded)).to.deep.equal([prefixAt(0), prefixAt(1)]);
        const message = `2 removals of 10 routes of ${name} ${group} on edge1 exceed guard.${key}.maxRemovals (count 1, percent 100, free 0); ${WAY_OUT}`;
        expect(guarded.refused).to.deep.equal({ code: 'GUARD_REMOVALS', message });
        expect(guarded.held[0]?.message).to.equal(message);
      });

      it(`${key} withholds the replaces of the group alone`, () => {
        const plan = planOf([
          ...times(2, 'replace', busy),
          ...times(1, 'replace', calm),
          ...times(2, 'remove', busy),
        ]);

        const guarded = guardPlan(
          plan,
          limitsOf({ [key]: { maxReplaces: ONE } }),
          factsOf({ [busy]: 10, [calm]: 10 }),
        );

        expect(goesOut(guarded)).to.deep.equal({ replace: 1, remove: 2 });
        expect(guarded.refused?.code).to.equal('GUARD_REPLACES');
        expect(guarded.refused?.message).to.contain(`guard.${key}.maxReplaces`);
      });
    }

    const percent = { count: 1e6, percent: 50, free: 0 };
    const cases: readonly (readonly [string, number, number, Cap, boolean])[] = [
      ['the share at its limit', 5, 10, percent, false],
      ['the share beyond it', 6, 10, percent, true],
      ['all of a group: there is no rule against that', 10, 10, NO_CAP, false],
      ['a group that the ledger does not know', 1, 0, percent, true],
      ['what is free', 2, 2, { count: 0, percent: 0, free: 2 }, false],
    ];
    for (const [title, wanted, size, cap, refused] of cases) {
      it(`${refused ? 'refuses' : 'lets through'} ${title}`, () => {
        const guarded = guardPlan(
          planOf(times(wanted, 'remove', 'n blue')),
          limitsOf({ perProject: { maxRemovals: cap } }),
          factsOf({ 'n blue': size, 'n green': 100 }),
        );

        expect(guarded.refused !== undefined).to.equal(refused);
      });
    }

    it('counts a route of several origins in each group, once', () => {
      const plan = planOf([
        ...times(1, 'remove', 'n blue', 'm blue', 'n green'),
        ...times(1, 'remove', 'n blue'),
        ...times(1, 'remove', 'n green'),
        ...times(1, 'remove', 'n red'),
      ]);

      const guarded = guardPlan(plan, limitsOf({ perProject: { maxRemovals: ONE } }), factsOf({}));

      expect(heldAt(guarded)).to.deep.equal([0, 1, 2, 3].map(prefixAt));
      expect(guarded.refused?.message).to.match(
        /^2 removals of 0 .* project blue .*; 2 removals .* project green .*; 1 removals .* project red /,
      );
    });

    it('makes a group of its own of what comes from nowhere known', () => {
      const plan = planOf([...times(1, 'remove'), ...times(1, 'remove', ' blue')]);

      const guarded = guardPlan(
        plan,
        limitsOf({ perExternalNetwork: { maxRemovals: ONE } }),
        factsOf({ '': 2, ' green': 1 }),
      );

      expect(guarded.refused?.message).to.contain(
        '2 removals of 3 routes of external network unknown on edge1',
      );
    });

    it('names three groups in order and counts the rest; every change names its own', () => {
      const projects = ['e', 'c', 'a', 'd', 'b'];
      const plan = planOf(projects.flatMap((project) => times(2, 'remove', `n ${project}`)));

      const guarded = guardPlan(
        plan,
        limitsOf({ perProject: { maxRemovals: ONE } }),
        factsOf({ 'n a': 50 }),
      );

      const named = [...(guarded.refused?.message ?? '').matchAll(/project (\w)/g)];
      expect(named.map(([, project]) => project)).to.deep.equal(['a', 'b', 'c']);
      expect(guarded.refused?.message).to.match(/; and 2 more$/);
      expect(guarded.held[0]?.message).to.contain('project e ');
    });

    it('goes after the upstream’s own cap: what that holds is in no group', () => {
      const guarded = guardPlan(
        planOf(times(3, 'remove', 'n blue')),
        limitsOf({ maxRemovals: ONE, perProject: { maxRemovals: ONE } }),
        factsOf({}),
      );

      expect(guarded.refused?.message).to.equal(
        `3 removals of 1000 routes on edge1 exceed guard.maxRemovals (count 1, percent 100, free 0); ${WAY_OUT}`,
      );
    });
  });

  describe('by the hour', () => {
    const limits = limitsOf({ perHour: { removals: 5, replaces: 7 } });
    const now = 10_000_000;
    const facts: GuardFacts = {
      ledger: new Map(),
      recent: [
        { at: now - 3_600_000, removals: 100, replaces: 100 },
        { at: now - 3_599_999, removals: 1, replaces: 2 },
        { at: now - 1, removals: 2, replaces: 3 },
      ],
      now,
    };

    for (const [action, most] of [
      ['remove', 2],
      ['replace', 2],
    ] as const) {
      it(`lets ${action} through up to the limit, with what the hour had`, () => {
        const plan = planOf([...times(most, action), ...times(1, 'add')]);

        expect(guardPlan(plan, limits, facts)).to.equal(plan);
      });

      it(`withholds every ${action} beyond it, and nothing else`, () => {
        const other = action === 'remove' ? 'replace' : 'remove';
        const plan = planOf([...times(most + 1, action), ...times(1, other), ...times(1, 'add')]);

        const guarded = guardPlan(plan, limits, facts);

        expect(goesOut(guarded)).to.deep.equal({ [other]: 1, add: 1 });
        const message =
          action === 'remove'
            ? '3 removals on edge1 and 3 of the last hour exceed guard.perHour.removals (5)'
            : '3 replaces on edge1 and 5 of the last hour exceed guard.perHour.replaces (7)';
        expect(guarded.refused?.message).to.equal(`${message}; ${WAY_OUT}`);
      });
    }

    it('counts only what the groups let through', () => {
      const guarded = guardPlan(
        planOf([...times(9, 'remove', 'n blue'), ...times(2, 'remove', 'n green')]),
        limitsOf({
          perHour: { removals: 2, replaces: 0 },
          perProject: { maxRemovals: { count: 2, percent: 100, free: 2 } },
        }),
        factsOf({}),
      );

      expect(goesOut(guarded)).to.deep.equal({ remove: 2 });
    });
  });

  it('lets no group go beyond its cap, and holds nothing of the others', () => {
    const place = fc.constantFrom('n blue', 'n green', 'm blue', '');
    const sketch = fc.record({
      action: fc.constantFrom<ChangeAction>('add', 'replace', 'remove'),
      from: fc.array(place, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(sketch, { maxLength: 20 }), fc.nat(4), (sketches, count) => {
        const cap: Cap = { count, percent: 100, free: count };
        const guarded = guardPlan(
          planOf(sketches),
          limitsOf({ perProject: { maxRemovals: cap } }),
          factsOf({}),
        );

        const projectsOf = (change: RouteChange): readonly string[] => {
          const origin = change.action === 'remove' ? change.origin : change.after.origin;
          return origin.length === 0 ? [''] : [...new Set(origin.map(({ project }) => project))];
        };
        const wanted = planOf(sketches).changes.filter(({ action }) => action === 'remove');
        const isOver = (project: string): boolean =>
          wanted.filter((change) => projectsOf(change).includes(project)).length > count;
        const isHeld = (change: RouteChange): boolean =>
          change.action === 'remove' && projectsOf(change).some(isOver);
        const all = planOf(sketches).changes;
        expect(guarded.changes).to.deep.equal(all.filter((change) => !isHeld(change)));
        expect(guarded.held.map(({ change }) => change)).to.have.deep.members(all.filter(isHeld));
      }),
      { numRuns: 500 },
    );
  });
});

describe('guardRun', () => {
  const plans = [
    planOf([...times(2, 'remove'), ...times(1, 'replace'), ...times(1, 'add')], 'edge1'),
    planOf(times(3, 'add'), 'edge2'),
    planOf([...times(1, 'remove'), ...times(3, 'replace')], 'edge3'),
  ];

  it('lets everything through without limits, and up to them', () => {
    expect(guardRun(plans, {})).to.equal(plans);
    expect(guardRun(plans, { perRun: {} })).to.equal(plans);
    expect(guardRun(plans, { perRun: { removals: 3, replaces: 4 } })).to.equal(plans);
    expect(guardRun([], { perRun: { removals: 0 } })).to.deep.equal([]);
  });

  it('holds the removals of all upstreams beyond the limit, and nothing else', () => {
    const guarded = guardRun(plans, { perRun: { removals: 2 } });

    expect(guarded.map(goesOut)).to.deep.equal([
      { replace: 1, add: 1 },
      { add: 3 },
      { replace: 3 },
    ]);
    const message = `3 removals in one run (2 on edge1, 1 on edge3) exceed guard.perRun.removals (2); ${WAY_OUT}`;
    const refused = { code: 'GUARD_REMOVALS', message };
    expect(guarded.map((plan) => plan.refused)).to.deep.equal([refused, undefined, refused]);
    expect(guarded[0]?.held.map(({ code, message: why }) => [code, why])).to.deep.equal([
      ['guard', message],
      ['guard', message],
    ]);
  });

  it('adds to what an upstream’s own guard refused', () => {
    const refused = { code: 'GUARD_REMOVALS', message: 'earlier' } as const;

    const [first] = guardRun([{ ...planOf(times(2, 'replace')), refused }], {
      perRun: { replaces: 1 },
    });

    expect(first?.refused).to.deep.equal({
      code: 'GUARD_REMOVALS',
      message: `earlier; 2 replaces in one run (2 on edge1) exceed guard.perRun.replaces (1); ${WAY_OUT}`,
    });
  });
});

describe('lastHour', () => {
  it('is what lies less than an hour back, or ahead of a clock that was set back', () => {
    const runs = [-3_600_000, -3_599_999, 0, 3_599_999, 3_600_000].map((at) => ({
      at: 1e12 + at,
      removals: 1,
      replaces: 0,
    }));

    expect(lastHour(runs, 1e12)).to.deep.equal(runs.slice(1, 4));
  });
});

describe('shiftRecent', () => {
  it('moves every run by the jump of the clock', () => {
    const run = { at: 1000, removals: 1, replaces: 2 };

    expect(shiftRecent([run], 500)).to.deep.equal([{ ...run, at: 1500 }]);
    expect(shiftRecent([run], -500)).to.deep.equal([{ ...run, at: 500 }]);
  });
});
