/** `/healthz` and `/readyz`: whether the process answers, and whether the last cycle did what an agent is there for. */
import { counted } from '../../report/lines.ts';
import type { ReportedError, UpstreamReport } from '../../report/report.ts';
import { isOwnTrouble } from '../own-trouble.ts';
import type { Leadership } from '../leader/leadership.ts';
import type { CycleEnd, Observer } from '../observer.ts';
import type { Page, Route } from './route.ts';

/** Why an agent is not ready; docs/monitoring.md lists them, and probes depend on them. */
export type ReasonCode =
  | 'starting'
  | 'cloud-unreadable'
  | 'upstream-error'
  | 'state-unusable'
  | 'locked'
  | 'cycle-failed'
  | 'stale'
  | 'no-leader-lock'
  | 'stopping';

/** What is worth knowing of an agent that is ready. */
export type NoteCode =
  | 'standby'
  | 'frozen'
  | 'refused'
  | 'held'
  | 'conflicts'
  | 'routes-failed'
  | 'unsaved';

export interface Remark<C extends string = string> {
  readonly code: C;
  readonly message: string;
  readonly upstream?: string;
}

export interface HealthOptions {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** When the next cycle is due, in Unix milliseconds; undefined where none is. */
  readonly nextDue: () => number | undefined;
  /** How long a cycle may take beside its pushes: jitter, and the time to read the cloud. */
  readonly allowanceMs: () => number;
}

/** What an election of several agents says of this one. */
export type Election = Pick<Leadership, 'role' | 'problem'>;

export interface Health {
  readonly observer: Pick<Observer, 'cycleEnded' | 'pushProgressed'>;
  readonly routes: readonly Route[];
  /** From now on it shares the work with other agents, or no longer does. */
  readonly follow: (election: Election | undefined) => void;
  /** From now on it is not ready. */
  readonly stopping: () => void;
}

interface Judgement {
  readonly reasons: readonly Remark<ReasonCode>[];
  readonly notes: readonly Remark<NoteCode>[];
}

const STARTING: Judgement = {
  reasons: [{ code: 'starting', message: 'no cycle has ended yet' }],
  notes: [],
};

/** How many cycles may fail to end before somebody must look. */
const MISSED_CYCLES = 3;

export function createHealth({ now, nextDue, allowanceMs }: HealthOptions): Health {
  let last = STARTING;
  let isStopping = false;
  let election: Election | undefined;
  /** Unix milliseconds at which the last cycle ended. */
  let endedAt = 0;
  /** Unix milliseconds after which the next cycle should have ended. */
  let deadline = Infinity;

  function cycleEnded(end: CycleEnd): void {
    if (end.error?.code === 'CANCELLED') {
      return;
    }
    last = judge(end);
    endedAt = end.finishedAt;
    const due = nextDue();
    const interval = due === undefined ? Infinity : Math.max(0, due - endedAt);
    deadline = now() + MISSED_CYCLES * interval + allowanceMs();
  }

  function judgement(): Judgement {
    const stopping = { code: 'stopping', message: 'the agent ends' } as const;
    const seconds = Math.round((now() - endedAt) / 1000);
    const stale = { code: 'stale', message: `no cycle has ended for ${seconds} s` } as const;
    const standby = { code: 'standby', message: 'another agent is the leader' } as const;
    const problem = election?.problem();
    const lockless = { code: 'no-leader-lock', message: problem?.message ?? '' } as const;
    return {
      reasons: [
        ...(isStopping ? [stopping] : []),
        ...(now() > deadline ? [stale] : []),
        ...(problem === undefined ? [] : [lockless]),
        ...last.reasons,
      ],
      notes: [...(election?.role() === 'standby' ? [standby] : []), ...last.notes],
    };
  }

  return {
    observer: {
      cycleEnded,
      // A long push is no stuck one.
      pushProgressed: () => {
        deadline = Math.max(deadline, now() + allowanceMs());
      },
    },
    routes: [
      { path: '/healthz', isOpen: true, answer: () => jsonPage(200, { status: 'alive' }) },
      {
        path: '/readyz',
        isOpen: true,
        answer: ({ isTrusted }) => readyPage(judgement(), isTrusted),
      },
    ],
    follow: (changed) => {
      election = changed;
    },
    stopping: () => {
      isStopping = true;
    },
  };
}

/** Who does not show the token learns the codes alone: messages name hosts and addresses. */
function readyPage({ reasons, notes }: Judgement, isTrusted: boolean): Page {
  const ready = reasons.length === 0;
  const told = (remarks: readonly Remark[]): readonly Partial<Remark>[] =>
    isTrusted ? remarks : remarks.map(({ code }) => ({ code }));
  return jsonPage(ready ? 200 : 503, { ready, reasons: told(reasons), notes: told(notes) });
}

function jsonPage(status: number, body: object): Page {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}

function judge({ report, error }: CycleEnd): Judgement {
  if (report === undefined) {
    const { code = 'INTERNAL', message = 'the cycle ended early' } = error ?? {};
    const isOfCloud = /^(?:CLOUD|SNAPSHOT)_/.test(code);
    const reason = isOfCloud ? 'cloud-unreadable' : 'cycle-failed';
    return { reasons: [{ code: reason, message: `${code}: ${message}` }], notes: [] };
  }
  const { blind, freeze, upstreams } = report;
  const unreadable = blind && { code: 'cloud-unreadable' as const, message: said(blind) };
  const frozen = freeze && {
    code: 'frozen' as const,
    message: `by ${freeze.by} at ${freeze.at}: ${freeze.reason}`,
  };
  return {
    reasons: [...(unreadable ? [unreadable] : []), ...upstreams.flatMap(reasonOf)],
    notes: [...(frozen ? [frozen] : []), ...upstreams.flatMap(notesOn)],
  };
}

function reasonOf({ name, error, stale }: UpstreamReport): readonly Remark<ReasonCode>[] {
  if (error === undefined) {
    return [];
  }
  const code = error === stale?.because ? 'cloud-unreadable' : troubleCode(error);
  return [{ code, message: said(error), upstream: name }];
}

/** What is wrong with our own state, or done by another process of ours, is not the router's fault. */
function troubleCode({ code }: ReportedError): ReasonCode {
  if (code === 'LOCKED') {
    return 'locked';
  }
  return isOwnTrouble(code) ? 'state-unusable' : 'upstream-error';
}

function notesOn({ name: upstream, plan, result }: UpstreamReport): readonly Remark<NoteCode>[] {
  const counts: readonly (readonly [NoteCode, number, string])[] = [
    ['held', plan?.held.length ?? 0, 'held change'],
    ['conflicts', plan?.conflicts.length ?? 0, 'conflict'],
    ['routes-failed', result?.failed.length ?? 0, 'failed change'],
  ];
  const save = result?.save;
  return [
    ...(plan?.refused === undefined
      ? []
      : [{ code: 'refused' as const, message: said(plan.refused), upstream }]),
    ...counts.flatMap(([code, count, what]) =>
      count === 0 ? [] : [{ code, message: counted(count, what), upstream }],
    ),
    ...(save?.saved === false
      ? [{ code: 'unsaved' as const, message: 'changes would not survive a restart', upstream }]
      : []),
  ];
}

function said({ code, message }: { readonly code: string; readonly message: string }): string {
  return `${code}: ${message}`;
}
