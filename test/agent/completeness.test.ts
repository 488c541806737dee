/** The proofs that a snapshot is the whole truth, one by one. */
import { expect } from 'chai';

import {
  assertComplete,
  assertPools,
  assertSentinel,
  type Sentinel,
  type Witness,
} from '../../src/agent/completeness.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';

const ADMIN: Witness = { roles: ['member', 'admin'] };
const READER: Witness = { roles: ['reader'] };

const GATEWAY_IP = { subnetId: 'outside', address: parseAddress('203.0.113.5') };

function subnet(id: string, networkId: string, cidr: string) {
  return {
    id,
    name: id,
    networkId,
    projectId: 'p1',
    cidr: parsePrefix(cidr),
    gatewayIp: undefined,
    subnetPoolId: undefined,
    addressScopeId: undefined,
    tags: [],
  };
}

const WHOLE: Snapshot = {
  natModel: 'ovn',
  routers: [
    {
      id: 'r1',
      name: 'web',
      projectId: 'p1',
      adminStateUp: true,
      status: 'ACTIVE',
      createdAt: '',
      tags: [],
      gateways: [{ networkId: 'public', fixedIps: [GATEWAY_IP] }],
      enableSnat: false,
      extraRoutes: [],
    },
  ],
  interfacePorts: [
    {
      id: 'i1',
      routerId: 'r1',
      networkId: 'n1',
      createdAt: '',
      fixedIps: [{ subnetId: 'inside', address: parseAddress('198.51.100.1') }],
    },
  ],
  gatewayPorts: [
    { id: 'g1', routerId: 'r1', networkId: 'public', createdAt: '', fixedIps: [GATEWAY_IP] },
  ],
  subnets: new Map([
    ['outside', subnet('outside', 'public', '203.0.113.0/24')],
    ['inside', subnet('inside', 'n1', '198.51.100.0/24')],
  ]),
  externalNetworks: new Map([['public', { id: 'public', name: 'public', subnetIds: ['outside'] }]]),
  floatingIps: [],
  poolScopes: new Map(),
  poolNames: new Map(),
  scopeNames: new Map(),
};

const EMPTY: Snapshot = {
  ...WHOLE,
  routers: [],
  interfacePorts: [],
  gatewayPorts: [],
  subnets: new Map(),
  externalNetworks: new Map(),
};

describe('assertComplete', () => {
  for (const { what, snapshot, witness } of [
    { what: 'a whole snapshot of an admin', snapshot: WHOLE, witness: ADMIN },
    {
      what: 'a whole snapshot of a reader who sees gateway ports',
      snapshot: WHOLE,
      witness: READER,
    },
    { what: 'an empty cloud of an admin', snapshot: EMPTY, witness: ADMIN },
  ]) {
    it(`accepts ${what}`, () => {
      expect(() => assertComplete(snapshot, witness)).not.to.throw();
    });
  }

  for (const { what, change, witness = ADMIN, code } of [
    {
      what: 'nothing at all, seen by a reader',
      change: EMPTY,
      witness: READER,
      code: 'CLOUD_VIEW_NARROWED',
    },
    {
      what: 'nothing at all, seen without any role',
      change: EMPTY,
      witness: { roles: [] },
      code: 'CLOUD_VIEW_NARROWED',
    },
    {
      what: 'a gateway without its port',
      change: { gatewayPorts: [] },
      code: 'CLOUD_VIEW_NARROWED',
    },
    {
      what: 'an external network without its subnet',
      change: { subnets: new Map() },
      code: 'CLOUD_VIEW_NARROWED',
    },
    {
      what: 'a gateway on a network that is not shown',
      change: { externalNetworks: new Map() },
      code: 'SNAPSHOT_INCOMPLETE',
    },
    {
      what: 'a gateway port with an address outside of its subnet',
      change: {
        gatewayPorts: [
          {
            ...WHOLE.gatewayPorts[0],
            id: 'g1',
            routerId: 'r1',
            networkId: 'public',
            createdAt: '',
            fixedIps: [{ subnetId: 'outside', address: parseAddress('8.8.8.8') }],
          },
        ],
      },
      code: 'SNAPSHOT_INCOMPLETE',
    },
    {
      what: 'a router with a gateway address outside of its subnet',
      change: {
        routers: WHOLE.routers.map((router) => ({
          ...router,
          gateways: [
            {
              networkId: 'public',
              fixedIps: [{ subnetId: 'outside', address: parseAddress('127.0.0.1') }],
            },
          ],
        })),
      },
      code: 'SNAPSHOT_INCOMPLETE',
    },
    {
      what: 'a port of a router that is not shown',
      change: { routers: [] },
      code: 'SNAPSHOT_INCOMPLETE',
    },
    {
      what: 'a port in a subnet that is not shown',
      change: { subnets: new Map([...WHOLE.subnets].slice(0, 1)) },
      code: 'SNAPSHOT_INCOMPLETE',
    },
  ] as const) {
    it(`refuses ${what}, and lets it be read again`, () => {
      expect(() => assertComplete({ ...WHOLE, ...change }, witness))
        .to.throw()
        .that.includes({ code, retryable: true });
    });
  }
});

