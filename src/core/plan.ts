/**
 * The difference between what an upstream should hold and what it holds.
 *
 *     desired  installed             result
 *     yes      nothing               add (held by the route budget)
 *     yes      ours, same next hops  unchanged
 *     yes      ours, other next hops replace (held by mode create-only)
 *     no       ours                  remove (held by mode, then by grace)
 *     any      foreign               never touched; see desired.ts for the conflict
 *
 * Equal input gives equal output: everything is sorted by prefix.
 */
import type { Conflict } from './conflicts.ts';
import type { Desired, RouteWarning } from './desired.ts';
import { sameNextHops } from './next-hops.ts';
import { ownedRoutesOf, type OwnedRoutes } from './owned.ts';
import type { PolicyMode } from './policy.ts';
import { comparePrefixes, type Prefix } from './prefix.ts';
import { countMissing, graceEnd, isDue, type Missing, type RemovalRule } from './removal.ts';
import {
  prefixOf,
  type ChangeAction,
  type Origin,
  type RouteChange,
  type UpstreamState,
} from './route.ts';

/** Why a change is kept back. */
export type HeldCode = 'mode' | 'grace' | 'unconfirmed' | 'max-routes' | 'guard';

export interface Held {
  readonly code: HeldCode;
  readonly change: RouteChange;
  readonly message: string;
  /** Unix milliseconds; undefined where no time ends it. */
  readonly until: number | undefined;
}

export interface Refusal {
  readonly code: 'GUARD_REMOVALS' | 'GUARD_REPLACES';
  readonly message: string;
}

export interface UpstreamPlan {
  readonly upstream: string;
  readonly changes: readonly RouteChange[];
  readonly held: readonly Held[];
  readonly conflicts: readonly Conflict[];
  readonly warnings: readonly RouteWarning[];
  readonly unneeded: readonly Prefix[];
  readonly unchanged: number;
  /** How many routes of ours were installed before. */
  readonly owned: number;
  readonly refused: Refusal | undefined;
  /** The record of unwanted routes after this snapshot, by prefix text; kept in the ledger by those who write. */
  readonly missing: ReadonlyMap<string, Missing>;
}

export interface PlanInput {
  readonly upstream: string;
  readonly desired: Desired;
  readonly state: UpstreamState;
  readonly mode: PolicyMode;
  readonly removal: RemovalRule;
  readonly maxRoutes: number | undefined;
  /** The record of unwanted routes before this snapshot, and the origin of every installed one. */
  readonly missing: ReadonlyMap<string, Missing>;
  readonly ledger: ReadonlyMap<string, { readonly origin: readonly Origin[] }>;
  /** Unix milliseconds. */
  readonly now: number;
}

type Verdict = Pick<Held, 'code' | 'message' | 'until'> | undefined;

/** Compares, then keeps back what mode, grace time and route budget do not let through yet. */
export function planUpstream(input: PlanInput): UpstreamPlan {
  const { changes: wanted, unchanged, owned } = diff(input);
  const missing = countRemovals(wanted, input);
  const { maxRoutes = Infinity } = input;
  const budget = { maxRoutes, left: maxRoutes - owned };
  const changes: RouteChange[] = [];
  const held: Held[] = [];
  for (const change of wanted) {
    const verdict =
      heldByMode(change, input.mode) ??
      heldByGrace(change, missing, input) ??
      heldByBudget(change, budget);
    if (verdict === undefined) {
      changes.push(change);
    } else {
      held.push({ ...verdict, change });
    }
  }
  const { conflicts, warnings, unneeded } = input.desired;
  const { upstream } = input;
  const facts = { upstream, conflicts: sorted(conflicts), warnings, unneeded, unchanged, owned };
  return { ...facts, changes, held, refused: undefined, missing };
}

