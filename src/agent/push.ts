/**
 * One upstream's plan -> the upstream. What is planned is on disk before the push; what comes in goes first, and what
 * goes out is looked at once more just before it goes.
 */
import type { ClockReading } from '../core/clock.ts';
import type { UpstreamPlan } from '../core/plan.ts';
import type { ChangeAction, DesiredRoute, RouteChange, UpstreamState } from '../core/route.ts';
import type { Rejection } from '../drivers/driver.ts';
import { withJointSignal } from '../openstack-client-lite/index.ts';
import type { ApplyResult, RouteProblem, SaveFacts } from '../report/report.ts';
import { applyChanges, proveRights } from './apply.ts';
import { gatherState } from './gather.ts';
import type { RunFacts } from './journal.ts';
import { assertMayWrite, type Lead } from './leader/lead.ts';
import { aheadOf, behind } from './ledger.ts';
import type { Observer } from './observer.ts';
import type { OpenUpstream } from './open-upstream.ts';
import { changedSince } from './recheck.ts';
import { saveWhenDue, unsavedByLeader, type SaveMemory } from './save.ts';
import type { NumberById } from './stamps.ts';
import type { LastGood, StateDirectory, UpstreamLedger } from './state.ts';
import { ledgerKey } from './upstream.ts';
import { verifyChanges } from './verify.ts';

export interface PushInput extends OpenUpstream {
  readonly desired: readonly DesiredRoute[];
  readonly plan: UpstreamPlan;
  /** What the complete cloud asks for, to be kept for days on which it cannot be read. */
  readonly fresh?: LastGood | undefined;
}

export interface PushContext {
  readonly store: StateDirectory;
  readonly facts: RunFacts;
  /** Neutron's revision_number by object id, for the journal. */
  readonly revisions: NumberById;
  readonly clock: () => ClockReading;
  readonly observer: Pick<Observer, 'pushProgressed'>;
  readonly lead: Lead;
  readonly signal: AbortSignal;
}

/** About what one change costs in journal, ledger and last good state together, in bytes. */
const BYTES_PER_CHANGE = 2000;

/** Pushes the plan and reads it back; rejects only when the upstream as a whole refuses, or nothing could be written down. */
export async function pushPlan(input: PushInput, context: PushContext): Promise<ApplyResult> {
  const sources = [context.signal, ...lossesOf(input, context)];
  return withJointSignal({ sources }, async ({ signal }) =>
    pushWhileAllowed(input, { ...context, signal }),
  );
}

/** What ends a push, and cuts off a chunk under way: from then on another process may write. */
export function lossesOf(
  { lock }: Pick<PushInput, 'lock'>,
  { lead }: Pick<PushContext, 'lead'>,
): readonly AbortSignal[] {
  return [lock?.lost, lead.term?.lost].filter((signal) => signal !== undefined);
}

async function pushWhileAllowed(input: PushInput, context: PushContext): Promise<ApplyResult> {
  const { upstream, plan, fresh, journal } = input;
  const { store, clock, facts } = context;
  const key = ledgerKey(upstream);
  const ahead = aheadOf({ ...input, clock: clock() });
  const { changes } = plan;
  await allOf([
    async () => (fresh === undefined ? undefined : store.writeLastGood(key, fresh)),
    async () => writeAhead(input, context, ahead),
  ]);
  const { result, undone } =
    changes.length === 0 ? NOTHING_DONE : await makeThenBreak(input, context);
  const done = behind(ahead, changes, undone);
  if (changes.length > 0) {
    await journal?.end(facts.run, result);
  }
  const { save, memory } = await saveAfter(input, context, { done, undone });
  const after = memory === undefined ? done : { ...done, save: memory };
  if (after !== ahead) {
    await store.writeLedger(key, after);
  }
  return save === undefined ? result : { ...result, save };
}

async function writeAhead(
  { upstream, plan: { changes }, ledger, journal }: PushInput,
  { store, lead, facts, revisions, signal }: PushContext,
  ahead: UpstreamLedger,
): Promise<void> {
  if (changes.length > 0) {
    await assertMayWrite(store, lead);
    await proveRights({ ...upstream, signal });
    await store.assertRoom(BYTES_PER_CHANGE * (changes.length + ahead.routes.size));
  }
  await allOf([
    async () => (changes.length === 0 ? undefined : journal?.begin(facts, changes, revisions)),
    async () => (ahead === ledger ? undefined : store.writeLedger(ledgerKey(upstream), ahead)),
  ]);
}

/** Together, because a disk does so sooner; and none is still under way when the first error is thrown. */
async function allOf(writes: readonly (() => Promise<void>)[]): Promise<void> {
  const underWay = writes.map(async (write) => write());
  await Promise.allSettled(underWay);
  await Promise.all(underWay);
}

interface Saving {
  readonly save?: SaveFacts | undefined;
  /** Undefined where it stays as it is. */
  readonly memory?: SaveMemory | undefined;
}

async function saveAfter(
  { upstream, plan, ledger }: PushInput,
  { clock, lead, signal }: PushContext,
  { done, undone }: { readonly done: UpstreamLedger; readonly undone: Pushed['undone'] },
): Promise<Saving> {
  if (lead.standby !== undefined) {
    const changed = done.routes !== ledger.routes;
    return { memory: unsavedByLeader(upstream, { memory: done.save, changed }) };
  }
  const outcome = await saveWhenDue(
    { ...upstream, signal },
    {
      memory: done.save,
      changed: plan.changes.length > undone.size,
      now: clock().wall,
      mayWrite: async () => lead.term?.assertLeader(),
    },
  );
  return { save: outcome?.facts, memory: outcome?.memory };
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
  { store, signal, observer, clock, lead }: PushContext,
): Promise<Pushed> {
  const access = {
    ...upstream,
    signal,
    mayWrite: async () => assertMayWrite(store, lead),
    term: lead.term,
    onSent: counter(upstream.config.name, plan.changes.length, observer),
  };
  const removals = plan.changes.filter((change) => change.action === 'remove');
  const makes = plan.changes.filter(({ action }) => action !== 'remove');
  const made = await pushAndVerify({ ...access, changes: makes, state });
  const verifiedAt = makes.length === 0 ? undefined : clock().wall;
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
      verifiedAt,
    },
  };
}

/** Adds up what one push says it sent; nothing at first, so that its pace can be told. */
function counter(
  upstream: string,
  total: number,
  { pushProgressed }: PushContext['observer'],
): (count: number) => void {
  let done = 0;
  const add = (count: number): void => {
    done += count;
    pushProgressed({ upstream, done, total });
  };
  add(0);
  return add;
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
