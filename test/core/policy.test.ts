import { expect } from 'chai';
import type { Pair } from '../../src/core/candidates.ts';
import {
  denyingRule,
  forbiddenReason,
  isAllowed,
  reservedForOthers,
  type PrefixRule,
} from '../../src/core/policy.ts';
import { parsePrefix } from '../../src/core/prefix.ts';
import { cloudOf, judged, policyOf, ruleOf } from './world.ts';

const SNAPSHOT = cloudOf(
  [
    {
      id: 'r',
      gateways: [['203.0.113.10', '2001:db8:100::10']],
      subnets: [
        {
          cidr: '10.1.0.0/24',
          subnetPoolId: 'pool-id',
          addressScopeId: 'scope-id',
          projectId: 'blue',
        },
        { cidr: '10.2.0.0/16' },
        { cidr: '2001:db8:1::/64' },
      ],
      routes: [['10.3.0.0/24', '10.1.0.20']],
    },
    { id: 'lonely', subnets: ['10.4.0.0/24'] },
  ],
  {
    poolNames: new Map([['pool-id', 'pool-name']]),
    scopeNames: new Map([['scope-id', 'scope-name']]),
  },
);

function pairAt(prefix: string): Pair {
  const pair = judged(SNAPSHOT, policyOf({ extraRoutes: true })).find(
    (candidate) => candidate.prefix.text === prefix,
  );
  if (pair === undefined) {
    throw new Error(`no pair at ${prefix}`);
  }
  return pair;
}

function allows(rule: PrefixRule, prefix: string): boolean {
  return isAllowed(policyOf({ allow: [rule] }), pairAt(prefix), SNAPSHOT);
}

function denies(rule: PrefixRule, prefix: string): boolean {
  return denyingRule(policyOf({ deny: [rule] }), pairAt(prefix), SNAPSHOT) !== undefined;
}

