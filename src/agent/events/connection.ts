/** One connection to one RabbitMQ, from the first packet to the last, by amqplib. */
import { setTimeout as delay } from 'node:timers/promises';

import type { ChannelModel } from 'amqplib';

import type { Broker } from '../../config/broker-url.ts';
import type { RouteSyncError } from '../../errors.ts';
import type { Access } from './access.ts';
import { loadAmqp } from './amqp.ts';
import { type Consumer, type Inbox, openConsumer } from './consumer.ts';
import { failureOf, type Stage } from './failures.ts';
import type { NotificationSettings, OwnQueue } from './queue.ts';

/** For everything until messages can arrive: the way there, TLS, the login, the queue. */
const OPEN_MS = 10_000;

/** Either side is asked for a sign of life this often, and given up after two to three times of silence. */
const HEARTBEAT_SECONDS = 10;

/** Above what is agreed on (128 KiB); who sends more is no RabbitMQ. */
const MAX_FRAME_BYTES = 1024 * 1024;

/** For a farewell; a RabbitMQ that does not answer is left without. */
const FAREWELL_MS = 500;

export interface ConnectionOptions {
  readonly broker: Broker;
  readonly access: Access;
  readonly settings: Pick<NotificationSettings, 'exchange' | 'topics'>;
  readonly queue: OwnQueue;
  readonly inbox: Inbox;
  /** Every message that Neutron sends from now on arrives. */
  readonly onOpen: () => void;
  readonly closing: AbortSignal;
}

interface Life {
  stage: Stage;
  readonly socket: AbortController;
  /** The connection is over, and why; the first reason counts. */
  readonly end: (why: unknown) => void;
  isOver: boolean;
  model?: ChannelModel;
  consumer?: Consumer;
}

const CLOSED_BY_US = Symbol('closed by us');

/** Resolves when the connection is over, with why; undefined where we closed it. Never rejects. */
export async function holdConnection(
  options: ConnectionOptions,
): Promise<RouteSyncError | undefined> {
  const { broker, access, closing } = options;
  const { promise: over, resolve: end } = Promise.withResolvers<unknown>();
  const life: Life = { stage: 'connect', socket: new AbortController(), end, isOver: false };
  const close = (): void => end(CLOSED_BY_US);
  closing.addEventListener('abort', close, { once: true });
  if (closing.aborted) {
    close();
  }
  const late = setTimeout(() => end(new Error(`no answer in ${OPEN_MS} ms`)), OPEN_MS);
  const opening = open(options, life)
    .catch(end)
    .finally(() => clearTimeout(late));

  const why = await over;

  life.isOver = true;
  clearTimeout(late);
  closing.removeEventListener('abort', close);
  life.consumer?.stop();
  if (why === CLOSED_BY_US && life.model !== undefined) {
    await atMost(FAREWELL_MS, life.model.close());
  }
  // amqplib only says goodbye to its socket, and the other end may be dead.
  life.socket.abort();
  await atMost(FAREWELL_MS, opening);
  const { password } = access.loginAt(broker);
  const mask = (text: string): string => password.maskIn(text);
  return why === CLOSED_BY_US
    ? undefined
    : failureOf({ stage: life.stage, place: placeOf(broker), error: why, mask });
}

/** `10.0.0.11:5671`. */
export function placeOf({ host, port }: Pick<Broker, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function open(options: ConnectionOptions, life: Life): Promise<void> {
  const model = await connectTo(options, life.socket.signal);
  life.model = model;
  // An orderly end by an operator is "close" alone.
  model.on('error', life.end);
  model.on('close', (error) => life.end(error ?? new Error('the connection was closed')));
  life.consumer = await openConsumer(model, {
    ...options,
    onStage: (stage) => {
      life.stage = stage;
    },
    end: life.end,
  });
  if (life.isOver) {
    life.consumer.stop();
    return;
  }
  options.onOpen();
}

async function connectTo(
  { broker, access, queue }: ConnectionOptions,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const { connect, credentials } = await loadAmqp();
  const { username, password } = access.loginAt(broker);
  const server = {
    protocol: broker.tls ? 'amqps' : 'amqp',
    hostname: broker.host,
    port: broker.port,
    // amqplib decodes it once.
    vhost: encodeURIComponent(broker.vhost),
    heartbeat: HEARTBEAT_SECONDS,
    maxFrameSize: MAX_FRAME_BYTES,
  };
  const socket = {
    ...(broker.tls ? access.tls : {}),
    credentials: credentials.plain(username, password.reveal()),
    noDelay: true,
    keepAlive: true,
    keepAliveDelay: HEARTBEAT_SECONDS * 1000,
    // Shown by `rabbitmqctl list_connections client_properties` and the management page.
    clientProperties: { connection_name: queue.name },
    // Of net.connect() and tls.connect(): ends the socket whatever state it is in.
    signal,
  };
  return connect(server, socket);
}

/** Resolves when the work has ended, well or not, or the time is over; leaves no timer. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work, delay(ms, undefined, { signal: done.signal })]);
  } catch {
    // It is over either way.
  } finally {
    done.abort();
  }
}
