/** A mark without a ledger: what may stand behind the route is asked for by prefix and next hop. Over HTTP, with lists that lie. */
import { expect } from 'chai';

import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, openCycleScene } from './cycle-scene.ts';
import { confirmAll, hiding, ourRoute, removal } from './losses.ts';

const DATABASE = ourRoute('198.51.100.32/27', '203.0.113.11');
const NOBODY = ourRoute('198.51.100.128/27', '203.0.113.99');

describe('findUnlisted', () => {
  let scene: CycleScene;
  let small: ReturnType<typeof webAndDatabase>;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  beforeEach(async () => {
    small = webAndDatabase();
    fault = undefined;
    scene = await openCycleScene(small.cloud, { onRequest: (request) => fault?.(request) });
  });

  afterEach(async () => {
    await scene.close();
  });

  async function outcome(route = DATABASE): Promise<string> {
    return (await confirmAll(scene, [removal(route)])).join();
  }

  it('finds nothing behind a route that nothing in the cloud stands for', async () => {
    expect(await outcome(NOBODY)).to.equal('confirmed');
  });

  it('finds nothing that the lists show, whatever speaks against the route', async () => {
    const { cloud, external, database } = small;
    cloud.setGateway(database.router, {
      network: external,
      enableSnat: true,
      addresses: ['203.0.113.11'],
    });

    expect(await outcome()).to.equal('confirmed');
  });

  it('finds the subnet when the lists lost everything', async () => {
    const { router, subnet } = small.database;
    fault = hiding(
      ({ id, device_id: device }) => id === router.id || device === router.id || id === subnet.id,
    );

    expect(await outcome()).to.equal(
      `unconfirmed: asked for by prefix and next hop, the cloud shows subnet ${subnet.id}, which its lists left out`,
    );
  });

  it('finds the ports when the lists lost a router', async () => {
    const { router } = small.database;
    fault = hiding(({ id, device_id: device }) => id === router.id || device === router.id);

    expect(await outcome()).to.match(
      new RegExp(`^unconfirmed: .* port \\S+ of router ${router.id}, which its lists left out$`),
    );
  });

  it('finds the interface when the lists lost that alone', async () => {
    const { router } = small.database;
    fault = hiding(
      ({ device_id: device, device_owner: owner }) =>
        device === router.id && owner === 'network:router_interface',
    );

    expect(await outcome()).to.contain(`of router ${router.id}`);
  });

  it('tells the routes apart, and asks for all of them at once', async () => {
    const { router } = small.database;
    fault = hiding(({ id, device_id: device }) => id === router.id || device === router.id);
    const many = Array.from({ length: 50 }, (_, index) =>
      ourRoute(`198.51.100.${index * 4}/30`, `203.0.113.${index + 100}`),
    );
    let before = 0;

    const outcomes = await confirmAll(
      scene,
      [DATABASE, ...many].map((route) => removal(route)),
      () => {
        before = scene.server.requests.length;
      },
    );

    expect(outcomes[0]).to.match(/^unconfirmed/);
    expect(new Set(outcomes.slice(1))).to.deep.equal(new Set(['confirmed']));
    expect(scene.server.requests.length - before).to.be.below(8);
  });

  it('doubts what cannot be asked for', async () => {
    fault = ({ url }) => (url.includes('cidr=') ? { status: 503, body: '' } : undefined);

    expect(await outcome(NOBODY)).to.match(/^unconfirmed: .*could not be asked for: .*503/);
  });

  describe('with floating IPs', () => {
    const HOST = ourRoute('203.0.113.77/32', '203.0.113.11');
    const POLICY = {
      mode: 'sync',
      allow: [{ prefix: '203.0.113.0/24', maxLength: 32 }],
      floatingIps: true,
    };

    beforeEach(() => {
      const { cloud, database, externalSubnet } = small;
      const port = cloud.addInstance(database.subnet, 'vm');
      cloud.addFloatingIp({ subnet: externalSubnet, port, address: '203.0.113.77' });
    });

    it('finds one that the lists lost', async () => {
      await scene.configure({ policy: POLICY });
      fault = ({ url }) =>
        url.includes('/floatingips?') && !url.includes('floating_ip_address=2')
          ? { body: '{"floatingips": []}' }
          : undefined;

      expect(await outcome(HOST)).to.match(/the cloud shows floating IP \S+, which/);
    });

    it('does not look for them where the policy wants none', async () => {
      expect(await outcome(HOST)).to.equal('confirmed');
      expect(scene.server.requests.map(({ url }) => url).join()).not.to.contain('floatingips');
    });
  });
});
