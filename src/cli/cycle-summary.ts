/** What the status file remembers of one cycle. */
import type { Complaint, CycleSummary, UpstreamSummary } from '../agent/cycle-history.ts';
import { prefixOf } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { OpenStackError } from '../openstack-client-lite/index.ts';
import type { Report, UpstreamReport } from '../report/report.ts';

export interface CycleFacts {
  readonly run: string;
  readonly command: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
}

/** An outcome is a report, or the error that ended the cycle before any upstream was touched. */
export type Outcome = { readonly report: Report } | { readonly error: unknown };

export function summarizeCycle(facts: CycleFacts, outcome: Outcome): CycleSummary {
  const report = 'report' in outcome ? outcome.report : undefined;
  return {
    ...facts,
    startedAt: new Date(facts.startedAt).toISOString(),
    finishedAt: new Date(facts.finishedAt).toISOString(),
    error: 'error' in outcome ? complaintOf(outcome.error) : outcome.report.blind,
    frozen: report?.freeze,
    upstreams: (report?.upstreams ?? []).map((upstream) => ({
      ...summarizeUpstream(upstream),
      lastGoodAt: lastGoodAt(upstream, report?.wholeAt ?? facts.startedAt),
    })),
  };
}

/** When the desired state of the upstream was read from the cloud, in ISO 8601; undefined where there was none. */
function lastGoodAt({ plan, stale }: UpstreamReport, wholeAt: number): string | undefined {
  const at = stale?.at ?? (plan === undefined ? undefined : wholeAt);
  return at === undefined ? undefined : new Date(at).toISOString();
}

/** An error that ended a cycle, as status and observers tell it. */
export function complaintOf(error: unknown): Complaint {
  return error instanceof RouteSyncError || error instanceof OpenStackError
    ? { code: error.code, message: error.message }
    : { code: 'INTERNAL', message: String(error) };
}

/** How many failed changes of one upstream the history names. */
const FAILURES_KEPT = 10;

const NOTHING = { added: 0, replaced: 0, removed: 0, failed: [] } as const;

/** The counts and complaints of one upstream. */
export function summarizeUpstream({ name, plan, result, error }: UpstreamReport): UpstreamSummary {
  const { added, replaced, removed, failed } = result ?? NOTHING;
  const held = plan?.held ?? [];
  return {
    name,
    added,
    replaced,
    removed,
    failed: failed.length,
    failures: failed.slice(0, FAILURES_KEPT).map(({ change, error: { code } }) => ({
      action: change.action,
      prefix: prefixOf(change).text,
      code,
    })),
    conflicts: plan?.conflicts.length ?? 0,
    heldTotal: held.length,
    held: held.map(({ code, change, until }) => ({
      code,
      action: change.action,
      prefix: prefixOf(change).text,
      until: until === undefined ? undefined : new Date(until).toISOString(),
    })),
    refused: plan?.refused,
    error,
  };
}
