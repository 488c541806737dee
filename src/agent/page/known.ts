/** What an empty panel may say: only that is called in order of which everything is known. */
import { counted } from '../../report/lines.ts';
import type { Report, UpstreamReport } from '../../report/report.ts';
import { isOwnTrouble } from '../own-trouble.ts';
import type { BoardState } from './board.ts';

type State = Pick<BoardState, 'latest' | 'cycles'>;

/** The claim where it is known of every upstream; else of which it is, and why not of the others. */
export function claimText({ latest }: State, claim: string): string {
  if (latest === undefined) {
    return 'No cycle has ended yet.';
  }
  const { report } = latest;
  const known = report.upstreams.filter(hasPlan).map(({ name }) => name);
  const doubts = [...missing(report), ...blindness(report)];
  if (known.length === 0) {
    return sentence(['nothing is known', ...doubts]);
  }
  const isWhole = known.length === report.upstreams.length;
  return sentence([isWhole ? claim : `${claim} on ${known.join(', ')}`, ...doubts]);
}

/** Why nothing was changed; that nothing had to be is said only where nothing is owed. */
export function unchangedText({ latest, cycles: [newest] }: State): string {
  if (latest === undefined) {
    return 'No cycle has ended yet.';
  }
  const { report } = latest;
  const isEarly = newest?.error !== undefined && newest.run !== report.run;
  const owed = [
    ...(isEarly ? ['the last cycle ended early'] : []),
    ...blindness(report),
    ...missing(report),
    ...report.upstreams.flatMap(owedOn),
  ];
  return owed.length === 0
    ? 'Nothing to change: the upstreams hold what they should.'
    : sentence(['no change was made', ...owed]);
}

/** `no plan for edge1: it could not be read`; empty where every upstream has a plan. */
export function missingText({ latest }: State): string {
  const lines = latest === undefined ? [] : missing(latest.report);
  return lines.length === 0 ? '' : sentence(lines);
}

function hasPlan({ plan }: UpstreamReport): boolean {
  return plan !== undefined;
}

function missing({ upstreams }: Report): readonly string[] {
  return upstreams
    .filter((upstream) => !hasPlan(upstream))
    .map(({ name, error }) => `no plan for ${name}: ${whyMissing(error?.code ?? '')}`);
}

function whyMissing(code: string): string {
  if (code === 'LOCKED') {
    return 'another route-sync works on it';
  }
  return isOwnTrouble(code) ? "the agent's own state of it cannot be used" : 'it could not be read';
}

function blindness({ snapshot }: Report): readonly string[] {
  return snapshot === undefined ? ['the cloud could not be read'] : [];
}

/** What keeps one upstream from what it should hold. */
function owedOn({ name, plan, error, stale, result }: UpstreamReport): readonly string[] {
  if (plan === undefined) {
    return [];
  }
  const { held, conflicts, refused } = plan;
  const parts: readonly (readonly [boolean, string])[] = [
    [held.length > 0, `${counted(held.length, 'change')} ${held.length === 1 ? 'is' : 'are'} held`],
    [conflicts.length > 0, counted(conflicts.length, 'conflict')],
    [refused !== undefined, 'the guard refuses changes'],
    [error !== undefined, 'an error'],
    [stale !== undefined, 'kept as the cloud last asked for'],
    [result !== undefined && !result.verified, 'not verified'],
  ];
  const texts = parts.flatMap(([holds, text]) => (holds ? [text] : []));
  return texts.length === 0 ? [] : [`${name}: ${texts.join(', ')}`];
}

function sentence(parts: readonly string[]): string {
  const text = parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
