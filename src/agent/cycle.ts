/** One round, from what the upstreams hold to what they hold afterwards. Device first, cloud second. */
import type { Config } from '../config/schema.ts';
import { RouteSyncError } from '../errors.ts';
import type { OpenStackClient } from '../openstack-client-lite/index.ts';
import { digestOf } from '../report/json.ts';
import type { Report, UpstreamReport } from '../report/report.ts';
import { cycleReport, problemOf } from './cycle-report.ts';
import { leadFor, type Lead } from './leader/lead.ts';
import type { CloudSource } from './cloud-view.ts';
import { look, type Sight } from './look.ts';
import type { Observer } from './observer.ts';
import { openUpstream, type OpenDeps } from './open-upstream.ts';
import { planUpstreams, type Planned } from './plan-upstreams.ts';
import { pushPlan } from './push.ts';
import { atMost, attempt, next, type Step } from './steps.ts';
import type { Upstream } from './upstream.ts';

export interface CycleDeps extends OpenDeps {
  readonly config: Config;
  readonly upstreams: readonly Upstream[];
  readonly client: OpenStackClient;
  /** What to go by; the whole cloud, read now, by default. */
  readonly look?: (source: CloudSource) => Promise<Sight>;
  /** What was called, for journal and status. */
  readonly command: string;
  readonly observer: Observer;
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
  /** Only the cloud itself will do, no last good state; so it is for a reviewed plan. */
  readonly needsCloud?: boolean;
}

/**
 * Rejects when the cloud cannot be read whole and no upstream has a last good state; what goes wrong on one upstream is
 * in the report.
 */
export async function runCycle(deps: CycleDeps, options: CycleOptions): Promise<Report> {
  // Before anything is looked at: what another leader wrote until now will be seen.
  const lead = leadFor(deps);
  const places = deps.config.maxParallelUpstreams;
  const opened = await atMost(places, deps.upstreams, async (upstream) =>
    attempt(upstream, async () => openUpstream(upstream, deps)),
  );
  try {
    const sight = await (deps.look ?? look)(deps);
    if (
      sight.blind !== undefined &&
      (options.needsCloud === true || options.reviewed !== undefined)
    ) {
      throw sight.blind.cause;
    }
    const freeze = await deps.state.readFreeze();
    const { standby } = lead;
    const planned = await planUpstreams(opened, {
      deps,
      sight,
      freeze,
      standby,
      force: options.force,
    });
    const report = cycleReport(planned, { deps, sight, freeze, standby, options });
    if (options.reviewed !== undefined && options.reviewed !== digestOf(report)) {
      throw stalePlan(options.reviewed, digestOf(report));
    }
    return options.push ? await push(planned, report, { deps, options, lead }) : report;
  } finally {
    await Promise.all(opened.map(async (step) => step.value?.lock?.release()));
  }
}

interface Round {
  readonly deps: CycleDeps;
  readonly options: CycleOptions;
  readonly lead: Lead;
}

async function push(
  planned: readonly Step<Planned>[],
  report: Report,
  { deps, options: { run, force }, lead }: Round,
): Promise<Report> {
  deps.signal.throwIfAborted();
  const facts = { run, command: deps.command, force };
  const uninterrupted = new AbortController().signal;
  const { state: store, clock, observer } = deps;
  const context = { store, facts, clock, observer, lead, signal: uninterrupted };
  const places = deps.config.maxParallelUpstreams;
  const upstreams = await atMost(
    places,
    planned,
    async (step, index): Promise<UpstreamReport[]> => {
      const before = report.upstreams[index];
      const pushed = await next(step, async (input) =>
        pushPlan(input, { ...context, revisions: input.revisions }),
      );
      return before === undefined
        ? []
        : [{ ...before, error: problemOf(pushed) ?? before.error, result: pushed.value }];
    },
  );
  return { ...report, upstreams: upstreams.flat() };
}

function stalePlan(reviewed: string, actual: string): RouteSyncError {
  return new RouteSyncError(
    'PLAN_STALE',
    `the reviewed plan (${reviewed}) is not what would be done now (${actual}); nothing was changed: plan and review again`,
  );
}
