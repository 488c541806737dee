/**
 * The core on what a real Neutron answered, byte for byte (data/neutron): the cases a to i of the lab, under both NAT
 * models, and the routers of the reference L3 plugin.
 */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  toExternalNetwork,
  toFloatingIp,
  toPort,
  toRouter,
  toSubnet,
  withScope,
} from '../../src/agent/cloud-objects.ts';
import { assertComplete } from '../../src/agent/completeness.ts';
import { claimsOn } from '../../src/core/claims.ts';
import { arbitrate } from '../../src/core/conflicts.ts';
import { judge, type Candidate } from '../../src/core/eligibility.ts';
import type { Policy } from '../../src/core/policy.ts';
import { parsePrefix } from '../../src/core/prefix.ts';
import type { Origin } from '../../src/core/route.ts';
import type { NatModel, Snapshot, Subnet } from '../../src/core/snapshot.ts';
import {
  NEUTRON_SCHEMAS,
  type CollectionName,
  type NeutronObject,
} from '../../src/openstack-client-lite/neutron-objects.ts';
import { inWords, policyOf } from './world.ts';

const INTERFACE_OWNERS = new Set([
  'network:router_interface',
  'network:router_interface_distributed',
  'network:ha_router_replicated_interface',
]);

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`data/neutron/${file}.json`, import.meta.url), 'utf8'));
}

function list<C extends CollectionName>(
  collection: C,
  file: string = collection,
): readonly NeutronObject<C>[] {
  const key = collection.replace('-', '_');
  const schema = z.object({ [key]: z.array(NEUTRON_SCHEMAS[collection]) });
  return schema.parse(read(file))[key] as readonly NeutronObject<C>[];
}

function snapshotOf(
  natModel: NatModel,
  files: { routers?: string; ports?: string; subnets?: string } = {},
): Snapshot {
  const ports = list('ports', files.ports);
  const pools = list('subnetpools');
  const scopes = new Map(pools.map((pool) => [pool.id, pool.address_scope_id ?? undefined]));
  const subnets = list('subnets', files.subnets).map((subnet) =>
    withScope(toSubnet(subnet), scopes),
  );
  return {
    natModel,
    routers: list('routers', files.routers).map(toRouter),
    interfacePorts: ports
      .filter(({ device_owner: owner }) => INTERFACE_OWNERS.has(owner))
      .map(toPort),
    gatewayPorts: ports
      .filter(({ device_owner: owner }) => owner === 'network:router_gateway')
      .map(toPort),
    subnets: new Map(subnets.map((subnet) => [subnet.id, subnet])),
    externalNetworks: new Map(
      list('networks', 'networks-external').map((network) => [
        network.id,
        toExternalNetwork(network),
      ]),
    ),
    floatingIps: [],
    poolScopes: scopes,
    poolNames: new Map(pools.map(({ id, name }) => [id, name])),
    scopeNames: new Map(list('address-scopes').map(({ id, name }) => [id, name])),
  };
}

function judgedOf(snapshot: Snapshot, policy: Partial<Policy> = {}): readonly Candidate[] {
  return judge({
    snapshot,
    policy: policyOf(policy),
    servedNetworks: new Set(snapshot.externalNetworks.keys()),
    protectedAddresses: [],
  });
}

/** `ra 10.10.1.0/24 via 172.24.2.60: eligible`, sorted. */
function verdictsOf(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map((each) => `${each.router.name} ${inWords([each]).join('')}`).sort();
}

const ON_BOTH = [
  'ra 10.10.1.0/24 via 172.24.2.60: eligible',
  'rb 10.10.2.0/24 via 172.24.0.50: eligible',
  'rc 10.10.3.0/24 via 172.24.2.229: snat',
  'rd 10.10.4.0/24 via : no-external-leg',
  're 10.10.5.0/24 via 172.24.1.29: eligible',
  're 2001:db8:5::/64 via 2001:db8:24::31e: eligible',
  'rf 10.60.0.0/24 via 172.25.1.246: eligible',
  'rg1 10.10.7.0/24 via 172.24.4.58: eligible',
  'rg2 10.10.7.0/24 via 172.24.1.50: eligible',
  'rh 10.10.8.0/24 via 172.24.4.153: eligible',
];

