/** What each upstream should hold against what it holds: plans that passed policy, grace, guard and confirmation. */
import type { Config } from '../config/schema.ts';
import { desiredFromLastGood, type Desired } from '../core/desired.ts';
import { guardPlan, guardRun, type GuardFacts } from '../core/guard.ts';
import type { HeldCode } from '../core/hold.ts';
import { holdAll, withoutRemovals, type Held, type UpstreamPlan } from '../core/plan.ts';
import { comparePrefixes } from '../core/prefix.ts';
import type { Reading } from '../core/removal.ts';
import { prefixOf, type DesiredRoute } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import type { OpenStackClient } from '../openstack-client-lite/index.ts';
import { describeStandby } from '../report/lines.ts';
import type { ReportedError, StandbyFacts } from '../report/report.ts';
import type { CloudView } from './cloud-view.ts';
import { confirmLosses } from './confirm.ts';
import { frozenMessage } from './frozen.ts';
import { configDigest } from './last-good.ts';
import type { Blindness, Sight } from './look.ts';
import type { OpenUpstream } from './open-upstream.ts';
import type { PushInput } from './push.ts';
import type { NumberById } from './stamps.ts';
import type { Freeze, LastGood, StateDirectory } from './state.ts';
import { atMost, attempt, next, type Step } from './steps.ts';
import { ledgerKey } from './upstream.ts';

export interface Planned extends PushInput {
  readonly networkIds: ReadonlySet<string>;
  /** Neutron's revision_number by object id. */
  readonly revisions: NumberById;
  /** What the complete cloud asks for, to be kept for days on which it cannot be read. */
  readonly fresh: LastGood | undefined;
  /** Set where the cloud did not say what to hold, and the last good state does. */
  readonly stale: Stale | undefined;
}

/** An upstream that is kept as the cloud last wanted it. */
export interface Stale {
  /** Unix milliseconds at which the cloud was last read whole. */
  readonly at: number;
  readonly because: ReportedError;
}

interface PlanContext {
  readonly deps: {
    readonly config: Config;
    readonly client: OpenStackClient;
    readonly state: StateDirectory;
    readonly now: () => number;
    readonly signal: AbortSignal;
  };
  readonly sight: Sight;
  readonly freeze: Freeze | undefined;
  readonly standby: StandbyFacts | undefined;
  readonly force: boolean;
}

/** Throws what made the cloud unreadable if no upstream at all has a last good state to go by. */
export async function planUpstreams(
  opened: readonly Step<OpenUpstream>[],
  context: PlanContext,
): Promise<readonly Step<Planned>[]> {
  const { sight, force, deps } = context;
  const steps = await atMost(deps.config.maxParallelUpstreams, opened, async (step) =>
    next(step, async (open) => planOne(open, context)),
  );
  // An upstream that has a problem of its own is told of in the report.
  if (sight.blind !== undefined && steps.every(({ error }) => error === sight.blind.cause)) {
    throw sight.blind.cause;
  }
  const capped = force ? steps : mapPlans(steps, (plans) => guardRun(plans, deps.config.guard));
  return mapPlans(capped, (plans) => plans.map((plan) => asPermitted(plan, context)));
}

/** Kept back as a whole while writes are frozen, or another agent leads. */
function asPermitted(
  plan: UpstreamPlan,
  { freeze, standby }: Pick<PlanContext, 'freeze' | 'standby'>,
): UpstreamPlan {
  if (freeze !== undefined) {
    return holdAll(plan, { code: 'frozen', message: frozenMessage(freeze) });
  }
  return standby === undefined
    ? plan
    : holdAll(plan, { code: 'standby', message: describeStandby(standby) });
}

function mapPlans(
  steps: readonly Step<Planned>[],
  change: (plans: readonly UpstreamPlan[]) => readonly UpstreamPlan[],
): readonly Step<Planned>[] {
  const values = steps.flatMap(({ value }) => value ?? []);
  const plans = change(values.map(({ plan }) => plan));
  const byValue = new Map(values.map((value, index) => [value, plans[index] ?? value.plan]));
  return steps.map((step) => {
    const plan = step.value && byValue.get(step.value);
    return step.value === undefined || plan === undefined
      ? step
      : { ...step, value: { ...step.value, plan } };
  });
}

async function planOne(open: OpenUpstream, context: PlanContext): Promise<Planned> {
  const { sight } = context;
  if (sight.blind !== undefined) {
    return planFromLastGood(open, sight.blind, context);
  }
  const { cloud } = sight;
  const step = await attempt(open.upstream, async () => planFromCloud(open, cloud, context));
  if (step.error?.code === 'CLOUD_NETWORK_UNKNOWN') {
    const { code, message } = step.error;
    return planFromLastGood(open, { code, message, cause: step.error }, context);
  }
  if (step.value === undefined) {
    throw step.error ?? new RouteSyncError('INTERNAL', 'a step has neither value nor error');
  }
  return step.value;
}

