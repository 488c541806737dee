/** What the core computes from a snapshot in memory, without any device. */
import { readSnapshot } from '../src/agent/snapshot.ts';
import { listPairs } from '../src/core/candidates.ts';
import { desiredFor, type Desired } from '../src/core/desired.ts';
import { type Candidate, judge } from '../src/core/eligibility.ts';
import { routerSides } from '../src/core/legs.ts';
import { planUpstream, type PlanInput, type UpstreamPlan } from '../src/core/plan.ts';
import type { InstalledRoute, UpstreamState } from '../src/core/route.ts';
import type { Snapshot } from '../src/core/snapshot.ts';
import type { OpenStackClient } from '../src/openstack-client-lite/index.ts';
import type { STAGES } from './compute-section.ts';
import { benchConfig } from './cycle.ts';

/** Milliseconds. */
export type StageTimes = Readonly<Record<(typeof STAGES)[number], number>>;

interface Before {
  readonly state: UpstreamState;
  readonly ledger: PlanInput['ledger'];
}

const CONFIG = benchConfig('none');
const NOTHING: Before = { state: { routes: [], addresses: [] }, ledger: new Map() };

/** The snapshot that every computation starts from. */
export async function benchSnapshot(client: OpenStackClient): Promise<Snapshot> {
  const { policy } = CONFIG;
  const { signal } = new AbortController();
  return readSnapshot({ client, policy, natModel: 'ovn', signal });
}

/** Times each stage once; throws unless every one of `size` prefixes comes out. */
export function timeStages(snapshot: Snapshot, size: number): StageTimes {
  const { policy } = CONFIG;
  const pairs = timed(() => listPairs(snapshot, routerSides(snapshot), policy));
  const judged = timed(() => judgeAll(snapshot));
  const desired = timed(() => arbitrated(snapshot, judged.value, NOTHING));
  const adds = timed(() => plan(desired.value, NOTHING));
  const before = installed(desired.value);
  const settled = arbitrated(snapshot, judged.value, before);
  const nothing = timed(() => plan(settled, before));
  const counts = [pairs.value.length, adds.value.changes.length, nothing.value.unchanged];
  if (counts.some((count) => count !== size)) {
    throw new Error(
      `of ${size} prefixes ${counts.join(', ')} became candidates, were planned, and found unchanged`,
    );
  }
  return {
    candidates: pairs.ms,
    // Judging lists the pairs itself.
    policy: Math.max(judged.ms - pairs.ms, 0),
    conflicts: desired.ms,
    diffAll: adds.ms,
    diffNothing: nothing.ms,
  };
}

/** The routes for an upstream that holds nothing. */
export function desiredOf(snapshot: Snapshot): Desired {
  return arbitrated(snapshot, judgeAll(snapshot), NOTHING);
}

/** The comparison alone. */
export function planOf(state: UpstreamState, desired: Desired): UpstreamPlan {
  return plan(desired, { ...NOTHING, state });
}

function timed<T>(work: () => T): { readonly ms: number; readonly value: T } {
  const start = performance.now();
  const value = work();
  return { ms: performance.now() - start, value };
}

function judgeAll(snapshot: Snapshot): readonly Candidate[] {
  const servedNetworks = new Set(snapshot.externalNetworks.keys());
  return judge({ snapshot, policy: CONFIG.policy, servedNetworks, protectedAddresses: [] });
}

function arbitrated(
  { externalNetworks }: Snapshot,
  candidates: readonly Candidate[],
  before: Before,
): Desired {
  const networkIds = new Set(externalNetworks.keys());
  const upstream = { name: 'edge', networkIds, devices: new Map() };
  return desiredFor({ upstream, candidates, ...before, policy: CONFIG.policy });
}

function plan(desired: Desired, before: Before): UpstreamPlan {
  return planUpstream({
    upstream: 'edge',
    desired,
    ...before,
    mode: CONFIG.policy.mode,
    removal: CONFIG.removal,
    windows: CONFIG.removal,
    maxRoutes: undefined,
    missing: new Map(),
    now: 0,
    reading: 'whole',
  });
}

function installed({ routes }: Desired): Before {
  const held = routes.map(({ prefix, nextHops }): InstalledRoute => ({
    prefix,
    nextHops,
    owned: true,
    kind: 'static',
    description: '',
  }));
  return {
    state: { routes: held, addresses: [] },
    ledger: new Map(
      routes.map(({ prefix, origin, nextHops }) => [
        prefix.text,
        { origin, nextHops: nextHops.map(({ address }) => address) },
      ]),
    ),
  };
}
