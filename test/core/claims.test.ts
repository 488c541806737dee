import { expect } from 'chai';
import { claimsOn, originOf, originsOf, type UpstreamView } from '../../src/core/claims.ts';
import type { Claim } from '../../src/core/claims.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { cloudOf, judged, PARTNER, policyOf, PUBLIC } from './world.ts';

const UPSTREAM: UpstreamView = {
  name: 'edge1',
  networkIds: new Set([PUBLIC]),
  devices: new Map(),
};
const EVERYWHERE: UpstreamView = { ...UPSTREAM, networkIds: new Set([PUBLIC, PARTNER]) };

function claimsOf(
  snapshot: Snapshot,
  { upstream = EVERYWHERE, ecmp = false } = {},
): readonly Claim[] {
  return claimsOn(upstream, judged(snapshot, policyOf({ extraRoutes: true })), ecmp);
}

/** `10.1.0.0/24 <- 203.0.113.10 (r)`. */
const inShort = ({ prefix, paths }: Claim): string =>
  `${prefix.text} <- ${paths.map(({ nextHop, origin }) => `${nextHop.address} (${origin.router})`).join(', ')}`;

const SHARED = { id: 'shared', cidr: '10.1.0.0/24' };

describe('claimsOn', () => {
  it('takes only eligible candidates of the upstream’s own networks, sorted by prefix', () => {
    const snapshot = cloudOf([
      { id: 'a', gateways: [['203.0.113.10']], subnets: ['10.2.0.0/24', '10.1.0.0/24'] },
      { id: 'b', gateways: [['198.51.100.10']], subnets: ['10.3.0.0/24'] },
      { id: 'c', gateways: [['203.0.113.11']], enableSnat: true, subnets: ['10.4.0.0/24'] },
      { id: 'd', subnets: ['10.5.0.0/24'] },
    ]);

    expect(claimsOf(snapshot, { upstream: UPSTREAM }).map(inShort)).to.deep.equal([
      '10.1.0.0/24 <- 203.0.113.10 (a)',
      '10.2.0.0/24 <- 203.0.113.10 (a)',
    ]);
  });

  it('joins the legs and addresses of one router, lowest first', () => {
    const snapshot = cloudOf([
      {
        id: 'a',
        gateways: [['203.0.113.10', '203.0.113.9']],
        legs: [['198.51.100.20']],
        subnets: ['10.1.0.0/24'],
      },
    ]);

    expect(claimsOf(snapshot).map(inShort)).to.deep.equal([
      '10.1.0.0/24 <- 198.51.100.20 (a), 203.0.113.9 (a), 203.0.113.10 (a)',
    ]);
  });

  describe('two routers', () => {
    const onOneSubnet = cloudOf([
      { id: 'a', gateways: [['203.0.113.11']], subnets: [SHARED] },
      { id: 'b', gateways: [['203.0.113.10']], subnets: [{ ...SHARED, address: '10.1.0.2' }] },
    ]);
    const onTwoSubnets = cloudOf([
      { id: 'a', gateways: [['203.0.113.11']], subnets: ['10.1.0.0/24'] },
      { id: 'b', gateways: [['203.0.113.10']], subnets: ['10.1.0.0/24'] },
    ]);

    it('on one subnet make two claims', () => {
      expect(claimsOf(onOneSubnet).map(inShort)).to.have.length(2);
    });

    it('on one subnet make one claim with ECMP', () => {
      expect(claimsOf(onOneSubnet, { ecmp: true }).map(inShort)).to.deep.equal([
        '10.1.0.0/24 <- 203.0.113.10 (b), 203.0.113.11 (a)',
      ]);
    });

    it('on one subnet keep their extra routes apart, also with ECMP', () => {
      const routes = [['10.99.0.0/24', '10.1.0.20']] as const;
      const both = cloudOf([
        { id: 'a', gateways: [['203.0.113.11']], subnets: [SHARED], routes },
        {
          id: 'b',
          gateways: [['203.0.113.10']],
          subnets: [{ ...SHARED, address: '10.1.0.2' }],
          routes,
        },
      ]);

      expect(claimsOf(both, { ecmp: true }).map(inShort)).to.deep.equal([
        '10.1.0.0/24 <- 203.0.113.10 (b), 203.0.113.11 (a)',
        '10.99.0.0/24 <- 203.0.113.11 (a)',
        '10.99.0.0/24 <- 203.0.113.10 (b)',
      ]);
    });

    it('on two subnets with equal prefixes never make one claim', () => {
      const { routers } = onTwoSubnets;
      for (const order of [routers, routers.toReversed()]) {
        const claims = claimsOf({ ...onTwoSubnets, routers: order }, { ecmp: true });

        expect(claims.map(inShort)).to.deep.equal([
          '10.1.0.0/24 <- 203.0.113.11 (a)',
          '10.1.0.0/24 <- 203.0.113.10 (b)',
        ]);
      }
    });
  });

  it('takes two extra routes of one router to one prefix for one claim, whatever their order', () => {
    const routes = [
      ['10.99.0.0/24', '10.2.0.20'],
      ['10.99.0.0/24', '10.1.0.20'],
    ] as const;
    const [forth, back] = [routes, routes.toReversed()].map((each) =>
      claimsOf(
        cloudOf([
          {
            id: 'a',
            gateways: [['203.0.113.10']],
            subnets: ['10.1.0.0/24', '10.2.0.0/24'],
            routes: each,
          },
        ]),
      ),
    );

    expect(forth?.map(inShort)).to.deep.equal([
      '10.1.0.0/24 <- 203.0.113.10 (a)',
      '10.2.0.0/24 <- 203.0.113.10 (a)',
      '10.99.0.0/24 <- 203.0.113.10 (a)',
    ]);
    expect(forth?.map(({ paths }) => paths)).to.deep.equal(back?.map(({ paths }) => paths));
  });

  it('gives next hops the device of their external network, and onlink only where it is set', () => {
    const devices = new Map([
      [PUBLIC, { dev: 'eth1', onlink: false }],
      [PARTNER, { dev: 'eth2', onlink: true }],
    ]);
    const snapshot = cloudOf([
      {
        id: 'a',
        gateways: [['203.0.113.10']],
        legs: [['198.51.100.20']],
        subnets: ['10.1.0.0/24'],
      },
    ]);

    const [claim] = claimsOf(snapshot, { upstream: { ...EVERYWHERE, devices } });

    expect(claim?.paths.map(({ nextHop }) => nextHop)).to.deep.equal([
      { address: '198.51.100.20', device: 'eth2', onlink: true },
      { address: '203.0.113.10', device: 'eth1' },
    ]);
  });
});

