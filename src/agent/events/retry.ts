/** How long to wait before RabbitMQ is tried again. */
import type { ErrorCode, RouteSyncError } from '../../errors.ts';

const FIRST_MS = 250;
const MAX_MS = 30_000;

/** A refusal is ended by a person, or by Neutron's first message: no need to ask often. */
const REFUSED_MS: Readonly<Partial<Record<ErrorCode, number>>> = {
  NOTIFICATIONS_EXCHANGE: 5000,
  // A dead connection of ours may hold the durable queue until RabbitMQ notices.
  NOTIFICATIONS_QUEUE: 10_000,
  NOTIFICATIONS_LOGIN: MAX_MS,
  NOTIFICATIONS_CERTIFICATE: MAX_MS,
  NOTIFICATIONS_SETTINGS: MAX_MS,
};

export interface Tried {
  /** How many rounds over all hosts failed before this one. */
  readonly rounds: number;
  readonly failures: readonly Pick<RouteSyncError, 'code'>[];
  /** From 0 up to, but not including, 1. */
  readonly random: number;
}

/**
 * Milliseconds. Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"), so that
 * agents that lost RabbitMQ at one moment do not come back at one moment; a refusal waits for half of its time at least.
 */
export function pauseAfter({ rounds, failures, random }: Tried): number {
  const refused = Math.max(0, ...failures.map(({ code }) => REFUSED_MS[code] ?? 0));
  return refused > 0
    ? (refused * (1 + random)) / 2
    : random * Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(rounds, 20));
}

/** What a round over all hosts is told as: a refusal says more than silence. */
export function worstOf(failures: readonly RouteSyncError[]): RouteSyncError | undefined {
  return failures.find(({ code }) => code in REFUSED_MS) ?? failures[0];
}
