/** What the core computes from a snapshot in memory, without any device. */
import { readSnapshot } from '../src/agent/snapshot.ts';
import { desiredFor, type Desired } from '../src/core/desired.ts';
import { judge } from '../src/core/eligibility.ts';
import { planUpstream, type PlanInput, type UpstreamPlan } from '../src/core/plan.ts';
import type { InstalledRoute, UpstreamState } from '../src/core/route.ts';
import type { Snapshot } from '../src/core/snapshot.ts';
import type { OpenStackClient } from '../src/openstack-client-lite/index.ts';
import { benchConfig } from './cycle.ts';

/** Milliseconds of one computation: for an upstream that holds nothing, and for one that holds it all. */
export interface ComputeTimes {
  readonly allToAddMs: number;
  readonly nothingToDoMs: number;
}

interface Before {
  readonly state: UpstreamState;
  readonly ledger: PlanInput['ledger'];
}

interface Computed {
  readonly ms: number;
  readonly desired: Desired;
  readonly plan: UpstreamPlan;
}

const CONFIG = benchConfig('none');
const NOTHING: Before = { state: { routes: [], addresses: [] }, ledger: new Map() };

/** The snapshot that every computation starts from. */
export async function benchSnapshot(client: OpenStackClient): Promise<Snapshot> {
  const { policy } = CONFIG;
  const { signal } = new AbortController();
  return readSnapshot({ client, policy, natModel: 'ovn', signal });
}

/** Times judge -> desiredFor -> planUpstream twice; throws unless every one of `size` prefixes comes out. */
export function timeCompute(snapshot: Snapshot, size: number): ComputeTimes {
  const first = compute(snapshot, NOTHING);
  const second = compute(snapshot, installed(first.desired));
  if (first.plan.changes.length !== size || second.plan.unchanged !== size) {
    throw new Error(
      `of ${size} prefixes ${first.plan.changes.length} were planned and ${second.plan.unchanged} found unchanged`,
    );
  }
  return { allToAddMs: first.ms, nothingToDoMs: second.ms };
}

/** The routes for an upstream that holds nothing. */
export function desiredOf(snapshot: Snapshot): Desired {
  return compute(snapshot, NOTHING).desired;
}

/** The comparison alone. */
export function planOf(state: UpstreamState, desired: Desired): UpstreamPlan {
  return plan(desired, { ...NOTHING, state });
}

function compute(snapshot: Snapshot, before: Before): Computed {
  const { policy } = CONFIG;
  const networkIds = new Set(snapshot.externalNetworks.keys());
  const start = performance.now();
  const candidates = judge({
    snapshot,
    policy,
    servedNetworks: networkIds,
    protectedAddresses: [],
  });
  const upstream = { name: 'edge', networkIds, devices: new Map() };
  const desired = desiredFor({ upstream, candidates, ...before, policy });
  const planned = plan(desired, before);
  return { ms: performance.now() - start, desired, plan: planned };
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
