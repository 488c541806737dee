/**
 * A plan that refuses itself: caps on what may be removed or replaced on one upstream, for one group of its routes,
 * within an hour, and in one run. Adds always pass.
 */
import type { KnownRoute } from './hold.ts';
import { withhold, type Refusal, type UpstreamPlan } from './plan.ts';
import { BY_NETWORK, BY_PROJECT, groupsOf, tally, type Grouping } from './route-groups.ts';
import type { ChangeAction, Origin, RouteChange } from './route.ts';

/** `free` changes always pass; beyond them both the count and the percentage of our routes must hold. */
export interface Cap {
  readonly count: number;
  readonly percent: number;
  readonly free: number;
}

/** Caps on every group of one upstream's routes; absent: none. */
export interface GroupCaps {
  readonly maxRemovals?: Cap | undefined;
  readonly maxReplaces?: Cap | undefined;
}

/** How many changes, at most. */
export interface Limits {
  readonly removals: number;
  readonly replaces: number;
}

export interface GuardLimits {
  readonly maxRemovals: Cap;
  readonly maxReplaces: Cap;
  /** On one upstream, this run and those of the last hour together. */
  readonly perHour: Limits;
  readonly perExternalNetwork?: GroupCaps | undefined;
  readonly perProject?: GroupCaps | undefined;
}

/** `perRun`: on all upstreams together. */
export interface RunLimits {
  readonly perRun?: { readonly [K in keyof Limits]?: number | undefined } | undefined;
}

/** What one run did on one upstream. */
export interface RecentChanges extends Limits {
  /** Unix milliseconds. */
  readonly at: number;
}

export interface GuardFacts {
  /** Our routes by prefix text: the groups' sizes are counted here. */
  readonly ledger: ReadonlyMap<string, Pick<KnownRoute, 'origin'>>;
  readonly recent: readonly RecentChanges[];
  /** Unix milliseconds. */
  readonly now: number;
}

interface Kind {
  readonly action: Exclude<ChangeAction, 'add'>;
  readonly code: Refusal['code'];
  readonly cap: keyof GroupCaps;
  readonly what: keyof Limits;
}

const KINDS: readonly Kind[] = [
  { action: 'remove', code: 'GUARD_REMOVALS', cap: 'maxRemovals', what: 'removals' },
  { action: 'replace', code: 'GUARD_REPLACES', cap: 'maxReplaces', what: 'replaces' },
];

/** What exceeds the caps of one scope, and the part of it that covers a change. */
interface Excess {
  readonly messages: readonly string[];
  readonly messageFor: (change: RouteChange) => string | undefined;
}

interface Guarding {
  readonly plan: UpstreamPlan;
  readonly kind: Kind;
  readonly limits: GuardLimits;
  readonly facts: GuardFacts;
}

/** From the widest scope to the narrowest, then what is left of the hour: each sees what the one before let through. */
const CHECKS: readonly ((guarding: Guarding) => Excess | undefined)[] = [
  upstreamExcess,
  (guarding) => groupExcess(guarding, BY_NETWORK),
  (guarding) => groupExcess(guarding, BY_PROJECT),
  hourExcess,
];

/**
 * Withholds the removals, or the replaces, of a scope that has more of them than its caps permit; everything else goes
 * out. Losing more than `maxRemovals.free` routes of an upstream down to zero is always refused.
 */
export function guardPlan(
  plan: UpstreamPlan,
  limits: GuardLimits,
  facts: GuardFacts,
): UpstreamPlan {
  if (plan.changes.every(isAdd)) {
    return plan;
  }
  let guarded = plan;
  for (const kind of KINDS) {
    for (const check of CHECKS) {
      guarded = refuse(guarded, kind, check({ plan: guarded, kind, limits, facts }));
    }
  }
  return guarded;
}

/** Withholds all removals, or all replaces, of all upstreams where together they are more than one run may do. */
export function guardRun(
  plans: readonly UpstreamPlan[],
  { perRun = {} }: RunLimits,
): readonly UpstreamPlan[] {
  return KINDS.reduce((guarded, kind) => {
    const limit = perRun[kind.what];
    return limit === undefined ? guarded : guardKind(guarded, kind, limit);
  }, plans);
}

function guardKind(
  plans: readonly UpstreamPlan[],
  kind: Kind,
  limit: number,
): readonly UpstreamPlan[] {
  const touched = plans.filter((plan) => countOf(plan, kind) > 0);
  const total = touched.reduce((sum, plan) => sum + countOf(plan, kind), 0);
  if (total <= limit) {
    return plans;
  }
  const parts = touched.map((plan) => `${countOf(plan, kind)} on ${plan.upstream}`).join(', ');
  const excess = excessOfAll(
    `${total} ${kind.what} in one run (${parts}) exceed guard.perRun.${kind.what} (${limit})`,
  );
  return plans.map((plan) => (touched.includes(plan) ? refuse(plan, kind, excess) : plan));
}

