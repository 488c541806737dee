/** What a cycle found, as a report. */
import { compareCandidates } from '../core/claims.ts';
import { checksOf } from '../core/eligibility.ts';
import type {
  Report,
  ReportedError,
  RouteCounts,
  StandbyFacts,
  UpstreamReport,
} from '../report/report.ts';
import type { Sight } from './look.ts';
import type { Planned } from './plan-upstreams.ts';
import { updateTimesOf } from './stamps.ts';
import type { Freeze } from './state.ts';
import type { Step } from './steps.ts';
import { describeUpstream } from './upstream.ts';

interface Findings {
  readonly deps: { readonly config: { readonly owner: string }; readonly now: () => number };
  readonly sight: Sight;
  readonly freeze: Freeze | undefined;
  readonly standby: StandbyFacts | undefined;
  readonly options: { readonly run: string; readonly verbose: boolean };
}

export function cycleReport(
  planned: readonly Step<Planned>[],
  { deps, sight, freeze, standby, options }: Findings,
): Report {
  const { cloud, blind } = sight;
  const all = cloud?.candidates ?? [];
  // In an order of their own where they are shown one by one, whatever order the cloud listed them in.
  const candidates = options.verbose ? all.toSorted(compareCandidates) : all;
  return {
    owner: deps.config.owner,
    run: options.run,
    snapshot: cloud?.facts,
    wholeAt: cloud?.wholeAt,
    blind: blind && { code: blind.code, message: blind.message },
    freeze,
    standby,
    candidates,
    isVerbose: options.verbose,
    checksOf: (some) => (cloud === undefined ? [] : checksOf(some, cloud.eligibility)),
    externalNetworks: cloud?.snapshot.externalNetworks ?? new Map(),
    updatedAt: cloud === undefined ? new Map() : updateTimesOf(cloud.snapshot),
    upstreams: planned.map((step) => upstreamReport(step, sight, deps.now())),
    exitCode: undefined,
  };
}

function upstreamReport(step: Step<Planned>, { blind }: Sight, now: number): UpstreamReport {
  const { upstream, value } = step;
  const stale = value?.stale;
  return {
    name: upstream.config.name,
    os: upstream.config.os,
    description: describeUpstream(upstream),
    // The report as a whole tells of a cloud that nobody can read; this is about what one upstream misses in it.
    error: problemOf(step) ?? (blind === undefined ? stale?.because : undefined),
    networkIds: value?.networkIds ?? new Set(),
    plan: value?.plan,
    counts: value && countRoutes(value),
    stale: stale && { ...stale, ageSeconds: Math.max(0, Math.round((now - stale.at) / 1000)) },
    result: undefined,
  };
}

function countRoutes({ desired, state, plan }: Planned): RouteCounts {
  const foreign = state.routes.filter(({ kind, owned }) => kind === 'static' && !owned);
  return { desired: desired.length, owned: plan.owned, foreign: foreign.length };
}

/** The error that ended the way of an upstream, for a report. */
export function problemOf({ error }: Step<unknown>): ReportedError | undefined {
  return error && { code: error.code, message: error.message };
}
