/**
 * Our queue on an open connection: made, bound, read, and its messages confirmed. They are confirmed by us, and only
 * some are under way at a time, so what waits for an agent that stands still waits in its queue, which is bounded, and
 * not in RabbitMQ's memory for our connection, which is not.
 */
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

import type { Stage } from './failures.ts';
import {
  MAX_WAITING,
  MAX_WAITING_BYTES,
  type NotificationSettings,
  type OwnQueue,
} from './queue.ts';

/** How many messages may be under way to us and not confirmed. */
const PREFETCH = 500;

/** After so much, RabbitMQ is asked how much waits. */
const LOOK_AFTER = 1000;
const LOOK_AFTER_BYTES = 8 * 1024 * 1024;

/** The binding is lost without a word when somebody deletes the exchange: it is checked, and made again. */
const RENEW_MS = 30_000;

/** The only priority that Neutron sends with. */
const PRIORITY = 'info';

export interface Inbox {
  /** The body of one message; must not throw. */
  readonly onMessage: (body: Buffer) => void;
  /** So many waited for us that RabbitMQ may have thrown some away. */
  readonly onOverflow: () => void;
}

export interface ConsumerOptions {
  readonly settings: Pick<NotificationSettings, 'exchange' | 'topics'>;
  readonly queue: OwnQueue;
  readonly inbox: Inbox;
  /** What is asked for now, for a refusal is told by nothing else. */
  readonly onStage: (stage: Stage) => void;
  /** The connection is of no use any more. */
  readonly end: (why: unknown) => void;
}

export interface Consumer {
  readonly stop: () => void;
}

/** Resolves once every message from now on arrives. Rejects where RabbitMQ refuses a step. */
export async function openConsumer(
  model: ChannelModel,
  options: ConsumerOptions,
): Promise<Consumer> {
  const { queue, onStage, end } = options;
  const channel = await model.createChannel();
  channel.on('error', end);
  channel.on('close', () => end(new Error('the channel was closed')));
  await checkExchange(channel, options);
  onStage('queue');
  await channel.assertQueue(queue.name, queue.options);
  await bind(channel, options);
  await channel.prefetch(PREFETCH);
  const waiting = watchWaiting(channel, options);
  const confirm = confirmer(channel);
  const receive = (message: ConsumeMessage | null): void => {
    if (message === null) {
      end(new Error(`our queue ${queue.name} was deleted`));
      return;
    }
    options.inbox.onMessage(message.content);
    confirm.received(message);
    waiting.received(message.content.length);
  };
  // Two agents that read one queue would take each other's messages: RabbitMQ refuses the second.
  await channel.consume(queue.name, receive, { exclusive: true });
  onStage('open');
  const timer = setInterval(() => void renew(channel, options), RENEW_MS);
  return {
    stop: () => {
      clearInterval(timer);
      confirm.now();
    },
  };
}

/** Passive, which needs no right: the exchange is Neutron's to make, and with its own arguments. */
async function checkExchange(
  channel: Channel,
  { settings, onStage }: ConsumerOptions,
): Promise<void> {
  onStage('exchange');
  await channel.checkExchange(settings.exchange);
}

async function bind(channel: Channel, { settings, queue }: ConsumerOptions): Promise<void> {
  for (const topic of settings.topics) {
    await channel.bindQueue(queue.name, settings.exchange, `${topic}.${PRIORITY}`);
  }
}

async function renew(channel: Channel, options: ConsumerOptions): Promise<void> {
  try {
    await checkExchange(channel, options);
    options.onStage('queue');
    await bind(channel, options);
    options.onStage('open');
  } catch (error) {
    options.end(error);
  }
}

interface Confirmer {
  readonly received: (message: ConsumeMessage) => void;
  readonly now: () => void;
}

/** One confirmation for all messages of one turn of the event loop. */
function confirmer(channel: Channel): Confirmer {
  let last: ConsumeMessage | undefined;
  const now = (): void => {
    if (last === undefined) {
      return;
    }
    try {
      channel.ack(last, true);
    } catch {
      // The channel is over, and its end was told.
    }
    last = undefined;
  };
  return {
    received: (message) => {
      if (last === undefined) {
        setImmediate(now);
      }
      last = message;
    },
    now,
  };
}

/**
 * RabbitMQ throws the oldest away without a word. Whoever looks often enough sees the queue more than half full after
 * that: between the loss and the look no more was taken out than LOOK_AFTER and what was under way.
 */
function watchWaiting(
  channel: Channel,
  { queue, inbox, end }: ConsumerOptions,
): { readonly received: (bytes: number) => void } {
  let messages = 0;
  let bytes = 0;
  let isFull = false;
  const look = async (meanBytes: number): Promise<void> => {
    const { messageCount } = await channel.checkQueue(queue.name);
    const wasFull = isFull;
    isFull = messageCount > MAX_WAITING / 2 || messageCount * meanBytes > MAX_WAITING_BYTES / 2;
    // Told when it is over: what is read then is newer than all that was lost.
    if (wasFull && !isFull) {
      inbox.onOverflow();
    }
  };
  return {
    received: (size) => {
      messages += 1;
      bytes += size;
      if (messages >= LOOK_AFTER || bytes >= LOOK_AFTER_BYTES) {
        look(bytes / messages).catch(end);
        messages = 0;
        bytes = 0;
      }
    },
  };
}
