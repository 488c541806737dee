import { expect } from 'chai';
import type { Conflict } from '../../src/core/conflicts.ts';
import {
  holdAll,
  planUpstream,
  withhold,
  withoutRemovals,
  type PlanInput,
  type UpstreamPlan,
} from '../../src/core/plan.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import { prefixOf, type DesiredRoute } from '../../src/core/route.ts';
import { installed, ledgerOf, stateOf } from './world.ts';

const ORIGIN = {
  router: 'a',
  subnet: 's',
  project: 'p',
  port: 'i',
  leg: 'g',
  network: 'n',
  floatingIp: '',
};

function desired(prefix: string, ...hops: readonly string[]): DesiredRoute {
  return {
    prefix: parsePrefix(prefix),
    nextHops: hops.map((hop) => ({ address: parseAddress(hop) })),
    origin: [ORIGIN],
  };
}

interface Sketch extends Partial<Omit<PlanInput, 'desired' | 'state'>> {
  readonly wanted?: readonly DesiredRoute[];
  readonly have?: PlanInput['state']['routes'];
  readonly conflicts?: readonly Conflict[];
}

/** Removes at once unless told otherwise; the ledger knows what is installed. */
function planOf({ wanted = [], have = [], conflicts = [], ...rest }: Sketch): UpstreamPlan {
  return planUpstream({
    upstream: 'edge1',
    desired: { routes: wanted, conflicts, warnings: [], unneeded: [] },
    state: stateOf(have),
    reading: 'whole',
    mode: 'sync',
    removal: { snapshots: 1, graceSeconds: 0 },
    windows: { windows: [], timezone: 'UTC' },
    maxRoutes: undefined,
    missing: new Map(),
    ledger: ledgerOf(have),
    now: 1000,
    ...rest,
  });
}

const changesOf = ({ changes }: UpstreamPlan): readonly string[] =>
  changes.map((change) => `${change.action} ${prefixOf(change).text}`);
const heldOf = ({ held }: UpstreamPlan): readonly string[] =>
  held.map(({ code, change }) => `${code}: ${change.action} ${prefixOf(change).text}`);

const A = '10.1.0.0/24';
const B = '10.2.0.0/24';
const C = '10.3.0.0/24';
const [X, Y] = ['203.0.113.10', '203.0.113.11'] as const;

