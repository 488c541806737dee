import { expect } from 'chai';
import {
  checksOf,
  judge,
  VERDICTS,
  type EligibilityInput,
  type VerdictCode,
} from '../../src/core/eligibility.ts';
import { parseAddress } from '../../src/core/prefix.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { cloudOf, inWords, policyOf, PUBLIC, ruleOf, type RouterSketch } from './world.ts';

const ROUTER = { id: 'r', gateways: [['203.0.113.10']], subnets: ['10.1.0.0/24'] } as const;

function inputOf(
  router: Partial<RouterSketch> = {},
  overrides: Partial<EligibilityInput> & { readonly cloud?: Partial<Snapshot> } = {},
): EligibilityInput {
  const { cloud, ...rest } = overrides;
  return {
    snapshot: cloudOf([{ ...ROUTER, ...router }], cloud),
    policy: policyOf({ extraRoutes: true }),
    servedNetworks: new Set([PUBLIC]),
    protectedAddresses: [],
    ...rest,
  };
}

interface Case {
  readonly code: VerdictCode;
  readonly title: string;
  readonly input: EligibilityInput;
  /** What the failed check says. */
  readonly detail: string;
  /** The prefix to look at; default the router's only subnet. */
  readonly prefix?: string;
}

const scoped = [{ cidr: '10.1.0.0/24', addressScopeId: 'scope' }];
const floatingIps = [
  {
    id: 'floating',
    address: parseAddress('203.0.113.77'),
    networkId: PUBLIC,
    routerId: 'r',
    projectId: 'p',
  },
];

