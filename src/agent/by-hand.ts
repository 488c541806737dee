/** Changes that a person asks for, past schedule and guard: proposed for each upstream, and pushed after a yes. */
import type { Missing } from '../core/removal.ts';
import type { DesiredRoute, RouteChange, UpstreamState } from '../core/route.ts';
import type { UpstreamPlan } from '../core/plan.ts';
import type { ApplyResult } from '../report/report.ts';
import { openUpstream, type OpenDeps, type OpenUpstream } from './open-upstream.ts';
import { pushPlan, type PushContext } from './push.ts';
import { attempt, next, type Step } from './steps.ts';
import type { Upstream } from './upstream.ts';

/** What is to happen on one upstream. */
export interface Proposal {
  readonly plan: UpstreamPlan;
  /** The routes whose origin the ledger shall take over. */
  readonly desired: readonly DesiredRoute[];
  /** What was asked for and will not happen. */
  readonly left: readonly LeftAlone[];
}

export interface LeftAlone {
  readonly action: string;
  readonly prefix: string;
  readonly reason: string;
}

export interface Proposed extends OpenUpstream, Proposal {}

/** Opens every upstream under its lock, then proposes; what goes wrong on one upstream is in its step. */
export async function proposeByHand(
  upstreams: readonly Upstream[],
  deps: OpenDeps,
  propose: (open: OpenUpstream) => Proposal | Promise<Proposal>,
): Promise<readonly Step<Proposed>[]> {
  const opened: Step<OpenUpstream>[] = [];
  try {
    for (const upstream of upstreams) {
      opened.push(await attempt(upstream, async () => openUpstream(upstream, deps)));
    }
    const steps: Step<Proposed>[] = [];
    for (const step of opened) {
      steps.push(await next(step, async (open) => ({ ...open, ...(await propose(open)) })));
    }
    await releaseAll(opened.filter((_, index) => steps[index]?.value === undefined));
    return steps;
  } catch (error) {
    await releaseAll(opened);
    throw error;
  }
}

/** Pushes what was proposed, one upstream after the other, with `prepare` just before each push. */
export async function pushByHand(
  proposed: readonly Step<Proposed>[],
  context: PushContext,
  prepare: (open: OpenUpstream) => Promise<void>,
): Promise<readonly Step<ApplyResult>[]> {
  const steps: Step<ApplyResult>[] = [];
  for (const step of proposed) {
    const pushed = await next(step, async (input) => {
      await prepare(input);
      return pushPlan(input, context);
    });
    steps.push(pushed);
  }
  return steps;
}

/** Whatever became of it, the locks go. */
export async function releaseAll(steps: readonly Step<OpenUpstream>[]): Promise<void> {
  await Promise.all(steps.map(async ({ value }) => value?.lock?.release()));
}

interface HandMade {
  readonly changes: readonly RouteChange[];
  readonly state: UpstreamState;
  /** The record of unwanted routes, as it shall be afterwards. */
  readonly missing: ReadonlyMap<string, Missing>;
}

/** A plan of these changes and nothing else. */
export function handMadePlan(
  upstream: string,
  { changes, state, missing }: HandMade,
): UpstreamPlan {
  const owned = state.routes.filter((route) => route.owned).length;
  const touched = changes.filter(({ action }) => action !== 'add').length;
  return {
    upstream,
    changes,
    held: [],
    conflicts: [],
    warnings: [],
    unneeded: [],
    unchanged: Math.max(0, owned - touched),
    owned,
    refused: undefined,
    missing,
  };
}
