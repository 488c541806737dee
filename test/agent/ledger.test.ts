/** How the ledger moves with a push: ahead of it, and behind it. */
import { expect } from 'chai';

import { aheadOf, behind, type LedgerStep } from '../../src/agent/ledger.ts';
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
  };
}

function step(
  change: Omit<Partial<LedgerStep>, 'plan'> & { plan?: Partial<UpstreamPlan> },
): LedgerStep {
  return {
    ledger: ledgerOf({}),
    state: { routes: [], addresses: [] },
    desired: [],
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

  it('is the ledger itself where nothing went', () => {
    expect(behind(ahead, [add], new Set())).to.equal(ahead);
  });
});
