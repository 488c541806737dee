/** More messages than anybody can use: memory stays bounded, and what is thrown away is told as a gap. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect } from 'chai';

import { startRabbit, type TestRabbit, whyNoRabbit } from '../support/rabbit.ts';
import { AGENT, type Listening, listenTo, neutronOn, urlOf } from './listening.ts';

const MIB = 1024 * 1024;
const why = whyNoRabbit();

describe(`a burst of notifications${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let rabbit: TestRabbit;
  let listening: Listening | undefined;

  before(async function need() {
    if (why !== undefined) {
      this.skip();
    }
    rabbit = await startRabbit({ users: [AGENT] });
    const neutron = await neutronOn(rabbit);
    // Nobody reads it here, and 50,000 messages are not what is tested.
    await neutron.channel.deleteQueue('notifications.info');
    await neutron.close();
  });

  afterEach(async () => listening?.notifications.close());

  after(async () => rabbit?.close());

  function publish(count: number): ChildProcess {
    const script = new URL('publisher.ts', import.meta.url).pathname;
    const argv = [script, String(rabbit.port), String(count)];
    return spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
  }

  it('takes 50,000 messages and keeps none of them', async () => {
    let peak = 0;
    let seen = 0;
    const client = await listenTo(`url: "${urlOf(rabbit.port)}"`, {
      keep: false,
      onTouched: () => {
        seen += 1;
        peak = seen % 500 === 0 ? Math.max(peak, process.memoryUsage().rss) : peak;
      },
    });
    listening = client;
    await client.connected();
    const before = process.memoryUsage().rss;
    await once(publish(50_000), 'exit');
    await client.heard('last');
    const { notifications, gaps } = client;

    const grown = Math.max(0, peak - before) / MIB;
    const { received } = notifications.counts();
    process.stdout.write(`      ${received} received, ${grown.toFixed(0)} MiB more\n`);
    expect(grown).to.be.below(100);
    // All arrived, or it is told that some did not.
    expect(received === 50_000 || gaps.length > 1).to.equal(true);
  });

  it('says that events were lost where it was too slow for its queue', async () => {
    const nap = new Int32Array(new SharedArrayBuffer(4));
    const client = await listenTo(`url: "${urlOf(rabbit.port)}"`, {
      onTouched: () => void Atomics.wait(nap, 0, 0, 0.5),
    });
    listening = client;
    await client.connected();
    await once(publish(30_000), 'exit');
    await client.heard('last');

    expect(client.notifications.counts().received).to.be.below(30_000);
    expect(client.gaps).to.deep.equal(['connected', 'more messages waited than the queue holds']);
  });
});