const CASES: readonly Case[] = [
  {
    code: 'no-external-leg',
    title: 'a router without gateway and interface leg',
    input: inputOf({ gateways: [] }),
    detail: 'no gateway and no port on an external network',
  },
  {
    code: 'opted-out',
    title: 'the opt-out tag on the router',
    input: inputOf({ tags: ['route-sync:off'] }),
    detail: 'tag "route-sync:off" is set',
  },
  {
    code: 'opted-out',
    title: 'the opt-out tag on the subnet',
    input: inputOf({ subnets: [{ cidr: '10.1.0.0/24', tags: ['other', 'route-sync:off'] }] }),
    detail: 'tag "route-sync:off" is set',
  },
  {
    code: 'not-opted-in',
    title: 'a missing opt-in tag',
    input: inputOf(
      { tags: ['other'] },
      { policy: policyOf({ tags: { optOut: 'off', optIn: 'on' } }) },
    ),
    detail: 'tag "on" is missing on router and subnet',
  },
  {
    code: 'router-down',
    title: 'a router that is administratively down, although its status is ACTIVE',
    input: inputOf({ adminStateUp: false, status: 'ACTIVE' }),
    detail: 'admin_state_up is false',
  },
  {
    code: 'router-error',
    title: 'a router in ERROR',
    input: inputOf({ status: 'ERROR' }),
    detail: 'its status is ERROR',
  },
  {
    code: 'provisional-prefix',
    title: 'a prefix that is not delegated yet',
    input: inputOf({ subnets: [{ cidr: '::/64', address: '::1' }] }),
    detail: '::/64 stands for a prefix that is not delegated yet',
    prefix: '::/64',
  },
  {
    code: 'forbidden-prefix',
    title: 'the default route as an extra route',
    input: inputOf({ routes: [['0.0.0.0/0', '203.0.113.1']] }),
    detail: 'it is the default route',
    prefix: '0.0.0.0/0',
  },
  {
    code: 'forbidden-prefix',
    title: 'a link-local subnet',
    input: inputOf({ subnets: ['169.254.7.0/24'] }),
    detail: 'it overlaps 169.254.0.0/16 (link-local)',
    prefix: '169.254.7.0/24',
  },
  {
    code: 'overlaps-external',
    title: 'the prefix of an external subnet',
    input: inputOf({ subnets: ['203.0.113.0/24'] }),
    detail: 'it overlaps external subnet sub-public-4 (203.0.113.0/24)',
    prefix: '203.0.113.0/24',
  },
  {
    code: 'overlaps-external',
    title: 'a part of an external subnet of a network that no upstream serves',
    input: inputOf({ subnets: ['198.51.100.128/25'] }),
    detail: 'it overlaps external subnet sub-partner-4',
    prefix: '198.51.100.128/25',
  },
  {
    code: 'overlaps-external',
    title: 'a prefix around an external subnet',
    input: inputOf({ subnets: ['203.0.112.0/20'] }),
    detail: 'it overlaps external subnet sub-public-4',
    prefix: '203.0.112.0/20',
  },
  {
    code: 'extra-route-next-hop',
    title: 'an extra route that leads out of the cloud',
    input: inputOf({ routes: [['10.99.0.0/24', '203.0.113.1']] }),
    detail: 'lies in none of the router’s tenant subnets',
    prefix: '10.99.0.0/24',
  },
  {
    code: 'extra-route-next-hop',
    title: 'an extra route through another router’s subnet',
    input: inputOf({ routes: [['10.99.0.0/24', '10.2.0.20']] }),
    detail: 'lies in none of the router’s tenant subnets',
    prefix: '10.99.0.0/24',
  },
  {
    code: 'no-next-hop',
    title: 'IPv6 behind a leg that has only IPv4',
    input: inputOf({ subnets: ['2001:db8:1::/64'] }),
    detail: 'the leg has no IPv6 address',
    prefix: '2001:db8:1::/64',
  },
  {
    code: 'next-hop-refused',
    title: 'a leg that took the external subnet’s gateway_ip: the upstream itself',
    input: inputOf({ gateways: [], legs: [['203.0.113.1']] }),
    detail: '203.0.113.1 is the gateway_ip of the external subnet',
  },
  {
    code: 'scope-mismatch',
    title: 'a scoped subnet behind an unscoped external one under ML2/OVS',
    input: inputOf({ subnets: scoped }, { cloud: { natModel: 'ovs' } }),
    detail: 'ML2/OVS drops the packets',
  },
  {
    code: 'snat',
    title: 'a gateway with SNAT on',
    input: inputOf({ enableSnat: true }),
    detail: 'enable_snat is on',
  },
  {
    code: 'snat',
    title: 'an extra route behind a gateway with SNAT on',
    input: inputOf({ enableSnat: true, routes: [['10.99.0.0/24', '10.1.0.20']] }),
    detail: 'enable_snat is on',
    prefix: '10.99.0.0/24',
  },
  {
    code: 'prefix-denied',
    title: 'a prefix that policy.deny hits although policy.allow lets it through',
    input: inputOf({}, { policy: policyOf({ deny: [ruleOf('10.1.0.0/16')] }) }),
    detail: 'policy.deny 10.1.0.0/16 hits it',
  },
  {
    code: 'prefix-reserved',
    title: 'a prefix that policy.reserved keeps for another project',
    input: inputOf(
      {},
      { policy: policyOf({ reserved: [ruleOf('10.1.0.0/16', { projects: ['other'] })] }) },
    ),
    detail: 'policy.reserved keeps 10.1.0.0/16 for others',
  },
  {
    code: 'prefix-not-allowed',
    title: 'a prefix that no entry of policy.allow lets through',
    input: inputOf({}, { policy: policyOf({ allow: [ruleOf('10.2.0.0/16')] }) }),
    detail: 'no entry of policy.allow',
  },
  {
    code: 'covers-protected',
    title: 'a prefix that covers the API',
    input: inputOf(
      {},
      { protectedAddresses: [{ address: parseAddress('10.1.0.9'), what: 'the Neutron API' }] },
    ),
    detail: 'it covers 10.1.0.9 (the Neutron API)',
  },
  {
    code: 'covers-protected',
    title: 'an extra route to exactly the address of the API',
    input: inputOf(
      { routes: [['10.9.0.9/32', '10.1.0.20']] },
      { protectedAddresses: [{ address: parseAddress('10.9.0.9'), what: 'this host' }] },
    ),
    detail: 'it covers 10.9.0.9 (this host)',
    prefix: '10.9.0.9/32',
  },
  {
    code: 'no-upstream',
    title: 'a leg on a network that no upstream serves',
    input: inputOf({ gateways: [['198.51.100.10']] }),
    detail: 'no upstream serves external network net-partner',
  },
];

