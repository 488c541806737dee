import { expect } from 'chai';
import {
  type CollectionName,
  OpenStackError,
  type OpenStackClient,
} from '../../src/openstack-client-lite/index.ts';
import {
  connect,
  type FakeCloud,
  type Handler,
  openrc,
  recorded,
  recordedList,
  startFakeCloud,
} from './fake-cloud.ts';

const RA = 'b0c2d256-79c8-4ef9-b82a-c06e0d68a0b3';

interface Listed {
  readonly id: string;
}

/** Neutron behind `pagination_max_limit`, and with its limit on the length of a URL. */
function pagedNeutron(pageSize: number): Handler {
  return ({ path, query }) => {
    if (path.length > 8192 - 'GET  HTTP/1.1\r\n'.length) {
      return { status: 414, body: '' };
    }
    const name = /\/v2\.0\/(?<name>[a-z]+)/v.exec(path)?.groups?.['name'] ?? '';
    const { [name]: all = [] } = JSON.parse(recorded(`${name}.json`)) as Record<string, Listed[]>;
    const wanted = query.getAll('id');
    const list = wanted.length === 0 ? all : all.filter(({ id }) => wanted.includes(id));
    const start = list.findIndex(({ id }) => id === query.get('marker')) + 1;
    const page = list.slice(start, start + pageSize);
    query.set('marker', page.at(-1)?.id ?? '');
    const href = `http://192.0.2.200:9696/v2.0/${name}?${query.toString()}`;
    const links = page.length === pageSize ? [{ rel: 'next', href }] : [];
    return { body: JSON.stringify({ [name]: page, [`${name}_links`]: links }) };
  };
}

