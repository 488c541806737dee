/** Reads the reports of cycles into the metrics. */
import type { CycleSummary } from '../cycle-history.ts';
import { isOwnTrouble } from '../own-trouble.ts';
import type { ApplyResult, UpstreamReport } from '../../report/report.ts';
import type { CycleEnd } from '../observer.ts';
import type { Instruments } from './instruments.ts';
import {
  CHANGE_ACTIONS,
  CONFLICT_CODES,
  HELD_CODES,
  OBJECT_KINDS,
  type CycleOutcome,
} from './label-values.ts';

/** What one cycle was as a whole. */
export function countCycle(
  instruments: Instruments,
  { startedAt, finishedAt, report }: CycleEnd,
  outcome: CycleOutcome,
): void {
  const { cycles, cycleDuration, lastCycle, lastSuccess, cloudUp, frozen } = instruments;
  cycles.inc({ outcome });
  cycleDuration.observe({ outcome }, Math.max(0, finishedAt - startedAt) / 1000);
  lastCycle.set(finishedAt / 1000);
  if (outcome === 'ok' || outcome === 'standby') {
    lastSuccess.set(finishedAt / 1000);
  }
  const snapshot = report?.snapshot;
  if (outcome !== 'cancelled') {
    cloudUp.set(Number(snapshot !== undefined));
  }
  if (report !== undefined) {
    frozen.set(Number(report.freeze !== undefined));
  }
  if (snapshot !== undefined) {
    instruments.snapshotRead.set(snapshot.readMs / 1000);
    OBJECT_KINDS.forEach((kind) => instruments.snapshotObjects.set({ kind }, snapshot[kind]));
  }
}

/** Whether notifications arrive; undefined where none are configured. */
export function noteConnection(
  { notificationsUp }: Instruments,
  isConnected: boolean | undefined,
): void {
  if (isConnected === undefined) {
    notificationsUp.remove();
  } else {
    notificationsUp.set(Number(isConnected));
  }
}

/** A restart is no reason to forget when the last cycles ended. */
export function recallCycles(
  { lastCycle, lastSuccess }: Instruments,
  earlier: readonly CycleSummary[],
): void {
  const good = earlier.findLast(({ exitCode }) => exitCode === 0);
  for (const [gauge, cycle] of [
    [lastCycle, earlier.at(-1)],
    [lastSuccess, good],
  ] as const) {
    if (cycle !== undefined) {
      gauge.set(Date.parse(cycle.finishedAt) / 1000);
    }
  }
}

/** Trouble of our own says nothing of the router, which then stays what it was. */
function noteReach(
  { upstreamUp }: Instruments,
  { name: upstream, plan, error, stale }: UpstreamReport,
): void {
  // That the cloud does not say what to hold is no fault of the upstream.
  const isUp = plan !== undefined && (error === undefined || error === stale?.because);
  if (error === undefined || !isOwnTrouble(error.code)) {
    upstreamUp.set({ upstream }, Number(isUp));
  }
}

/** What one cycle found and did on one upstream. */
export function countUpstream(instruments: Instruments, report: UpstreamReport): void {
  const { name: upstream, plan, counts, result } = report;
  noteReach(instruments, report);
  if (plan !== undefined) {
    countCodes(instruments.conflicts, upstream, { codes: CONFLICT_CODES, found: plan.conflicts });
    countCodes(instruments.held, upstream, { codes: HELD_CODES, found: plan.held });
    if (plan.refused !== undefined) {
      instruments.refusals.inc({ upstream, code: plan.refused.code });
    }
  }
  if (counts !== undefined) {
    const { desired, owned, foreign } = counts;
    const { added = 0, removed = 0 } = result ?? {};
    instruments.desired.set({ upstream }, desired);
    instruments.installed.set({ upstream }, owned + added - removed);
    instruments.foreign.set({ upstream }, foreign);
  }
  if (result !== undefined) {
    countChanges(instruments.changes, upstream, result);
    instruments.unsaved.set({ upstream }, Number(result.save?.saved === false));
  }
}

function countCodes<C extends string>(
  gauge: Instruments['conflicts'],
  upstream: string,
  { codes, found }: { readonly codes: readonly C[]; readonly found: readonly { code: C }[] },
): void {
  for (const code of codes) {
    gauge.set({ upstream, code }, found.filter((each) => each.code === code).length);
  }
}

function countChanges(
  counter: Instruments['changes'],
  upstream: string,
  { added, replaced, removed, failed, skipped }: ApplyResult,
): void {
  const done = { add: added, replace: replaced, remove: removed } as const;
  for (const action of CHANGE_ACTIONS) {
    counter.inc({ upstream, action, outcome: 'done' }, done[action]);
  }
  failed.forEach(({ change: { action } }) => counter.inc({ upstream, action, outcome: 'failed' }));
  skipped.forEach(({ change: { action } }) =>
    counter.inc({ upstream, action, outcome: 'skipped' }),
  );
}