describe('planUpstream', () => {
  describe('the case table', () => {
    it('adds what is wanted and not there', () => {
      const plan = planOf({ wanted: [desired(A, X)] });

      expect(plan.changes).to.deep.equal([{ action: 'add', after: desired(A, X) }]);
      expect([plan.unchanged, plan.owned, plan.refused]).to.deep.equal([0, 0, undefined]);
    });

    it('leaves alone what is as wanted', () => {
      const plan = planOf({ wanted: [desired(A, X)], have: [installed(A, [X])] });

      expect([plan.changes, plan.unchanged, plan.owned]).to.deep.equal([[], 1, 1]);
    });

    it('leaves next hops in another order alone', () => {
      const plan = planOf({ wanted: [desired(A, X, Y)], have: [installed(A, [Y, X])] });

      expect(plan.unchanged).to.equal(1);
    });

    it('replaces where the next hop differs, and says what was there', () => {
      const before = installed(A, [Y]);

      const plan = planOf({ wanted: [desired(A, X)], have: [before] });

      expect(plan.changes).to.deep.equal([{ action: 'replace', before, after: desired(A, X) }]);
    });

    it('replaces where we have several routes at one prefix, although one is right', () => {
      const have = [installed(A, [X]), installed(A, [Y])];

      for (const order of [have, have.toReversed()]) {
        const plan = planOf({ wanted: [desired(A, X)], have: order });

        expect(changesOf(plan)).to.deep.equal([`replace ${A}`]);
        expect([plan.unchanged, plan.owned]).to.deep.equal([0, 2]);
      }
    });

    it('removes what is ours and not wanted, with the origin that the ledger knows', () => {
      const before = installed(A, [X]);

      const plan = planOf({
        have: [before],
        ledger: new Map([[A, { origin: [ORIGIN], nextHops: [X] }]]),
      });

      expect(plan.changes).to.deep.equal([{ action: 'remove', before, origin: [ORIGIN] }]);
      expect(planOf({ have: [before] }).changes).to.deep.equal([
        { action: 'remove', before, origin: [] },
      ]);
    });

    it('removes every route of ours at an unwanted prefix', () => {
      const plan = planOf({ have: [installed(A, [X]), installed(A, [Y])] });

      expect(changesOf(plan)).to.deep.equal([`remove ${A}`, `remove ${A}`]);
      expect(plan.missing.size).to.equal(1);
    });

    it('never touches a foreign route, wanted or not', () => {
      const have = [installed(A, [X], 'foreign'), installed(B, [X], 'foreign')];

      const plan = planOf({ wanted: [desired(A, Y)], have });

      expect(changesOf(plan)).to.deep.equal([`add ${A}`]);
      expect(plan.owned).to.equal(0);
    });
  });

  it('sorts changes and conflicts by prefix', () => {
    const conflicts = [B, A].map((text): Conflict => ({
      code: 'foreign',
      prefix: parsePrefix(text),
      message: '',
      origin: [],
    }));

    const plan = planOf({
      wanted: [desired('2001:db8:1::/64', '2001:db8:100::1'), desired(C, X), desired(A, X)],
      have: [installed(B, [X])],
      conflicts,
    });

    expect(changesOf(plan)).to.deep.equal([
      `add ${A}`,
      `remove ${B}`,
      `add ${C}`,
      'add 2001:db8:1::/64',
    ]);
    expect(plan.conflicts.map(({ prefix }) => prefix.text)).to.deep.equal([A, B]);
  });

  describe('policy.mode', () => {
    const sketch = {
      wanted: [desired(A, X), desired(B, X)],
      have: [installed(B, [Y]), installed(C, [X])],
    };
    const cases = [
      ['sync', [`add ${A}`, `replace ${B}`, `remove ${C}`], []],
      ['upsert-only', [`add ${A}`, `replace ${B}`], [`mode: remove ${C}`]],
      ['create-only', [`add ${A}`], [`mode: replace ${B}`, `mode: remove ${C}`]],
    ] as const;
    for (const [mode, changes, held] of cases) {
      it(`${mode} permits ${changes.join(', ')}`, () => {
        const plan = planOf({ ...sketch, mode });

        expect(changesOf(plan)).to.deep.equal(changes);
        expect(heldOf(plan)).to.deep.equal(held);
      });
    }

    it('says why', () => {
      const [held] = planOf({ have: [installed(A, [X])], mode: 'upsert-only' }).held;

      expect(held?.message).to.equal('policy.mode upsert-only permits no remove');
      expect(held?.until).to.equal(undefined);
    });
  });

  describe('removal', () => {
    const removal = { snapshots: 3, graceSeconds: 60 };
    const have = [installed(A, [X])];

    it('waits for snapshots and grace, and says until when', () => {
      const plan = planOf({ have, removal });

      expect(heldOf(plan)).to.deep.equal([`grace: remove ${A}`]);
      expect(plan.held[0]?.message).to.equal('unwanted in 1 of 3 snapshots, grace 60 s');
      expect(plan.held[0]?.until).to.equal(61_000);
      expect([...plan.missing]).to.deep.equal([[A, { since: 1000, snapshots: 1 }]]);
    });

    it('comes when both are over, run by run', () => {
      let missing: PlanInput['missing'] = new Map();
      const seen = [0, 30_000, 59_999, 60_000].map((now) => {
        const plan = planOf({ have, removal, missing, now });
        ({ missing } = plan);
        return changesOf(plan).length;
      });

      expect(seen).to.deep.equal([0, 0, 0, 1]);
    });

    it('begins anew when the route was wanted in between', () => {
      const missing = new Map([[A, { since: 0, snapshots: 9 }]]);

      const wanted = planOf({ wanted: [desired(A, X)], have, removal, missing });

      expect(wanted.missing.size).to.equal(0);
      expect(heldOf(planOf({ have, removal, missing: wanted.missing }))).to.have.length(1);
    });

    it('counts on while the mode holds it', () => {
      const plan = planOf({ have, removal, mode: 'create-only' });

      expect(heldOf(plan)).to.deep.equal([`mode: remove ${A}`]);
      expect(plan.missing.size).to.equal(1);
    });

    it('does not make adds and replaces wait', () => {
      const plan = planOf({ wanted: [desired(A, Y), desired(B, X)], have, removal });

      expect(changesOf(plan)).to.deep.equal([`replace ${A}`, `add ${B}`]);
    });
  });

  describe('the ledger', () => {
    const have = [installed(A, [X])];
    const WAIT = 'taken into the ledger now, and removed at the earliest by the next cycle';
    const cases: readonly (readonly [string, readonly string[] | undefined, string | undefined])[] =
      [
        ['lets go what it knows', [X], undefined],
        ['lets go what it knows with one more next hop', [Y, X], undefined],
        ['holds what it does not know', undefined, 'carries our mark but is not in the ledger'],
        [
          'holds what it knows with other next hops',
          [Y],
          `carries our mark but has other next hops than in the ledger (${Y})`,
        ],
        [
          'holds what it knows without next hops',
          [],
          'carries our mark but has other next hops than in the ledger (none)',
        ],
      ];
    for (const [title, nextHops, message] of cases) {
      it(title, () => {
        const ledger = new Map(nextHops === undefined ? [] : [[A, { origin: [], nextHops }]]);

        const plan = planOf({ have, ledger });

        expect(plan.held.map((held) => [held.code, held.message, held.until])).to.deep.equal(
          message === undefined ? [] : [['ledger', `${message}; ${WAIT}`, undefined]],
        );
        expect(changesOf(plan)).to.deep.equal(message === undefined ? [`remove ${A}`] : []);
      });
    }

    it('must know every next hop of the route', () => {
      const ledger = new Map([[A, { origin: [], nextHops: [X] }]]);

      expect(heldOf(planOf({ have: [installed(A, [X, Y])], ledger }))).to.deep.equal([
        `ledger: remove ${A}`,
      ]);
    });

    it('lets a route without next hops go by its prefix', () => {
      const ledger = new Map([[A, { origin: [], nextHops: [] }]]);

      expect(heldOf(planOf({ have: [installed(A, [])], ledger }))).to.deep.equal([]);
      expect(heldOf(planOf({ have: [installed(A, [])], ledger: new Map() }))).to.have.length(1);
    });

    it('holds one of two routes at a prefix, and lets the known one go', () => {
      const two = [installed(A, [X]), installed(A, [Y])];
      const plan = planOf({ have: two, ledger: new Map([[A, { origin: [], nextHops: [X] }]]) });

      expect([changesOf(plan), heldOf(plan)]).to.deep.equal([
        [`remove ${A}`],
        [`ledger: remove ${A}`],
      ]);
    });

    it('comes after the mode and before the grace time, and the snapshots count on', () => {
      const removal = { snapshots: 2, graceSeconds: 60 };
      const plan = planOf({ have, removal, ledger: new Map() });

      expect(heldOf(plan)).to.deep.equal([`ledger: remove ${A}`]);
      expect(plan.missing.get(A)?.snapshots).to.equal(1);
      expect(heldOf(planOf({ have, mode: 'upsert-only', ledger: new Map() }))).to.deep.equal([
        `mode: remove ${A}`,
      ]);
    });

    it('holds neither adds nor replaces', () => {
      const plan = planOf({ wanted: [desired(A, Y), desired(B, X)], have, ledger: new Map() });

      expect(changesOf(plan)).to.deep.equal([`replace ${A}`, `add ${B}`]);
    });
  });

  describe('the windows', () => {
    const have = [installed(A, [X])];
    // 1000 ms after the epoch: Thursday 00:00:01 UTC.
    const windows = { windows: [{ from: '01:30', to: '02:00' }], timezone: 'UTC' };

    it('hold removals until the next one opens', () => {
      const plan = planOf({ have, windows });

      expect(changesOf(plan)).to.deep.equal([]);
      expect(plan.held.map(({ code, message, until }) => [code, message, until])).to.deep.equal([
        ['window', 'outside removal.windows', 90 * 60_000],
      ]);
    });

    it('let removals go while one is open', () => {
      expect(heldOf(planOf({ have, windows, now: 90 * 60_000 }))).to.deep.equal([]);
    });

    it('come after the grace time', () => {
      const removal = { snapshots: 2, graceSeconds: 60 };

      expect(heldOf(planOf({ have, windows, removal }))).to.deep.equal([`grace: remove ${A}`]);
    });

    it('hold neither adds nor replaces', () => {
      const plan = planOf({ wanted: [desired(A, Y), desired(B, X)], have, windows });

      expect(changesOf(plan)).to.deep.equal([`replace ${A}`, `add ${B}`]);
    });
  });

  describe('maxRoutes', () => {
    const wanted = [desired(A, X), desired(B, X), desired(C, X)];

    it('holds the adds beyond it, the highest prefixes first', () => {
      const plan = planOf({ wanted, maxRoutes: 2 });

      expect(changesOf(plan)).to.deep.equal([`add ${A}`, `add ${B}`]);
      expect(heldOf(plan)).to.deep.equal([`max-routes: add ${C}`]);
      expect(plan.held[0]?.message).to.equal('maxRoutes 2 is reached');
    });

    it('counts what is installed, also what is about to go', () => {
      const plan = planOf({ wanted, have: [installed('10.0.0.0/24', [X])], maxRoutes: 2 });

      expect(changesOf(plan)).to.deep.equal(['remove 10.0.0.0/24', `add ${A}`]);
    });

    it('holds nothing but adds, also when there are too many already', () => {
      const have = [installed(A, [Y]), installed(B, [X]), installed('10.9.0.0/24', [X])];

      const plan = planOf({ wanted, have, maxRoutes: 1 });

      expect(changesOf(plan)).to.deep.equal([`replace ${A}`, 'remove 10.9.0.0/24']);
      expect(heldOf(plan)).to.deep.equal([`max-routes: add ${C}`]);
    });

    it('lets exactly as many through', () => {
      expect(planOf({ wanted, maxRoutes: 3 }).held).to.deep.equal([]);
    });
  });
});

