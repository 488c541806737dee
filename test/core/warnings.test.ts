import { expect } from 'chai';
import type { WarningCode } from '../../src/core/warnings.ts';
import { cloudOf, judged, type RouterSketch } from './world.ts';

interface Case {
  readonly title: string;
  readonly router: Omit<RouterSketch, 'id'>;
  /** The warnings of the interface leg, or of the only leg. */
  readonly want: readonly WarningCode[];
}

const subnets = ['10.1.0.0/24'];
const legs = [['203.0.113.20', '2001:db8:100::20']];

const CASES: readonly Case[] = [
  {
    title: 'nothing of a gateway, which brings its default route',
    router: { subnets, gateways: [['203.0.113.10']] },
    want: [],
  },
  {
    title: 'one-way of an interface leg without any route back',
    router: { subnets, legs },
    want: ['one-way'],
  },
  {
    title: 'nothing of an interface leg with a default route back',
    router: { subnets, legs, routes: [['0.0.0.0/0', '203.0.113.1']] },
    want: [],
  },
  {
    title: 'nothing of an interface leg with some route back',
    router: { subnets, legs, routes: [['192.0.2.0/24', '203.0.113.7']] },
    want: [],
  },
  {
    title: 'one-way where the routes lead elsewhere',
    router: { subnets, legs, routes: [['0.0.0.0/0', '10.1.0.20']] },
    want: ['one-way'],
  },
  {
    title: 'one-way where only the other family has a way back',
    router: { subnets, legs, routes: [['::/0', '2001:db8:100::1']] },
    want: ['one-way'],
  },
  {
    title: 'nothing of IPv6 with its own way back',
    router: { subnets: ['2001:db8:1::/64'], legs, routes: [['::/0', '2001:db8:100::1']] },
    want: [],
  },
  {
    title: 'both of an interface leg beside a SNAT gateway elsewhere',
    router: { subnets, legs, gateways: [['198.51.100.10']], enableSnat: true },
    want: ['one-way', 'return-path'],
  },
  {
    title: 'return-path although there is a way back',
    router: {
      subnets,
      legs,
      gateways: [['198.51.100.10']],
      enableSnat: true,
      routes: [['0.0.0.0/0', '203.0.113.1']],
    },
    want: ['return-path'],
  },
  {
    title: 'no return-path where the gateway does no SNAT',
    router: { subnets, legs, gateways: [['198.51.100.10']], enableSnat: false },
    want: ['one-way'],
  },
  {
    title: 'no return-path where there is no gateway to leave by',
    router: { subnets, legs, enableSnat: true },
    want: ['one-way'],
  },
];

describe('warningsOf', () => {
  for (const { title, router, want } of CASES) {
    it(`says ${title}`, () => {
      const candidates = judged(cloudOf([{ id: 'r', ...router }]));

      expect(candidates.at(-1)?.warnings).to.deep.equal(want);
    });
  }

  it('says nothing of a router without any leg', () => {
    expect(judged(cloudOf([{ id: 'r', subnets }])).flatMap(({ warnings }) => warnings)).to.be.empty;
  });
});