/** Moves the changes that `holds` answers for from `changes` to `held`. */
export function withhold(
  plan: UpstreamPlan,
  holds: (change: RouteChange) => Verdict,
): UpstreamPlan {
  const changes: RouteChange[] = [];
  const held: Held[] = [...plan.held];
  for (const change of plan.changes) {
    const verdict = holds(change);
    if (verdict === undefined) {
      changes.push(change);
    } else {
      held.push({ ...verdict, change });
    }
  }
  held.sort((a, b) => comparePrefixes(prefixOf(a.change), prefixOf(b.change)));
  return { ...plan, changes, held };
}

interface Diff {
  readonly changes: readonly RouteChange[];
  readonly unchanged: number;
  readonly owned: number;
}

function diff({ desired, state, ledger }: PlanInput): Diff {
  const installed = ownedRoutesOf(state);
  const changes: RouteChange[] = [];
  let unchanged = 0;
  /** Installed prefixes that are also desired. */
  let met = 0;
  for (const after of desired.routes) {
    const routes = installed.get(after.prefix.text);
    if (routes === undefined) {
      changes.push({ action: 'add', after });
      continue;
    }
    met += 1;
    const [before] = routes;
    if (routes.length > 1 || !sameNextHops(after.nextHops, before.nextHops)) {
      changes.push({ action: 'replace', before, after });
    } else {
      unchanged += 1;
    }
  }
  const removals = met < installed.size ? removalsOf(installed, desired, ledger) : [];
  return {
    changes: [...changes, ...removals].sort((a, b) => comparePrefixes(prefixOf(a), prefixOf(b))),
    unchanged,
    owned: state.routes.filter(({ owned }) => owned).length,
  };
}

function removalsOf(
  installed: OwnedRoutes,
  desired: Desired,
  ledger: PlanInput['ledger'],
): readonly RouteChange[] {
  const wanted = new Set(desired.routes.map(({ prefix }) => prefix.text));
  return [...installed].flatMap(([prefix, routes]) =>
    wanted.has(prefix)
      ? []
      : routes.map((before) => ({
          action: 'remove',
          before,
          origin: ledger.get(prefix)?.origin ?? [],
        })),
  );
}

function countRemovals(
  changes: readonly RouteChange[],
  { missing, now }: PlanInput,
): ReadonlyMap<string, Missing> {
  const prefixes = changes
    .filter(({ action }) => action === 'remove')
    .map((change) => prefixOf(change).text);
  return new Map(
    [...new Set(prefixes)].map((prefix) => [prefix, countMissing(missing.get(prefix), now)]),
  );
}

const PERMITTED: Record<PolicyMode, readonly ChangeAction[]> = {
  sync: ['add', 'replace', 'remove'],
  'upsert-only': ['add', 'replace'],
  'create-only': ['add'],
};

function heldByMode({ action }: RouteChange, mode: PolicyMode): Verdict {
  return PERMITTED[mode].includes(action)
    ? undefined
    : { code: 'mode', message: `policy.mode ${mode} permits no ${action}`, until: undefined };
}

function heldByGrace(
  change: RouteChange,
  missing: ReadonlyMap<string, Missing>,
  { removal, now }: PlanInput,
): Verdict {
  const record = change.action === 'remove' ? missing.get(prefixOf(change).text) : undefined;
  if (record === undefined || isDue(record, removal, now)) {
    return undefined;
  }
  return {
    code: 'grace',
    message: `unwanted in ${record.snapshots} of ${removal.snapshots} snapshots, grace ${removal.graceSeconds} s`,
    until: graceEnd(record, removal),
  };
}

interface Budget {
  readonly maxRoutes: number;
  /** How many routes may still be added. */
  left: number;
}

function heldByBudget({ action }: RouteChange, budget: Budget): Verdict {
  if (action !== 'add') {
    return undefined;
  }
  budget.left -= 1;
  return budget.left >= 0
    ? undefined
    : { code: 'max-routes', message: `maxRoutes ${budget.maxRoutes} is reached`, until: undefined };
}

function sorted(conflicts: readonly Conflict[]): readonly Conflict[] {
  return conflicts.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
}
