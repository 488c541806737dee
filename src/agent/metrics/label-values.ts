/** The values that labels can take: fixed lists, so that the number of series depends on the configuration alone. */
import type { ConflictCode } from '../../core/conflicts.ts';
import type { HeldCode } from '../../core/hold.ts';
import type { Refusal } from '../../core/plan.ts';
import type { ChangeAction } from '../../core/route.ts';
import type { SnapshotFacts } from '../../report/report.ts';
import type { CycleEnd } from '../observer.ts';

/** What came of a cycle, in one word. */
export type CycleOutcome = (typeof CYCLE_OUTCOMES)[number];

export const CYCLE_OUTCOMES = [
  'ok',
  'standby',
  'refused',
  'partial',
  'failure',
  'locked',
  'config',
  'cancelled',
] as const;

/** The documented exit codes of `apply`; any other one is a failure. */
const BY_EXIT_CODE: Readonly<Record<number, CycleOutcome>> = {
  0: 'ok',
  3: 'refused',
  4: 'partial',
  75: 'locked',
  78: 'config',
};

/** `mayWrite`: whether this agent is the leader, or there is none. */
export function outcomeOf({ exitCode, error }: CycleEnd, mayWrite: boolean): CycleOutcome {
  if (error?.code === 'CANCELLED') {
    return 'cancelled';
  }
  const outcome = BY_EXIT_CODE[exitCode] ?? 'failure';
  return outcome === 'ok' && !mayWrite ? 'standby' : outcome;
}

export const CONFLICT_CODES = keysOf<ConflictCode>({
  foreign: true,
  'foreign-overlap': true,
  'foreign-covering': true,
  connected: true,
  'next-hop-is-upstream': true,
  duplicate: true,
  overlap: true,
});

export const HELD_CODES = keysOf<HeldCode>({
  mode: true,
  ledger: true,
  grace: true,
  window: true,
  unconfirmed: true,
  'max-routes': true,
  guard: true,
  standby: true,
  frozen: true,
});

export const REFUSAL_CODES = keysOf<Refusal['code']>({
  GUARD_REMOVALS: true,
  GUARD_REPLACES: true,
});

export const CHANGE_ACTIONS = keysOf<ChangeAction>({ add: true, replace: true, remove: true });

export const CHANGE_OUTCOMES = ['done', 'failed', 'skipped'] as const;

/** The counts of a snapshot. */
export type ObjectKind = Exclude<keyof SnapshotFacts, 'natModel' | 'readMs'>;

export const OBJECT_KINDS = keysOf<ObjectKind>({
  routers: true,
  ports: true,
  subnets: true,
  externalNetworks: true,
});

export const METHODS = ['GET', 'POST'] as const;

/** What Keystone, Neutron and the proxies before them say; any other status is counted with its class. */
const STATUSES = ['200', '201', '300', '400', '401', '403', '404', '409', '414', '429'] as const;
const SERVER_ERRORS = ['500', '502', '503', '504'] as const;
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

export const REQUEST_STATUSES = [...STATUSES, ...SERVER_ERRORS, ...CLASSES, 'none'] as const;

/** The label for a status; undefined is an attempt without an answer. */
export function statusLabel(status: number | undefined): string {
  const text = String(status);
  const known: readonly string[] = REQUEST_STATUSES;
  if (known.includes(text)) {
    return text;
  }
  const group = `${text.slice(0, 1)}xx`;
  return text.length === 3 && known.includes(group) ? group : 'none';
}

/** For the reference: each label that has a list, and which metrics it is of. */
export const LABEL_VALUES = [
  { label: '`outcome` of cycles', values: CYCLE_OUTCOMES },
  { label: '`outcome` of changes', values: CHANGE_OUTCOMES },
  { label: '`action`', values: CHANGE_ACTIONS },
  { label: '`code` of conflicts', values: CONFLICT_CODES },
  { label: '`code` of held changes', values: HELD_CODES },
  { label: '`code` of refusals', values: REFUSAL_CODES },
  { label: '`kind` of objects', values: OBJECT_KINDS },
  { label: '`method` of requests', values: METHODS },
  { label: '`status` of requests', values: REQUEST_STATUSES },
] as const;

/** A list that the compiler knows to be complete. */
function keysOf<K extends string>(values: Readonly<Record<K, true>>): readonly K[] {
  return Object.keys(values) as K[];
}
