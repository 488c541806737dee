/** Who wins when claims overlap: every step of the order, nests, and that nothing flaps. */
import { expect } from 'chai';
import fc from 'fast-check';
import { claimsOn } from '../../src/core/claims.ts';
import type { Claim } from '../../src/core/claims.ts';
import { arbitrate, type Arbitrated } from '../../src/core/conflicts.ts';
import { comparePrefixes, overlaps } from '../../src/core/prefix.ts';
import { tenantPrefix } from './arbitraries.ts';
import {
  cloudOf,
  judged,
  policyOf,
  PUBLIC,
  type RouterSketch,
  type SubnetSketch,
} from './world.ts';

function claimsOf(routers: readonly RouterSketch[], ecmp = false): readonly Claim[] {
  const view = { name: 'edge1', networkIds: new Set([PUBLIC]), devices: new Map() };
  return claimsOn(view, judged(cloudOf(routers), policyOf({ extraRoutes: true })), ecmp);
}

/** One router on its own subnet; `last` is the last part of its gateway address. */
function routerAt(id: string, last: number, subnet: SubnetSketch): RouterSketch {
  return { id, gateways: [[`203.0.113.${last}`]], subnets: [subnet] };
}

const winnersOf = ({ winners }: Arbitrated): readonly string[] =>
  winners.map(({ prefix, candidates }) => `${prefix.text} ${candidates[0]?.router.id ?? ''}`);

const portOf = ({ candidates }: Claim): string => candidates[0]?.port?.id ?? '';

const nobody = (): boolean => false;
const cidr = '10.1.0.0/24';

