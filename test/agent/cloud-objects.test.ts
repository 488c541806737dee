/** Neutron's answers become the core's types; what Neutron would never have accepted is no snapshot at all. */
import { expect } from 'chai';

import {
  toFloatingIp,
  toPort,
  toRouter,
  toSubnet,
  withScope,
} from '../../src/agent/cloud-objects.ts';
import type { NeutronObject } from '../../src/openstack-client-lite/index.ts';

const FIXED_IP = { subnet_id: 's1', ip_address: '203.0.113.5' };
const GATEWAY = { network_id: 'n1', external_fixed_ips: [FIXED_IP] };

const ROUTER: NeutronObject<'routers'> = {
  id: 'r1',
  name: 'web',
  project_id: 'p1',
  admin_state_up: true,
  status: 'ACTIVE',
  external_gateway_info: { ...GATEWAY, enable_snat: false },
  routes: [{ destination: '198.51.100.0/24', nexthop: '192.0.2.1' }],
  tags: [],
};

const SUBNET: NeutronObject<'subnets'> = {
  id: 's1',
  name: '',
  network_id: 'n1',
  project_id: 'p1',
  ip_version: 4,
  cidr: '198.51.100.0/24',
  gateway_ip: null,
  subnetpool_id: 'pool',
  tags: [],
};

const FLOATING_IP: NeutronObject<'floatingips'> = {
  id: 'f1',
  project_id: 'p1',
  floating_ip_address: '203.0.113.9',
  floating_network_id: 'n1',
  fixed_ip_address: null,
  router_id: 'r1',
};

describe('toRouter', () => {
  it('takes the gateway with its addresses, and the extra routes', () => {
    const { gateways, extraRoutes, enableSnat } = toRouter(ROUTER);

    expect(gateways).to.deep.equal([
      { networkId: 'n1', fixedIps: [{ subnetId: 's1', address: '203.0.113.5' }] },
    ]);
    expect(extraRoutes.map(({ destination }) => destination.text)).to.deep.equal([
      '198.51.100.0/24',
    ]);
    expect(enableSnat).to.equal(false);
  });

  it('prefers the list of gateways where the cloud has one', () => {
    const external_gateways = [GATEWAY, { ...GATEWAY, network_id: 'n2' }];

    const { gateways } = toRouter({ ...ROUTER, external_gateways });

    expect(gateways.map(({ networkId }) => networkId)).to.deep.equal(['n1', 'n2']);
  });

  it('falls back to the one gateway where that list is empty', () => {
    expect(toRouter({ ...ROUTER, external_gateways: [] }).gateways).to.have.length(1);
  });

  it('has no gateway where there is none', () => {
    expect(toRouter({ ...ROUTER, external_gateway_info: null }).gateways).to.deep.equal([]);
  });

  for (const [text, time] of [
    ['2026-11-22T06:38:39Z', Date.UTC(2026, 10, 22, 6, 38, 39)],
    ['2026-13-45T06:38:39Z', undefined],
    ['22 Nov 2026', undefined],
    [undefined, undefined],
  ] as const) {
    it(`takes updated_at ${text} for ${time}`, () => {
      expect(toRouter({ ...ROUTER, updated_at: text }).updatedAt).to.equal(time);
    });
  }

  it('takes NAT for on where the cloud does not say', () => {
    expect(toRouter({ ...ROUTER, external_gateway_info: GATEWAY }).enableSnat).to.equal(true);
  });

  for (const { what, change } of [
    {
      what: 'a gateway address in octal',
      change: {
        external_gateway_info: {
          ...GATEWAY,
          external_fixed_ips: [{ ...FIXED_IP, ip_address: '203.0.113.010' }],
        },
      },
    },
  ]) {
    it(`refuses ${what}`, () => {
      expect(() => toRouter({ ...ROUTER, ...change }))
        .to.throw(/^the cloud shows router r1 with a bad value: .*nothing is changed until/)
        .that.includes({ code: 'SNAPSHOT_INCOMPLETE' });
    });
  }

  const HOSTILE: readonly (readonly [what: string, text: string])[] = [
    ['a zone', 'fe80::1%eth0'],
    ['a zone on IPv4', '192.0.2.1%eth0'],
    ['leading zeros', '203.0.113.010'],
    ['hexadecimal', '0xcb.0.113.5'],
    ['a short form', '203.0.113'],
    ['one number', '3405803781'],
    ['an exponent', '1e3.0.113.5'],
    ['a number too large', '203.0.113.256'],
    ['a sign', '+203.0.113.5'],
    ['other digits', '２０３.0.113.5'],
    ['Arabic digits', '٢٠٣.0.113.5'],
    ['another dot', '203。0。113。5'],
    ['a space in front', ' 203.0.113.5'],
    ['a newline behind', '203.0.113.5\n'],
    ['a zero byte', '203.0.113.5\u0000'],
    ['a second address', '203.0.113.5,203.0.113.6'],
    ['a length', '203.0.113.5/32'],
    ['a bad IPv4 tail', '::ffff:203.0.113.010'],
    ['an IPv4 head', '203.0.113.5::'],
    ['two gaps', '2001:db8::1::2'],
    ['nine groups', '1:2:3:4:5:6:7:8:9'],
    ['five digits', '2001:db8::00001'],
    ['shell syntax', '203.0.113.5; reboot'],
    ['a terminal escape', '\u001b[2J203.0.113.5'],
    ['right-to-left text', '\u202e203.0.113.5'],
    ['nothing', ''],
    ['very much', '1'.repeat(1_000_000)],
  ];

  for (const [what, text] of HOSTILE) {
    it(`refuses an address with ${what}, and shows no more of it than it should`, () => {
      const external_fixed_ips = [{ ...FIXED_IP, ip_address: text }];
      const router = { ...ROUTER, external_gateway_info: { ...GATEWAY, external_fixed_ips } };

      expect(() => toRouter(router))
        .to.throw(/^the cloud shows router r1 with a bad value: [^\p{C}]{1,400}$/u)
        .that.includes({ code: 'SNAPSHOT_INCOMPLETE' });
    });
  }

  it('clears the host bits of an extra route, as the backend does', () => {
    const routes = [{ destination: '198.51.100.7/24', nexthop: '203.0.113.9' }];

    const { extraRoutes } = toRouter({ ...ROUTER, routes });

    expect(extraRoutes.map(({ destination }) => destination.text)).to.deep.equal([
      '198.51.100.0/24',
    ]);
  });

  it('leaves out an extra route that is none in any form: a tenant typed it', () => {
    const routes = [
      { destination: '198.51.100.0/024', nexthop: '203.0.113.9' },
      { destination: '198.51.100.0/24', nexthop: '' },
      { destination: 'everywhere', nexthop: '203.0.113.9' },
    ];

    expect(toRouter({ ...ROUTER, routes }).extraRoutes).to.deep.equal([]);
  });
});

