/** How the ledger moves with a push: ahead of it, and behind it. */
import { expect } from 'chai';

import { aheadOf, behind, withClock, type LedgerStep } from '../../src/agent/ledger.ts';
import type { UpstreamLedger } from '../../src/agent/state.ts';
import type { UpstreamPlan } from '../../src/core/plan.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { DesiredRoute, InstalledRoute, Origin, RouteChange } from '../../src/core/route.ts';

function origin(router: string): readonly Origin[] {
  return [{ router, subnet: 's', project: 'p', port: 'i', leg: 'g', network: 'n', floatingIp: '' }];
}

function desired(prefix: string, router = 'r1'): DesiredRoute {
  const nextHops = [{ address: parseAddress('203.0.113.5') }];
  return { prefix: parsePrefix(prefix), nextHops, origin: origin(router) };
}

function installed(prefix: string, owned = true): InstalledRoute {
  const { nextHops } = desired(prefix);
  return { prefix: parsePrefix(prefix), nextHops, owned, kind: 'static', description: '' };
}

const PLAN: UpstreamPlan = {
  upstream: 'edge1',
  changes: [],
  held: [],
  conflicts: [],
  warnings: [],
  unneeded: [],
  unchanged: 0,
  owned: 0,
  refused: undefined,
  missing: new Map(),
};

const CLOCK = { wall: 10_000_000, uptime: 1000, boot: 'b' };

const A = '198.51.100.0/27';
const B = '198.51.100.32/27';

function ledgerOf(routes: Readonly<Record<string, string>>): UpstreamLedger {
  return {
    routes: new Map(
      Object.entries(routes).map(([prefix, router]) => [
        prefix,
        { origin: origin(router), nextHops: ['203.0.113.5'] },
      ]),
    ),
    missing: new Map(),
    recent: [],
    clock: undefined,
  };
}

function step(
  change: Omit<Partial<LedgerStep>, 'plan'> & { plan?: Partial<UpstreamPlan> },
): LedgerStep {
  return {
    ledger: ledgerOf({}),
    state: { routes: [], addresses: [] },
    desired: [],
    clock: CLOCK,
    ...change,
    plan: { ...PLAN, ...change.plan },
  };
}

/** Router by prefix. */
function routersIn({ routes }: UpstreamLedger): object {
  return Object.fromEntries(
    [...routes].map(([prefix, entry]) => [prefix, entry.origin[0]?.router ?? 'unknown']),
  );
}

describe('aheadOf', () => {
  it('names a route before it is added', () => {
    const changes: readonly RouteChange[] = [{ action: 'add', after: desired(A) }];

    const ahead = aheadOf(step({ plan: { changes }, desired: [desired(A)] }));

    expect(routersIn(ahead)).to.deep.equal({ [A]: 'r1' });
  });

  it('keeps the origin of a route that is to be removed, and the record of its absence', () => {
    const missing = new Map([[A, { since: 1, snapshots: 2 }]]);
    const changes: readonly RouteChange[] = [
      { action: 'remove', before: installed(A), origin: origin('r1') },
    ];
    const state = { routes: [installed(A)], addresses: [] };

    const ahead = aheadOf(
      step({ ledger: ledgerOf({ [A]: 'r1' }), state, plan: { changes, missing, owned: 1 } }),
    );

    expect(routersIn(ahead)).to.deep.equal({ [A]: 'r1' });
    expect(ahead.missing).to.equal(missing);
  });

  it('is the old ledger itself when nothing changes, so that nothing is written', () => {
    const ledger = ledgerOf({ [A]: 'r1' });
    const state = { routes: [installed(A), installed(B, false)], addresses: [] };

    const ahead = aheadOf(
      step({ ledger, state, desired: [desired(A)], plan: { owned: 1, unchanged: 1 } }),
    );

    expect(ahead).to.equal(ledger);
  });

  it('drops a route that went without us, and takes up one that it did not know', () => {
    const state = { routes: [installed(B)], addresses: [] };

    const ahead = aheadOf(
      step({
        ledger: ledgerOf({ [A]: 'r1' }),
        state,
        desired: [desired(B, 'r2')],
        plan: { owned: 1, unchanged: 1 },
      }),
    );

    expect(routersIn(ahead)).to.deep.equal({ [B]: 'r2' });
  });

  it('follows a new router that took over prefix and next hop of the old one', () => {
    const state = { routes: [installed(A)], addresses: [] };

    const ahead = aheadOf(
      step({
        ledger: ledgerOf({ [A]: 'old' }),
        state,
        desired: [desired(A, 'new')],
        plan: { owned: 1, unchanged: 1 },
      }),
    );

    expect(routersIn(ahead)).to.deep.equal({ [A]: 'new' });
  });

  it('never takes up a foreign route', () => {
    const state = { routes: [installed(A, false)], addresses: [] };

    expect(routersIn(aheadOf(step({ state, ledger: ledgerOf({ [B]: 'r1' }) })))).to.deep.equal({});
  });
});

