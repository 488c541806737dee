/** One upstream's plan -> the upstream: ledger ahead, push, read back, ledger behind. */
import type { ChangeAction, DesiredRoute, RouteChange, UpstreamState } from '../core/route.ts';
import type { UpstreamPlan } from '../core/plan.ts';
import type { Rejection } from '../drivers/driver.ts';
import type { ApplyResult } from '../report/report.ts';
import { applyChanges } from './apply.ts';
import { aheadOf, behind } from './ledger.ts';
import type { Lock } from './lock.ts';
import type { StateDirectory, UpstreamLedger } from './state.ts';
import { ledgerTarget, type Upstream } from './upstream.ts';
import { verifyChanges } from './verify.ts';

export interface PushInput {
  readonly upstream: Upstream;
  readonly lock: Lock | undefined;
  readonly state: UpstreamState;
  readonly ledger: UpstreamLedger;
  readonly desired: readonly DesiredRoute[];
  readonly plan: UpstreamPlan;
}

/** Pushes the plan and reads it back; rejects only when the upstream as a whole refuses. */
export async function pushPlan(
  input: PushInput,
  store: StateDirectory,
  signal: AbortSignal,
): Promise<ApplyResult> {
  const { upstream, plan, ledger, lock } = input;
  const key = { name: upstream.config.name, target: ledgerTarget(upstream) };
  const ahead = aheadOf(input);
  if (ahead !== ledger) {
    await store.writeLedger(key, ahead);
  }
  const { changes } = plan;
  if (changes.length === 0) {
    return { added: 0, replaced: 0, removed: 0, failed: [], verified: true };
  }
  const access = {
    ...upstream,
    signal: lock === undefined ? signal : AbortSignal.any([signal, lock.lost]),
  };
  const rejected = await applyChanges({ ...access, changes });
  const accepted = without(changes, rejected);
  const unverified = (await verifyChanges({ ...access, changes: accepted })).failed;
  const failed = [...rejected, ...unverified];
  const done = without(accepted, unverified);
  const after = behind(ahead, changes, new Set(failed.map(({ change }) => change)));
  if (after !== ahead) {
    await store.writeLedger(key, after);
  }
  return {
    added: countOf('add', done),
    replaced: countOf('replace', done),
    removed: countOf('remove', done),
    failed: failed.map(({ change, error }) => ({
      change,
      error: { code: error.code, message: error.message },
    })),
    verified: unverified.length === 0,
  };
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
