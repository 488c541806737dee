/** A plan that refuses itself: caps on what one run may remove or replace on one upstream. */
import { withhold, type Refusal, type UpstreamPlan } from './plan.ts';
import type { ChangeAction } from './route.ts';

/** `free` changes always pass; beyond them both the count and the percentage of our routes must hold. */
export interface Cap {
  readonly count: number;
  readonly percent: number;
  readonly free: number;
}

export interface GuardLimits {
  readonly maxRemovals: Cap;
  readonly maxReplaces: Cap;
}

/**
 * Withholds all removals, or all replaces, of a plan that has more of them than the caps permit; adds still go out.
 * Losing more than `free` routes down to zero is always refused.
 */
export function guardPlan(plan: UpstreamPlan, limits: GuardLimits): UpstreamPlan {
  const removals = refusalOf(plan, 'remove', limits.maxRemovals);
  const replaces = refusalOf(plan, 'replace', limits.maxReplaces);
  const refused = merged(removals, replaces);
  if (refused === undefined) {
    return plan;
  }
  const guarded = withhold(plan, ({ action }) => {
    const refusal = { add: undefined, remove: removals, replace: replaces }[action];
    return refusal && { code: 'guard', message: refusal.message, until: undefined };
  });
  return { ...guarded, refused };
}

function refusalOf(
  plan: UpstreamPlan,
  action: Exclude<ChangeAction, 'add'>,
  { count, percent, free }: Cap,
): Refusal | undefined {
  const wanted = plan.changes.filter((change) => change.action === action).length;
  const overCap = wanted > count || 100 * wanted > percent * plan.owned;
  const losesAll = action === 'remove' && wanted === plan.owned;
  if (wanted <= free || !(overCap || losesAll)) {
    return undefined;
  }
  const what = action === 'remove' ? 'removals' : 'replaces';
  const cap = action === 'remove' ? 'guard.maxRemovals' : 'guard.maxReplaces';
  const problem = overCap
    ? `exceed ${cap} (count ${count}, percent ${percent}, free ${free})`
    : `would leave none, and more than ${free} (${cap}.free) need a person`;
  return {
    code: action === 'remove' ? 'GUARD_REMOVALS' : 'GUARD_REPLACES',
    message: `${wanted} ${what} of ${plan.owned} routes on ${plan.upstream} ${problem}; review the plan, then run once with --force`,
  };
}

function merged(a: Refusal | undefined, b: Refusal | undefined): Refusal | undefined {
  return a !== undefined && b !== undefined
    ? { code: a.code, message: `${a.message}; ${b.message}` }
    : (a ?? b);
}
