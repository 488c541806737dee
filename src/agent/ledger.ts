/** How the ledger of one upstream moves with a push: written ahead, so that a crash leaves no stranger behind. */
import { clockJump, type ClockReading } from '../core/clock.ts';
import { lastHour, shiftRecent, type RecentChanges } from '../core/guard.ts';
import { ownedRoutesOf } from '../core/owned.ts';
import type { UpstreamPlan } from '../core/plan.ts';
import { shiftMissing } from '../core/removal.ts';
import {
  areSameOrigins,
  prefixOf,
  type DesiredRoute,
  type NextHop,
  type RouteChange,
  type UpstreamState,
} from '../core/route.ts';
import { listInterner } from './interner.ts';
import { isSameEntry } from './ledger-file.ts';
import { rememberLast } from './remember.ts';
import type { LedgerEntry, UpstreamLedger } from './state.ts';

export interface LedgerStep {
  readonly ledger: UpstreamLedger;
  readonly plan: UpstreamPlan;
  readonly state: UpstreamState;
  readonly desired: readonly DesiredRoute[];
  /** What the clock says now. */
  readonly clock: ClockReading;
}

/**
 * The ledger before the push: what is installed with the origin that we know, and what is about to be. Entries whose
 * routes are gone without us are dropped. Returns the old ledger itself if nothing would change.
 */
export function aheadOf(step: LedgerStep): UpstreamLedger {
  if (isSettled(step)) {
    return step.ledger;
  }
  const { ledger, plan, clock } = step;
  return {
    ...ledger,
    routes: routesAhead(step),
    missing: plan.missing,
    recent: recentAfter(ledger.recent, plan.changes, clock.wall),
    clock,
  };
}

function routesAhead({ ledger, plan, state, desired }: LedgerStep): UpstreamLedger['routes'] {
  const origins = new Map(desired.map((route) => [route.prefix.text, route]));
  const routes = new Map<string, LedgerEntry>();
  const keep = listInterner();
  for (const [text, installed] of ownedRoutesOf(state)) {
    const known = ledger.routes.get(text);
    const origin = origins.get(text)?.origin ?? known?.origin ?? [];
    const nextHops = keep(installed.flatMap((route) => addressesOf(route.nextHops)));
    const entry = { origin, nextHops };
    // The very same entry where nothing is new: what changed is then soon found.
    routes.set(text, known !== undefined && isSameEntry(entry, known) ? known : entry);
  }
  for (const change of plan.changes) {
    if (change.action !== 'remove') {
      const { prefix, origin, nextHops } = change.after;
      routes.set(prefix.text, { origin, nextHops: keep(addressesOf(nextHops)) });
    }
  }
  return routes;
}

/** What the caps per hour look at: counted before the push, so that a crash forgets nothing. */
function recentAfter(
  recent: readonly RecentChanges[],
  changes: readonly RouteChange[],
  now: number,
): readonly RecentChanges[] {
  const young = lastHour(recent, now);
  const count = (action: RouteChange['action']): number =>
    changes.filter((change) => change.action === action).length;
  const [removals, replaces] = [count('remove'), count('replace')];
  return removals + replaces === 0 ? young : [...young, { at: now, removals, replaces }];
}

/** The ledger with its times moved by what the clock jumped since they were written; itself where it did not. */
export function withClock(ledger: UpstreamLedger, now: ClockReading): UpstreamLedger {
  const jump = clockJump(ledger.clock, now);
  if (jump === 0) {
    return ledger;
  }
  return {
    ...ledger,
    missing: shiftMissing(ledger.missing, jump),
    recent: shiftRecent(ledger.recent, jump),
  };
}

/** The ledger after the push: without the routes that were removed, and without adds that failed. */
export function behind(
  ahead: UpstreamLedger,
  changes: readonly RouteChange[],
  failed: ReadonlySet<RouteChange>,
): UpstreamLedger {
  const gone = changes.filter((change) =>
    change.action === 'remove'
      ? !failed.has(change)
      : change.action === 'add' && failed.has(change),
  );
  const recent = withoutFailures(ahead.recent, failed);
  if (gone.length === 0) {
    return recent === ahead.recent ? ahead : { ...ahead, recent };
  }
  const routes = new Map(ahead.routes);
  const missing = new Map(ahead.missing);
  for (const change of gone) {
    routes.delete(prefixOf(change).text);
    missing.delete(prefixOf(change).text);
  }
  return { ...ahead, routes, missing, recent };
}

/** What was counted before the push and did not happen must not use up the caps per hour. */
function withoutFailures(
  recent: readonly RecentChanges[],
  failed: ReadonlySet<RouteChange>,
): readonly RecentChanges[] {
  const last = recent.at(-1);
  const count = (action: RouteChange['action']): number =>
    [...failed].filter((change) => change.action === action).length;
  const [removals, replaces] = [count('remove'), count('replace')];
  if (last === undefined || removals + replaces === 0) {
    return recent;
  }
  const left = {
    at: last.at,
    removals: Math.max(0, last.removals - removals),
    replaces: Math.max(0, last.replaces - replaces),
  };
  return [...recent.slice(0, -1), ...(left.removals + left.replaces === 0 ? [] : [left])];
}

/** True if every desired route is installed, but for held adds, and the ledger knows these routes for what they are. */
function isSettled({ ledger, plan, desired }: LedgerStep): boolean {
  return (
    plan.changes.length === 0 &&
    plan.missing.size === 0 &&
    ledger.missing.size === 0 &&
    plan.unchanged === plan.owned &&
    plan.owned === ledger.routes.size &&
    areKnown(desired, plan.held, ledger.routes)
  );
}

const areKnown = rememberLast(
  (
    desired: readonly DesiredRoute[],
    held: UpstreamPlan['held'],
    routes: UpstreamLedger['routes'],
  ): boolean => {
    const waiting = new Set(held.map(({ change }) => prefixOf(change).text));
    return desired.every(
      ({ prefix: { text }, origin }) =>
        waiting.has(text) || areSameOrigins(origin, routes.get(text)?.origin ?? []),
    );
  },
);

function addressesOf(nextHops: readonly NextHop[]): readonly string[] {
  return nextHops.map(({ address }) => address);
}
