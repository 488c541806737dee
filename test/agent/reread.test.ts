/** What is asked for by id before a removal, and what counts as an answer. Over HTTP. */
import { expect } from 'chai';

import type { Origin, RouteChange } from '../../src/core/route.ts';
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import type { NeutronFloatingIp, NeutronSubnetPool } from '../../src/demo/neutron-objects.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, openCycleScene } from './cycle-scene.ts';
import { confirmAll, ourRoute, removal } from './losses.ts';

const ADDRESS = '203.0.113.77';
const POLICY = {
  mode: 'sync',
  allow: [
    { prefix: '203.0.113.0/24', maxLength: 32 },
    { prefix: '198.51.100.0/24', maxLength: 28 },
  ],
};

describe('rereadOrigin', () => {
  let scene: CycleScene;
  let small: ReturnType<typeof webAndDatabase>;
  let floatingIp: NeutronFloatingIp;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  beforeEach(async () => {
    small = webAndDatabase();
    const { cloud, database, externalSubnet } = small;
    const port = cloud.addInstance(database.subnet, 'vm');
    floatingIp = cloud.addFloatingIp({ subnet: externalSubnet, port, address: ADDRESS });
    fault = undefined;
    scene = await openCycleScene(cloud, { onRequest: (request) => fault?.(request) });
    await scene.configure({ policy: { ...POLICY, floatingIps: true } });
  });

  afterEach(async () => {
    await scene.close();
  });

  function originOf(change: Partial<Origin>): Origin {
    const { database, external } = small;
    const leg = portOf('network:router_gateway');
    return {
      router: database.router.id,
      subnet: database.subnet.id,
      project: small.project.id,
      port: portOf('network:router_interface'),
      leg,
      network: external.id,
      floatingIp: '',
      ...change,
    };
  }

  function portOf(owner: string): string {
    const isOf = (port: { device_id: string; device_owner: string }): boolean =>
      port.device_id === small.database.router.id && port.device_owner === owner;
    return small.cloud.list('ports').find(isOf)?.id ?? '';
  }

  /** The list of floating IPs is empty, whatever there is. */
  const noList = ({ url }: SeenRequest): Fault | undefined =>
    url.includes('/floatingips?') ? { body: '{"floatingips": []}' } : undefined;

  async function outcomeOfFloatingIp(onceRead?: () => void): Promise<string> {
    const origin = originOf({
      port: portOf('network:router_gateway'),
      subnet: small.externalSubnet.id,
      floatingIp: floatingIp.id,
    });
    const change = removal(ourRoute(`${ADDRESS}/32`, '203.0.113.11'), origin);
    return (await confirmAll(scene, [change], onceRead)).join();
  }

  it('holds the route of a floating IP that the list lost', async () => {
    fault = noList;

    expect(await outcomeOfFloatingIp()).to.match(/still there and eligible/);
  });

  it('lets it go when the floating IP was deleted', async () => {
    small.cloud.removeFloatingIp(floatingIp);

    expect(await outcomeOfFloatingIp()).to.equal('confirmed');
  });

  for (const { what, change } of [
    { what: 'leads nowhere now', change: { router_id: null } },
    { what: 'leads to another router', change: { router_id: 'another' } },
    { what: 'has another address', change: { floating_ip_address: '203.0.113.78' } },
  ]) {
    it(`lets it go when the floating IP ${what}`, async () => {
      fault = (request) =>
        request.url.includes(`/floatingips/${floatingIp.id}`)
          ? { body: JSON.stringify({ floatingip: { ...floatingIp, ...change } }) }
          : noList(request);

      expect(await outcomeOfFloatingIp()).to.equal('confirmed');
    });
  }

  it('lets it go when the policy wants no floating IPs any more', async () => {
    await scene.configure({ policy: POLICY });

    expect(await outcomeOfFloatingIp()).to.equal('confirmed');
  });

  describe('of a router that the lists lost', () => {
    const HTML = '<html><body>404 Not Found</body></html>';
    const ANSWERS: readonly { what: string; answer: Fault; want: RegExp }[] = [
      {
        what: 'lets the route go on the 404 of Neutron',
        answer: {
          status: 404,
          body: '{"NeutronError": {"type": "RouterNotFound", "message": "no", "detail": ""}}',
        },
        want: /^confirmed$/,
      },
      {
        what: 'holds it on the 404 of a proxy',
        answer: { status: 404, body: HTML },
        want: /^unconfirmed: .*could not be asked for: .*404/,
      },
      {
        what: 'holds it on the 404 of another service',
        answer: { status: 404, body: '{"error": {"code": 404, "message": "Could not find it."}}' },
        want: /^unconfirmed: .*could not be asked for: .*404/,
      },
      {
        what: 'holds it on HTML with 200',
        answer: { body: HTML },
        want: /^unconfirmed: .*could not be asked for: .*no JSON/,
      },
      {
        what: 'holds it on another object',
        answer: { body: (text) => text.replace(/"id":"[^"]+"/, '"id":"another"') },
        want: /^unconfirmed: .*could not be asked for: .*got another/,
      },
      {
        what: 'holds it on 403',
        answer: { status: 403, body: HTML },
        want: /^unconfirmed: .*could not be asked for: .*403/,
      },
      {
        what: 'holds it on an object with a bad value',
        answer: { body: (text) => text.replaceAll('203.0.113.11', '203.0.113.011') },
        want: /^unconfirmed: .*could not be asked for: .*bad value/,
      },
    ];

    for (const { what, answer, want } of ANSWERS) {
      it(what, async () => {
        small.cloud.removeFloatingIp(floatingIp);
        const { id } = small.database.router;
        fault = ({ url }) => {
          if (url.includes(`/routers/${id}`)) {
            return answer;
          }
          return /\/(?:routers|ports)\?/.test(url)
            ? { body: (text) => without(text, id) }
            : undefined;
        };
        const change = removal(ourRoute('198.51.100.32/27', '203.0.113.11'), originOf({}));

        expect((await confirmAll(scene, [change])).join()).to.match(want);
      });
    }

    function without(text: string, id: string): string {
      const [[kind, rows]] = Object.entries(JSON.parse(text) as Lists) as [[string, Lists[string]]];
      return JSON.stringify({
        [kind]: rows.filter((row) => row.id !== id && row.device_id !== id),
      });
    }
  });

  it('holds everything when the user lost its rights after the snapshot', async () => {
    const { cloud, database } = small;
    cloud.removeFloatingIp(floatingIp);
    const change = removal(ourRoute('198.51.100.32/27', '203.0.113.11'), originOf({}));
    cloud.setGateway(database.router, { network: small.external, enableSnat: true });

    const outcomes = await confirmAll(scene, [change], () => {
      cloud.identity.setRoles(cloud.identity.admin, ['member', 'reader']);
      scene.server.revokeTokens();
    });

    expect(outcomes.join()).to.match(/^unconfirmed: router \S+ was listed, but is not there/);
  });

  describe('of a router whose surroundings the lists show wrongly', () => {
    const ROUTED = '198.51.100.32/27';
    const STILL = /^unconfirmed: .*still there and eligible/;

    async function outcome(): Promise<string> {
      return (
        await confirmAll(scene, [removal(ourRoute(ROUTED, '203.0.113.11'), originOf({}))])
      ).join();
    }

    /** The list shows the object with these values. */
    function lying(kind: string, objectId: string, change: object): void {
      fault = ({ url }) =>
        url.includes(`/${kind}?`)
          ? {
              body: (text) => {
                const rows = (JSON.parse(text) as Lists)[kind] ?? [];
                return JSON.stringify({
                  [kind]: rows.map((row) => (row.id === objectId ? { ...row, ...change } : row)),
                });
              },
            }
          : undefined;
    }

    function addExternalSubnet(isNear: boolean, cidr: string): string {
      const network = isNear ? small.external : small.cloud.addExternalNetwork('far');
      return small.cloud.addSubnet({ network, cidr }).id;
    }

    beforeEach(() => {
      small.cloud.removeFloatingIp(floatingIp);
    });

    for (const { isNear, what } of [
      { isNear: true, what: 'the network of the leg' },
      { isNear: false, what: 'another network' },
    ]) {
      it(`holds what the prefix of a subnet of ${what} speaks against`, async () => {
        lying('subnets', addExternalSubnet(isNear, '192.0.2.0/24'), { cidr: '198.51.100.0/24' });

        expect(await outcome()).to.match(STILL);
      });

      it(`lets it go where a subnet of ${what} has that prefix`, async () => {
        addExternalSubnet(isNear, '198.51.100.0/24');

        expect(await outcome()).to.equal('confirmed');
      });
    }

    it('holds what a subnet speaks against that is gone', async () => {
      const subnet = addExternalSubnet(false, '198.51.100.0/24');
      fault = ({ url }) =>
        url.includes(`/subnets/${subnet}`) ? notFound('SubnetNotFound') : undefined;

      expect(await outcome()).to.match(STILL);
    });

    for (const what of ['first', 'last']) {
      it(`asks for 64 external subnets, those of the leg among them where its network is ${what}`, async () => {
        const { cloud, database, external } = small;
        const far = cloud.addExternalNetwork('far');
        for (let index = 0; index < 70; index += 1) {
          cloud.addSubnet({ network: far, cidr: `10.0.${index}.0/24` });
        }
        cloud.setGateway(database.router, { network: external, enableSnat: true });
        const sorted = (rows: Lists[string]): Lists[string] => {
          const others = rows.filter(({ id }) => id !== external.id);
          const own = rows.filter(({ id }) => id === external.id);
          return what === 'first' ? [...own, ...others] : [...others, ...own];
        };
        fault = ({ url }) =>
          url.includes('/networks?')
            ? {
                body: (text) => {
                  const { networks = [] } = JSON.parse(text) as Lists;
                  return JSON.stringify({ networks: sorted(networks) });
                },
              }
            : undefined;

        expect(await outcome()).to.equal('confirmed');

        const asked = scene.server.requests.filter(({ url }) => url.includes('/subnets/'));
        // And the subnet of the route itself.
        expect(asked).to.have.length(65);
        const near = cloud.get('networks', external.id).subnets;
        expect(near.filter((id) => !asked.some(({ url }) => url.includes(id)))).to.deep.equal([]);
      });
    }

    describe('under ML2/OVS, which compares address scopes', () => {
      const POOLED = '198.51.100.64/27';
      let pool: NeutronSubnetPool;
      let change: RouteChange;

      beforeEach(async () => {
        const { cloud, database, project } = small;
        pool = cloud.addSubnetPool({ name: 'tenants', prefixes: ['198.51.100.0/24'] });
        const network = cloud.addNetwork({ name: 'pooled', project });
        const subnet = cloud.addSubnet({ network, cidr: POOLED, pool });
        const { id: port } = cloud.addInterface(database.router, subnet);
        change = removal(ourRoute(POOLED, '203.0.113.11'), originOf({ subnet: subnet.id, port }));
        await scene.configure({ policy: POLICY, cloud: { retries: 0, natModel: 'ovs' } });
      });

      async function pooled(): Promise<string> {
        return (await confirmAll(scene, [change])).join();
      }

      it('holds what the scope of the pool speaks against', async () => {
        lying('subnetpools', pool.id, { address_scope_id: 'scope' });

        expect(await pooled()).to.match(STILL);
      });

      it('lets it go where the pool has that scope', async () => {
        const answer = (text: string): string =>
          text.replaceAll('"address_scope_id":null', '"address_scope_id":"scope"');
        fault = ({ url }) => (url.includes('/subnetpools') ? { body: answer } : undefined);

        expect(await pooled()).to.equal('confirmed');
      });

      it('holds what the pool of the external subnet speaks against', async () => {
        const scope = small.cloud.addAddressScope('public', 4);
        const prefixes = ['203.0.113.0/24'];
        const other = small.cloud.addSubnetPool({ name: 'public', prefixes, scope });
        lying('subnets', small.externalSubnet.id, { subnetpool_id: other.id });

        expect(await pooled()).to.match(STILL);
      });

      it('holds it where the pool is not shown', async () => {
        const { router } = small.database;
        small.cloud.setGateway(router, { network: small.external, enableSnat: true });
        fault = ({ url }) =>
          url.includes(`/subnetpools/${pool.id}`) ? notFound('SubnetPoolNotFound') : undefined;

        expect(await pooled()).to.match(
          new RegExp(
            `^unconfirmed: .*could not be asked for: .* pool ${pool.id}, which is not shown`,
          ),
        );
      });

      it('asks for each pool once', async () => {
        small.cloud.setGateway(small.database.router, {
          network: small.external,
          enableSnat: true,
        });

        expect(await confirmAll(scene, [change, { ...change }])).to.deep.equal([
          'confirmed',
          'confirmed',
        ]);
        const asked = scene.server.requests.filter(({ url }) => url.includes('/subnetpools/'));
        expect(asked).to.have.length(1);
      });
    });
  });

  it('asks a router that is gone one question, however many routes it had', async () => {
    const prefixes = Array.from({ length: 20 }, (_, index) => `198.51.100.${128 + index * 4}/30`);
    const changes = prefixes.map((prefix, index) =>
      removal(
        ourRoute(prefix, '203.0.113.11'),
        originOf({ router: 'gone', port: `port-${index}`, subnet: `subnet-${index}` }),
      ),
    );
    let before = 0;

    const outcomes = await confirmAll(scene, changes, () => {
      before = scene.server.requests.length;
    });

    expect(new Set(outcomes)).to.deep.equal(new Set(['confirmed']));
    const asked = scene.server.requests.slice(before).map(({ url }) => url);
    expect(asked.filter((url) => url.includes('/routers/gone'))).to.have.length(1);
    expect(asked.filter((url) => !url.includes('/routers/'))).to.deep.equal([]);
  });

  it('asks no more than the port of a subnet that was detached', async () => {
    const { cloud, database } = small;
    cloud.removeFloatingIp(floatingIp);
    const origin = originOf({});
    cloud.removeInterface(database.router, database.subnet);
    let before = 0;

    const change = removal(ourRoute('198.51.100.32/27', '203.0.113.11'), origin);
    const outcomes = await confirmAll(scene, [change], () => {
      before = scene.server.requests.length;
    });

    expect(outcomes).to.deep.equal(['confirmed']);
    const asked = scene.server.requests.slice(before).map(({ url }) => url);
    expect(asked.filter((url) => /subnets|networks/.test(url))).to.deep.equal([]);
  });

  it('asks for each object once', async () => {
    const subnets = ['198.51.100.64/28', '198.51.100.80/28', '198.51.100.96/28'];
    const { cloud, database } = small;
    cloud.removeFloatingIp(floatingIp);
    const changes = subnets.map((cidr) =>
      removal(
        ourRoute(cidr, '203.0.113.11'),
        originOf({ subnet: small.addSubnet(database.router, cidr).id }),
      ),
    );
    cloud.setGateway(database.router, { network: small.external, enableSnat: true });
    let before = 0;

    const outcomes = await confirmAll(scene, changes, () => {
      before = scene.server.requests.length;
    });

    expect(new Set(outcomes)).to.deep.equal(new Set(['confirmed']));
    const asked = scene.server.requests.slice(before).map(({ url }) => url);
    const forRouter = asked.filter((url) => url.includes(`/routers/${database.router.id}`));
    // Once for all routes, and perhaps once as the control question.
    expect(forRouter).to.have.length.within(1, 2);
  });
});

function notFound(type: string): Fault {
  return { status: 404, body: JSON.stringify({ NeutronError: { type, message: '', detail: '' } }) };
}

type Lists = Readonly<
  Record<string, readonly { readonly id: string; readonly device_id?: string }[]>
>;
