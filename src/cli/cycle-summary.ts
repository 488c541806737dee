/** What the status file remembers of one cycle. */
import type { CycleSummary, UpstreamSummary } from '../agent/cycle-history.ts';
import { prefixOf } from '../core/route.ts';
import type { Report, UpstreamReport } from '../report/report.ts';

export interface CycleFacts {
  readonly run: string;
  readonly command: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
}

/** Without a report the cloud could not be read, and no upstream was touched. */
export function summarizeCycle(facts: CycleFacts, report: Report | undefined): CycleSummary {
  return {
    ...facts,
    startedAt: new Date(facts.startedAt).toISOString(),
    finishedAt: new Date(facts.finishedAt).toISOString(),
    upstreams: (report?.upstreams ?? []).map(summarizeUpstream),
  };
}

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