describe('assertPools', () => {
  const inside = { ...subnet('inside', 'n1', '198.51.100.0/24'), subnetPoolId: 'pool' };
  const subnets = new Map([['inside', inside]]);

  it('is content where every pool of a subnet is shown', () => {
    expect(() =>
      assertPools({ subnets, poolScopes: new Map([['pool', undefined]]) }),
    ).not.to.throw();
    expect(() => assertPools({ ...WHOLE, poolScopes: new Map() })).not.to.throw();
  });

  it('asks for no pool behind a delegated prefix', () => {
    const delegated = new Map([['inside', { ...inside, subnetPoolId: 'prefix_delegation' }]]);

    expect(() => assertPools({ subnets: delegated, poolScopes: new Map() })).not.to.throw();
  });

  for (const poolScopes of [new Map<string, undefined>(), new Map([['other', undefined]])]) {
    it(`refuses a pool that is not among ${poolScopes.size} that are shown`, () => {
      expect(() => assertPools({ subnets, poolScopes }))
        .to.throw(/subnet inside is of subnet pool pool, which is not shown/)
        .that.includes({ code: 'SNAPSHOT_INCOMPLETE', retryable: true });
    });
  }
});

describe('assertSentinel', () => {
  const SHOWN = new Set(['n9']);

  async function outcome(sentinel: Sentinel, snapshot = WHOLE): Promise<unknown> {
    const asked: string[] = [];
    const isShown = async (id: string): Promise<boolean> => {
      asked.push(id);
      return SHOWN.has(id);
    };
    const error: unknown = await assertSentinel(snapshot, sentinel, isShown).catch(
      (reason: unknown) => reason,
    );
    return error ?? asked;
  }

  for (const { what, sentinel, asked = [] } of [
    { what: 'no sentinel', sentinel: {} },
    { what: 'a router of the list', sentinel: { router: 'r1' } },
    { what: 'an external network', sentinel: { network: 'public' } },
    { what: 'a network that is shown when asked for', sentinel: { network: 'n9' }, asked: ['n9'] },
    { what: 'both', sentinel: { router: 'r1', network: 'n9' }, asked: ['n9'] },
  ]) {
    it(`is content with ${what}, and asks for no more than it must`, async () => {
      expect(await outcome(sentinel)).to.deep.equal(asked);
    });
  }

  for (const { what, sentinel, snapshot } of [
    { what: 'router', sentinel: { router: 'r2' }, snapshot: WHOLE },
    { what: 'router', sentinel: { router: 'r1', network: 'public' }, snapshot: EMPTY },
    { what: 'network', sentinel: { network: 'n8' }, snapshot: WHOLE },
    { what: 'network', sentinel: { router: 'r1', network: 'n8' }, snapshot: WHOLE },
    { what: 'network', sentinel: { network: 'public' }, snapshot: EMPTY },
  ]) {
    it(`refuses a snapshot without the ${what} of ${JSON.stringify(sentinel)}, and lets it be read again`, async () => {
      expect(await outcome(sentinel, snapshot))
        .to.be.an('error')
        .that.includes({ code: 'SNAPSHOT_INCOMPLETE', retryable: true })
        .and.has.property('message')
        .that.matches(
          new RegExp(`sentinel ${what} \\w+ \\(cloud\\.sentinel\\.${what}\\): the view`),
        );
    });
  }
});
