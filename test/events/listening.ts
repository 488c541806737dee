/** Our client against a RabbitMQ of the test, with everything that it told; and the part of Neutron. */
import type { Channel } from 'amqplib';

import {
  type Notifications,
  type NotificationState,
  type NotificationSurroundings,
  openNotifications,
} from '../../src/agent/events/index.ts';
import type { Touched } from '../../src/agent/events/touched.ts';
import { REAL_TIME } from '../../src/agent/leader/timing.ts';
import { parseConfig } from '../../src/config/load.ts';
import { enveloped } from '../agent/events/recorded.ts';
import type { RabbitUser, TestRabbit } from '../support/rabbit.ts';
import { until } from '../support/until.ts';

/** The least rights: `^route-sync\.lab\.` is our queues, and `neutron` is only read. */
export const AGENT: RabbitUser = {
  name: 'route-sync',
  password: 'S3cr€t/pass@word',
  configure: String.raw`^route-sync\.lab\.`,
  write: String.raw`^route-sync\.lab\.`,
  read: String.raw`^(neutron|route-sync\.lab\..*)$`,
};

export interface Listening {
  readonly notifications: Notifications;
  readonly touched: Touched[];
  readonly gaps: string[];
  readonly states: NotificationState[];
  /** What was logged, as JSON. */
  readonly logged: string[];
  /** Resolves once that router was touched. */
  readonly heard: (router: string) => Promise<void>;
  readonly connected: (times?: number) => Promise<void>;
  readonly problem: (code: string) => Promise<string>;
}

export function urlOf(port: number, { name, password } = AGENT): string {
  return `amqp://${name}:${encodeURIComponent(password)}@127.0.0.1:${port}/`;
}

export interface ListenOptions {
  readonly host?: string;
  readonly onTouched?: () => void;
  /** False where there are too many to keep; the ids of routers are kept all the same. */
  readonly keep?: boolean;
  readonly timing?: NotificationSurroundings['timing'];
}

/** Tries again soon, whatever was refused. */
export const IMPATIENT: NotificationSurroundings['timing'] = {
  random: Math.random,
  sleep: async (_, signal) => REAL_TIME.sleep(50, signal),
};

/** `settings` are the lines of `cloud.notifications`, in YAML's flow style. */
export async function listenTo(
  settings: string,
  { host = 'host1', onTouched, timing, keep = true }: ListenOptions = {},
): Promise<Listening> {
  const { cloud } = parseConfig(
    [
      'owner: lab',
      'policy: { mode: sync, allow: [{ prefix: 10.0.0.0/8 }] }',
      'upstreams: [{ name: e, os: linux, externalNetworks: [public] }]',
      `cloud: { notifications: { ${settings} } }`,
    ].join('\n'),
    'route-sync.yaml',
  );
  if (cloud.notifications === undefined) {
    throw new Error('no notifications');
  }
  const touched: Touched[] = [];
  const heard = new Set<string>();
  const gaps: string[] = [];
  const states: NotificationState[] = [];
  const logged: string[] = [];
  const log = (message: string, fields: unknown): void => {
    logged.push(JSON.stringify({ message, fields }));
  };
  const notifications = await openNotifications(
    cloud.notifications,
    {
      onTouched: (ids) => {
        ids.routers.forEach((id) => heard.add(id));
        if (keep) {
          touched.push(ids);
        }
        onTouched?.();
      },
      onGap: (reason) => gaps.push(reason),
      onState: (state) => states.push(state),
    },
    {
      owner: 'lab',
      host,
      log: { info: log, warn: log, error: log },
      ...(timing === undefined ? {} : { timing }),
    },
  );
  return {
    notifications,
    touched,
    gaps,
    states,
    logged,
    heard: async (router) => until(() => heard.has(router)),
    connected: async (times = 1) =>
      until(() => states.filter(({ connected }) => connected).length >= times),
    problem: async (code) => {
      const found = (): NotificationState | undefined =>
        states.find(({ problem }) => problem?.code === code);
      await until(() => found() !== undefined);
      return found()?.problem?.message ?? '';
    },
  };
}

/** What Neutron's side does: the exchange, the shared queue that nobody has to read, and messages. */
export interface NeutronSide {
  readonly channel: Channel;
  readonly send: (message: unknown) => void;
  /** `router.update.end` of that router. */
  readonly touch: (router: string) => void;
  readonly sendRaw: (body: Buffer, routingKey?: string) => void;
  readonly close: () => Promise<void>;
}

export async function neutronOn(
  rabbit: TestRabbit,
  exchange: { readonly durable: boolean } = { durable: true },
): Promise<NeutronSide> {
  const model = await rabbit.connect();
  const channel = await model.createChannel();
  // The broker may be killed while this side still holds a connection.
  model.on('error', ignore);
  channel.on('error', ignore);
  await channel.assertExchange('neutron', 'topic', exchange);
  await channel.assertQueue('notifications.info', exchange);
  await channel.bindQueue('notifications.info', 'neutron', 'notifications.info');
  const sendRaw = (body: Buffer, routingKey = 'notifications.info'): void => {
    channel.publish('neutron', routingKey, body, { contentType: 'application/json' });
  };
  const send = (message: unknown): void => sendRaw(enveloped(message));
  return {
    channel,
    send,
    sendRaw,
    touch: (id) => send({ event_type: 'router.update.end', payload: { router: { id } } }),
    close: async () => model.close().catch(ignore),
  };
}

function ignore(): void {
  // Of no interest to the test.
}