describe('withhold', () => {
  it('moves changes to the held ones, sorted among those that were held before', () => {
    const plan = planOf({
      wanted: [desired(A, X), desired(C, X)],
      have: [installed(B, [X])],
      mode: 'upsert-only',
    });

    const held = withhold(plan, (change) =>
      prefixOf(change).text === A ? { code: 'guard', message: '', until: undefined } : undefined,
    );

    expect(changesOf(held)).to.deep.equal([`add ${C}`]);
    expect(heldOf(held)).to.deep.equal([`guard: add ${A}`, `mode: remove ${B}`]);
  });
});

const MIXED = {
  wanted: [desired(A, X), desired(B, X)],
  have: [installed(B, [Y]), installed(C, [X])],
};

describe('holdAll', () => {
  it('holds every change, with the reason', () => {
    const plan = holdAll(planOf(MIXED), { code: 'frozen', message: 'frozen by root' });

    expect(changesOf(plan)).to.deep.equal([]);
    expect(heldOf(plan)).to.deep.equal([
      `frozen: add ${A}`,
      `frozen: replace ${B}`,
      `frozen: remove ${C}`,
    ]);
    expect([plan.held[0]?.message, plan.held[0]?.until]).to.deep.equal([
      'frozen by root',
      undefined,
    ]);
  });
});

describe('withoutRemovals', () => {
  it('holds the removals alone, with the reason', () => {
    const plan = withoutRemovals(planOf(MIXED), 'no cloud');

    expect(changesOf(plan)).to.deep.equal([`add ${A}`, `replace ${B}`]);
    expect(heldOf(plan)).to.deep.equal([`frozen: remove ${C}`]);
    expect([plan.held[0]?.message, plan.held[0]?.until]).to.deep.equal(['no cloud', undefined]);
  });
});