async function planFromCloud(
  open: OpenUpstream,
  cloud: CloudView,
  { deps, force }: PlanContext,
): Promise<Planned> {
  const { config, client, signal, now } = deps;
  const { upstream, state, ledger } = open;
  const view = upstream.viewOf(cloud.snapshot.externalNetworks);
  const desired = upstream.desiredFor(view, cloud.candidates, state, ledger.routes, config.policy);
  const draft = draftPlan(open, desired, { ...deps, reading: cloud.reading });
  // The guard goes first: it bounds how many objects are asked for one by one.
  const guarded = force ? draft : guardPlan(draft, config.guard, guardFacts(open, now()));
  const plan = await confirmLosses(guarded, {
    network: client.network,
    asked: cloud.network,
    eligibility: cloud.eligibility,
    candidates: cloud.candidates,
    ledger: ledger.routes,
    signal,
  });
  return {
    ...open,
    desired: desired.routes,
    plan,
    networkIds: view.networkIds,
    revisions: cloud.revisions,
    fresh: await freshState(open, { desired: desired.routes, held: plan.held, cloud }, deps),
    stale: undefined,
  };
}

/** Removals that wait for time, guard or an answer by id: until they go, their routes count as wanted. */
const UNDECIDED: ReadonlySet<HeldCode> = new Set(['grace', 'window', 'unconfirmed', 'guard']);

/** What to keep while the cloud cannot be read: a snapshot that was not believed takes nothing out of it. */
async function freshState(
  { upstream }: OpenUpstream,
  {
    desired,
    held,
    cloud,
  }: {
    readonly desired: readonly DesiredRoute[];
    readonly held: readonly Held[];
    readonly cloud: Pick<CloudView, 'wholeAt'>;
  },
  { config, state: store }: PlanContext['deps'],
): Promise<LastGood> {
  const digest = configDigest(config.policy, upstream.config);
  const undecided = new Set(
    held.flatMap(({ code, change }) =>
      change.action === 'remove' && UNDECIDED.has(code) ? [prefixOf(change).text] : [],
    ),
  );
  const last = undecided.size === 0 ? undefined : await store.readLastGood(ledgerKey(upstream));
  const kept =
    last?.configDigest === digest
      ? last.routes.filter(({ prefix }) => undecided.has(prefix.text))
      : [];
  const routes =
    kept.length === 0
      ? desired
      : [...desired, ...kept].sort((a, b) => comparePrefixes(a.prefix, b.prefix));
  return { configDigest: digest, at: cloud.wholeAt, routes };
}

async function planFromLastGood(
  open: OpenUpstream,
  { cause, code, message }: Blindness,
  { deps, force }: PlanContext,
): Promise<Planned> {
  const { config, state: store, now } = deps;
  const { upstream, state, ledger } = open;
  const { name } = upstream.config;
  const last = await store.readLastGood(ledgerKey(upstream));
  if (last === undefined) {
    throw cause;
  }
  if (last.configDigest !== configDigest(config.policy, upstream.config)) {
    throw new RouteSyncError(
      'STATE_OUTDATED',
      `the last good state of ${new Date(last.at).toISOString()} is of another policy, so it is not used while the cloud cannot be read; take the change back if lost routes must come back now`,
      { cause },
    );
  }
  const desired = desiredFromLastGood({ routes: last.routes, state, policy: config.policy });
  const draft = withoutRemovals(
    draftPlan(open, desired, { ...deps, reading: 'touched' }),
    'the cloud cannot be read, so nothing is removed',
  );
  const guarded = force ? draft : guardPlan(draft, config.guard, guardFacts(open, now()));
  return {
    ...open,
    desired: desired.routes,
    // This was no snapshot: it counts for no removal.
    plan: { ...guarded, missing: ledger.missing },
    networkIds: new Set(),
    revisions: new Map(),
    fresh: undefined,
    stale: { at: await lastGoodAt(last, name, store), because: { code, message } },
  };
}

/** The file is not written while the cloud asks for the same; the history knows when it last did. */
async function lastGoodAt({ at }: LastGood, name: string, store: StateDirectory): Promise<number> {
  const seen = (await store.readLastGoodTimes()).get(name);
  return seen === undefined ? at : Math.max(at, Date.parse(seen));
}

function draftPlan(
  { upstream, state, ledger }: OpenUpstream,
  desired: Desired,
  { config, now, reading }: PlanContext['deps'] & { readonly reading: Reading },
): UpstreamPlan {
  return upstream.planUpstream({
    reading,
    upstream: upstream.config.name,
    desired,
    state,
    mode: config.policy.mode,
    removal: config.removal,
    windows: config.removal,
    maxRoutes: upstream.config.maxRoutes,
    missing: ledger.missing,
    ledger: ledger.routes,
    now: now(),
  });
}

function guardFacts({ ledger }: OpenUpstream, now: number): GuardFacts {
  return { ledger: ledger.routes, recent: ledger.recent, now };
}