describe('toPort', () => {
  it('refuses an address that is none', () => {
    const port = {
      id: 'i1',
      device_id: 'r1',
      device_owner: '',
      network_id: 'n1',
      project_id: '',
      tags: [],
    };

    expect(() => toPort({ ...port, fixed_ips: [{ ...FIXED_IP, ip_address: 'x' }] })).to.throw(
      /port i1 with a bad value/,
    );
  });
});

describe('toSubnet', () => {
  it('finds the address scope through the pool', () => {
    const subnet = toSubnet(SUBNET);

    expect(withScope(subnet, new Map([['pool', 'scope']])).addressScopeId).to.equal('scope');
    expect(withScope(subnet, new Map()).addressScopeId).to.equal(undefined);
    expect(toSubnet({ ...SUBNET, subnetpool_id: null }).subnetPoolId).to.equal(undefined);
  });

  for (const cidr of [
    '198.51.100.0',
    '198.51.100.0/',
    '198.51.100.0/33',
    '198.51.100.0/024',
    '198.51.100.0/2e1',
    '198.51.100.0/-1',
    '198.51.100.0/24/24',
    '198.51.100.0/255.255.255.0',
    '198.51.100.1/24',
    '198.51.100.0/24 ',
    '198.51.100.0/２４',
    'fe80::%eth0/64',
    '2001:db8::/129',
    '/24',
    '',
  ]) {
    it(`refuses the CIDR ${JSON.stringify(cidr)}`, () => {
      expect(() => toSubnet({ ...SUBNET, cidr }))
        .to.throw(/subnet s1 with a bad value/)
        .that.includes({ code: 'SNAPSHOT_INCOMPLETE' });
    });
  }

  it('keeps the revision', () => {
    expect(toSubnet({ ...SUBNET, revision_number: 7 }).revision).to.equal(7);
    expect(toSubnet(SUBNET).revision).to.equal(undefined);
  });
});

describe('toFloatingIp', () => {
  it('leaves out one that no router serves', () => {
    expect(toFloatingIp({ ...FLOATING_IP, router_id: null })).to.equal(undefined);
    expect(toFloatingIp(FLOATING_IP)).to.include({ routerId: 'r1', address: '203.0.113.9' });
  });
});
