/** What RabbitMQ, TLS and the network say when they refuse, as our own stable codes. */
import { type ErrorCode, RouteSyncError } from '../../errors.ts';
import { escapeText } from '../../report/escape.ts';

/** Where a connection was when it failed: the same answer means different things. */
export type Stage = 'connect' | 'exchange' | 'queue' | 'open';

interface Failure {
  readonly stage: Stage;
  /** `10.0.0.11:5671`. */
  readonly place: string;
  readonly error: unknown;
  /** Taken out of what the other side says. */
  readonly mask: (text: string) => string;
}

/** Replies of AMQP 0-9-1 (its specification, "Constants"). */
const NOT_FOUND = 404;
/** Access refused, not found, locked by another connection, made otherwise. */
const REFUSALS: ReadonlySet<unknown> = new Set([403, NOT_FOUND, 405, 406]);

const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  NOTIFICATIONS_LOGIN: 'check the user, the password and the virtual host',
  NOTIFICATIONS_CERTIFICATE: 'check caFile, and the names in the certificate',
  NOTIFICATIONS_EXCHANGE:
    'check cloud.notifications.exchange; Neutron makes it when it first sends',
  NOTIFICATIONS_QUEUE: "check the user's rights (docs/events.md), and that no other agent reads it",
};

export function failureOf({ stage, place, error, mask }: Failure): RouteSyncError {
  if (error instanceof RouteSyncError) {
    return error;
  }
  const code = codeOf(stage, error);
  const hint = HINTS[code];
  const reason = escapeText(mask(reasonOf(error)));
  return new RouteSyncError(
    code,
    `RabbitMQ at ${place}: ${reason}${hint === undefined ? '' : `; ${hint}`}`,
    // No cause: amqplib's errors may hold what was sent.
    { retryable: true, details: { place } },
  );
}

function codeOf(stage: Stage, error: unknown): ErrorCode {
  const reply = error instanceof Error && 'code' in error ? error.code : undefined;
  if (stage === 'connect') {
    return connectCodeOf(error, reply);
  }
  if (stage === 'open' || !REFUSALS.has(reply)) {
    return 'NOTIFICATIONS_UNREACHABLE';
  }
  return stage === 'exchange' && reply === NOT_FOUND
    ? 'NOTIFICATIONS_EXCHANGE'
    : 'NOTIFICATIONS_QUEUE';
}

function connectCodeOf(error: unknown, code: unknown): ErrorCode {
  const text = error instanceof Error ? error.message : '';
  if (/ACCESS[_-]REFUSED|NOT[_-]ALLOWED/.test(text) || VHOST_REFUSED.test(text)) {
    return 'NOTIFICATIONS_LOGIN';
  }
  return typeof code === 'string' && /CERT|SIGNATURE|ERR_TLS|ERR_SSL|ERR_OSSL|^EPROTO$/.test(code)
    ? 'NOTIFICATIONS_CERTIFICATE'
    : 'NOTIFICATIONS_UNREACHABLE';
}

const MAX_REASON = 300;

/** What amqplib makes of a refusal while a connection is opened; it keeps no code, and here not even the text. */
const VHOST_REFUSED = /^Expected ConnectionOpenOk; got <ConnectionClose/;

/** RabbitMQ's own words in those of amqplib. */
const REPLY_TEXT = / with message "(.*)"$/s;

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) {
    // All addresses of one name refused.
    return error.errors.map(reasonOf).join(', ').slice(0, MAX_REASON);
  }
  const text = error instanceof Error ? error.message : String(error);
  return VHOST_REFUSED.test(text)
    ? 'the virtual host does not exist, or the user has no access to it'
    : (REPLY_TEXT.exec(text)?.[1] ?? text).slice(0, MAX_REASON);
}
