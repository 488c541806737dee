/**
 * One message of oslo.messaging. The body is `{"oslo.version": "2.0", "oslo.message": "<JSON>"}` (driver messagingv2,
 * oslo_messaging/_drivers/common.py), or the inner JSON alone (driver messaging). Whatever else comes is no
 * notification; nothing in here throws.
 */

/** `router.update.end` and what it is about; not checked yet. */
export interface Notification {
  readonly eventType: string;
  readonly payload: unknown;
}

/** Far above a bulk request, which Neutron takes up to 112 KiB of (`max_request_body_size` of oslo.middleware). */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** oslo.messaging itself takes envelopes of its own major version and no later minor one. */
const VERSION = '2.0';

/** Undefined for what is no notification. */
export function openEnvelope(body: Buffer): Notification | undefined {
  if (body.length > MAX_MESSAGE_BYTES) {
    return undefined;
  }
  const outer = parsed(body.toString('utf8'));
  const message = isMapping(outer) && 'oslo.version' in outer ? innerOf(outer) : outer;
  if (!isMapping(message) || typeof message['event_type'] !== 'string') {
    return undefined;
  }
  return { eventType: message['event_type'], payload: message['payload'] };
}

function innerOf(envelope: Mapping): unknown {
  const { 'oslo.version': version, 'oslo.message': message } = envelope;
  return version === VERSION && typeof message === 'string' ? parsed(message) : undefined;
}

export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
