/** A saved state held against an upstream of today. */
import { expect } from 'chai';
import { desiredFromLastGood, type Desired } from '../../src/core/desired.ts';
import type { Policy } from '../../src/core/policy.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { DesiredRoute, InstalledRoute, Origin } from '../../src/core/route.ts';
import { installed, policyOf, stateOf } from './world.ts';

const [X, Y] = ['203.0.113.10', '203.0.113.11'] as const;
const CIDR = '10.1.0.0/24';

const ORIGIN: Origin = {
  router: 'a',
  subnet: 's',
  project: 'p',
  port: 'i',
  leg: 'g',
  network: 'n',
  floatingIp: '',
};

function saved(prefix: string, hops: readonly string[], floatingIp = ''): DesiredRoute {
  return {
    prefix: parsePrefix(prefix),
    nextHops: hops.map((hop) => ({ address: parseAddress(hop), device: 'eth1' })),
    origin: [
      { ...ORIGIN, floatingIp },
      { ...ORIGIN, router: 'b' },
    ],
  };
}

interface Scene {
  readonly routes: readonly DesiredRoute[];
  readonly have?: readonly InstalledRoute[];
  readonly addresses?: readonly (readonly [string, string])[];
  readonly policy?: Partial<Policy>;
}

function desiredIn({ routes, have = [], addresses = [], policy }: Scene): Desired {
  return desiredFromLastGood({ routes, state: stateOf(have, addresses), policy: policyOf(policy) });
}

describe('desiredFromLastGood', () => {
  it('wants the saved routes as they are: next hops, devices and origins', () => {
    const routes = [saved(CIDR, [X, Y]), saved('2001:db8:1::/64', ['2001:db8:100::1'])];

    const desired = desiredIn({ routes });

    expect(desired).to.deep.equal({ routes, conflicts: [], warnings: [], unneeded: [] });
  });

  const foreign = (prefix: string): InstalledRoute => installed(prefix, ['192.0.2.1'], 'foreign');
  const cases: readonly (readonly [string, Omit<Scene, 'routes'>, string])[] = [
    ['a foreign route at the prefix', { have: [foreign(CIDR)] }, 'foreign'],
    [
      'a foreign route inside, if policy says refuse',
      { have: [foreign('10.1.0.0/25')], policy: { foreignOverlap: 'refuse' } },
      'foreign-overlap',
    ],
    [
      'a foreign route around, if policy says refuse',
      { have: [foreign('10.1.0.0/16')], policy: { foreignCovering: 'refuse' } },
      'foreign-covering',
    ],
    [
      'a network that the upstream is connected to',
      { addresses: [['10.1.0.1', CIDR]] },
      'connected',
    ],
    [
      'next hops that are all the upstream’s own',
      {
        addresses: [
          [X, '203.0.113.0/24'],
          [Y, '203.0.113.0/24'],
        ],
      },
      'next-hop-is-upstream',
    ],
  ];
  for (const [title, scene, code] of cases) {
    it(`stops at ${title}, and names the origin`, () => {
      const desired = desiredIn({ routes: [saved(CIDR, [X, Y])], ...scene });

      expect(desired.routes).to.deep.equal([]);
      expect(desired.conflicts.map((conflict) => conflict.code)).to.deep.equal([code]);
      expect(desired.conflicts[0]?.origin.map(({ router }) => router)).to.deep.equal(['a', 'b']);
    });
  }

  it('keeps our installed route when a foreign one appears beside it', () => {
    const routes = [saved(CIDR, [X])];

    const desired = desiredIn({ routes, have: [installed(CIDR, [X]), foreign(CIDR)] });

    expect(desired.routes).to.deep.equal(routes);
    expect(desired.conflicts.map(({ code }) => code)).to.deep.equal(['foreign']);
  });

  it('leaves out a next hop that has become the upstream’s own address', () => {
    const desired = desiredIn({
      routes: [saved(CIDR, [X, Y])],
      addresses: [[X, '203.0.113.0/24']],
    });

    expect(desired.routes).to.deep.equal([
      { ...saved(CIDR, [X, Y]), nextHops: saved(CIDR, [Y]).nextHops },
    ]);
  });

  it('warns like the plan of a readable cloud', () => {
    const have = [foreign('10.1.0.0/25'), foreign('10.1.0.0/16')];

    const desired = desiredIn({
      routes: [saved(CIDR, [X])],
      have,
      policy: { foreignCovering: 'warn' },
    });

    expect(desired.warnings.map(({ code, prefix }) => [code, prefix.text])).to.deep.equal([
      ['foreign-overlap', CIDR],
      ['foreign-covering', CIDR],
    ]);
  });

  it('needs no route to a floating IP that the upstream is connected to', () => {
    const desired = desiredIn({
      routes: [saved('203.0.113.77/32', [X], 'f')],
      addresses: [['203.0.113.1', '203.0.113.0/24']],
    });

    expect([desired.routes, desired.conflicts]).to.deep.equal([[], []]);
    expect(desired.unneeded.map(({ text }) => text)).to.deep.equal(['203.0.113.77/32']);
  });

  it('takes a route without origin for no floating IP', () => {
    const desired = desiredIn({
      routes: [{ ...saved('203.0.113.77/32', [X]), origin: [] }],
      addresses: [['203.0.113.1', '203.0.113.0/24']],
    });

    expect(desired.conflicts.map(({ code }) => code)).to.deep.equal(['connected']);
  });
});
