/**
 * How long a change in the cloud takes to arrive on an upstream: from the newest `updated_at` of the route's Neutron
 * objects to the read-back that showed it.
 *
 * Only what changed in the cloud counts: the newest `updated_at` must not be older than the complete snapshot before the
 * one that first wanted the change, else it repairs what somebody broke, or follows a new policy. A change that had to
 * wait (held, failed, the upstream away) counts with its whole time once it is made. Nothing counts in the first cycle.
 */
import { prefixOf, type Origin, type RouteChange } from '../../core/route.ts';
import type { UpstreamReport } from '../../report/report.ts';
import type { NumberById } from '../stamps.ts';

/** A cycle that read the cloud whole. */
export interface Sighting {
  /** Unix milliseconds at which the cycle began. */
  readonly startedAt: number;
  /** When each object was last changed, in Unix milliseconds, by id. */
  readonly updatedAt: NumberById;
}

/** Follows one upstream from cycle to cycle. */
export interface ConvergenceTracker {
  /** The seconds that each change took that was made in this cycle and counts. */
  readonly measure: (report: UpstreamReport, sighting: Sighting) => readonly number[];
}

const SECOND_MS = 1000;

export function trackConvergence(): ConvergenceTracker {
  /** When the last complete snapshot began that this upstream was planned by. */
  let since: number | undefined;
  /** The prefixes whose change counts and was not made yet. */
  let waiting: ReadonlySet<string> = new Set();

  function counts(change: RouteChange, changedAt: number): boolean {
    // Neutron cuts the fraction off, so the start of that second is the bound.
    const bound = since === undefined ? Infinity : Math.floor(since / SECOND_MS) * SECOND_MS;
    return changedAt >= bound || waiting.has(prefixOf(change).text);
  }

  return {
    measure: ({ plan, result, stale }, { startedAt, updatedAt }) => {
      if (plan === undefined || stale !== undefined) {
        return [];
      }
      const verifiedAt = result?.verifiedAt;
      const undone = new Set(result?.failed.map(({ change }) => change));
      const held = new Set(plan.held.map(({ change }) => change));
      const stillWaiting = new Set<string>();
      const took: number[] = [];
      for (const change of [...plan.changes, ...held]) {
        const changedAt = newestUpdate(change, updatedAt);
        if (changedAt === undefined || !counts(change, changedAt)) {
          continue;
        }
        if (verifiedAt === undefined || undone.has(change) || held.has(change)) {
          stillWaiting.add(prefixOf(change).text);
        } else {
          // Clocks differ; nothing takes less than no time.
          took.push(Math.max(0, verifiedAt - changedAt) / SECOND_MS);
        }
      }
      since = startedAt;
      waiting = stillWaiting;
      return took;
    },
  };
}

/** Undefined for a removal, whose time is the grace period, and where the cloud tells no times. */
function newestUpdate(change: RouteChange, updatedAt: Sighting['updatedAt']): number | undefined {
  if (change.action === 'remove') {
    return undefined;
  }
  const times = change.after.origin
    .flatMap(({ router, subnet, port, leg }: Origin) => [router, subnet, port, leg])
    .flatMap((id) => updatedAt.get(id) ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}
