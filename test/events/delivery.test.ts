/** What a real RabbitMQ delivers, and what it does not let us do. */
import { expect } from 'chai';

import { touchedTogether, NOTHING_TOUCHED } from '../../src/agent/events/touched.ts';
import { RECORDED } from '../agent/events/recorded.ts';
import { ADMIN, startRabbit, type TestRabbit, whyNoRabbit } from '../support/rabbit.ts';
import { until } from '../support/until.ts';
import {
  AGENT,
  type Listening,
  type ListenOptions,
  listenTo,
  type NeutronSide,
  neutronOn,
  urlOf,
} from './listening.ts';

const why = whyNoRabbit();

describe(`notifications from RabbitMQ${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let rabbit: TestRabbit;
  let neutron: NeutronSide;
  const open: Listening[] = [];

  before(async function need() {
    if (why !== undefined) {
      this.skip();
    }
    rabbit = await startRabbit({ users: [AGENT] });
  });

  beforeEach(async () => {
    neutron = await neutronOn(rabbit);
    await neutron.channel.purgeQueue('notifications.info');
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map(async ({ notifications }) => notifications.close()));
    await neutron?.close();
  });

  after(async () => rabbit?.close());

  async function listen(settings = '', options: ListenOptions = {}): Promise<Listening> {
    const listening = await listenTo(`url: "${urlOf(rabbit.port)}", ${settings}`, options);
    open.push(listening);
    return listening;
  }

  it('brings what Neutron sent to the handlers, with a gap before the first', async () => {
    const listening = await listen();
    await listening.connected();
    for (const message of Object.values(RECORDED).flatMap(({ notifications }) => notifications)) {
      neutron.send(message);
    }
    neutron.touch('last');
    await listening.heard('last');

    const { routers, ports, floatingips } = listening.touched.reduce(
      touchedTogether,
      NOTHING_TOUCHED,
    );
    expect([...routers]).to.deep.equal(['0f0b87dc-ea9c-431c-aa36-ea7c87fa9e72', 'last']);
    expect([ports.size, floatingips.size]).to.deep.equal([3, 1]);
    expect(listening.gaps).to.deep.equal(['connected']);
    expect(listening.states).to.deep.equal([{ connected: true, host: `127.0.0.1:${rabbit.port}` }]);
    const { received, dropped, touched } = listening.notifications.counts();
    expect([received, dropped, touched]).to.deep.equal([50, 0, 27]);
  });

  it('takes nothing from whoever else reads', async () => {
    const others: string[] = [];
    await neutron.channel.consume(
      'notifications.info',
      (message) => {
        others.push(message?.content.toString() ?? '');
      },
      { noAck: true },
    );
    const [first, second] = [await listen(), await listen('', { host: 'host2' })];
    await first.connected();
    await second.connected();
    for (let index = 0; index < 100; index += 1) {
      neutron.touch(`r${index}`);
    }
    await Promise.all([
      first.heard('r99'),
      second.heard('r99'),
      until(() => others.length === 100),
    ]);

    expect([first.touched.length, second.touched.length]).to.deep.equal([100, 100]);
  });

  it('leaves the shared queue full for whoever comes later', async () => {
    const listening = await listen();
    await listening.connected();
    neutron.touch('r1');
    await listening.heard('r1');

    await until(async () => {
      const { messageCount } = await neutron.channel.checkQueue('notifications.info');
      return messageCount === 1;
    });
  });

  it('drops what is no notification and goes on', async () => {
    const listening = await listen();
    await listening.connected();
    for (const body of ['', 'no JSON', '{"oslo.version":"9.9","oslo.message":"{}"}', '[]']) {
      neutron.sendRaw(Buffer.from(body));
    }
    neutron.sendRaw(Buffer.alloc(5 * 1024 * 1024, '['));
    neutron.touch('r1');
    await listening.heard('r1');

    expect(listening.notifications.counts()).to.deep.equal({ received: 6, dropped: 5, touched: 1 });
    expect(listening.logged.filter((line) => line.includes('dropped'))).to.have.length(1);
    expect(listening.gaps).to.deep.equal(['connected']);
  });

  it('goes on where a handler throws', async () => {
    const listening = await listen('', {
      onTouched: () => {
        throw new Error('a defect');
      },
    });
    await listening.connected();
    neutron.touch('r1');
    neutron.touch('r2');
    await listening.heard('r2');

    expect(listening.states).to.have.length(1);
  });

  it('listens to the topics that are configured, and to no other key', async () => {
    const listening = await listen('topics: [notifications, designate]');
    await listening.connected();
    const message = (id: string) =>
      Buffer.from(JSON.stringify({ event_type: 'router.update.end', payload: { router: { id } } }));
    neutron.sendRaw(message('r1'), 'q-plugin.info');
    neutron.sendRaw(message('r2'), 'designate.info');
    await listening.heard('r2');

    expect(listening.touched).to.have.length(1);
  });

  it('leaves no queue behind where it is exclusive', async () => {
    const listening = await listen();
    await listening.connected();
    const name = queueOf(listening);
    const { consumerCount } = await neutron.channel.checkQueue(name).catch(() => ({
      consumerCount: 'locked',
    }));
    await listening.notifications.close();

    expect(consumerCount).to.equal('locked');
    expect(await existing(name)).to.equal(false);
  });

  it('keeps a durable queue, with limits, and reports a gap all the same', async () => {
    const first = await listen('queue: durable');
    await first.connected();
    await first.notifications.close();
    neutron.touch('while-away');
    const second = await listen('queue: durable');
    await second.heard('while-away');

    expect(queueOf(second)).to.equal('route-sync.lab.host1').and.to.equal(queueOf(first));
    // The queue may have overflowed, or ended, while nobody looked.
    expect(second.gaps).to.deep.equal(['connected']);
    await second.notifications.close();
    for (let index = 0; index < 10_500; index += 1) {
      neutron.touch('r');
    }
    await until(async () => {
      const { messageCount } = await neutron.channel.checkQueue('route-sync.lab.host1');
      return messageCount === 10_000;
    });
    await neutron.channel.deleteQueue('route-sync.lab.host1');
  });

  it('does not share a durable queue with another agent', async () => {
    const first = await listen('queue: durable');
    await first.connected();
    const second = await listen('queue: durable');

    expect(await second.problem('NOTIFICATIONS_QUEUE')).to.contain('exclusive');
    expect(second.gaps).to.deep.equal([]);
    neutron.touch('r1');
    await first.heard('r1');
    expect(second.touched).to.deep.equal([]);
  });

  it('tells apart why RabbitMQ refuses', async () => {
    const withUrl = async (url: string, more = ''): Promise<Listening> => {
      const listening = await listenTo(`url: "${url}", ${more}`);
      open.push(listening);
      return listening;
    };
    const [login, vhost, exchange, rights] = await Promise.all([
      withUrl(urlOf(rabbit.port, { ...AGENT, password: 'wr0ng' })),
      withUrl(`${urlOf(rabbit.port)}elsewhere`),
      withUrl(urlOf(rabbit.port), 'exchange: nova'),
      // An exchange that exists and may not be read.
      withUrl(urlOf(rabbit.port), 'exchange: amq.topic'),
    ]);
    const place = `RabbitMQ at 127.0.0.1:${rabbit.port}: `;

    expect(await login.problem('NOTIFICATIONS_LOGIN')).to.satisfy((text: string) =>
      text.startsWith(place),
    );
    expect(await vhost.problem('NOTIFICATIONS_LOGIN')).to.contain(
      'the virtual host does not exist',
    );
    expect(await exchange.problem('NOTIFICATIONS_EXCHANGE')).to.contain("no exchange 'nova'");
    expect(await rights.problem('NOTIFICATIONS_QUEUE')).to.contain('amq.topic');
    for (const { states, logged, gaps } of [login, vhost, exchange, rights]) {
      const all = JSON.stringify({ states, logged });
      expect(all).to.contain('NOTIFICATIONS_').and.not.contain('wr0ng').and.not.contain('S3cr');
      expect(gaps).to.deep.equal([]);
    }
  });

  it('does not make or change the exchange of Neutron', async () => {
    await neutron.channel.deleteExchange('neutron');
    const listening = await listen();
    await listening.problem('NOTIFICATIONS_EXCHANGE');
    expect(await existing('', 'neutron')).to.equal(false);
    // Not durable: `amqp_durable_queues = false`.
    const again = await neutronOnTransient();
    await listening.connected();
    again.touch('r1');
    await listening.heard('r1');
    await again.close();

    expect(listening.states.map(({ connected }) => connected)).to.deep.equal([false, true]);
    expect(listening.gaps).to.deep.equal(['connected']);
  });

  async function neutronOnTransient(): Promise<NeutronSide> {
    await neutron.channel.deleteQueue('notifications.info');
    const side = await neutronOn(rabbit, { durable: false });
    return {
      ...side,
      close: async () => {
        await side.channel.deleteExchange('neutron');
        await side.channel.deleteQueue('notifications.info');
        await side.close();
      },
    };
  }

  it('connects again where its queue is deleted', async () => {
    const listening = await listen('queue: durable');
    await listening.connected();
    await neutron.channel.deleteQueue('route-sync.lab.host1');
    await listening.connected(2);
    neutron.touch('r1');
    await listening.heard('r1');

    expect(listening.gaps).to.deep.equal(['connected', 'connected again']);
  });

  function queueOf({ logged }: Listening): string {
    return /"queue":"([^"]*)"/.exec(logged.join('\n'))?.[1] ?? '';
  }

  /** Passive declarations on a connection of their own: a refusal closes the channel. */
  async function existing(queue: string, exchange?: string): Promise<boolean> {
    const model = await rabbit.connect();
    try {
      const channel = await model.createChannel();
      channel.on('error', () => undefined);
      await (exchange === undefined ? channel.checkQueue(queue) : channel.checkExchange(exchange));
      return true;
    } catch {
      return false;
    } finally {
      await model.close();
    }
  }

  it('is known to RabbitMQ by its name', async () => {
    const listening = await listen();
    await listening.connected();

    expect(await rabbit.log()).to.contain(queueOf(listening));
    expect(await rabbit.log())
      .to.contain(ADMIN.name)
      .and.not.contain(AGENT.password);
  });
});