describe('aheadOf, counted', () => {
  const removal: RouteChange = { action: 'remove', before: installed(A), origin: origin('r1') };
  const HOUR = 3_600_000;

  it('counts removals and replaces of this run, and forgets what is older than an hour', () => {
    const recent = [
      { at: CLOCK.wall - HOUR - 1, removals: 7, replaces: 7 },
      { at: CLOCK.wall - 1000, removals: 1, replaces: 0 },
    ];
    const ledger = { ...ledgerOf({ [A]: 'r1' }), recent };
    const state = { routes: [installed(A)], addresses: [] };

    const ahead = aheadOf(step({ ledger, state, plan: { changes: [removal], owned: 1 } }));

    expect(ahead.recent).to.deep.equal([recent[1], { at: CLOCK.wall, removals: 1, replaces: 0 }]);
    expect(ahead.clock).to.equal(CLOCK);
  });

  it('names all next hops of several routes of ours at one prefix', () => {
    const other = { ...installed(A), nextHops: [{ address: parseAddress('203.0.113.9') }] };
    const state = { routes: [installed(A), other], addresses: [] };

    const ahead = aheadOf(step({ state, plan: { owned: 2 } }));

    expect(ahead.routes.get(A)?.nextHops.toSorted()).to.deep.equal(['203.0.113.5', '203.0.113.9']);
  });
});

describe('withClock', () => {
  const written = { wall: 1_000_000, uptime: 500_000, boot: 'b' };
  const ledger: UpstreamLedger = {
    ...ledgerOf({}),
    missing: new Map([[A, { since: 900_000, snapshots: 2 }]]),
    recent: [{ at: 990_000, removals: 1, replaces: 0 }],
    clock: written,
  };

  it('is the ledger itself while the clock goes as it should', () => {
    const later = { wall: 1_060_000, uptime: 560_000, boot: 'b' };

    expect(withClock(ledger, later)).to.equal(ledger);
  });

  it('moves kept times with a clock that was set', () => {
    const jumped = { wall: 1_060_000 + 3_600_000, uptime: 560_000, boot: 'b' };

    const moved = withClock(ledger, jumped);

    expect(moved.missing.get(A)).to.deep.equal({ since: 4_500_000, snapshots: 2 });
    expect(moved.recent).to.deep.equal([{ at: 4_590_000, removals: 1, replaces: 0 }]);
  });
});

describe('behind', () => {
  const add: RouteChange = { action: 'add', after: desired(A) };
  const removal: RouteChange = { action: 'remove', before: installed(B), origin: origin('r2') };
  const ahead: UpstreamLedger = {
    ...ledgerOf({ [A]: 'r1', [B]: 'r2' }),
    missing: new Map([[B, { since: 1, snapshots: 2 }]]),
  };

  it('forgets what was removed, with the record of its absence', () => {
    const after = behind(ahead, [add, removal], new Set());

    expect(routersIn(after)).to.deep.equal({ [A]: 'r1' });
    expect(after.missing.size).to.equal(0);
  });

  it('keeps a removal that failed and forgets an add that failed', () => {
    const after = behind(ahead, [add, removal], new Set([add, removal]));

    expect(routersIn(after)).to.deep.equal({ [B]: 'r2' });
    expect(after.missing.size).to.equal(1);
  });

  it('takes what failed out of the count of the hour', () => {
    const recent = [
      { at: 1, removals: 5, replaces: 0 },
      { at: 2, removals: 1, replaces: 1 },
    ];
    const counted = { ...ahead, recent };
    const replace: RouteChange = { action: 'replace', before: installed(A), after: desired(A) };

    expect(behind(counted, [replace, removal], new Set([replace])).recent).to.deep.equal([
      recent[0],
      { at: 2, removals: 1, replaces: 0 },
    ]);
    expect(behind(counted, [replace, removal], new Set([replace, removal])).recent).to.deep.equal(
      recent.slice(0, 1),
    );
    expect(behind(counted, [add], new Set([add])).recent).to.equal(recent);
  });

  it('is the ledger itself where nothing went', () => {
    expect(behind(ahead, [add], new Set())).to.equal(ahead);
  });
});
