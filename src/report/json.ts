/** The stable JSON form of a report; its schema is docs/plan.schema.json. */
import { createHash } from 'node:crypto';
import type { Conflict } from '../core/conflicts.ts';
import { originOf } from '../core/claims.ts';
import type { Candidate, Check } from '../core/eligibility.ts';
import type { Held, UpstreamPlan } from '../core/plan.ts';
import { prefixOf, type NextHop, type Origin, type RouteChange } from '../core/route.ts';
import { isoTime } from './lines.ts';
import type { ApplyResult, Report, RouteProblem, StaleFacts, UpstreamReport } from './report.ts';

export interface JsonChange {
  readonly action: RouteChange['action'];
  readonly prefix: string;
  readonly nextHops: readonly string[];
  readonly before: readonly string[] | null;
  readonly origin: readonly Origin[];
}

/** The report as a plain object, ready for JSON.stringify. */
export function reportToJson(report: Report): Record<string, unknown> {
  const { owner, run, freeze, candidates, isVerbose, exitCode } = report;
  return {
    version: 1,
    owner,
    run,
    digest: digestOf(report),
    snapshot: snapshotToJson(report),
    frozen: freeze ?? null,
    upstreams: report.upstreams.map(upstreamToJson),
    verdicts: countVerdicts(candidates),
    ...(isVerbose ? { candidates: candidatesToJson(report) } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

function candidatesToJson({ candidates, checksOf }: Report): readonly Record<string, unknown>[] {
  const checks = checksOf(candidates);
  return candidates.map((each, i) => candidateToJson(each, checks[i] ?? []));
}

function snapshotToJson({ snapshot, blind }: Report): Record<string, unknown> {
  return snapshot === undefined
    ? { complete: false, error: blind ?? null }
    : { complete: true, ...snapshot };
}

/** Covers the names and changes of all upstreams and nothing else, so that a reviewed plan can be recognised. */
export function digestOf({ upstreams }: Pick<Report, 'upstreams'>): string {
  return digestOfChanges(
    upstreams.map(({ name, plan }) => ({ name, changes: (plan?.changes ?? []).map(changeToJson) })),
  );
}

/** The same over the JSON form, for a plan that comes back from a file. */
export function digestOfChanges(
  upstreams: readonly { readonly name: string; readonly changes: readonly JsonChange[] }[],
): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(upstreams)).digest('hex')}`;
}

/** How many candidates got which verdict, sorted by code. */
export function countVerdicts(candidates: readonly Candidate[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { verdict } of candidates) {
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function candidateToJson(
  candidate: Candidate,
  checks: readonly Check[],
): Record<string, unknown> {
  const { prefix, leg, nextHops, verdict, warnings, source } = candidate;
  const { router, port, subnet, project } = originOf(candidate);
  return {
    router,
    port: port === '' ? null : port,
    subnet: subnet === '' ? null : subnet,
    project,
    source,
    prefix: prefix.text,
    externalNetwork: leg?.networkId ?? null,
    leg: leg?.kind ?? null,
    nextHops,
    verdict,
    warnings,
    checks,
  };
}

export function changeToJson(change: RouteChange): JsonChange {
  return {
    action: change.action,
    prefix: prefixOf(change).text,
    nextHops: change.action === 'remove' ? [] : addresses(change.after.nextHops),
    before: change.action === 'add' ? null : addresses(change.before.nextHops),
    origin: change.action === 'remove' ? change.origin : change.after.origin,
  };
}

/** What an upstream shows that could not be read. */
const NO_PLAN = {
  refused: undefined,
  changes: [],
  conflicts: [],
  held: [],
  warnings: [],
  unchanged: 0,
} satisfies Partial<UpstreamPlan>;

function upstreamToJson(upstream: UpstreamReport): Record<string, unknown> {
  const { name, os, description, error, plan, stale, result } = upstream;
  const { refused, changes, conflicts, held, warnings, unchanged } = plan ?? NO_PLAN;
  return {
    name,
    os,
    description,
    reachable: plan !== undefined,
    error: error ?? null,
    lastGood: stale === undefined ? null : staleToJson(stale),
    refused: refused ?? null,
    changes: changes.map(changeToJson),
    conflicts: conflicts.map(conflictToJson),
    held: held.map(heldToJson),
    warnings: warnings.map((each) => ({ ...each, prefix: each.prefix.text })),
    unchanged,
    ...(result === undefined ? {} : { result: resultToJson(result) }),
  };
}

function staleToJson({ at, ageSeconds, because }: StaleFacts): Record<string, unknown> {
  return { at: isoTime(at), ageSeconds, because };
}

function conflictToJson({ code, prefix, message, origin }: Conflict): Record<string, unknown> {
  return { code, prefix: prefix.text, message, origin };
}

function heldToJson({ code, change, message, until }: Held): Record<string, unknown> {
  const { action, prefix, nextHops, before, origin } = changeToJson(change);
  const end = until === undefined ? null : isoTime(until);
  return { code, action, prefix, until: end, message, nextHops, before, origin };
}

function resultToJson(result: ApplyResult): Record<string, unknown> {
  const { added, replaced, removed, failed, skipped, verified, save } = result;
  return {
    added,
    replaced,
    removed,
    verified,
    failed: failed.map(problemToJson),
    skipped: skipped.map(problemToJson),
    ...(save === undefined ? {} : { save: { ...save, error: save.error ?? null } }),
  };
}

function problemToJson({ change, error }: RouteProblem): Record<string, unknown> {
  return { action: change.action, prefix: prefixOf(change).text, ...error };
}

function addresses(nextHops: readonly NextHop[]): readonly string[] {
  return nextHops.map(({ address }) => address);
}
