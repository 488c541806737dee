/** The words of a plan, shared by the printers for people: what happens to which route, and why. */
import type { Conflict } from '../core/conflicts.ts';
import type { RouteWarning } from '../core/desired.ts';
import type { Held, UpstreamPlan } from '../core/plan.ts';
import { prefixOf, type NextHop, type RouteChange } from '../core/route.ts';
import { escapeText } from './escape.ts';
import type { ApplyResult, ReportedError } from './report.ts';

export function describeChange(change: RouteChange): string {
  const parts = [
    ...(change.action === 'remove' ? [] : [`via ${hops(change.after.nextHops)}`]),
    ...(change.action === 'add' ? [] : [`(was ${hops(change.before.nextHops)})`]),
  ];
  return parts.join(' ');
}

/** The cloud objects that explain the change. */
export function describeOrigin(change: RouteChange): string {
  const origin = change.action === 'remove' ? change.origin : change.after.origin;
  return origin.length === 0
    ? 'no ledger entry tells where it came from'
    : origin.map(({ router, subnet }) => `router ${router} subnet ${subnet}`).join(', ');
}

export function describeHeld({ code, change, message, until }: Held): string {
  const end = until === undefined ? '' : ` until ${isoTime(until)}`;
  return `${change.action} ${describeChange(change)} held, ${code}${end}: ${escapeText(message)}`;
}

export function describeConflict({ code, message }: Conflict): string {
  return `conflict ${code}: ${escapeText(message)}`;
}

export function describeWarning({ code, message }: RouteWarning): string {
  return `warning ${code}: ${escapeText(message)}`;
}

/** `Plan: 1 to add, 0 to replace, 0 to remove; 12 unchanged, 1 held, 1 conflict.` */
export function summarize(plan: UpstreamPlan): string {
  const count = (action: string): number =>
    plan.changes.filter((change) => change.action === action).length;
  const extras = [
    [plan.held.length, 'held'],
    [plan.conflicts.length, plan.conflicts.length === 1 ? 'conflict' : 'conflicts'],
    [plan.warnings.length, plan.warnings.length === 1 ? 'warning' : 'warnings'],
  ] as const;
  const rest = extras.filter(([n]) => n > 0).map(([n, what]) => `, ${n} ${what}`);
  return `Plan: ${count('add')} to add, ${count('replace')} to replace, ${count('remove')} to remove; ${plan.unchanged} unchanged${rest.join('')}.`;
}

/** `Done: 1 added, 0 replaced, 0 removed, verified.` */
export function summarizeResult({
  added,
  replaced,
  removed,
  failed,
  verified,
}: ApplyResult): string {
  const failures = failed.length === 0 ? '' : `, ${failed.length} failed`;
  return `Done: ${added} added, ${replaced} replaced, ${removed} removed${failures}, ${verified ? 'verified' : 'NOT verified'}.`;
}

/** `GUARD_REMOVALS: 30 removals of 40 routes ...`: an error or a refusal. */
export function describeError({ code, message }: ReportedError): string {
  return `${code}: ${escapeText(message)}`;
}

/** Unix milliseconds as ISO 8601 in UTC. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function describeFailure({ change, error }: ApplyResult['failed'][number]): string {
  return `${change.action} ${prefixOf(change).text} failed, ${describeError(error)}`;
}

function hops(nextHops: readonly NextHop[]): string {
  return nextHops.length === 0 ? 'no next hop' : nextHops.map(({ address }) => address).join(', ');
}
