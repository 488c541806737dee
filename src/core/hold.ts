/** What keeps a wanted change back for now: the mode, a ledger that does not know the route, time, and the budget. */
import type { PolicyMode } from './policy.ts';
import { graceEnd, isDue, type Missing, type RemovalRule } from './removal.ts';
import { prefixOf, type ChangeAction, type Origin, type RouteChange } from './route.ts';
import { nextOpening, type RemovalWindows } from './window.ts';

export type HeldCode =
  /** `policy.mode` does not permit it. */
  | 'mode'
  /** A removal of a route with our mark that is not in our ledger as it stands there. */
  | 'ledger'
  /** A removal on which too few snapshots agree, or for too short a time. */
  | 'grace'
  /** A removal outside the configured windows. */
  | 'window'
  /** A removal whose cloud objects are still there when asked for by id. */
  | 'unconfirmed'
  /** An add beyond the upstream's `maxRoutes`. */
  | 'max-routes'
  /** More at once than the guard permits. */
  | 'guard'
  /** Another agent is the leader, and writes. */
  | 'standby'
  /** Writes are frozen, or the cloud does not say what may go. */
  | 'frozen';

/** Why a change is kept back. */
export interface Hold {
  readonly code: HeldCode;
  readonly message: string;
  /** Unix milliseconds; undefined where no time ends it. */
  readonly until: number | undefined;
}

export interface KnownRoute {
  readonly origin: readonly Origin[];
  /** The addresses of all next hops that we gave the prefix. */
  readonly nextHops: readonly string[];
}

export interface HoldRules {
  readonly mode: PolicyMode;
  /** What we know to be ours, by prefix text. */
  readonly ledger: ReadonlyMap<string, KnownRoute>;
  readonly removal: RemovalRule;
  readonly windows: RemovalWindows;
  readonly maxRoutes: number | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

/** What the comparison found. */
interface Findings {
  /** The record of every unwanted route, this snapshot counted. */
  readonly missing: ReadonlyMap<string, Missing>;
  /** How many routes of ours are installed. */
  readonly owned: number;
}

/** Answers change by change, in the order in which they would go out: every add takes from the budget. */
export function holdRule(
  rules: HoldRules,
  { missing, owned }: Findings,
): (change: RouteChange) => Hold | undefined {
  const { mode, ledger, removal, windows, now, maxRoutes = Infinity } = rules;
  const budget = { maxRoutes, left: maxRoutes - owned };
  // The same for all removals, and asked only where there is one.
  const opening = missing.size === 0 ? now : nextOpening(windows, now);
  return (change) => {
    const byMode = heldByMode(change, mode);
    if (byMode !== undefined || change.action === 'replace') {
      return byMode;
    }
    return change.action === 'add'
      ? heldByBudget(budget)
      : (heldByLedger(change, ledger) ??
          heldByGrace(missing.get(prefixOf(change).text), removal, now) ??
          heldByWindow(opening, now));
  };
}

const PERMITTED: Record<PolicyMode, readonly ChangeAction[]> = {
  sync: ['add', 'replace', 'remove'],
  'upsert-only': ['add', 'replace'],
  'create-only': ['add'],
};

function heldByMode({ action }: RouteChange, mode: PolicyMode): Hold | undefined {
  return PERMITTED[mode].includes(action)
    ? undefined
    : { code: 'mode', message: `policy.mode ${mode} permits no ${action}`, until: undefined };
}

type Removal = Extract<RouteChange, { readonly action: 'remove' }>;

/** Mark and ledger must agree: a mark alone may be a stranger's, or ours on a machine that lost its state. */
function heldByLedger({ before }: Removal, ledger: HoldRules['ledger']): Hold | undefined {
  const known = ledger.get(before.prefix.text)?.nextHops;
  if (known !== undefined && before.nextHops.every(({ address }) => known.includes(address))) {
    return undefined;
  }
  const doubt =
    known === undefined
      ? 'is not in the ledger'
      : `has other next hops than in the ledger (${known.join(', ') || 'none'})`;
  return {
    code: 'ledger',
    message: `carries our mark but ${doubt}; taken into the ledger now, and removed at the earliest by the next cycle`,
    until: undefined,
  };
}

function heldByGrace(
  record: Missing | undefined,
  rule: RemovalRule,
  now: number,
): Hold | undefined {
  if (record === undefined || isDue(record, rule, now)) {
    return undefined;
  }
  return {
    code: 'grace',
    message: `unwanted in ${record.snapshots} of ${rule.snapshots} snapshots, grace ${rule.graceSeconds} s`,
    until: graceEnd(record, rule),
  };
}

function heldByWindow(opening: number | undefined, now: number): Hold | undefined {
  return opening === now
    ? undefined
    : { code: 'window', message: 'outside removal.windows', until: opening };
}

interface Budget {
  readonly maxRoutes: number;
  /** How many routes may still be added. */
  left: number;
}

function heldByBudget(budget: Budget): Hold | undefined {
  budget.left -= 1;
  return budget.left >= 0
    ? undefined
    : { code: 'max-routes', message: `maxRoutes ${budget.maxRoutes} is reached`, until: undefined };
}
