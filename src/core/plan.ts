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
import { ownedInOrder } from './owned.ts';
import { comparePrefixes, type Prefix } from './prefix.ts';
import { countMissing, type Missing, type Reading } from './removal.ts';
import {
  prefixOf,
  type DesiredRoute,
  type InstalledRoute,
  type RouteChange,
  type UpstreamState,
} from './route.ts';

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

/** Both sides in the order of their prefixes: one walk along the two finds every change, in that order. */
function diff(input: PlanInput): Diff {
  const { desired, state, ledger } = input;
  const installed = ownedInOrder(state);
  const changes: RouteChange[] = [];
  let unchanged = 0;
  let next = 0;
  let last: DesiredRoute | undefined;
  for (const after of desired.routes) {
    if (last !== undefined && comparePrefixes(last.prefix, after.prefix) > 0) {
      return diff({ ...input, desired: { ...desired, routes: desired.routes.toSorted(byPrefix) } });
    }
    last = after;
    let before = installed[next];
    let order = orderOf(before, after);
    while (before !== undefined && order < 0) {
      changes.push(removalOf(before, ledger));
      next += 1;
      before = installed[next];
      order = orderOf(before, after);
    }
    if (before === undefined || order > 0) {
      changes.push({ action: 'add', after });
      continue;
    }
    const following = next + 1;
    next = endOf(after, installed, following);
    if (next > following || !isAsWanted(after, before)) {
      changes.push({ action: 'replace', before, after });
    } else {
      unchanged += 1;
    }
  }
  for (const before of installed.slice(next)) {
    changes.push(removalOf(before, ledger));
  }
  return { changes, unchanged, owned: installed.length };
}

/** Where what is installed at the prefix ends, from this place on. */
function endOf(wanted: DesiredRoute, installed: readonly InstalledRoute[], from: number): number {
  let end = from;
  while (orderOf(installed[end], wanted) === 0) {
    end += 1;
  }
  return end;
}

/** Of what is installed next to what is wanted; behind the last one nothing comes first. */
function orderOf(installed: InstalledRoute | undefined, wanted: DesiredRoute): number {
  return installed === undefined ? 1 : comparePrefixes(installed.prefix, wanted.prefix);
}

function byPrefix(a: { readonly prefix: Prefix }, b: { readonly prefix: Prefix }): number {
  return comparePrefixes(a.prefix, b.prefix);
}

function removalOf(before: InstalledRoute, ledger: PlanInput['ledger']): RouteChange {
  return { action: 'remove', before, origin: ledger.get(before.prefix.text)?.origin ?? [] };
}

function countRemovals(
  changes: readonly RouteChange[],
  { missing, now, reading }: PlanInput,
): ReadonlyMap<string, Missing> {
  const counted = new Map<string, Missing>();
  for (const change of changes) {
    if (change.action === 'remove') {
      const { text } = change.before.prefix;
      counted.set(text, countMissing(missing.get(text), { now, reading }));
    }
  }
  return counted;
}

function sorted(conflicts: readonly Conflict[]): readonly Conflict[] {
  return conflicts.toSorted(byPrefix);
}