describe('originOf', () => {
  it('names the cloud objects', () => {
    const [candidate] = judged(
      cloudOf([
        { id: 'a', gateways: [['203.0.113.10']], subnets: [{ ...SHARED, projectId: 'blue' }] },
      ]),
    );

    expect(candidate && originOf(candidate)).to.deep.equal({
      router: 'a',
      subnet: 'shared',
      project: 'blue',
      port: 'port-a-shared',
      leg: 'a-gateway-0',
      network: PUBLIC,
      floatingIp: '',
    });
  });

  it('leaves empty what a refused candidate does not have', () => {
    const candidates = judged(
      cloudOf([{ id: 'a', routes: [['10.99.0.0/24', '192.0.2.1']] }]),
      policyOf({ extraRoutes: true }),
    );

    expect(candidates.map(originOf)).to.deep.equal([
      {
        router: 'a',
        subnet: '',
        project: 'project-blue',
        port: '',
        leg: '',
        network: '',
        floatingIp: '',
      },
    ]);
  });
});

describe('originsOf', () => {
  it('names a leg with two addresses once', () => {
    const [claim] = claimsOf(
      cloudOf([
        { id: 'a', gateways: [['203.0.113.10', '203.0.113.11']], subnets: ['10.1.0.0/24'] },
      ]),
    );

    expect(claim?.paths).to.have.length(2);
    expect(originsOf(claim?.paths ?? []).map(({ leg }) => leg)).to.deep.equal(['a-gateway-0']);
  });
});
