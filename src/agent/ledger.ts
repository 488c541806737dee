/** How the ledger of one upstream moves with a push: written ahead, so that a crash leaves no stranger behind. */
import type { UpstreamPlan } from '../core/plan.ts';
import {
  prefixOf,
  type DesiredRoute,
  type Origin,
  type RouteChange,
  type UpstreamState,
} from '../core/route.ts';
import { rememberLast } from './remember.ts';
import type { LedgerEntry, UpstreamLedger } from './state.ts';

export interface LedgerStep {
  readonly ledger: UpstreamLedger;
  readonly plan: UpstreamPlan;
  readonly state: UpstreamState;
  readonly desired: readonly DesiredRoute[];
}

/**
 * The ledger before the push: what is installed with the origin that we know, and what is about to be. Entries whose
 * routes are gone without us are dropped. Returns the old ledger itself if nothing would change.
 */
export function aheadOf(step: LedgerStep): UpstreamLedger {
  const { ledger, plan, state, desired } = step;
  if (isSettled(step)) {
    return ledger;
  }
  const origins = new Map(desired.map((route) => [route.prefix.text, route]));
  const routes = new Map<string, LedgerEntry>();
  for (const { owned, prefix, nextHops } of state.routes) {
    if (owned) {
      const origin =
        origins.get(prefix.text)?.origin ?? ledger.routes.get(prefix.text)?.origin ?? [];
      routes.set(prefix.text, { origin, nextHops: nextHops.map(({ address }) => address) });
    }
  }
  for (const change of plan.changes) {
    if (change.action !== 'remove') {
      routes.set(change.after.prefix.text, entryOf(change.after));
    }
  }
  return { routes, missing: plan.missing };
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
  if (gone.length === 0) {
    return ahead;
  }
  const routes = new Map(ahead.routes);
  const missing = new Map(ahead.missing);
  for (const change of gone) {
    routes.delete(prefixOf(change).text);
    missing.delete(prefixOf(change).text);
  }
  return { routes, missing };
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
        waiting.has(text) || sameOrigin(origin, routes.get(text)?.origin),
    );
  },
);

/** A new router may take over prefix and next hop of an old one: the route stays, its reason changes. */
function sameOrigin(a: readonly Origin[] = [], b: readonly Origin[] = []): boolean {
  return a.length === b.length && a.every((origin, index) => isSame(origin, b[index]));
}

function isSame(a: Origin, b: Origin | undefined): boolean {
  return (
    a.router === b?.router &&
    a.subnet === b.subnet &&
    a.project === b.project &&
    a.port === b.port &&
    a.leg === b.leg &&
    a.network === b.network &&
    a.floatingIp === b.floatingIp
  );
}

function entryOf({ origin, nextHops }: DesiredRoute): LedgerEntry {
  return { origin, nextHops: nextHops.map(({ address }) => address) };
}
