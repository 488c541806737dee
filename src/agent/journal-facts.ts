/** What goes into a journal's records, and what comes out of them again. */
import { sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf, type OwnedRoutes } from '../core/owned.ts';
import {
  prefixOf,
  type DesiredRoute,
  type InstalledRoute,
  type NextHop,
  type Origin,
  type RouteChange,
  type UpstreamState,
} from '../core/route.ts';
import type { ApplyResult, RouteProblem } from '../report/report.ts';
import type { BeginFacts, ChangeFacts, EndFacts, JournalFacts } from './journal-record.ts';
import type { NumberById } from './stamps.ts';

/** A route of somebody else's that becomes ours. */
export interface AdoptChange {
  readonly action: 'adopt';
  readonly before: InstalledRoute;
  readonly after: DesiredRoute;
}

/** One change as it was journalled; before and after are undefined where there was, or will be, no route. */
export interface JournalChange {
  readonly action: 'add' | 'replace' | 'remove' | 'adopt';
  readonly prefix: string;
  readonly before: readonly NextHop[] | undefined;
  readonly after: readonly NextHop[] | undefined;
  readonly origin: readonly Origin[];
  /** The upstream's own words for the route before; undefined where there was none. */
  readonly was: string | undefined;
}

/** A run and what it means to do. */
interface Beginning {
  readonly begin: BeginFacts;
  readonly changes: readonly (RouteChange | AdoptChange)[];
  readonly revisions: NumberById;
}

export function* recordsOf({ begin, changes, revisions }: Beginning): Generator<JournalFacts> {
  yield begin;
  for (const change of changes) {
    yield changeFacts(begin.run, change, revisions);
  }
}

function changeFacts(
  run: string,
  change: RouteChange | AdoptChange,
  revisions: NumberById,
): ChangeFacts {
  const before = change.action === 'add' ? undefined : change.before;
  const after = change.action === 'remove' ? undefined : change.after;
  const { prefix, origin } =
    change.action === 'remove' ? { ...change.before, origin: change.origin } : change.after;
  return {
    kind: 'change',
    run,
    action: change.action,
    prefix: prefix.text,
    before: before === undefined ? null : [...before.nextHops],
    after: after === undefined ? null : [...after.nextHops],
    was: before?.description ?? null,
    why: origin.map(({ router, subnet, project, port, leg, network, floatingIp }) => ({
      router,
      routerRevision: revisions.get(router) ?? null,
      subnet,
      subnetRevision: revisions.get(subnet) ?? null,
      project,
      port,
      leg,
      network,
      floatingIp,
    })),
  };
}

/** `isPurge`: a complete purge leaves the journal to whoever comes next. */
export function endFacts(run: string, result: ApplyResult, isPurge: boolean): EndFacts {
  const { added, replaced, removed, verified } = result;
  const [failed, skipped] = [result.failed.map(problemFacts), result.skipped.map(problemFacts)];
  const released = isPurge && verified && failed.length + skipped.length === 0;
  return { kind: 'end', run, added, replaced, removed, failed, skipped, verified, released };
}

function problemFacts({ change, error }: RouteProblem): EndFacts['failed'][number] {
  return { action: change.action, prefix: prefixOf(change).text, ...error };
}

/** After a crash: which changes of the run stand on the upstream. */
export function recoveredFacts(
  { begin, changes }: { readonly begin: BeginFacts; readonly changes: readonly ChangeFacts[] },
  state: UpstreamState,
): JournalFacts {
  const owned = ownedRoutesOf(state);
  const missing = changes.filter((change) => !stands(change, owned)).map(({ prefix }) => prefix);
  const standing = changes.length - missing.length;
  return { kind: 'recovered', run: begin.run, standing, missing };
}

function stands({ prefix, before, after }: ChangeFacts, owned: OwnedRoutes): boolean {
  const routes = owned.get(prefix) ?? [];
  return after === null
    ? !routes.some(({ nextHops }) => sameNextHops(before ?? [], nextHops))
    : routes.some(({ nextHops }) => sameNextHops(after, nextHops));
}

/** A record of a change as the rest of the program sees it. */
export function journalChange({
  action,
  prefix,
  before,
  after,
  was,
  why,
}: ChangeFacts): JournalChange {
  return {
    action,
    prefix,
    before: before ?? undefined,
    after: after ?? undefined,
    was: was ?? undefined,
    origin: why.map(({ router, subnet, project, port, leg, network, floatingIp }) => ({
      router,
      subnet,
      project,
      port,
      leg,
      network,
      floatingIp,
    })),
  };
}
