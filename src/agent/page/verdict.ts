/** The answer to the first question: is all well? If not, what is wrong, the worst first. */
import { counted } from '../../report/lines.ts';
import type { Report, ReportedError, UpstreamReport } from '../../report/report.ts';
import { isOwnTrouble } from '../own-trouble.ts';
import type { BoardState } from './board.ts';

export type Level = 'good' | 'notice' | 'bad' | 'waiting';

/** One thing that somebody should know. */
export interface Reason {
  readonly level: 'notice' | 'bad';
  /** A few words. */
  readonly title: string;
  readonly text: string;
}

export interface Verdict {
  readonly level: Level;
  readonly title: string;
  /** Bad ones first. */
  readonly reasons: readonly Reason[];
}

export function verdictOf(state: BoardState): Verdict {
  const { latest } = state;
  const reasons = [
    ...earlyEnd(state),
    ...(latest === undefined ? [] : reasonsOf(latest.report)),
  ].sort((a, b) => Number(b.level === 'bad') - Number(a.level === 'bad'));
  const [first, ...others] = reasons;
  if (first === undefined) {
    return latest === undefined
      ? { level: 'waiting', title: 'Waiting for the first cycle to end', reasons }
      : { level: 'good', title: 'All is well', reasons };
  }
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return { level: first.level, title: `${first.title}${more}`, reasons };
}

/** A cycle that ended before any upstream was touched has no report. */
function earlyEnd({ latest, cycles: [newest] }: BoardState): readonly Reason[] {
  return newest?.error === undefined || newest.run === latest?.report.run
    ? []
    : [bad('The last cycle ended early', `${newest.error.code}: ${newest.error.message}`)];
}

function reasonsOf({ blind, freeze, standby, upstreams }: Report): readonly Reason[] {
  return [
    ...(blind === undefined
      ? []
      : [
          bad(
            'The cloud cannot be read',
            `${blind.code}: ${blind.message}. The upstreams keep what it last asked for, and nothing is removed.`,
          ),
        ]),
    ...(freeze === undefined
      ? []
      : [
          notice(
            'Writes are frozen',
            `Since ${freeze.at} by ${freeze.by}${freeze.reason === '' ? '' : `: ${freeze.reason}`}. Nothing is written until "route-sync unfreeze".`,
          ),
        ]),
    ...(standby === undefined ? [] : [notice('This agent stands by', whoLeads(standby))]),
    ...upstreams.flatMap(upstreamReasons),
  ];
}

function whoLeads({ leader }: NonNullable<Report['standby']>): string {
  return leader === undefined
    ? 'Nobody is known to lead. This agent only plans; nothing is written.'
    : `The agent on ${leader.host} has led since ${leader.since}, and writes; this one only plans.`;
}

function upstreamReasons(upstream: UpstreamReport): readonly Reason[] {
  const { name, plan, error } = upstream;
  return [
    ...(error === undefined
      ? []
      : [bad(errorTitle(upstream, error), `${name}: ${error.code}: ${error.message}`)]),
    ...(plan?.refused === undefined
      ? []
      : [
          bad(
            `The guard refuses changes on ${name}`,
            `${plan.refused.code}: ${plan.refused.message}`,
          ),
        ]),
    ...resultReasons(upstream),
    ...heldReasons(upstream),
    ...countReason(plan?.conflicts.length ?? 0, name, [
      'conflict',
      'The way is not free: see both sides below.',
    ]),
    ...countReason(plan?.warnings.length ?? 0, name, [
      'warning',
      'The routes are installed all the same.',
    ]),
  ];
}

function errorTitle({ name, plan }: UpstreamReport, { code }: ReportedError): string {
  if (code === 'LOCKED') {
    return `Another route-sync works on ${name}`;
  }
  if (isOwnTrouble(code)) {
    return `The agent's own state of ${name} cannot be used`;
  }
  return plan === undefined ? `${name} could not be read` : `${name} has an error`;
}

function resultReasons({ name, result }: UpstreamReport): readonly Reason[] {
  if (result === undefined) {
    return [];
  }
  const { failed, skipped, verified, save } = result;
  const [first] = failed;
  return [
    ...(first === undefined
      ? []
      : [
          bad(
            `${counted(failed.length, 'change')} failed on ${name}`,
            `The first: ${first.error.code}: ${first.error.message}`,
          ),
        ]),
    ...(verified || first !== undefined
      ? []
      : [bad(`${name} is not verified`, 'What it shows after the push is not what was pushed.')]),
    ...(save?.error === undefined
      ? []
      : [bad(`${name} could not save`, `A restart would lose changes: ${save.error.message}`)]),
    ...(skipped.length === 0
      ? []
      : [
          notice(
            `${counted(skipped.length, 'removal')} left alone on ${name}`,
            'The routes changed since they were planned; the next cycle decides anew.',
          ),
        ]),
  ];
}

/** What waits for a person; whatever waits for time alone is in order. */
function heldReasons({ name, plan }: UpstreamReport): readonly Reason[] {
  const over = plan?.held.filter(({ code }) => code === 'max-routes').length ?? 0;
  const doubted = plan?.held.filter(({ code }) => code === 'unconfirmed').length ?? 0;
  return [
    ...(over === 0
      ? []
      : [
          bad(
            `${name} has no room for ${counted(over, 'route')}`,
            'Raise maxRoutes, or announce less.',
          ),
        ]),
    ...(doubted === 0
      ? []
      : [
          notice(
            `${counted(doubted, 'removal')} on ${name} not confirmed by the cloud`,
            'The lists of the cloud lack objects that it still has when asked for them by id.',
          ),
        ]),
  ];
}

function countReason(
  count: number,
  upstream: string,
  [what, meaning]: readonly [string, string],
): readonly Reason[] {
  return count === 0 ? [] : [notice(`${counted(count, what)} on ${upstream}`, meaning)];
}

function bad(title: string, text: string): Reason {
  return { level: 'bad', title, text };
}

function notice(title: string, text: string): Reason {
  return { level: 'notice', title, text };
}