describe('judge', () => {
  for (const { code, title, input, detail, prefix = '10.1.0.0/24' } of CASES) {
    it(`says ${code} to ${title}`, () => {
      const candidates = judge(input);
      const index = candidates.findIndex((candidate) => candidate.prefix.text === prefix);
      const checks = checksOf(candidates, input)[index] ?? [];

      expect(candidates[index]?.verdict).to.equal(code);
      expect(checks.find(({ passed }) => !passed)).to.include({ code, passed: false });
      expect(checks.find(({ passed }) => !passed)?.detail).to.contain(detail);
    });
  }

  it('has a case for every verdict', () => {
    const covered = new Set<VerdictCode>(['eligible', ...CASES.map(({ code }) => code)]);

    expect([...VERDICTS.keys()].filter((code) => !covered.has(code))).to.deep.equal([]);
  });

  const eligible: readonly (readonly [string, EligibilityInput, string])[] = [
    ['a gateway without SNAT', inputOf(), '10.1.0.0/24 via 203.0.113.10: eligible'],
    [
      'an interface leg, whatever SNAT says',
      inputOf({ gateways: [], legs: [['203.0.113.20']], enableSnat: true }),
      '10.1.0.0/24 via 203.0.113.20: eligible',
    ],
    [
      'IPv6 behind a gateway with SNAT on',
      inputOf({
        gateways: [['203.0.113.10', '2001:db8:100::10']],
        subnets: ['2001:db8:1::/64'],
        enableSnat: true,
      }),
      '2001:db8:1::/64 via 2001:db8:100::10: eligible',
    ],
    [
      'the scope of both sides under ML2/OVS although SNAT is on',
      withExternalScope(
        inputOf({ subnets: scoped, enableSnat: true }, { cloud: { natModel: 'ovs' } }),
      ),
      '10.1.0.0/24 via 203.0.113.10: eligible',
    ],
    [
      'a leg with another address beside the refused one',
      inputOf({ gateways: [], legs: [['203.0.113.1', '203.0.113.20']] }),
      '10.1.0.0/24 via 203.0.113.20: eligible',
    ],
    [
      'the opt-in tag on the router',
      inputOf({ tags: ['on'] }, { policy: policyOf({ tags: { optOut: 'off', optIn: 'on' } }) }),
      '10.1.0.0/24 via 203.0.113.10: eligible',
    ],
    [
      'the opt-in tag on the subnet',
      inputOf(
        { subnets: [{ cidr: '10.1.0.0/24', tags: ['on'] }] },
        { policy: policyOf({ tags: { optOut: 'off', optIn: 'on' } }) },
      ),
      '10.1.0.0/24 via 203.0.113.10: eligible',
    ],
    [
      'a protected address beside the prefix',
      inputOf({}, { protectedAddresses: [{ address: parseAddress('10.1.1.9'), what: 'the API' }] }),
      '10.1.0.0/24 via 203.0.113.10: eligible',
    ],
    [
      'a floating IP, although SNAT is on and its address is in the external subnet',
      inputOf({ subnets: [], enableSnat: true }, { cloud: { floatingIps } }),
      '203.0.113.77/32 via 203.0.113.10: eligible',
    ],
  ];
  for (const [title, input, want] of eligible) {
    it(`lets ${title} through`, () => {
      expect(inWords(judge(input))).to.deep.equal([want]);
    });
  }

  it('announces an extra route through an own tenant subnet by the router’s leg', () => {
    const candidates = judge(inputOf({ routes: [['10.99.0.0/24', '10.1.0.20']] }));

    expect(inWords(candidates)).to.deep.equal([
      '10.1.0.0/24 via 203.0.113.10: eligible',
      '10.99.0.0/24 via 203.0.113.10: eligible',
    ]);
  });

  it('judges both legs of one router by themselves', () => {
    const input = inputOf({
      gateways: [['203.0.113.10']],
      legs: [['198.51.100.20']],
      enableSnat: true,
    });

    const candidates = judge({ ...input, servedNetworks: new Set([PUBLIC, 'net-partner']) });

    expect(inWords(candidates)).to.deep.equal([
      '10.1.0.0/24 via 203.0.113.10: snat',
      '10.1.0.0/24 via 198.51.100.20: eligible',
    ]);
  });

  it('takes an external subnet that is not shown for no obstacle of its own', () => {
    const { snapshot, ...rest } = inputOf();
    const externalNetworks = new Map([
      [PUBLIC, { id: PUBLIC, name: 'public', subnetIds: ['sub-gone'] }],
    ]);

    const candidates = judge({ ...rest, snapshot: { ...snapshot, externalNetworks } });

    expect(candidates.map(({ verdict }) => verdict)).to.deep.equal(['eligible']);
  });
});

describe('checksOf', () => {
  it('gives every check of a candidate, in the order of judgement', () => {
    const input = inputOf({ enableSnat: true, adminStateUp: false });

    const [checks = []] = checksOf(judge(input), input);

    expect([...checks.map(({ code }) => code), 'eligible']).to.deep.equal([...VERDICTS.keys()]);
    expect(checks.filter(({ passed }) => !passed).map(({ code }) => code)).to.deep.equal([
      'router-down',
      'snat',
    ]);
    expect(checks[0]).to.deep.equal({
      code: 'no-external-leg',
      passed: true,
      detail: 'the router has a port on an external network',
    });
  });

  it('asks a router without any leg for nothing else', () => {
    const input = inputOf({ gateways: [] });

    const [checks = []] = checksOf(judge(input), input);

    expect(checks.map(({ code }) => code)).to.deep.equal(['no-external-leg']);
  });
});

/** The same with the external subnet in the address scope of the tenant's. */
function withExternalScope(input: EligibilityInput): EligibilityInput {
  const { snapshot } = input;
  const subnets = new Map(
    Array.from(snapshot.subnets, ([id, subnet]) => [id, { ...subnet, addressScopeId: 'scope' }]),
  );
  return { ...input, snapshot: { ...snapshot, subnets } };
}
