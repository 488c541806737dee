/** One round, from what the upstreams hold to what they hold afterwards. Device first, cloud second. */
import type { Config } from '../config/schema.ts';
import { checksOf } from '../core/eligibility.ts';
import { compareCandidates } from '../core/claims.ts';
import { guardPlan } from '../core/guard.ts';
import { RouteSyncError } from '../errors.ts';
import type { OpenStackClient } from '../openstack-client-lite/index.ts';
import { digestOf } from '../report/json.ts';
import type { Report, UpstreamReport } from '../report/report.ts';
import { readCloud, type CloudView } from './cloud-view.ts';
import { confirmLosses } from './confirm.ts';
import { openUpstream, type OpenUpstream } from './open-upstream.ts';
import { pushPlan, type PushInput } from './push.ts';
import type { StateDirectory } from './state.ts';
import { describeUpstream, type Upstream } from './upstream.ts';
import type { Lock } from './lock.ts';

export interface CycleDeps {
  readonly config: Config;
  readonly upstreams: readonly Upstream[];
  readonly client: OpenStackClient;
  readonly state: StateDirectory;
  /** Undefined in a dry run: nothing is written, so nobody needs to be kept out. */
  readonly lock: ((upstream: Upstream) => Promise<Lock>) | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Ends the cycle as long as nothing was pushed; a push that has begun is finished. */
  readonly signal: AbortSignal;
}

export interface CycleOptions {
  readonly run: string;
  /** False: plan only. */
  readonly push: boolean;
  /** Past the guard, once. */
  readonly force: boolean;
  /** Report every check of every candidate. */
  readonly verbose: boolean;
  /** The digest of a reviewed plan; any other plan is refused. */
  readonly reviewed: string | undefined;
}

/** Rejects when the cloud cannot be read whole; what goes wrong on one upstream is in the report. */
export async function runCycle(deps: CycleDeps, options: CycleOptions): Promise<Report> {
  const opened = await Promise.all(
    deps.upstreams.map(async (upstream) =>
      attempt(upstream, async () => openUpstream(upstream, deps)),
    ),
  );
  try {
    const cloud = await readCloud(deps);
    const planned = await Promise.all(
      opened.map(async (step) => next(step, async (open) => plan(open, { deps, cloud, options }))),
    );
    const report = reportOf(planned, { deps, cloud, options });
    if (options.reviewed !== undefined && options.reviewed !== digestOf(report)) {
      throw stalePlan(options.reviewed, digestOf(report));
    }
    return options.push ? await push(planned, report, deps) : report;
  } finally {
    await Promise.all(opened.map(async (step) => step.value?.lock?.release()));
  }
}

/** One upstream on its way through the cycle: an error ends its way and nobody else's. */
interface Step<T> {
  readonly upstream: Upstream;
  readonly value: T | undefined;
  readonly error: RouteSyncError | undefined;
}

interface Planned extends PushInput {
  readonly networkIds: ReadonlySet<string>;
}

interface Context {
  readonly deps: CycleDeps;
  readonly cloud: CloudView;
  readonly options: CycleOptions;
}

async function attempt<T>(upstream: Upstream, work: () => Promise<T>): Promise<Step<T>> {
  try {
    return { upstream, value: await work(), error: undefined };
  } catch (error) {
    if (error instanceof RouteSyncError) {
      return { upstream, value: undefined, error };
    }
    throw error;
  }
}

async function next<A, B>(step: Step<A>, work: (value: A) => Promise<B>): Promise<Step<B>> {
  const { upstream, value, error } = step;
  return value === undefined
    ? { upstream, value: undefined, error }
    : attempt(upstream, async () => work(value));
}

async function plan(open: OpenUpstream, { deps, cloud, options }: Context): Promise<Planned> {
  const { config, client, signal } = deps;
  const { upstream, state, ledger } = open;
  const view = upstream.viewOf(cloud.snapshot.externalNetworks);
  const desired = upstream.desiredFor(view, cloud.candidates, state, ledger.routes, config.policy);
  const draft = upstream.planUpstream({
    upstream: upstream.config.name,
    desired,
    state,
    mode: config.policy.mode,
    removal: config.removal,
    maxRoutes: upstream.config.maxRoutes,
    missing: ledger.missing,
    ledger: ledger.routes,
    now: deps.now(),
  });
  // The guard goes first: it bounds how many objects are asked for one by one.
  const guarded = options.force ? draft : guardPlan(draft, config.guard);
  const plan = await confirmLosses(guarded, {
    network: client.network,
    eligibility: cloud.eligibility,
    candidates: cloud.candidates,
    ledger: ledger.routes,
    signal,
  });
  return { ...open, desired: desired.routes, plan, networkIds: view.networkIds };
}

async function push(
  planned: readonly Step<Planned>[],
  report: Report,
  { state, signal }: CycleDeps,
): Promise<Report> {
  signal.throwIfAborted();
  const uninterrupted = new AbortController().signal;
  const upstreams = planned.map(async (step, index): Promise<UpstreamReport[]> => {
    const before = report.upstreams[index];
    const pushed = await next(step, async (input) => pushPlan(input, state, uninterrupted));
    return before === undefined
      ? []
      : [{ ...before, error: problemOf(pushed), result: pushed.value }];
  });
  return { ...report, upstreams: (await Promise.all(upstreams)).flat() };
}

function reportOf(planned: readonly Step<Planned>[], { deps, cloud, options }: Context): Report {
  // In an order of their own where they are shown one by one, whatever order the cloud listed them in.
  const candidates = options.verbose
    ? cloud.candidates.toSorted(compareCandidates)
    : cloud.candidates;
  return {
    owner: deps.config.owner,
    run: options.run,
    snapshot: cloud.facts,
    candidates,
    checks: options.verbose ? checksOf(candidates, cloud.eligibility) : undefined,
    upstreams: planned.map((step) => ({
      name: step.upstream.config.name,
      os: step.upstream.config.os,
      description: describeUpstream(step.upstream),
      error: problemOf(step),
      networkIds: step.value?.networkIds ?? new Set(),
      plan: step.value?.plan,
      result: undefined,
    })),
    exitCode: undefined,
  };
}

function problemOf({ error }: Step<unknown>): UpstreamReport['error'] {
  return error && { code: error.code, message: error.message };
}

function stalePlan(reviewed: string, actual: string): RouteSyncError {
  return new RouteSyncError(
    'PLAN_STALE',
    `the reviewed plan (${reviewed}) is not what would be done now (${actual}); nothing was changed: plan and review again`,
  );
}