const HOUR_MS = 3_600_000;

/** The runs of the hour before `now`; those that a clock far ahead wrote down are left out. */
export function lastHour(recent: readonly RecentChanges[], now: number): readonly RecentChanges[] {
  return recent.filter(({ at }) => Math.abs(now - at) < HOUR_MS);
}

/** The same runs as if the wall clock had always been where a jump took it. */
export function shiftRecent(
  recent: readonly RecentChanges[],
  jump: number,
): readonly RecentChanges[] {
  return recent.map((run) => ({ ...run, at: run.at + jump }));
}

function isAdd({ action }: RouteChange): boolean {
  return action === 'add';
}

function countOf({ changes }: UpstreamPlan, { action }: Kind): number {
  return changes.reduce((sum, change) => sum + Number(change.action === action), 0);
}

function upstreamExcess({ plan, kind, limits }: Guarding): Excess | undefined {
  const wanted = countOf(plan, kind);
  const { owned, upstream } = plan;
  const cap = limits[kind.cap];
  const losesAll = kind.action === 'remove' && wanted === owned;
  if (!isOver(wanted, owned, cap) && !(losesAll && wanted > cap.free)) {
    return undefined;
  }
  const problem = isOver(wanted, owned, cap)
    ? `exceed guard.${kind.cap} ${capText(cap)}`
    : `would leave none, and more than ${cap.free} (guard.${kind.cap}.free) need a person`;
  return excessOfAll(`${wanted} ${kind.what} of ${owned} routes on ${upstream} ${problem}`);
}

function hourExcess({ plan, kind, limits, facts }: Guarding): Excess | undefined {
  const { what } = kind;
  const wanted = countOf(plan, kind);
  const done = lastHour(facts.recent, facts.now).reduce((sum, run) => sum + run[what], 0);
  const limit = limits.perHour[what];
  if (wanted === 0 || wanted + done <= limit) {
    return undefined;
  }
  return excessOfAll(
    `${wanted} ${what} on ${plan.upstream} and ${done} of the last hour exceed guard.perHour.${what} (${limit})`,
  );
}

const WAY_OUT = 'review the plan, then run once with --force';

function excessOfAll(problem: string): Excess {
  const message = `${problem}; ${WAY_OUT}`;
  return { messages: [message], messageFor: () => message };
}

function groupExcess(
  { plan, kind, limits, facts }: Guarding,
  grouping: Grouping,
): Excess | undefined {
  const { key, name } = grouping;
  const cap = limits[key]?.[kind.cap];
  if (cap === undefined) {
    return undefined;
  }
  const groupsOfChange = (change: RouteChange): readonly string[] =>
    change.action === kind.action ? groupsOf(originsOf(change), grouping) : [];
  const wanted = tally(plan.changes.map(groupsOfChange));
  const sizes = tally(
    Array.from(facts.ledger.values(), ({ origin }) => groupsOf(origin, grouping)),
  );
  const messages = new Map<string, string>();
  for (const [group, count] of [...wanted].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const size = sizes.get(group) ?? 0;
    if (isOver(count, size, cap)) {
      const problem = `${count} ${kind.what} of ${size} routes of ${name} ${group} on ${plan.upstream} exceed guard.${key}.${kind.cap} ${capText(cap)}`;
      messages.set(group, `${problem}; ${WAY_OUT}`);
    }
  }
  return {
    messages: [...messages.values()],
    messageFor: (change) =>
      groupsOfChange(change)
        .map((group) => messages.get(group))
        .find((message) => message !== undefined),
  };
}

function originsOf(change: RouteChange): readonly Origin[] {
  return change.action === 'remove' ? change.origin : change.after.origin;
}

function isOver(wanted: number, total: number, { count, percent, free }: Cap): boolean {
  return wanted > free && (wanted > count || 100 * wanted > percent * total);
}

function capText({ count, percent, free }: Cap): string {
  return `(count ${count}, percent ${percent}, free ${free})`;
}

/** How many groups a refusal names; every held change names its own. */
const NAMED = 3;

function refuse(plan: UpstreamPlan, kind: Kind, excess: Excess | undefined): UpstreamPlan {
  if (excess === undefined || excess.messages.length === 0) {
    return plan;
  }
  const guarded = withhold(plan, (change) => {
    const message = change.action === kind.action ? excess.messageFor(change) : undefined;
    return message === undefined ? undefined : { code: 'guard', message, until: undefined };
  });
  const { refused: { code, message: earlier } = { code: kind.code, message: '' } } = plan;
  const unnamed = excess.messages.length - NAMED;
  const parts = [
    earlier,
    ...excess.messages.slice(0, NAMED),
    unnamed > 0 ? `and ${unnamed} more` : '',
  ];
  return { ...guarded, refused: { code, message: parts.filter(Boolean).join('; ') } };
}
