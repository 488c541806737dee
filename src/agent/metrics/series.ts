/** Which series there are before anything was counted, and which end with an upstream. */
import type { Instruments } from './instruments.ts';
import {
  CHANGE_ACTIONS,
  CHANGE_OUTCOMES,
  CONFLICT_CODES,
  CYCLE_OUTCOMES,
  HELD_CODES,
  METHODS,
  REFUSAL_CODES,
  REQUEST_STATUSES,
} from './label-values.ts';

/** Counters begin at zero, so that a rate sees their first step; what nobody knows yet is absent. */
export function startAll(instruments: Instruments, version: string): void {
  const { buildInfo, cycles, cycleDuration, requests, requestDuration } = instruments;
  buildInfo.set({ version }, 1);
  for (const outcome of CYCLE_OUTCOMES) {
    cycles.inc({ outcome }, 0);
    cycleDuration.zero({ outcome });
  }
  for (const method of METHODS) {
    requestDuration.zero({ method });
    REQUEST_STATUSES.forEach((status) => requests.inc({ method, status }, 0));
  }
  const { cloudUp, snapshotAge, snapshotRead, notificationsUp } = instruments;
  [cloudUp, snapshotAge, snapshotRead, notificationsUp].forEach((gauge) => gauge.remove());
}

/** The series of one more upstream. */
export function startUpstream(
  { changes, refusals, convergence }: Instruments,
  upstream: string,
): void {
  convergence.zero({ upstream });
  REFUSAL_CODES.forEach((code) => refusals.inc({ upstream, code }, 0));
  for (const action of CHANGE_ACTIONS) {
    CHANGE_OUTCOMES.forEach((outcome) => changes.inc({ upstream, action, outcome }, 0));
  }
}

/** Takes all series of an upstream away. */
export function endUpstream(instruments: Instruments, upstream: string): void {
  const { upstreamUp, lastGoodAge, desired, installed, foreign, unsaved } = instruments;
  [upstreamUp, lastGoodAge, desired, installed, foreign, unsaved].forEach((gauge) =>
    gauge.remove({ upstream }),
  );
  const { changes, refusals, convergence, conflicts, held } = instruments;
  convergence.remove({ upstream });
  CONFLICT_CODES.forEach((code) => conflicts.remove({ upstream, code }));
  HELD_CODES.forEach((code) => held.remove({ upstream, code }));
  REFUSAL_CODES.forEach((code) => refusals.remove({ upstream, code }));
  for (const action of CHANGE_ACTIONS) {
    CHANGE_OUTCOMES.forEach((outcome) => changes.remove({ upstream, action, outcome }));
  }
}
