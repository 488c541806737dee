import { expect } from 'chai';
import { routerSides, type Leg } from '../../src/core/legs.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { cloudOf, PARTNER, PUBLIC, type RouterSketch } from './world.ts';

function legsOf(sketch: RouterSketch, overrides: Partial<Snapshot> = {}): readonly Leg[] {
  return routerSides(cloudOf([sketch], overrides)).flatMap(({ legs }) => legs);
}

const inShort = ({ kind, networkId, portId, addresses }: Leg): unknown[] => [
  kind,
  networkId,
  portId,
  ...addresses[4],
  ...addresses[6],
];

describe('routerSides', () => {
  it('takes the gateway for a leg, with both families lowest first', () => {
    const addresses = ['203.0.113.10', '2001:db8:100::10', '203.0.113.9', '2001:db8:100::9'];

    const legs = legsOf({ id: 'r', gateways: [addresses] });

    expect(legs.map(inShort)).to.deep.equal([
      [
        'gateway',
        PUBLIC,
        'r-gateway-0',
        '203.0.113.9',
        '203.0.113.10',
        '2001:db8:100::9',
        '2001:db8:100::10',
      ],
    ]);
  });

  it('takes every gateway of external_gateways, also two on one network, each with its own port', () => {
    const gateways = [['203.0.113.10'], ['203.0.113.11'], ['198.51.100.10']];

    const legs = legsOf({ id: 'r', gateways });

    expect(legs.map(inShort)).to.deep.equal([
      ['gateway', PUBLIC, 'r-gateway-0', '203.0.113.10'],
      ['gateway', PUBLIC, 'r-gateway-1', '203.0.113.11'],
      ['gateway', PARTNER, 'r-gateway-2', '198.51.100.10'],
    ]);
  });

  it('knows an interface leg by its external network alone', () => {
    const sides = routerSides(
      cloudOf([{ id: 'r', legs: [['203.0.113.20']], subnets: ['10.1.0.0/24'] }]),
    );

    expect(sides.flatMap(({ legs }) => legs.map(inShort))).to.deep.equal([
      ['interface', PUBLIC, 'r-leg-0', '203.0.113.20'],
    ]);
    expect(sides.flatMap(({ tenantPorts }) => tenantPorts.map(({ id }) => id))).to.deep.equal([
      'port-r-sub-r-10.1.0.0/24',
    ]);
  });

  it('takes both kinds of one router, on different networks', () => {
    const legs = legsOf({ id: 'r', gateways: [['198.51.100.10']], legs: [['203.0.113.20']] });

    expect(legs.map(({ kind, networkId }) => [kind, networkId])).to.deep.equal([
      ['gateway', PARTNER],
      ['interface', PUBLIC],
    ]);
  });

  it('leaves the port of a gateway open where the snapshot does not name it', () => {
    const [leg] = legsOf({ id: 'r', gateways: [['203.0.113.10']] }, { gatewayPorts: [] });

    expect(leg?.portId).to.equal(undefined);
    expect(leg?.addresses[4]).to.deep.equal(['203.0.113.10']);
  });

  it('does not take the gateway port of another network with the same address', () => {
    const { gatewayPorts } = cloudOf([{ id: 'r', gateways: [['203.0.113.10']] }]);
    const strangers = gatewayPorts.map((port) => ({ ...port, networkId: PARTNER }));

    const legs = legsOf({ id: 'r', gateways: [['203.0.113.10']] }, { gatewayPorts: strangers });

    expect(legs.map(({ portId }) => portId)).to.deep.equal([undefined]);
  });

  it('gives a router without any port two empty sides', () => {
    const [sides] = routerSides(cloudOf([{ id: 'r' }]));

    expect([sides?.legs, sides?.tenantPorts]).to.deep.equal([[], []]);
  });
});
