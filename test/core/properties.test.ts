/** What must hold for every cloud, every upstream and every policy: from candidates to the applied plan. */
import { expect } from 'chai';
import fc from 'fast-check';
import { desiredFor, desiredFromLastGood, type Desired } from '../../src/core/desired.ts';
import { planUpstream, type UpstreamPlan } from '../../src/core/plan.ts';
import type { Policy, PolicyMode } from '../../src/core/policy.ts';
import { overlaps, type Prefix } from '../../src/core/prefix.ts';
import {
  prefixOf,
  type InstalledRoute,
  type RouteChange,
  type UpstreamState,
} from '../../src/core/route.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { changeToJson, digestOf } from '../../src/report/json.ts';
import { tenantPrefix } from './arbitraries.ts';
import {
  cloudOf,
  installed,
  judged,
  ledgerOf,
  PARTNER,
  policyOf,
  PUBLIC,
  stateOf,
  type RouterSketch,
} from './world.ts';

const RUNS = { numRuns: 300 };

const IDS = ['a', 'b', 'c', 'd'] as const;

/** Like Neutron, gives no address to two routers, and lets no subnets of one router overlap. */
function sketchOf(id: (typeof IDS)[number]): fc.Arbitrary<RouterSketch> {
  const n = IDS.indexOf(id);
  return fc
    .record({
      id: fc.constant(id),
      gateways: fc.subarray([
        [`203.0.113.1${n}`, `2001:db8:100::1${n}`],
        [`203.0.113.2${n}`],
        [`203.0.113.3${n}`, `203.0.113.4${n}`, `2001:db8:100::3${n}`],
        [`198.51.100.1${n}`],
      ]),
      legs: fc.subarray([
        [n === 0 ? '203.0.113.1' : `203.0.113.5${n}`],
        [`198.51.100.5${n}`],
        [`2001:db8:100::5${n}`],
      ]),
      subnets: fc.array(tenantPrefix, { maxLength: 3 }),
      routes: fc.array(
        fc.tuple(
          tenantPrefix.map(({ text }) => text),
          fc.constantFrom('10.1.0.7', '10.1.1.7', '2001:db8:1::7'),
        ),
        { maxLength: 2 },
      ),
      enableSnat: fc.boolean(),
      adminStateUp: fc.constantFrom(true, true, true, false),
    })
    .map((sketch) => ({ ...sketch, subnets: disjoint(sketch.subnets).map(({ text }) => text) }));
}

function disjoint(prefixes: readonly Prefix[]): readonly Prefix[] {
  return prefixes.filter(
    (prefix, index) => !prefixes.slice(0, index).some((earlier) => overlaps(earlier, prefix)),
  );
}

const sketches = fc.subarray([...IDS]).chain((ids) => fc.tuple(...ids.map((id) => sketchOf(id))));

const route: fc.Arbitrary<InstalledRoute> = fc
  .tuple(
    tenantPrefix,
    fc.constantFrom('203.0.113.10', '203.0.113.51', '2001:db8:100::11', '192.0.2.9'),
    fc.constantFrom('ours', 'foreign'),
  )
  .filter(([{ family }, hop]) => (family === 6) === hop.includes(':'))
  .map(([{ text }, hop, mark]) => installed(text, [hop], mark));

const state: fc.Arbitrary<UpstreamState> = fc
  .tuple(
    fc.array(route, { maxLength: 8 }),
    fc.subarray([
      ['203.0.113.1', '203.0.113.0/24'],
      ['10.1.2.1', '10.1.2.0/24'],
    ] as const),
  )
  .map(([routes, addresses]) => stateOf(routes, addresses));

interface World {
  readonly snapshot: Snapshot;
  readonly state: UpstreamState;
  readonly ecmp: boolean;
  readonly foreignOverlap: 'warn' | 'refuse';
  readonly foreignCovering: 'ignore' | 'warn' | 'refuse';
  readonly natModel: 'ovs' | 'ovn';
}

