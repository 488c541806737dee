/**
 * One upstream's plan -> the upstream. What is planned is on disk before the push; what comes in goes first, and what
 * goes out is looked at once more just before it goes.
 */
import type { ClockReading } from '../core/clock.ts';
import type { UpstreamPlan } from '../core/plan.ts';
import type { ChangeAction, DesiredRoute, RouteChange, UpstreamState } from '../core/route.ts';
import type { Rejection } from '../drivers/driver.ts';
import { withJointSignal } from '../openstack-client-lite/index.ts';
import type { ApplyResult, RouteProblem } from '../report/report.ts';
import { applyChanges, proveRights } from './apply.ts';
import { refuseFrozen } from './frozen.ts';
import { gatherState } from './gather.ts';
import type { RunFacts } from './journal.ts';
import { aheadOf, behind } from './ledger.ts';
import type { Observer } from './observer.ts';
import type { OpenUpstream } from './open-upstream.ts';
import { changedSince } from './recheck.ts';
import { saveWhenDue } from './save.ts';
import type { StateDirectory } from './state.ts';
import { ledgerKey } from './upstream.ts';
import { verifyChanges } from './verify.ts';

export interface PushInput extends OpenUpstream {
  readonly desired: readonly DesiredRoute[];
  readonly plan: UpstreamPlan;
}

export interface PushContext {
  readonly store: StateDirectory;
  readonly facts: RunFacts;
  /** Neutron's revision_number by object id, for the journal. */
  readonly revisions: ReadonlyMap<string, number>;
  readonly clock: () => ClockReading;
  readonly observer: Pick<Observer, 'pushProgressed'>;
  readonly signal: AbortSignal;
}

/** About what one change costs in journal, ledger and last good state together, in bytes. */
const BYTES_PER_CHANGE = 2000;

/** Pushes the plan and reads it back; rejects only when the upstream as a whole refuses, or nothing could be written down. */
export async function pushPlan(input: PushInput, context: PushContext): Promise<ApplyResult> {
  const { lock } = input;
  const sources = [context.signal, ...(lock === undefined ? [] : [lock.lost])];
  return withJointSignal({ sources }, async ({ signal }) =>
    pushWhileAllowed(input, { ...context, signal }),
  );
}

async function pushWhileAllowed(input: PushInput, context: PushContext): Promise<ApplyResult> {
  const { upstream, plan, ledger, journal } = input;
  const { store, clock, facts, revisions, signal } = context;
  const key = ledgerKey(upstream);
  const ahead = aheadOf({ ...input, clock: clock() });
  const { changes } = plan;
  if (changes.length > 0) {
    await refuseFrozen(store);
    await proveRights({ ...upstream, signal });
    await store.assertRoom(BYTES_PER_CHANGE * (changes.length + ahead.routes.size));
    await journal?.begin(facts, changes, revisions);
  }
  if (ahead !== ledger) {
    await store.writeLedger(key, ahead);
  }
  const { result, undone } =
    changes.length === 0 ? NOTHING_DONE : await makeThenBreak(input, context);
  const done = behind(ahead, changes, undone);
  if (changes.length > 0) {
    await journal?.end(facts.run, result);
  }
  const changed = changes.length > undone.size;
  const access = { ...upstream, signal };
  const outcome = await saveWhenDue(access, { memory: done.save, changed, now: clock().wall });
  const after = outcome === undefined ? done : { ...done, save: outcome.memory };
  if (after !== ahead) {
    await store.writeLedger(key, after);
  }
  return outcome === undefined ? result : { ...result, save: outcome.facts };
}

interface Pushed {
  readonly result: ApplyResult;
  /** The changes that do not stand. */
  readonly undone: ReadonlySet<RouteChange>;
}

const NOTHING_DONE: Pushed = {
  undone: new Set(),
  result: { added: 0, replaced: 0, removed: 0, failed: [], skipped: [], verified: true },
};

async function makeThenBreak(
  { upstream, plan, state }: PushInput,
  { store, signal, observer }: PushContext,
): Promise<Pushed> {
  const access = {
    ...upstream,
    signal,
    mayWrite: async () => refuseFrozen(store),
    onSent: counter(upstream.config.name, plan.changes.length, observer),
  };
  const removals = plan.changes.filter((change) => change.action === 'remove');
  const makes = plan.changes.filter(({ action }) => action !== 'remove');
  const made = await pushAndVerify({ ...access, changes: makes, state });
  const fresh = removals.length === 0 ? undefined : (made.state ?? (await gatherState(access)));
  const skipped = fresh === undefined ? [] : changedSince(removals, fresh);
  const breaks = without(removals, skipped);
  const broken = await pushAndVerify({ ...access, changes: breaks, state: fresh ?? state });
  const failed = [...made.failed, ...broken.failed];
  const undone = [...failed, ...skipped];
  const done = without(plan.changes, undone);
  return {
    undone: new Set(undone.map(({ change }) => change)),
    result: {
      added: countOf('add', done),
      replaced: countOf('replace', done),
      removed: countOf('remove', done),
      failed: failed.map(toProblem),
      skipped: skipped.map(toProblem),
      verified: made.verified && broken.verified,
    },
  };
}

/** Adds up what the chunks of one push say they sent. */
function counter(
  upstream: string,
  total: number,
  { pushProgressed }: PushContext['observer'],
): (count: number) => void {
  let done = 0;
  return (count) => {
    done += count;
    pushProgressed({ upstream, done, total });
  };
}

interface Verified {
  readonly failed: readonly Rejection[];
  /** Every change that was not refused shows in the read-back. */
  readonly verified: boolean;
  /** What the upstream held at the read-back; undefined if there was nothing to push. */
  readonly state: UpstreamState | undefined;
}

async function pushAndVerify(push: Parameters<typeof applyChanges>[0]): Promise<Verified> {
  if (push.changes.length === 0) {
    return { failed: [], verified: true, state: undefined };
  }
  const rejected = await applyChanges(push);
  const changes = without(push.changes, rejected);
  const { failed, state } = await verifyChanges({ ...push, changes });
  return { failed: [...rejected, ...failed], verified: failed.length === 0, state };
}

function without(
  changes: readonly RouteChange[],
  rejections: readonly Rejection[],
): readonly RouteChange[] {
  const gone = new Set(rejections.map(({ change }) => change));
  return changes.filter((change) => !gone.has(change));
}

function countOf(action: ChangeAction, changes: readonly RouteChange[]): number {
  return changes.filter((change) => change.action === action).length;
}

function toProblem({ change, error }: Rejection): RouteProblem {
  return { change, error: { code: error.code, message: error.message } };
}
