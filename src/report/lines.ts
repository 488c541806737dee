/** The words of a plan, shared by the printers for people: what happens to which route, and why. */
import type { Conflict } from '../core/conflicts.ts';
import type { RouteWarning } from '../core/desired.ts';
import type { Held, UpstreamPlan } from '../core/plan.ts';
import { prefixOf, type NextHop, type RouteChange } from '../core/route.ts';
import { escapeText } from './escape.ts';
import type {
  ApplyResult,
  FreezeFacts,
  Report,
  ReportedError,
  RouteProblem,
  SaveFacts,
  SnapshotFacts,
  StaleFacts,
  StandbyFacts,
} from './report.ts';

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
  skipped,
  verified,
  save,
}: ApplyResult): string {
  const left = skipped.length === 0 ? '' : `, ${skipped.length} left alone`;
  const failures = `${failed.length === 0 ? '' : `, ${failed.length} failed`}${left}`;
  const kept = save === undefined ? '' : ` ${describeSave(save)}`;
  return `Done: ${added} added, ${replaced} replaced, ${removed} removed${failures}, ${verified ? 'verified' : 'NOT verified'}.${kept}`;
}

function describeSave({ saved, error }: SaveFacts): string {
  if (saved) {
    return 'Saved.';
  }
  return error === undefined
    ? 'Not saved yet: a restart of the router would lose changes.'
    : `NOT saved, ${describeError(error)}`;
}

/** `GUARD_REMOVALS: 30 removals of 40 routes ...`: an error or a refusal. */
export function describeError({ code, message }: ReportedError): string {
  return `${code}: ${escapeText(message)}`;
}

/** Unix milliseconds as ISO 8601 in UTC. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function describeFailure({ change, error }: RouteProblem): string {
  return `${change.action} ${prefixOf(change).text} failed, ${describeError(error)}`;
}

export function describeSkip({ change, error }: RouteProblem): string {
  return `${change.action} ${prefixOf(change).text} left alone, ${describeError(error)}`;
}

/** That an upstream is kept as the cloud last wanted it, since when, and why. */
export function describeStale({ at, ageSeconds, because }: StaleFacts): string {
  return `Kept as of ${isoTime(at)} (${ageSeconds} s ago), nothing is removed: ${because.code}`;
}

export function describeFreeze({ by, at, reason }: FreezeFacts): string {
  return `Frozen since ${escapeText(at)} by ${escapeText(by)}${reason === '' ? '' : `: ${escapeText(reason)}`}. Nothing is written until route-sync unfreeze.`;
}

export function describeStandby({ leader }: StandbyFacts): string {
  return leader === undefined
    ? 'Standby, and no leader is known. Nothing is written here.'
    : `Standby: ${escapeText(leader.host)} leads since ${escapeText(leader.since)}. Nothing is written here.`;
}

/** `Cloud: 12 routers, ...`, or why it could not be read; without a full stop. */
export function describeCloud({ snapshot, blind }: Pick<Report, 'snapshot' | 'blind'>): string {
  if (snapshot === undefined) {
    return `Cloud: could not be read${blind === undefined ? '' : `, ${describeError(blind)}`}`;
  }
  return `Cloud: ${describeSnapshot(snapshot)}`;
}

/** `12 routers, 1 subnet, NAT as ML2/OVN` */
export function describeSnapshot({
  routers,
  subnets,
  natModel,
}: Pick<SnapshotFacts, 'routers' | 'subnets' | 'natModel'>): string {
  return `${counted(routers, 'router')}, ${counted(subnets, 'subnet')}, NAT as ML2/${natModel.toUpperCase()}`;
}

/** `1 route`, `2 routes` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function hops(nextHops: readonly NextHop[]): string {
  return nextHops.length === 0 ? 'no next hop' : nextHops.map(({ address }) => address).join(', ');
}
