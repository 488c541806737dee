/** A report as things stand after its push: what was done is no longer to be done. */
import { prefixOf } from '../../core/route.ts';
import type { Report, UpstreamReport } from '../../report/report.ts';
import type { BoardState } from './board.ts';

/** The newest view of the cloud, with what became of it on each upstream. */
export interface Standing extends Pick<
  Report,
  'candidates' | 'checksOf' | 'externalNetworks' | 'upstreams'
> {
  /** Unix milliseconds at which the cycle ended that saw the cloud so. */
  readonly at: number;
  /** Present where the newest cycle could not read the cloud: everything is as of `at`. */
  readonly isOld: boolean;
  /** The cloud was not read since the start: of it nothing is known. */
  readonly isUnknown: boolean;
}

/** Undefined before the first report. */
export function standingOf({ latest, seen: whole, served }: BoardState): Standing | undefined {
  const seen = whole ?? latest;
  if (latest === undefined || seen === undefined) {
    return undefined;
  }
  const { candidates, checksOf, externalNetworks } = seen.report;
  const before = new Map(seen.report.upstreams.map((upstream) => [upstream.name, upstream]));
  const isOld = latest.report.snapshot === undefined;
  return {
    at: seen.at,
    isOld,
    isUnknown: whole === undefined,
    candidates,
    checksOf,
    externalNetworks,
    upstreams: latest.report.upstreams.map((upstream) => {
      // While the cloud cannot be read, the plan of before says more than the one that only repairs.
      const shown = isOld && upstream.plan !== undefined ? before.get(upstream.name) : undefined;
      const networkIds = served.get(upstream.name) ?? upstream.networkIds;
      return { ...afterPush(shown ?? upstream), networkIds };
    }),
  };
}

/** The upstream with only those changes in its plan that the push did not make. */
export function afterPush(upstream: UpstreamReport): UpstreamReport {
  const { plan, result } = upstream;
  if (plan === undefined || result === undefined) {
    return upstream;
  }
  const left = new Set(
    [...result.failed, ...result.skipped].map(({ change }) => prefixOf(change).text),
  );
  const changes = plan.changes.filter((change) => left.has(prefixOf(change).text));
  return { ...upstream, plan: { ...plan, changes } };
}