describe('forbiddenReason', () => {
  const forbidden = [
    ['0.0.0.0/0', 'default route'],
    ['::/0', 'default route'],
    ['0.0.0.0/1', '0.0.0.0/8 (this network)'],
    ['0.1.0.0/16', 'this network'],
    ['127.0.0.0/8', 'loopback'],
    ['127.0.0.1/32', 'loopback'],
    ['126.0.0.0/7', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['169.254.169.254/32', 'link-local'],
    ['224.0.0.0/4', 'multicast'],
    ['239.1.0.0/16', 'multicast'],
    ['240.0.0.0/4', 'reserved and broadcast'],
    ['255.255.255.255/32', 'broadcast'],
    ['::/64', 'unspecified'],
    ['::1/128', 'loopback'],
    ['::/3', 'loopback'],
    ['::ffff:0:0/96', 'IPv4-compatible'],
    ['fe80::/10', 'link-local'],
    ['fe80::/64', 'link-local'],
    ['ff00::/8', 'multicast'],
    ['ff02::1/128', 'multicast'],
  ] as const;
  for (const [prefix, reason] of forbidden) {
    it(`refuses ${prefix}: ${reason}`, () => {
      expect(forbiddenReason(parsePrefix(prefix))).to.contain(reason);
    });
  }

  const free = ['10.0.0.0/8', '100.64.0.0/10', '198.51.100.0/24', '223.255.255.0/24', 'fd00::/8'];
  for (const prefix of [...free, '2001:db8::/32', '::1:0:0:0:0/64']) {
    it(`has nothing against ${prefix}`, () => {
      expect(forbiddenReason(parsePrefix(prefix))).to.equal(undefined);
    });
  }
});

describe('isAllowed', () => {
  const cases: readonly (readonly [string, PrefixRule, string, boolean])[] = [
    ['a prefix inside the range', ruleOf('10.0.0.0/8'), '10.1.0.0/24', true],
    ['the range itself', ruleOf('10.1.0.0/24'), '10.1.0.0/24', true],
    ['no prefix around the range', ruleOf('10.2.0.0/17'), '10.2.0.0/16', false],
    ['no prefix beside the range', ruleOf('10.2.0.0/16'), '10.1.0.0/24', false],
    ['no prefix of the other family', ruleOf('0.0.0.0/0'), '2001:db8:1::/64', false],
    ['IPv6 inside the range', ruleOf('2001:db8::/32'), '2001:db8:1::/64', true],
    ['exactly minLength', ruleOf('10.0.0.0/8', { minLength: 24 }), '10.1.0.0/24', true],
    ['nothing shorter', ruleOf('10.0.0.0/8', { minLength: 25 }), '10.1.0.0/24', false],
    ['exactly maxLength', ruleOf('10.0.0.0/8', { maxLength: 24 }), '10.1.0.0/24', true],
    ['nothing longer', ruleOf('10.0.0.0/8', { maxLength: 23 }), '10.1.0.0/24', false],
  ];
  for (const [title, rule, prefix, allowed] of cases) {
    it(`lets through ${title}`, () => {
      expect(allows(rule, prefix)).to.equal(allowed);
    });
  }

  const selectors: readonly (readonly [Partial<PrefixRule>, boolean])[] = [
    [{ externalNetworks: ['public'] }, true],
    [{ externalNetworks: ['net-public'] }, true],
    [{ externalNetworks: ['partner', 'public'] }, true],
    [{ externalNetworks: ['partner'] }, false],
    [{ projects: ['blue'] }, true],
    [{ projects: ['green'] }, false],
    [{ subnetPools: ['pool-id'] }, true],
    [{ subnetPools: ['pool-name'] }, true],
    [{ subnetPools: ['other'] }, false],
    [{ addressScopes: ['scope-id'] }, true],
    [{ addressScopes: ['scope-name'] }, true],
    [{ addressScopes: ['other'] }, false],
    [{ externalNetworks: ['public'], projects: ['blue'], subnetPools: ['pool-name'] }, true],
    [{ externalNetworks: ['public'], projects: ['green'] }, false],
  ];
  for (const [selector, allowed] of selectors) {
    it(`selects by ${JSON.stringify(selector)}: ${allowed ? 'hit' : 'miss'}`, () => {
      expect(allows(ruleOf('10.0.0.0/8', selector), '10.1.0.0/24')).to.equal(allowed);
    });
  }

  it('never selects what has no pool, no scope or no external network', () => {
    for (const selector of [{ subnetPools: ['pool-id'] }, { addressScopes: ['scope-id'] }]) {
      expect(allows(ruleOf('10.0.0.0/8', selector), '10.2.0.0/16')).to.equal(false);
    }
    const anyNetwork = ruleOf('10.0.0.0/8', { externalNetworks: ['public'] });
    expect(allows(anyNetwork, '10.4.0.0/24')).to.equal(false);
  });

  it('does not lend the pool of a subnet to the extra routes behind it', () => {
    const rule = ruleOf('10.0.0.0/8', { subnetPools: ['pool-id'] });

    expect(allows(rule, '10.3.0.0/24')).to.equal(false);
    expect(allows(ruleOf('10.0.0.0/8'), '10.3.0.0/24')).to.equal(true);
  });

  it('needs one entry, in any place', () => {
    const allow = [ruleOf('192.0.2.0/24'), ruleOf('10.0.0.0/8')];

    expect(isAllowed(policyOf({ allow }), pairAt('10.1.0.0/24'), SNAPSHOT)).to.equal(true);
  });
});

describe('denyingRule', () => {
  const cases: readonly (readonly [string, PrefixRule, string, boolean])[] = [
    ['a prefix inside', ruleOf('10.0.0.0/8'), '10.1.0.0/24', true],
    ['the prefix itself', ruleOf('10.1.0.0/24'), '10.1.0.0/24', true],
    [
      'a prefix around: it would announce the denied one',
      ruleOf('10.2.3.0/24'),
      '10.2.0.0/16',
      true,
    ],
    ['not a prefix beside', ruleOf('10.2.0.0/16'), '10.1.0.0/24', false],
    ['not the other family', ruleOf('::/0'), '10.1.0.0/24', false],
    ['not lengths outside', ruleOf('10.0.0.0/8', { minLength: 25 }), '10.1.0.0/24', false],
    [
      'not another project, even around',
      ruleOf('10.2.3.0/24', { projects: ['green'] }),
      '10.2.0.0/16',
      false,
    ],
  ];
  for (const [title, rule, prefix, denied] of cases) {
    it(`hits ${title}`, () => {
      expect(denies(rule, prefix)).to.equal(denied);
    });
  }
});

describe('reservedForOthers', () => {
  const cases: readonly (readonly [string, PrefixRule, string, boolean])[] = [
    ['a prefix inside', ruleOf('10.0.0.0/8', { projects: ['green'] }), '10.1.0.0/24', true],
    ['the prefix itself', ruleOf('10.1.0.0/24', { projects: ['green'] }), '10.1.0.0/24', true],
    ['a prefix around', ruleOf('10.2.3.0/24', { projects: ['green'] }), '10.2.0.0/16', true],
    ['no prefix beside', ruleOf('10.2.0.0/16', { projects: ['green'] }), '10.1.0.0/24', false],
    ['no other family', ruleOf('::/0', { projects: ['green'] }), '10.1.0.0/24', false],
    ['not the project itself', ruleOf('10.0.0.0/8', { projects: ['blue'] }), '10.1.0.0/24', false],
    [
      'not the pool itself',
      ruleOf('10.0.0.0/8', { subnetPools: ['pool-name'] }),
      '10.1.0.0/24',
      false,
    ],
    [
      'what has no pool',
      ruleOf('10.2.0.0/16', { subnetPools: ['pool-name'] }),
      '10.2.0.0/16',
      true,
    ],
    [
      'an extra route behind the pool',
      ruleOf('10.0.0.0/8', { subnetPools: ['pool-id'] }),
      '10.3.0.0/24',
      true,
    ],
    [
      'the right project from another pool',
      ruleOf('10.0.0.0/8', { projects: ['blue'], subnetPools: ['other'] }),
      '10.1.0.0/24',
      true,
    ],
  ];
  for (const [title, range, prefix, kept] of cases) {
    it(`hits ${title}`, () => {
      const policy = policyOf({ reserved: [range] });

      expect(reservedForOthers(policy, pairAt(prefix), SNAPSHOT)).to.equal(
        kept ? range : undefined,
      );
    });
  }

  it('asks every range that the prefix overlaps', () => {
    const mine = ruleOf('10.1.0.0/16', { projects: ['blue'] });
    const others = ruleOf('10.0.0.0/8', { projects: ['green'] });

    const policy = policyOf({ reserved: [mine, others] });

    expect(reservedForOthers(policy, pairAt('10.1.0.0/24'), SNAPSHOT)).to.equal(others);
  });
});