describe('createNetworkClient', () => {
  const opened: { close: () => Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });

  async function open(neutron: Handler): Promise<{ cloud: FakeCloud; client: OpenStackClient }> {
    const cloud = await startFakeCloud({ neutron });
    const client = await connect(openrc(cloud.url));
    opened.push(client, cloud);
    return { cloud, client };
  }

  async function failure(promise: Promise<unknown>): Promise<OpenStackError> {
    const error: unknown = await promise.catch((reason: unknown) => reason);
    if (!(error instanceof OpenStackError)) {
      throw new Error(`not the expected failure: ${String(error)}`);
    }
    return error;
  }

  const counts: readonly (readonly [CollectionName, number])[] = [
    ['routers', 10],
    ['ports', 31],
    ['subnets', 15],
    ['networks', 13],
    ['subnetpools', 2],
    ['address-scopes', 2],
    ['floatingips', 2],
    ['agents', 1],
    ['extensions', 58],
  ];

  for (const [collection, count] of counts) {
    it(`reads the recorded ${collection}`, async () => {
      const { client, cloud } = await open(recordedList);

      expect(await client.network.list(collection)).to.have.length(count);
      expect(cloud.requests[1]?.path).to.match(new RegExp(`^/v2\\.0/${collection}\\?fields=`, 'v'));
    });
  }

  it('keeps the fields it knows, with nulls and an empty project as Neutron sends them', async () => {
    const { client } = await open(recordedList);

    const [routers, ports, networks] = await Promise.all([
      client.network.list('routers'),
      client.network.list('ports', { device_owner: 'network:router_gateway' }),
      client.network.list('networks', { 'router:external': true }),
    ]);

    expect(routers.find(({ id }) => id === RA)).to.deep.include({
      name: 'ra',
      external_gateway_info: {
        network_id: '71552d7e-296f-43b9-a82e-3be3fb87dc50',
        external_fixed_ips: [
          { subnet_id: 'dcd02c27-ada2-4945-a19d-e093bde4666c', ip_address: '172.24.2.60' },
          { subnet_id: 'beb63de1-9dff-4a2f-86e6-70207b309791', ip_address: '2001:db8:24::99' },
        ],
        enable_snat: false,
      },
    });
    expect(routers.find(({ name }) => name === 'rb')?.external_gateway_info).to.equal(null);
    expect(routers[0]).not.to.have.property('availability_zones');
    expect(new Set(ports.map((port) => port.project_id))).to.deep.equal(new Set(['']));
    expect(networks.map(({ name }) => name)).to.deep.equal(['public', 'public-scoped']);
  });

  it('checks the filters on the answer, because Neutron ignores unknown ones', async () => {
    const { client, cloud } = await open(recordedList);
    const owners = ['network:router_interface', 'network:router_gateway'];

    const ports = await client.network.list('ports', { device_owner: owners });

    expect(cloud.requests[1]?.query.getAll('device_owner')).to.deep.equal(owners);
    expect(new Set(ports.map((port) => port.device_owner))).to.deep.equal(new Set(owners));
  });

  it('asks nothing when a filter permits no value', async () => {
    const { client, cloud } = await open(recordedList);

    expect(await client.network.list('ports', { device_id: [] })).to.deep.equal([]);
    expect(cloud.requests).to.deep.equal([]);
  });

  for (const pageSize of [1, 3, 4, 10, 31]) {
    it(`reads everything when the server forces ${pageSize.toString()} objects a page, and stays with that server`, async () => {
      const { client } = await open(pagedNeutron(pageSize));

      expect(await client.network.list('routers')).to.have.length(10);
      expect(await client.network.list('ports')).to.have.length(31);
    });
  }

  it('splits a long filter below the length that Neutron takes, and gives each object once', async () => {
    const { client, cloud } = await open(pagedNeutron(4));
    const routers = await client.network.list('routers');
    const others = Array.from(
      { length: 1000 },
      (_, n) => `00000000-0000-0000-0000-${n.toString().padStart(12, '0')}`,
    );
    const ids = routers.flatMap(({ id }, n) => [id, ...others.slice(n * 100, n * 100 + 100), id]);

    const found = await client.network.list('routers', { id: ids });

    expect(found.map(({ id }) => id).toSorted()).to.deep.equal(
      routers.map(({ id }) => id).toSorted(),
    );
    expect(cloud.requests.length).to.be.greaterThan(8);
  });

  const shapes: readonly { name: string; body: object; says: RegExp }[] = [
    {
      name: 'objects without any field',
      body: JSON.parse(recorded('routers-unknown-field.json')) as object,
      says: /routers\[0\] has no id/v,
    },
    {
      name: 'a gateway that the policy hides',
      body: { routers: [{ id: 'r1', name: '', project_id: '', admin_state_up: true, status: '' }] },
      says: /routers\[0\] \(r1\): external_gateway_info: .*\(request req-1\)/v,
    },
    { name: 'a list of texts', body: { routers: ['a'] }, says: /no list of objects/v },
    { name: 'links that are none', body: { routers: [], routers_links: {} }, says: /bad links/v },
    {
      name: 'a number for an address',
      body: {
        routers: [
          {
            id: 'r2',
            name: '',
            project_id: '',
            admin_state_up: true,
            status: '',
            external_gateway_info: {
              network_id: 'n',
              external_fixed_ips: [{ subnet_id: 's', ip_address: 1 }],
            },
          },
        ],
      },
      says: /r2\): external_gateway_info\.external_fixed_ips\.0\.ip_address/v,
    },
  ];

  for (const { name, body, says } of shapes) {
    it(`refuses ${name}`, async () => {
      const { client } = await open(() => ({ body: JSON.stringify(body) }));

      const error = await failure(client.network.list('routers'));

      expect(error.code).to.equal('CLOUD_ANSWER_INVALID');
      expect(error.message).to.match(says);
    });
  }

  it('takes a router without tags, extra routes and enable_snat', async () => {
    const gateway = { network_id: 'n', external_fixed_ips: [] };
    const router = {
      id: 'r',
      name: '',
      project_id: 'p',
      admin_state_up: true,
      status: 'ACTIVE',
      external_gateway_info: gateway,
    };
    const { client } = await open(() => ({ body: JSON.stringify({ routers: [router] }) }));

    expect(await client.network.list('routers')).to.deep.equal([
      { ...router, tags: [], routes: [] },
    ]);
  });

  it('gets one object by its id', async () => {
    const { routers } = JSON.parse(recorded('routers.json')) as { routers: Listed[] };
    const router = routers.find(({ id }) => id === RA);
    const { client, cloud } = await open(() => ({ body: JSON.stringify({ router }) }));

    expect((await client.network.get('routers', RA))?.name).to.equal('ra');
    expect(cloud.requests[1]?.path).to.match(
      new RegExp(`^/v2\\.0/routers/${RA}\\?fields=id&`, 'v'),
    );
    const other = await failure(client.network.get('routers', 'another'));
    expect(other.message).to.match(/asked for another, got b0c2/v);
  });

  it('gives undefined for an object that Neutron says does not exist', async () => {
    const { client } = await open(() => ({ status: 404, body: recorded('error-404-router.json') }));

    expect(await client.network.get('routers', RA)).to.equal(undefined);
  });

  const strangers: readonly { name: string; body: string }[] = [
    { name: 'the 404 of an unknown path', body: recorded('error-404-path.json') },
    { name: 'the 404 of a proxy in HTML', body: recorded('keystone-down.html') },
    { name: 'an empty 404', body: '' },
    { name: 'a 404 in JSON of a proxy', body: '{"message": "no Route matched with those values"}' },
    {
      name: "a 404 in Keystone's shape",
      body: '{"error": {"code": 404, "type": "RouterNotFound", "message": "no router"}}',
    },
    {
      name: "a 404 in Neutron's shape about something else",
      body: '{"NeutronError": {"type": "PolicyNotAuthorized", "message": "no", "detail": ""}}',
    },
    { name: 'a 404 without a type', body: '{"NeutronError": {"message": "no", "detail": ""}}' },
    { name: 'a 404 that is only a text', body: '{"NeutronError": "RouterNotFound"}' },
  ];

  for (const { name, body } of strangers) {
    it(`does not take ${name} for a deleted object`, async () => {
      const { client } = await open(() => ({ status: 404, body }));

      const error = await failure(client.network.get('routers', RA));

      expect(error.code).to.equal('CLOUD_NOT_FOUND');
    });
  }

  const noIds = [
    '',
    '.',
    '..',
    '../routers',
    'a/b',
    '%2e%2e',
    '-a',
    'a b',
    'a?b',
    'a#b',
    'a\nb',
    'ä',
  ];

  for (const id of [...noIds, 'a'.repeat(256)]) {
    it(`asks for no ${JSON.stringify(id.slice(0, 20))}`, async () => {
      const { client, cloud } = await open(recordedList);

      const error = await failure(client.network.get('routers', id));

      expect(error.code).to.equal('CLOUD_REJECTED');
      expect(error.message).to.have.length.below(200).and.not.match(/\n/v);
      expect(cloud.requests).to.deep.equal([]);
    });
  }

  const port = {
    id: 'p1',
    device_id: 'r1',
    device_owner: 'network:router_interface',
    network_id: 'n1',
    project_id: '',
    fixed_ips: [{ subnet_id: 's1', ip_address: '192.0.2.1' }],
  };

  it('takes readable ids', async () => {
    const named = { ...port, id: 'ROUTER_1.port:a-b', device_id: '' };
    const { client } = await open(() => ({ body: JSON.stringify({ ports: [named] }) }));

    const [found] = await client.network.list('ports');

    expect(found?.id).to.equal('ROUTER_1.port:a-b');
  });

  for (const [field, bad] of Object.entries({
    id: { ...port, id: '../p1' },
    device_id: { ...port, device_id: 'r1; reboot' },
    network_id: { ...port, network_id: '' },
    project_id: { ...port, project_id: '\u001b[2J' },
    'fixed_ips.0.subnet_id': { ...port, fixed_ips: [{ ...port.fixed_ips[0], subnet_id: '-s' }] },
  })) {
    it(`refuses a port whose ${field} is no id`, async () => {
      const { client } = await open(() => ({ body: JSON.stringify({ ports: [bad] }) }));

      const error = await failure(client.network.list('ports'));

      expect(error.code).to.equal('CLOUD_ANSWER_INVALID');
      expect(error.message).to.include(field).and.not.match(/\p{C}/v);
    });
  }

  it('does not fill the log with what is wrong about an answer', async () => {
    const fixed_ips = Array.from({ length: 5000 }, () => ({ subnet_id: '', ip_address: 1 }));
    const { client } = await open(() => ({
      body: JSON.stringify({ ports: [{ ...port, fixed_ips }] }),
    }));

    const error = await failure(client.network.list('ports'));

    expect(error.message).to.have.length.below(500);
  });

  it('asks for ports by their addresses, and checks the answer', async () => {
    const { client, cloud } = await open(recordedList);
    const ip_address = ['172.24.2.60', '192.0.2.9'];

    const found = await client.network.list('ports', { fixed_ips: { ip_address } });

    expect(cloud.requests[1]?.query.getAll('fixed_ips')).to.deep.equal([
      'ip_address=172.24.2.60',
      'ip_address=192.0.2.9',
    ]);
    expect(found.map(({ device_id }) => device_id)).to.deep.equal([RA]);
  });
});
