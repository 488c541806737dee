/**
 * The difference between what an upstream should hold and what it holds.
 *
 *     desired  installed             result
 *     yes      nothing               add (held by the route budget)
 *     yes      ours, same next hops  unchanged
 *     yes      ours, otherwise       replace (held by mode create-only)
 *     no       ours                  remove (held by mode, a ledger that does not know it, grace, windows)
 *     any      foreign               never touched; see desired.ts for the conflict
 *
 * Equal input gives equal output: everything is sorted by prefix.
 */
import type { Conflict } from './conflicts.ts';
import type { Desired, RouteWarning } from './desired.ts';
import { holdRule, type Hold, type HoldRules } from './hold.ts';
import { isAsWanted } from './next-hops.ts';
import { ownedRoutesOf, type OwnedRoutes } from './owned.ts';
import { comparePrefixes, type Prefix } from './prefix.ts';
import { countMissing, type Missing, type Reading } from './removal.ts';
import { prefixOf, type RouteChange, type UpstreamState } from './route.ts';

/** A change that is kept back. */
export interface Held extends Hold {
  readonly change: RouteChange;
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

export interface PlanInput extends HoldRules {
  readonly upstream: string;
  readonly desired: Desired;
  readonly state: UpstreamState;
  /** The record of unwanted routes before this snapshot. */
  readonly missing: ReadonlyMap<string, Missing>;
  readonly reading: Reading;
}

/** Compares, then keeps back what mode, ledger, grace time, windows and route budget do not let through yet. */
export function planUpstream(input: PlanInput): UpstreamPlan {
  const { changes: wanted, unchanged, owned } = diff(input);
  const missing = countRemovals(wanted, input);
  const holdOn = holdRule(input, { missing, owned });
  const changes: RouteChange[] = [];
  const held: Held[] = [];
  for (const change of wanted) {
    const hold = holdOn(change);
    if (hold === undefined) {
      changes.push(change);
    } else {
      held.push({ ...hold, change });
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
  holds: (change: RouteChange) => Hold | undefined,
): UpstreamPlan {
  const changes: RouteChange[] = [];
  const held: Held[] = [...plan.held];
  for (const change of plan.changes) {
    const hold = holds(change);
    if (hold === undefined) {
      changes.push(change);
    } else {
      held.push({ ...hold, change });
    }
  }
  held.sort((a, b) => comparePrefixes(prefixOf(a.change), prefixOf(b.change)));
  return { ...plan, changes, held };
}

/** A plan of which nothing is done: writes are frozen, or another agent leads. */
export function holdAll(
  plan: UpstreamPlan,
  hold: { readonly code: 'frozen' | 'standby'; readonly message: string },
): UpstreamPlan {
  return withhold(plan, () => ({ ...hold, until: undefined }));
}

/** A plan that only adds and replaces: nobody can tell now what may go. */
export function withoutRemovals(plan: UpstreamPlan, message: string): UpstreamPlan {
  return withhold(plan, ({ action }) =>
    action === 'remove' ? { code: 'frozen', message, until: undefined } : undefined,
  );
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
    if (routes.length > 1 || !isAsWanted(after, before)) {
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
  { missing, now, reading }: PlanInput,
): ReadonlyMap<string, Missing> {
  const prefixes = changes
    .filter(({ action }) => action === 'remove')
    .map((change) => prefixOf(change).text);
  return new Map(
    [...new Set(prefixes)].map((prefix) => [
      prefix,
      countMissing(missing.get(prefix), { now, reading }),
    ]),
  );
}

function sorted(conflicts: readonly Conflict[]): readonly Conflict[] {
  return conflicts.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
}
