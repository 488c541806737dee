/** A RabbitMQ that goes away in every way: nothing is needed of anybody, and nothing is lost but time. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

import { execa } from 'execa';

import { freePorts, startRabbit, type TestRabbit, whyNoRabbit } from '../support/rabbit.ts';
import { until } from '../support/until.ts';
import { AGENT, type Listening, listenTo, neutronOn, urlOf } from './listening.ts';

const why = whyNoRabbit();

describe(`a RabbitMQ that goes away${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let rabbit: TestRabbit;
  let listening: Listening | undefined;

  before(async function need() {
    if (why !== undefined) {
      this.skip();
    }
    rabbit = await startRabbit({ users: [AGENT] });
  });

  afterEach(async () => {
    await listening?.notifications.close();
    listening = undefined;
  });

  after(async () => rabbit?.close());

  /** A process of its own that listens, closes and has nothing more to do; it ends only if nothing is left. */
  async function closeIn(port: number, when: string): Promise<unknown> {
    const script = new URL('closing.ts', import.meta.url).pathname;
    const child = execa(process.execPath, [script, urlOf(port), when]);
    return JSON.parse((await child).stdout);
  }

  it('leaves no timer and no socket behind', async () => {
    const neutron = await neutronOn(rabbit);
    await neutron.close();
    const silent = createServer((socket) => socket.resume().on('error', () => undefined));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const [dead = 0] = await freePorts(1);

    expect(await closeIn(dead, 'away')).to.deep.equal([]);
    expect(await closeIn(rabbit.port, 'connected')).to.deep.equal([]);
    expect(await closeIn(port, 'opening')).to.deep.equal([]);
    silent.close();
    await once(silent, 'close');
  });

  async function touchAndHear(router: string): Promise<void> {
    const neutron = await neutronOn(rabbit);
    neutron.touch(router);
    await listening?.heard(router);
    await neutron.close();
  }

  async function listen(settings = `url: "${urlOf(rabbit.port)}"`): Promise<Listening> {
    const neutron = await neutronOn(rabbit);
    await neutron.close();
    listening = await listenTo(settings);
    return listening;
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`comes back by itself after ${signal}, and says that events were missed`, async () => {
      const { connected, gaps, states, problem } = await listen();
      await connected();
      await touchAndHear('before');
      await rabbit.end(signal);
      const text = await problem('NOTIFICATIONS_UNREACHABLE');
      await rabbit.start();
      await connected(2);
      await touchAndHear('after');

      expect(text).to.contain(`127.0.0.1:${rabbit.port}`);
      expect(gaps).to.deep.equal(['connected', 'connected again']);
      expect(states.map((state) => state.connected).filter((is) => is)).to.have.length(2);
    });
  }

  it('waits for one that was never there, and connects as soon as it is', async () => {
    await rabbit.end('SIGTERM');
    const away = await listenTo(`url: "${urlOf(rabbit.port)}"`);
    listening = away;
    await away.problem('NOTIFICATIONS_UNREACHABLE');
    expect(away.gaps).to.deep.equal([]);
    await rabbit.start();
    await away.connected();
    await touchAndHear('r1');

    expect(away.gaps).to.deep.equal(['connected']);
  });

  it('goes to the next host where the first is dead', async () => {
    const [dead = 0] = await freePorts(1);
    const [, rest = ''] = urlOf(rabbit.port).split('@');
    const login = urlOf(dead).replace(/^amqp:\/\/|\/$/g, '');
    const [user = ''] = login.split('@');
    const { connected, states } = await listen(`url: "rabbit://${login},${user}@${rest}"`);
    await connected();

    expect(states).to.deep.equal([{ connected: true, host: `127.0.0.1:${rabbit.port}` }]);
    await touchAndHear('r1');
  });

  it('hears again after somebody deleted the exchange and Neutron made a new one', async function renewal() {
    this.timeout(120_000);
    const { connected, notifications, states } = await listen();
    await connected();
    const neutron = await neutronOn(rabbit);
    await neutron.channel.deleteExchange('neutron');
    await neutron.close();
    // The binding went with it, and nobody told us.
    const again = await neutronOn(rabbit);
    await until(() => {
      again.touch('r1');
      return notifications.counts().touched > 0;
    });
    await again.close();

    expect(states).to.have.length(1);
  });

  it('notices one that is there and says nothing any more', async function heartbeat() {
    this.timeout(120_000);
    const { connected, problem, gaps } = await listen();
    await connected();
    rabbit.signal('SIGSTOP');
    try {
      expect(await problem('NOTIFICATIONS_UNREACHABLE')).to.contain('Heartbeat timeout');
    } finally {
      rabbit.signal('SIGCONT');
    }
    await connected(2);
    expect(gaps).to.have.length(2);
  });

  it('closes at once where RabbitMQ takes connections and says nothing', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const { notifications, states } = await listenTo(`url: "${urlOf(port)}"`);
    await until(() => sockets.length === 1);
    const [socket] = sockets;
    const ended = once(socket ?? silent, 'close');
    socket?.resume();
    await notifications.close();
    await ended;
    silent.close();
    await once(silent, 'close');

    expect(states).to.deep.equal([]);
    expect(sockets).to.have.length(1);
  });

  it('takes a server of another protocol for one that does not answer', async () => {
    const other = createServer((socket) => {
      socket
        .resume()
        .on('error', () => undefined)
        .end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    listening = await listenTo(`url: "${urlOf(port)}"`);
    const text = await listening.problem('NOTIFICATIONS_UNREACHABLE');
    await listening.notifications.close();
    other.close();
    await once(other, 'close');

    expect(text).to.contain(`127.0.0.1:${port}`).and.not.contain(AGENT.password);
  });
});
