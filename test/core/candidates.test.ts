import { expect } from 'chai';
import { listPairs, type Pair } from '../../src/core/candidates.ts';
import { routerSides } from '../../src/core/legs.ts';
import { parseAddress } from '../../src/core/prefix.ts';
import type { FloatingIp, Snapshot } from '../../src/core/snapshot.ts';
import { cloudOf, PARTNER, PUBLIC } from './world.ts';

function pairsOf(snapshot: Snapshot, extraRoutes = true): readonly Pair[] {
  return listPairs(snapshot, routerSides(snapshot), { extraRoutes });
}

const inShort = ({ source, prefix, leg, subnet, port, addresses }: Pair): unknown[] => [
  source,
  prefix.text,
  leg?.portId,
  subnet?.id,
  port?.id,
  addresses.join(' '),
];

function floatingIp(address: string, networkId = PUBLIC): FloatingIp {
  const id = `floating-${address}`;
  return {
    id,
    address: parseAddress(address),
    networkId,
    routerId: 'r',
    projectId: 'project-green',
  };
}

describe('listPairs', () => {
  it('pairs every leg with every subnet, each with the addresses of its own family', () => {
    const snapshot = cloudOf([
      {
        id: 'r',
        gateways: [['203.0.113.10', '2001:db8:100::10']],
        legs: [['198.51.100.20']],
        subnets: [
          { cidr: '10.1.0.0/24', id: 'four' },
          { cidr: '2001:db8:1::/64', id: 'six' },
        ],
      },
    ]);

    expect(pairsOf(snapshot).map(inShort)).to.deep.equal([
      ['subnet', '10.1.0.0/24', 'r-gateway-0', 'four', 'port-r-four', '203.0.113.10'],
      ['subnet', '10.1.0.0/24', 'r-leg-0', 'four', 'port-r-four', '198.51.100.20'],
      ['subnet', '2001:db8:1::/64', 'r-gateway-0', 'six', 'port-r-six', '2001:db8:100::10'],
      ['subnet', '2001:db8:1::/64', 'r-leg-0', 'six', 'port-r-six', ''],
    ]);
  });

  it('keeps the subnets of a router without any leg, for a verdict', () => {
    const [pair, ...others] = pairsOf(cloudOf([{ id: 'r', subnets: ['10.1.0.0/24'] }]));

    expect(others).to.have.length(0);
    expect(pair?.leg).to.equal(undefined);
    expect(pair?.addresses).to.deep.equal([]);
  });

  it('takes a subnet once although the port has two addresses in it', () => {
    const snapshot = cloudOf([{ id: 'r', gateways: [['203.0.113.10']], subnets: ['10.1.0.0/24'] }]);
    const interfacePorts = snapshot.interfacePorts.map((port) => ({
      ...port,
      fixedIps: [...port.fixedIps, ...port.fixedIps],
    }));

    expect(pairsOf({ ...snapshot, interfacePorts })).to.have.length(1);
  });

  it('passes over an address whose subnet the snapshot does not hold', () => {
    const snapshot = cloudOf([{ id: 'r', gateways: [['203.0.113.10']], subnets: ['10.1.0.0/24'] }]);

    expect(pairsOf({ ...snapshot, subnets: new Map() })).to.deep.equal([]);
  });

  describe('extra routes', () => {
    const snapshot = cloudOf([
      {
        id: 'r',
        gateways: [['203.0.113.10']],
        subnets: [
          { cidr: '10.1.0.0/24', id: 'near' },
          { cidr: '10.2.0.0/24', id: 'far' },
        ],
        routes: [
          ['10.99.0.0/24', '10.2.0.20'],
          ['10.98.0.0/24', '203.0.113.1'],
          ['2001:db8:9::/64', '10.2.0.20'],
        ],
      },
    ]);

    it('are paired with the subnet of their next hop, if it is of their own family', () => {
      const pairs = pairsOf(snapshot).filter(({ source }) => source === 'extra-route');

      expect(pairs.map(inShort)).to.deep.equal([
        ['extra-route', '10.99.0.0/24', 'r-gateway-0', 'far', 'port-r-far', '203.0.113.10'],
        ['extra-route', '10.98.0.0/24', 'r-gateway-0', undefined, undefined, '203.0.113.10'],
        ['extra-route', '2001:db8:9::/64', 'r-gateway-0', undefined, undefined, ''],
      ]);
    });

    it('are not looked at unless asked for', () => {
      expect(pairsOf(snapshot, false).map(({ source }) => source)).to.deep.equal([
        'subnet',
        'subnet',
      ]);
    });
  });

  describe('floating IPs', () => {
    it('are host prefixes with the leg on their own network', () => {
      const snapshot = cloudOf(
        [{ id: 'r', gateways: [['203.0.113.10']], legs: [['198.51.100.20']] }],
        { floatingIps: [floatingIp('203.0.113.77'), floatingIp('198.51.100.77', PARTNER)] },
      );

      const pairs = pairsOf(snapshot);

      expect(pairs.map(({ projectId }) => projectId)).to.deep.equal([
        'project-green',
        'project-green',
      ]);
      expect(pairs.map(inShort)).to.deep.equal([
        [
          'floating-ip',
          '203.0.113.77/32',
          'r-gateway-0',
          'sub-public-4',
          undefined,
          '203.0.113.10',
        ],
        ['floating-ip', '198.51.100.77/32', 'r-leg-0', 'sub-partner-4', undefined, '198.51.100.20'],
      ]);
    });

    it('stay visible where the router has no leg on their network, or nobody knows the network', () => {
      const snapshot = cloudOf([{ id: 'r', gateways: [['203.0.113.10']] }], {
        floatingIps: [floatingIp('198.51.100.77', PARTNER), floatingIp('192.0.2.77', 'net-gone')],
      });

      expect(pairsOf(snapshot).map(({ leg, subnet }) => [leg, subnet?.id])).to.deep.equal([
        [undefined, 'sub-partner-4'],
        [undefined, undefined],
      ]);
    });
  });
});
