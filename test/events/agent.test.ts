/** From a notification to a route in the kernel: the agent as its operator starts it. Nothing here is on schedule. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { whyNoNamespace } from '../kernel/namespace.ts';
import { startRabbit, type TestRabbit, whyNoRabbit } from '../support/rabbit.ts';
import { until } from '../support/until.ts';
import { type AgentScene, openAgentScene } from './agent-scene.ts';
import { AGENT } from './listening.ts';

const why = whyNoRabbit() ?? whyNoNamespace();
const FIRST = '203.0.112.0/28';
const SECOND = '203.0.112.16/28';

describe(`an agent that listens${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let folder: string;
  let rabbit: TestRabbit;
  let scene: AgentScene | undefined;

  before(async function prepare() {
    if (why !== undefined) {
      this.skip();
    }
    folder = await mkdtemp(path.join(tmpdir(), 'route-sync-events-'));
    rabbit = await startRabbit({ users: [AGENT] });
    const model = await rabbit.connect();
    const channel = await model.createChannel();
    await channel.assertExchange('neutron', 'topic', { durable: false });
    await model.close();
  });

  afterEach(async () => {
    await scene?.close();
    scene = undefined;
  });

  after(async () => {
    if (why === undefined) {
      await rabbit.close();
      await rm(folder, { recursive: true });
    }
  });

  async function open(config: object = {}): Promise<AgentScene> {
    scene = await openAgentScene(folder, rabbit, config);
    return scene;
  }

  function web({ cloud }: AgentScene) {
    const router = cloud.cloud.list('routers').find(({ name }) => name === 'web');
    if (router === undefined) {
      throw new Error('the router web is gone');
    }
    return router;
  }

  /** One more subnet, and what Neutron says of it. */
  async function grow(agent: AgentScene): Promise<void> {
    const router = web(agent);
    const subnet = agent.cloud.addSubnet(router, SECOND);
    await agent.tell('router.interface.create', {
      router_interface: { id: router.id, subnet_id: subnet.id, subnet_ids: [subnet.id] },
    });
  }

  it('has a route in the kernel because of an event, and read only what it named', async () => {
    const agent = await open();
    await agent.start();
    expect(agent.routes()).to.deep.equal([FIRST]);
    await until(() => isQuiet(agent));
    const seen = agent.server.requests.length;

    await grow(agent);
    await until(() => agent.routes().includes(SECOND));

    const asked = agent.server.requests.slice(seen).map(({ url }) => url);
    expect(asked.filter((url) => url.includes('/routers?'))).to.deep.equal([]);
  });

  it('believes nothing but ids: what an event says of a router counts for nothing', async () => {
    const agent = await open();
    await agent.start();
    const router = { ...web(agent), admin_state_up: false, external_gateway_info: null };
    await agent.tell('router.update.end', { router });
    // What comes after it shows that it was dealt with.
    await grow(agent);
    await until(() => agent.routes().includes(SECOND));

    expect(agent.routes()).to.deep.equal([FIRST, SECOND]);
  });

  it('holds a removal for snapshots and grace as without events', async () => {
    const agent = await open();
    await agent.start();
    const router = web(agent);
    agent.cloud.cloud.clearGateway(router);
    await agent.tell('router.update.end', { router: { id: router.id } });

    await until(() => / cycle .*held=1/.test(agent.log()));

    expect(agent.routes()).to.deep.equal([FIRST]);
  });

  it('removes at once where the configuration asks for one snapshot and no grace', async () => {
    const agent = await open({ removal: { snapshots: 1, graceSeconds: 0 } });
    await agent.start();
    await grow(agent);
    await until(() => agent.routes().includes(SECOND));
    const port = agent.cloud.cloud
      .list('ports')
      .findLast(
        ({ device_id: id, device_owner: owner }) => id === web(agent).id && owner.endsWith('e'),
      );
    const [ip] = port?.fixed_ips ?? [];
    agent.cloud.cloud.removeInterface(web(agent), { id: ip?.subnet_id ?? '' });

    await agent.tell('router.interface.delete', { router_interface: { id: web(agent).id } });
    await until(() => !agent.routes().includes(SECOND));

    expect(agent.routes()).to.deep.equal([FIRST]);
  });

  it('loses nothing but time while RabbitMQ is away, and withdraws nothing', async () => {
    const agent = await open();
    await agent.start();
    await rabbit.end('SIGKILL');
    await until(() => agent.log().includes('NOTIFICATIONS_UNREACHABLE'));
    agent.cloud.addSubnet(web(agent), SECOND);
    expect(agent.routes()).to.deep.equal([FIRST]);

    await rabbit.start();
    const model = await rabbit.connect();
    await (await model.createChannel()).assertExchange('neutron', 'topic', { durable: false });
    await model.close();
    await until(() => agent.routes().includes(SECOND));

    expect(agent.routes()).to.deep.equal([FIRST, SECOND]);
  });

  it('leaves the routes when it is killed, and repairs them before a slow cloud answers', async () => {
    const agent = await open();
    await agent.start();
    await agent.kill('SIGKILL');
    expect(agent.routes()).to.deep.equal([FIRST]);
    agent.namespace.ip('route', 'flush', 'proto', '201');
    agent.faults.onRequest = ({ url }) =>
      url.includes('/routers?') ? { delayMs: Infinity } : undefined;

    agent.spawn();
    await until(() => agent.log().includes('SNAPSHOT_PENDING'));

    expect(agent.routes()).to.deep.equal([FIRST]);
  });

  it('asks the cloud nothing for the ports of instances', async () => {
    const agent = await open();
    await agent.start();
    await until(() => isQuiet(agent));
    const seen = agent.server.requests.length;
    for (let count = 0; count < 20; count += 1) {
      await agent.tell('port.update.end', {
        port: { id: `port-${count}`, device_id: `vm-${count}`, device_owner: 'compute:nova' },
      });
    }
    await grow(agent);
    await until(() => agent.routes().includes(SECOND));

    const asked = agent.server.requests.slice(seen).map(({ url }) => url);
    expect(asked.filter((url) => /port-\d|vm-\d/.test(url))).to.deep.equal([]);
  });
});

let last = '';

/** Nothing was logged since the last time it was asked. */
function isQuiet(agent: AgentScene): boolean {
  const now = agent.log();
  const isSame = now === last;
  last = now;
  return isSame;
}
