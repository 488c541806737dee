/** What a real Neutron (Zed) sent for each action, without the context of the request. */
import { readFileSync } from 'node:fs';

export interface Recorded {
  readonly request: string;
  readonly status: number;
  readonly notifications: readonly {
    readonly event_type: string;
    readonly payload: Readonly<Record<string, unknown>>;
  }[];
}

export const RECORDED = JSON.parse(
  readFileSync(new URL('data/notifications.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Recorded>>;

/** The body of a message as oslo.messaging's driver messagingv2 sends it. */
export function enveloped(message: unknown): Buffer {
  return Buffer.from(
    JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(message) }),
  );
}
