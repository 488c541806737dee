import { expect } from 'chai';
import { assertSelectors } from '../../src/agent/selectors.ts';
import type { Policy, PrefixRule } from '../../src/core/policy.ts';
import { parsePrefix } from '../../src/core/prefix.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { RouteSyncError } from '../../src/errors.ts';

const SNAPSHOT: Snapshot = {
  natModel: 'ovn',
  routers: [],
  interfacePorts: [],
  gatewayPorts: [],
  subnets: new Map(),
  externalNetworks: new Map([['net-1', { id: 'net-1', name: 'public', subnetIds: [] }]]),
  floatingIps: [],
  poolScopes: new Map(),
  poolNames: new Map([
    ['pool-1', 'tenants'],
    ['pool-2', 'tenants'],
    ['pool-3', 'campus'],
  ]),
  scopeNames: new Map([['scope-1', 'routable']]),
};

type List = 'allow' | 'deny' | 'reserved';

function policyWith(list: List, change: Partial<PrefixRule>): Policy {
  const rule: PrefixRule = {
    prefix: parsePrefix('10.0.0.0/8'),
    minLength: 8,
    maxLength: 32,
    externalNetworks: [],
    projects: [],
    addressScopes: [],
    subnetPools: [],
  };
  return {
    mode: 'sync',
    allow: [rule],
    deny: [rule],
    reserved: [rule],
    foreignOverlap: 'warn',
    foreignCovering: 'ignore',
    tags: { optOut: 'off' },
    extraRoutes: false,
    floatingIps: false,
    ecmp: false,
    [list]: [rule, { ...rule, ...change }],
  };
}

function refusal(list: List, change: Partial<PrefixRule>): RouteSyncError {
  try {
    assertSelectors(policyWith(list, change), SNAPSHOT);
  } catch (error) {
    if (error instanceof RouteSyncError) {
      return error;
    }
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('assertSelectors', () => {
  it('accepts names and ids that mean one object each', () => {
    const rule = {
      externalNetworks: ['public', 'net-1'],
      subnetPools: ['campus', 'pool-1'],
      addressScopes: ['routable'],
      projects: ['whoever'],
    };

    for (const list of ['allow', 'deny', 'reserved'] as const) {
      expect(() => assertSelectors(policyWith(list, rule), SNAPSHOT)).not.to.throw();
    }
  });

  const unknown = {
    externalNetworks: 'external network',
    subnetPools: 'subnet pool',
    addressScopes: 'address scope',
  } as const;
  for (const [selector, what] of Object.entries(unknown)) {
    it(`refuses an unknown ${what} in every list`, () => {
      for (const list of ['allow', 'deny', 'reserved'] as const) {
        const { code, message } = refusal(list, { [selector]: ['pubilc'] });

        expect(code).to.equal('POLICY_SELECTOR_UNKNOWN');
        expect(message).to.contain(`policy.${list}[1].${selector}: "pubilc"`).and.contain(what);
      }
    });
  }

  it('refuses a name that several objects share: anybody may give his pool that name', () => {
    expect(refusal('allow', { subnetPools: ['tenants'] }).message).to.contain(
      '"tenants" is the name of 2 subnet pools; use the id',
    );
  });
});