const world: fc.Arbitrary<World> = fc
  .record({
    sketches,
    state,
    ecmp: fc.boolean(),
    foreignOverlap: fc.constantFrom('warn', 'refuse'),
    foreignCovering: fc.constantFrom('ignore', 'warn', 'refuse'),
    natModel: fc.constantFrom('ovs', 'ovn'),
  })
  .map(({ sketches, ...rest }) => ({
    ...rest,
    snapshot: cloudOf(sketches, { natModel: rest.natModel }),
  }));

interface Outcome {
  readonly desired: Desired;
  readonly plan: UpstreamPlan;
  readonly policy: Policy;
}

function outcomeOf(given: World, mode: PolicyMode = 'sync'): Outcome {
  const { ecmp, foreignOverlap, foreignCovering, snapshot, state } = given;
  const policy = policyOf({ ecmp, foreignOverlap, foreignCovering, extraRoutes: true, mode });
  const ledger = ledgerOf(state.routes);
  const desired = desiredFor({
    upstream: { name: 'edge1', networkIds: new Set([PUBLIC, PARTNER]), devices: new Map() },
    candidates: judged(snapshot, policy),
    state,
    ledger,
    policy,
  });
  const plan = planUpstream({
    upstream: 'edge1',
    desired,
    state,
    mode,
    removal: { snapshots: 1, graceSeconds: 0 },
    windows: { windows: [], timezone: 'UTC' },
    maxRoutes: undefined,
    missing: new Map(),
    ledger,
    now: 0,
    reading: 'whole',
  });
  return { desired, plan, policy };
}

/** What a router makes of the changes: a replace leaves exactly the new route of ours. */
function applied(
  changes: readonly RouteChange[],
  { routes, addresses }: UpstreamState,
): UpstreamState {
  const touched = new Set(changes.map((change) => prefixOf(change).text));
  const kept = routes.filter(({ owned, prefix }) => !owned || !touched.has(prefix.text));
  const made = changes.flatMap((change) =>
    change.action === 'remove'
      ? []
      : [
          installed(
            change.after.prefix.text,
            change.after.nextHops.map(({ address }) => address),
          ),
        ],
  );
  return { routes: [...kept, ...made], addresses };
}

const asText = ({ prefix, nextHops }: Pick<InstalledRoute, 'prefix' | 'nextHops'>): string =>
  `${prefix.text} via ${nextHops.map(({ address }) => address).join(' ')}`;
const changesOf = ({ plan }: Outcome): readonly string[] =>
  plan.changes.map((change) => JSON.stringify(changeToJson(change)));

