/** What became of one candidate on one upstream. */
import type { Candidate } from '../core/eligibility.ts';
import { prefixOf, type Origin, type RouteChange } from '../core/route.ts';
import type { UpstreamReport } from './report.ts';

export interface Announcement {
  readonly name: string;
  /**
   * `installed`, `to-add`, `to-replace`, `to-remove`, `held: CODE`, `conflict: CODE`, `not-needed` (a floating IP of
   * a connected network), `not-announced`, or `unreachable`.
   */
  readonly state: string;
  readonly message: string | undefined;
}

export function announcementOn(upstream: UpstreamReport, candidate: Candidate): Announcement {
  const { name, plan, error } = upstream;
  const of = (state: string, message?: string): Announcement => ({ name, state, message });
  if (plan === undefined) {
    return of('unreachable', error?.message);
  }
  const { text } = candidate.prefix;
  const conflict = plan.conflicts.find(
    ({ prefix, origin }) => prefix.text === text && origin[0]?.router === candidate.router.id,
  );
  if (conflict !== undefined) {
    return of(`conflict: ${conflict.code}`, conflict.message);
  }
  const isOurs = (change: RouteChange): boolean =>
    prefixOf(change).text === text && originsOf(change).some(isFrom(candidate));
  const held = plan.held.find(({ change }) => isOurs(change));
  if (held !== undefined) {
    return of(`held: ${held.code}`, held.message);
  }
  const change = plan.changes.find(isOurs);
  if (change !== undefined) {
    return of(`to-${change.action}`);
  }
  if (plan.unneeded.some((prefix) => prefix.text === text)) {
    return of('not-needed', 'the upstream is connected to the network of this floating IP');
  }
  const isServed = upstream.networkIds.has(candidate.leg?.networkId ?? '');
  const isWanted = candidate.verdict === 'eligible' && isServed;
  return of(isWanted ? 'installed' : 'not-announced');
}

function originsOf(change: RouteChange): readonly Origin[] {
  return change.action === 'remove' ? change.origin : change.after.origin;
}

function isFrom({ router }: Candidate): (origin: Origin) => boolean {
  return (origin) => origin.router === router.id;
}
