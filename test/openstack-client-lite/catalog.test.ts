import { expect } from 'chai';
import {
  type Catalog,
  findNetworkEndpoint,
  listApiUrls,
} from '../../src/openstack-client-lite/catalog.ts';
import { type CloudConfig, loadCloudConfig } from '../../src/openstack-client-lite/index.ts';
import { openrc } from './fake-cloud.ts';

function endpoint(region: string, kind: string, url: string) {
  return { interface: kind, region_id: region, url };
}

async function configured(env: Record<string, string>): Promise<CloudConfig> {
  return loadCloudConfig({
    env: { ...openrc('http://192.0.2.1:5000'), ...env },
    cwd: '/nonexistent',
    homeDir: '/nonexistent',
  });
}

const CATALOG: Catalog = [
  { type: 'identity', endpoints: [endpoint('north', 'public', 'http://192.0.2.1:5000/v3')] },
  {
    type: 'network',
    endpoints: [
      endpoint('north', 'public', 'https://north.example/network/'),
      endpoint('north', 'internal', 'http://192.0.2.2:9696/v2.0'),
      endpoint('south', 'public', 'https://south.example:9696/v2.0/'),
    ],
  },
];

describe('findNetworkEndpoint', () => {
  const cases: readonly { name: string; env: Record<string, string>; want: string }[] = [
    {
      name: 'a URL with a path and a slash',
      env: { OS_REGION_NAME: 'north' },
      want: 'https://north.example/network/v2.0/',
    },
    {
      name: 'a URL with the version',
      env: { OS_INTERFACE: 'internal' },
      want: 'http://192.0.2.2:9696/v2.0/',
    },
    {
      name: 'a URL with the version and a slash',
      env: { OS_REGION_NAME: 'south' },
      want: 'https://south.example:9696/v2.0/',
    },
    {
      name: 'the override before all',
      env: { OS_NETWORK_ENDPOINT_OVERRIDE: 'http://192.0.2.9:9696' },
      want: 'http://192.0.2.9:9696/v2.0/',
    },
  ];

  for (const { name, env, want } of cases) {
    it(`takes ${name}`, async () => {
      expect(findNetworkEndpoint(await configured(env), CATALOG).href).to.equal(want);
    });
  }

  const refusals: readonly { name: string; env: Record<string, string>; says: RegExp }[] = [
    {
      name: 'an unknown region',
      env: { OS_REGION_NAME: 'east' },
      says: /no usable.*region east.*north internal, north public, south public/v,
    },
    {
      name: 'an interface that no region has',
      env: { OS_INTERFACE: 'admin' },
      says: /interface admin/v,
    },
    { name: 'a choice between regions', env: {}, says: /2 network endpoints .*set region_name/v },
  ];

  for (const { name, env, says } of refusals) {
    it(`refuses ${name} and lists what there is`, async () => {
      const config = await configured(env);

      expect(() => findNetworkEndpoint(config, CATALOG))
        .to.throw(says)
        .with.property('code', 'CLOUD_ENDPOINT_MISSING');
    });
  }
});

describe('listApiUrls', () => {
  const catalog: Catalog = [
    ...CATALOG,
    { type: 'identity', endpoints: [endpoint('north', 'admin', 'http://192.0.2.3:35357/v3')] },
    { type: 'compute', endpoints: [endpoint('north', 'public', 'http://192.0.2.4:8774')] },
    {
      type: 'network',
      endpoints: [
        endpoint('north', 'admin', 'not a URL'),
        endpoint('north', 'admin', 'http://'),
        endpoint('north', 'admin', 'mailto:admin@example'),
      ],
    },
  ];
  const NORTH = [
    'http://192.0.2.1:5000/v3',
    'https://north.example/network/',
    'http://192.0.2.2:9696/v2.0',
    'http://192.0.2.3:35357/v3',
  ];

  it('takes Keystone and Neutron at every interface of the region, as far as they are URLs', async () => {
    const config = await configured({ OS_REGION_NAME: 'north' });

    expect(listApiUrls(config, catalog)).to.have.members(NORTH);
  });

  it('takes every region where none is configured', async () => {
    const south = 'https://south.example:9696/v2.0/';

    expect(listApiUrls(await configured({}), catalog)).to.have.members([...NORTH, south]);
  });
});