describe('the way from the cloud to the plan', () => {
  it('ends with the desired routes as ours, and the foreign ones unchanged', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { desired, plan } = outcomeOf(given);

        const after = applied(plan.changes, given.state);

        const ours = after.routes.filter(({ owned }) => owned);
        expect(ours.map(asText).sort()).to.deep.equal(desired.routes.map(asText).sort());
        expect(after.routes.filter(({ owned }) => !owned)).to.deep.equal(
          given.state.routes.filter(({ owned }) => !owned),
        );
      }),
      RUNS,
    );
  });

  it('finds nothing to do after its own work: no route flaps', () => {
    fc.assert(
      fc.property(world, (given) => {
        const first = outcomeOf(given);
        const after = applied(first.plan.changes, given.state);

        const second = outcomeOf({ ...given, state: after });

        expect(second.plan.changes).to.deep.equal([]);
        expect(second.plan.unchanged).to.equal(first.desired.routes.length);
      }),
      RUNS,
    );
  });

  it('wants of its own last good state what it wanted, and finds nothing to do', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { desired, plan, policy } = outcomeOf(given);
        const after = applied(plan.changes, given.state);

        const { routes } = desiredFromLastGood({ routes: desired.routes, state: after, policy });

        expect(routes).to.deep.equal(desired.routes);
      }),
      RUNS,
    );
  });

  it('gives the same changes, conflicts and digest for any order of the input', () => {
    const shuffled = world.chain((given) =>
      fc
        .record({
          routers: shuffle(
            given.snapshot.routers.map((router) => ({
              ...router,
              extraRoutes: router.extraRoutes.toReversed(),
              gateways: router.gateways.toReversed(),
            })),
          ),
          interfacePorts: shuffle(given.snapshot.interfacePorts),
          gatewayPorts: shuffle(given.snapshot.gatewayPorts),
          subnets: shuffle([...given.snapshot.subnets]),
          routes: shuffle(given.state.routes),
        })
        .map(({ routes, subnets, ...lists }): readonly [World, World] => [
          given,
          {
            ...given,
            snapshot: { ...given.snapshot, ...lists, subnets: new Map(subnets) },
            state: { ...given.state, routes },
          },
        ]),
    );
    const wholeOf = (given: World): string => {
      const { plan, desired } = outcomeOf(given);
      const digest = digestOf({ upstreams: [reported(plan)] });
      const [changes, held] = [plan.changes.map(changeToJson), plan.held];
      return JSON.stringify([digest, changes, held, plan.conflicts, plan.warnings, desired], plain);
    };
    fc.assert(
      fc.property(shuffled, ([forth, back]) => {
        expect(wholeOf(back)).to.equal(wholeOf(forth));
      }),
      RUNS,
    );
  });

  it('never names a foreign route in a change', () => {
    fc.assert(
      fc.property(world, (given) => {
        for (const change of outcomeOf(given).plan.changes) {
          expect(change.action === 'add' || change.before.owned).to.equal(true);
        }
      }),
      RUNS,
    );
  });

  it('never adds at a prefix that a foreign route holds', () => {
    fc.assert(
      fc.property(world, (given) => {
        const foreign = new Set(
          given.state.routes.filter(({ owned }) => !owned).map(({ prefix }) => prefix.text),
        );
        const { changes } = outcomeOf(given).plan;

        for (const change of changes.filter(({ action }) => action === 'add')) {
          expect(foreign.has(prefixOf(change).text)).to.equal(false);
        }
      }),
      RUNS,
    );
  });

  it('permits create-only less than upsert-only, and that less than sync', () => {
    fc.assert(
      fc.property(world, (given) => {
        const sync = changesOf(outcomeOf(given, 'sync'));
        const upsertOnly = changesOf(outcomeOf(given, 'upsert-only'));
        const createOnly = changesOf(outcomeOf(given, 'create-only'));

        expect(sync).to.include.members([...upsertOnly]);
        expect(upsertOnly).to.include.members([...createOnly]);
      }),
      RUNS,
    );
  });

  it('wants no prefix twice, and no overlapping ones of different routers', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { routes } = outcomeOf(given).desired;
        const routersOf = (index: number): string =>
          [...new Set(routes[index]?.origin.map(({ router }) => router))].sort().join();

        expect(new Set(routes.map(({ prefix }) => prefix.text)).size).to.equal(routes.length);
        routes.forEach((a, i) =>
          routes.forEach((b, j) => {
            const clash = i < j && overlaps(a.prefix, b.prefix) && routersOf(i) !== routersOf(j);
            expect(clash).to.equal(false);
          }),
        );
      }),
      RUNS,
    );
  });
});

function shuffle<T>(items: readonly T[]): fc.Arbitrary<readonly T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}

function reported(plan: UpstreamPlan): Parameters<typeof digestOf>[0]['upstreams'][number] {
  return {
    name: 'edge1',
    os: 'linux',
    description: '',
    error: undefined,
    networkIds: new Set(),
    plan,
    counts: undefined,
    stale: undefined,
    result: undefined,
  };
}

/** JSON has no bigints. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