describe('arbitrate', () => {
  interface Case {
    readonly title: string;
    readonly a: SubnetSketch;
    readonly b: SubnetSketch;
    readonly incumbent?: string;
    readonly winner: string;
  }
  const early = '2026-01-01T00:00:00Z';
  const late = '2026-02-01T00:00:00Z';
  const cases: readonly Case[] = [
    {
      title: 'the incumbent, although everything else speaks for the other',
      a: { cidr, createdAt: early, port: 'p1' },
      b: { cidr, createdAt: late, port: 'p2', gatewayIp: '10.1.0.254' },
      incumbent: 'b',
      winner: 'b',
    },
    {
      title: 'the router whose interface holds gateway_ip, although it is younger',
      a: { cidr, createdAt: early, gatewayIp: '10.1.0.254' },
      b: { cidr, createdAt: late },
      winner: 'b',
    },
    {
      title: 'the older port where neither subnet has a gateway_ip',
      a: { cidr, createdAt: late, port: 'p1', gatewayIp: 'none' },
      b: { cidr, createdAt: early, port: 'p2', gatewayIp: 'none' },
      winner: 'b',
    },
    {
      title: 'the older port where both hold gateway_ip',
      a: { cidr, createdAt: late, port: 'p1' },
      b: { cidr, createdAt: early, port: 'p2' },
      winner: 'b',
    },
    {
      title: 'the lower port id of two equally old ones',
      a: { cidr, port: 'p2' },
      b: { cidr, port: 'p1' },
      winner: 'b',
    },
    {
      title: 'a port with a time before one without',
      a: { cidr, createdAt: '', port: 'p1' },
      b: { cidr, createdAt: late, port: 'p2' },
      winner: 'b',
    },
    {
      title: 'the lower port id where the cloud has no times',
      a: { cidr, createdAt: '', port: 'p2' },
      b: { cidr, createdAt: '', port: 'p1' },
      winner: 'b',
    },
    {
      title: 'the older of two nested prefixes: the inner one',
      a: { cidr: '10.1.0.0/16', createdAt: late },
      b: { cidr, createdAt: early },
      winner: 'b',
    },
    {
      title: 'the older of two nested prefixes: the outer one',
      a: { cidr, createdAt: late },
      b: { cidr: '10.1.0.0/16', createdAt: early },
      winner: 'b',
    },
  ];
  for (const { title, a, b, incumbent, winner } of cases) {
    it(`prefers ${title}, in whatever order they come`, () => {
      const routers = [routerAt('a', 10, a), routerAt('b', 11, b)];
      for (const order of [routers, routers.toReversed()]) {
        const result = arbitrate(claimsOf(order), ({ candidates }) =>
          candidates.some(({ router }) => router.id === incumbent),
        );

        expect(winnersOf(result)).to.deep.equal([`${winner === 'a' ? a.cidr : b.cidr} ${winner}`]);
        expect(result.conflicts).to.have.length(1);
        expect(result.conflicts[0]?.code).to.equal(a.cidr === b.cidr ? 'duplicate' : 'overlap');
      }
    });
  }

  it('names both in the conflict: the claimant, then the winner', () => {
    const routers = [
      routerAt('a', 10, { cidr, id: 'sub-a', port: 'p1' }),
      routerAt('b', 11, { cidr, id: 'sub-b', port: 'p2' }),
      routerAt('c', 12, { cidr: '10.1.0.0/16', id: 'sub-c', port: 'p3' }),
    ];

    const { conflicts } = arbitrate(claimsOf(routers), nobody);

    expect(conflicts.map(({ message }) => message)).to.deep.equal([
      '10.1.0.0/16 of router c overlaps 10.1.0.0/24 of router a, which goes first',
      '10.1.0.0/24 of router b is also claimed by router a, which goes first',
    ]);
    expect(conflicts[1]?.origin.map(({ router, subnet }) => [router, subnet])).to.deep.equal([
      ['b', 'sub-b'],
      ['a', 'sub-a'],
    ]);
  });

  it('lets the outer and the inner of three stand when the middle one loses to the first', () => {
    const routers = [
      routerAt('outer', 10, { cidr: '10.1.0.0/16', createdAt: '2026-03-01' }),
      routerAt('middle', 11, { cidr: '10.1.0.0/20', createdAt: '2026-02-01' }),
      routerAt('inner', 12, { cidr: '10.1.0.0/24', createdAt: '2026-01-01' }),
    ];

    const result = arbitrate(claimsOf(routers), nobody);

    expect(winnersOf(result)).to.deep.equal(['10.1.0.0/24 inner']);
    expect(result.conflicts.map(({ prefix }) => prefix.text)).to.deep.equal([
      '10.1.0.0/16',
      '10.1.0.0/20',
    ]);
  });

  it('lets two inner ones stand where the outer one loses, and none where it wins', () => {
    const inner = ['10.1.1.0/24', '10.1.2.0/24'].map((each, index) =>
      routerAt(`inner${index}`, 11 + index, { cidr: each, createdAt: '2026-02-01' }),
    );
    const outer = (createdAt: string): RouterSketch =>
      routerAt('outer', 10, { cidr: '10.1.0.0/16', createdAt });

    const young = arbitrate(claimsOf([outer('2026-03-01'), ...inner]), nobody);
    const old = arbitrate(claimsOf([outer('2026-01-01'), ...inner]), nobody);

    expect(winnersOf(young)).to.deep.equal(['10.1.1.0/24 inner0', '10.1.2.0/24 inner1']);
    expect(winnersOf(old)).to.deep.equal(['10.1.0.0/16 outer']);
  });

  it('lets one router hold nested prefixes, but not beside another router', () => {
    const nested: RouterSketch = {
      id: 'a',
      gateways: [['203.0.113.10']],
      subnets: ['10.1.0.0/24'],
      routes: [['10.1.0.0/16', '10.1.0.20']],
    };
    const other = routerAt('b', 11, { cidr: '10.1.5.0/24', createdAt: '2026-02-01' });

    expect(winnersOf(arbitrate(claimsOf([nested]), nobody))).to.deep.equal([
      '10.1.0.0/16 a',
      '10.1.0.0/24 a',
    ]);
    expect(arbitrate(claimsOf([nested, other]), nobody).conflicts).to.have.length(1);
  });

  it('breaks a tie without any port by the router ids', () => {
    const claims = claimsOf([routerAt('b', 11, { cidr }), routerAt('a', 10, { cidr })]).map(
      (claim) => ({
        ...claim,
        candidates: claim.candidates.map((candidate) => ({ ...candidate, port: undefined })),
      }),
    );

    expect(winnersOf(arbitrate(claims, nobody))).to.deep.equal([`${cidr} a`]);
    expect(winnersOf(arbitrate(claims.toReversed(), nobody))).to.deep.equal([`${cidr} a`]);
  });

  it('counts a claim of several routers with ECMP as one', () => {
    const subnet = { id: 'shared', cidr };
    const routers = [
      routerAt('a', 10, subnet),
      routerAt('b', 11, { ...subnet, address: '10.1.0.2' }),
      routerAt('c', 12, { cidr, createdAt: '2026-02-01' }),
    ];

    const { winners, conflicts } = arbitrate(claimsOf(routers, true), nobody);

    expect(winners.map(({ paths }) => paths.length)).to.deep.equal([2]);
    expect(conflicts[0]?.message).to.contain('is also claimed by router a, b, which goes first');
  });

  it('never lets overlapping claims of two routers stand, and every loser overlaps a winner', () => {
    const claim = fc.record({
      prefix: tenantPrefix,
      router: fc.constantFrom('a', 'b', 'c'),
      incumbent: fc.boolean(),
      createdAt: fc.constantFrom('', '2026-01-01', '2026-02-01'),
    });
    const [template] = claimsOf([routerAt('a', 10, { cidr })]);
    const [candidate] = template?.candidates ?? [];
    if (candidate?.port === undefined || template === undefined) {
      throw new Error('the template has no candidate');
    }
    const { port } = candidate;
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 12 }), (sketches) => {
        const unique = [
          ...new Map(sketches.map((each) => [`${each.prefix.text} ${each.router}`, each])).values(),
        ];
        const claims = unique
          .map(({ prefix, router, createdAt }): Claim => ({
            ...template,
            prefix,
            candidates: [
              {
                ...candidate,
                router: { ...candidate.router, id: router },
                port: { ...port, createdAt, id: `${router} ${prefix.text}` },
              },
            ],
          }))
          .sort((a, b) => comparePrefixes(a.prefix, b.prefix));
        const incumbents = new Set(
          unique
            .filter(({ incumbent }) => incumbent)
            .map((each) => `${each.router} ${each.prefix.text}`),
        );
        const isIncumbent = (each: Claim): boolean => incumbents.has(portOf(each));
        const routerOf = (each: Claim): string => each.candidates[0]?.router.id ?? '';

        const { winners, conflicts } = arbitrate(claims, isIncumbent);

        for (const a of winners) {
          for (const b of winners) {
            const clash = a !== b && overlaps(a.prefix, b.prefix) && routerOf(a) !== routerOf(b);
            expect(clash).to.equal(false);
          }
        }
        expect(winners.length + conflicts.length).to.equal(claims.length);
        for (const { prefix } of conflicts) {
          expect(winners.some((each) => overlaps(each.prefix, prefix))).to.equal(true);
        }
        const back = claims.toReversed().sort((a, b) => comparePrefixes(a.prefix, b.prefix));
        const again = arbitrate(back, isIncumbent);
        expect(again.winners.map(portOf).sort()).to.deep.equal(winners.map(portOf).sort());
      }),
      { numRuns: 500 },
    );
  });

  it('has nothing against prefixes that lie side by side', () => {
    const routers = ['10.1.0.0/24', '10.1.1.0/24'].map((each, index) =>
      routerAt(`r${index}`, 10 + index, { cidr: each }),
    );

    expect(arbitrate(claimsOf(routers), nobody).conflicts).to.deep.equal([]);
  });
});