describe('the captured cloud', () => {
  it('gives the routes of the cases a to h under ML2/OVN, which ignores address scopes', () => {
    expect(verdictsOf(judgedOf(snapshotOf('ovn')))).to.deep.equal(
      [
        ...ON_BOTH,
        'rf 10.10.6.0/24 via 172.25.1.246: eligible',
        'rf2 10.60.1.0/24 via 172.25.3.52: snat',
      ].sort(),
    );
  });

  it('gives others under ML2/OVS: one scope of both sides exempts from SNAT, two drop', () => {
    expect(verdictsOf(judgedOf(snapshotOf('ovs')))).to.deep.equal(
      [
        ...ON_BOTH,
        'rf 10.10.6.0/24 via 172.25.1.246: scope-mismatch',
        'rf2 10.60.1.0/24 via 172.25.3.52: eligible',
      ].sort(),
    );
  });

  it('is complete in the eyes of an administrator', () => {
    expect(() => {
      assertComplete(snapshotOf('ovn'), { roles: ['admin'] });
    }).not.to.throw();
  });

  it('knows the interface leg of b by its network alone, and warns that it has no way back', () => {
    const candidate = judgedOf(snapshotOf('ovn')).find(({ router }) => router.name === 'rb');

    expect(candidate?.leg?.kind).to.equal('interface');
    expect(candidate?.warnings).to.deep.equal(['one-way']);
  });

  it('lets one of g1 and g2 have their common prefix: the older', () => {
    const snapshot = snapshotOf('ovn');
    const networkIds = new Set(snapshot.externalNetworks.keys());
    const view = { name: 'edge1', networkIds, devices: new Map() };

    const { winners, conflicts } = arbitrate(
      claimsOn(view, judgedOf(snapshot), false),
      () => false,
    );

    expect(winners).to.have.length(8);
    expect(conflicts.map(({ code, origin }) => [code, origin.map(nameIn(snapshot))])).to.deep.equal(
      [['duplicate', ['rg2', 'rg1']]],
    );
  });

  it('announces the extra route of h only if asked to', () => {
    const extra = judgedOf(snapshotOf('ovn'), { extraRoutes: true }).filter(
      ({ source }) => source === 'extra-route',
    );

    expect(verdictsOf(extra)).to.deep.equal(['rh 10.99.0.0/24 via 172.24.4.153: eligible']);
  });

  it('announces the floating IPs of i by their routers, SNAT or not', () => {
    const floatingIps = list('floatingips').flatMap((each) => toFloatingIp(each) ?? []);

    const candidates = judgedOf({ ...snapshotOf('ovn'), floatingIps }).filter(
      ({ source }) => source === 'floating-ip',
    );

    expect(verdictsOf(candidates)).to.deep.equal([
      'ra 172.24.0.101/32 via 172.24.2.60: eligible',
      'rc 172.24.0.103/32 via 172.24.2.229: eligible',
    ]);
  });

  it('goes by admin_state_up, not by status: both routers say ACTIVE', () => {
    const snapshot = snapshotOf('ovn');
    const routers = snapshot.routers.map((router) => ({ ...router, adminStateUp: false }));

    const verdicts = judgedOf({ ...snapshot, routers }).map(({ verdict }) => verdict);

    expect(new Set(snapshot.routers.map(({ status }) => status))).to.deep.equal(
      new Set(['ACTIVE']),
    );
    expect(new Set(verdicts)).to.deep.equal(new Set(['router-down', 'no-external-leg']));
  });

  it('is not whole where the token sees one project only, although everything answers 200', () => {
    const snapshot = snapshotOf('ovn', {
      routers: 'as-demo-routers',
      ports: 'as-demo-ports',
      subnets: 'as-demo-subnets',
    });

    expect(() => {
      assertComplete(snapshot, { roles: ['member'] });
    }).to.throw('the user does not see all projects');
  });

  it('is not whole where a page walk was cut short by a marker that vanished', () => {
    const snapshot = snapshotOf('ovn', { routers: 'routers-marker-gone' });

    expect(snapshot.routers).to.deep.equal([]);
    expect(() => {
      assertComplete(snapshot, { roles: ['admin'] });
    }).to.throw('which is not shown');
  });
});

describe('the routers of the reference L3 plugin', () => {
  const cases = [
    { kind: 'distributed', cidr: '10.91.0.0/24', nextHop: '172.24.1.185', ports: 3 },
    { kind: 'ha', cidr: '10.92.0.0/24', nextHop: '172.24.2.151', ports: 2 },
  ] as const;
  for (const { kind, cidr, nextHop, ports } of cases) {
    it(`${kind}: one candidate, by the central gateway; a centralized-SNAT port makes none`, () => {
      const file = `reference-l3-ports-${kind}`;
      const { router } = z
        .object({ router: NEUTRON_SCHEMAS.routers })
        .parse(read(`reference-l3-router-${kind}`));
      const base = snapshotOf('ovs', { ports: file });
      const tenantSubnets = base.interfacePorts.map(({ networkId, fixedIps }): Subnet => ({
        id: fixedIps[0]?.subnetId ?? '',
        name: '',
        networkId,
        projectId: '',
        cidr: parsePrefix(cidr),
        gatewayIp: undefined,
        subnetPoolId: undefined,
        addressScopeId: undefined,
        tags: [],
      }));

      const candidates = judgedOf({
        ...base,
        routers: [toRouter(router)],
        subnets: new Map(
          [...base.subnets.values(), ...tenantSubnets].map((each) => [each.id, each]),
        ),
      });

      expect(list('ports', file)).to.have.length(ports);
      expect(base.interfacePorts).to.have.length(1);
      expect(inWords(candidates)).to.deep.equal([`${cidr} via ${nextHop}: eligible`]);
    });
  }
});

function nameIn({ routers }: Snapshot): (origin: Origin) => string | undefined {
  return (origin) => routers.find(({ id }) => id === origin.router)?.name;
}
