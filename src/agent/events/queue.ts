/** Our own queue, bound to Neutron's exchange: each queue gets a copy of every message, so nothing is taken from others. */
import { randomUUID } from 'node:crypto';

import type { Options } from 'amqplib';

import type { Config } from '../../config/schema.ts';

export type NotificationSettings = NonNullable<Config['cloud']['notifications']>;

/** Of RabbitMQ: how much may wait before the oldest is thrown away. */
export const MAX_WAITING = 10_000;
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** How long a durable queue outlives its agent. */
const EXPIRES_MS = 24 * 60 * 60 * 1000;

export interface OwnQueue {
  readonly name: string;
  readonly options: Options.AssertQueue;
}

/** Who we are, for the queue's name. */
export interface Self {
  readonly owner: string;
  /** The name of this machine. */
  readonly host: string;
}

/**
 * `route-sync.OWNER.HOST`, and for an exclusive queue a part that no other connection has: the old connection may be
 * dead without RabbitMQ knowing it yet. What is thrown away is the oldest, never by refusing the publisher, for that
 * one is Neutron. RabbitMQ: "Queue Length Limit", "TTL" (x-expires).
 */
export function ownQueue(queue: NotificationSettings['queue'], { owner, host }: Self): OwnQueue {
  // Names have at most 255 bytes.
  const stable = `route-sync.${owner}.${host.replace(/[^\w.-]/g, '_').slice(0, 100)}`;
  const limits = {
    'x-max-length': MAX_WAITING,
    'x-max-length-bytes': MAX_WAITING_BYTES,
    'x-overflow': 'drop-head',
  };
  return queue === 'durable'
    ? {
        name: stable,
        options: { durable: true, arguments: { ...limits, 'x-expires': EXPIRES_MS } },
      }
    : {
        name: `${stable}.${randomUUID().slice(0, 8)}`,
        options: { durable: false, exclusive: true, autoDelete: true, arguments: limits },
      };
}
