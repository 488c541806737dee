/** How a command asks before it changes something by hand: shows what it means to do, waits for a yes, does it, tells. */
import type { RunFacts } from '../agent/journal.ts';
import {
  proposeByHand,
  pushByHand,
  releaseAll,
  type LeftAlone,
  type Proposal,
  type Proposed,
} from '../agent/by-hand.ts';
import { refuseFrozen } from '../agent/frozen.ts';
import { leadFor } from '../agent/leader/lead.ts';
import { NOBODY } from '../agent/observer.ts';
import type { OpenDeps, OpenUpstream } from '../agent/open-upstream.ts';
import type { Step } from '../agent/steps.ts';
import { closeUpstreams, describeUpstream, type Upstream } from '../agent/upstream.ts';
import { prefixOf, type RouteChange } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import {
  describeChange,
  describeError,
  describeFailure,
  describeSkip,
  summarizeResult,
} from '../report/lines.ts';
import type { ApplyResult, UpstreamReport } from '../report/report.ts';
import type { CommandContext, CommonOptions } from './context.ts';

export interface ByHandOptions extends CommonOptions {
  /** Do not ask. */
  readonly yes: boolean;
  /** Seconds to wait for the lock of another process. */
  readonly wait: number;
}

/** What a command wants done. */
export interface Errand {
  readonly facts: RunFacts;
  /** Called once every upstream that can be opened is open, and held by its lock. */
  readonly propose: (open: OpenUpstream) => Proposal | Promise<Proposal>;
  /** What each upstream needs after the yes, just before the push. */
  readonly prepare?: (open: OpenUpstream) => Promise<void>;
  /** Called when all is done, before the locks go. */
  readonly finish?: () => Promise<void>;
  /** `Remove all our routes from edge1?` */
  readonly question: string;
  /** What the refusal says: `purge was not confirmed, nothing was removed`. */
  readonly unconfirmed: string;
  /** Neutron's revision_number by object id, as far as known. */
  readonly revisions: ReadonlyMap<string, number>;
}

/** What became of it on one upstream. */
export interface HandMadeReport extends UpstreamReport {
  readonly left: readonly LeftAlone[];
}

interface Work {
  readonly upstreams: readonly Upstream[];
  readonly deps: OpenDeps;
  readonly errand: Errand;
}

/**
 * Without a terminal and without `--yes` nothing is done (NOT_CONFIRMED), nor while the kill switch is on (FROZEN).
 * Asks nothing where there is nothing to do.
 */
export async function runErrand(
  context: CommandContext,
  { yes, output }: ByHandOptions,
  { upstreams, deps, errand }: Work,
): Promise<readonly HandMadeReport[]> {
  await refuseFrozen(deps.state);
  const lead = leadFor(deps);
  const proposed = await proposeByHand(upstreams, deps, errand.propose);
  try {
    const show = output === 'json' ? context.complain : context.print;
    if (proposed.some(({ value }) => (value?.plan.changes.length ?? 0) > 0)) {
      if (output !== 'json' || !yes) {
        show(proposed.map((step) => proposalText(step)).join(''));
      }
      await confirm(context, yes, errand);
    }
    const { facts, revisions, prepare = NOTHING } = errand;
    const { state: store, clock, signal } = deps;
    const pushing = { store, facts, revisions, clock, signal, lead, observer: NOBODY };
    const pushed = await pushByHand(proposed, pushing, prepare);
    await errand.finish?.();
    return pushed.map((step, index) => reportOf(step, proposed[index]?.value));
  } finally {
    await releaseAll(proposed);
    await closeUpstreams(upstreams);
  }
}

const NOTHING = async (): Promise<void> => Promise.resolve();

async function confirm(
  { ask }: CommandContext,
  yes: boolean,
  { question, unconfirmed }: Errand,
): Promise<void> {
  const answer = yes ? 'yes' : await ask?.(`${question} Type yes: `);
  if (answer?.trim() !== 'yes') {
    throw new RouteSyncError('NOT_CONFIRMED', `${unconfirmed}; answer yes, or say --yes`);
  }
}

function reportOf(step: Step<ApplyResult>, proposed: Proposed | undefined): HandMadeReport {
  const { upstream, value, error } = step;
  return {
    name: upstream.config.name,
    os: upstream.config.os,
    description: describeUpstream(upstream),
    error: error && { code: error.code, message: error.message },
    networkIds: new Set(),
    plan: proposed?.plan,
    counts: undefined,
    stale: undefined,
    result: value,
    left: proposed?.left ?? [],
  };
}

const SIGNS: Record<RouteChange['action'], string> = { add: '+', replace: '~', remove: '-' };

function proposalText({ upstream, value, error }: Step<Proposed>): string {
  const lines = (value?.plan.changes ?? []).map(
    (change) => `${SIGNS[change.action]} ${prefixOf(change).text}  ${describeChange(change)}`,
  );
  const left = (value?.left ?? []).map(describeLeft);
  const problem = error === undefined ? [] : [`Error, ${describeError(error)}`];
  return block(`${upstream.config.name} (${describeUpstream(upstream)})`, [
    ...lines,
    ...left,
    ...problem,
  ]);
}

/** What became of it, for people; the changes themselves were shown before. */
export function outcomeText({
  name,
  description,
  result,
  error,
  plan,
  left,
}: HandMadeReport): string {
  const isShown = (plan?.changes.length ?? 0) > 0;
  const outcome = [
    ...(isShown ? [] : left.map(describeLeft)),
    ...(result?.failed ?? []).map(describeFailure),
    ...(result?.skipped ?? []).map(describeSkip),
    ...(result === undefined ? [] : [summarizeResult(result)]),
    ...(error === undefined ? [] : [`Error, ${describeError(error)}`]),
  ];
  return block(`${name} (${description})`, outcome);
}

function block(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function describeLeft({ action, prefix, reason }: LeftAlone): string {
  return `${action} ${prefix} is not taken back: ${escapeText(reason)}`;
}
