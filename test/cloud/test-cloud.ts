/** The objects of the real-cloud test: two external networks, and one router for each rule that the tests check. */
import type { CloudApi, CloudObject, Router, Subnet } from './cloud-api.ts';
import type { LegAddress, Topology } from './topology.ts';

/** Addresses of the two upstreams on their external networks. */
export const FRONT_ADDRESSES = ['198.51.100.1/24', '2001:db8:e5::1/64'] as const;
export const BACK_ADDRESSES = ['172.25.0.1/24'] as const;

/** What the policy allows: the tenant ranges, and the floating IPs that the upstream is not connected to. */
export const ALLOWED = ['10.213.0.0/16', '2001:db8:d5::/48', '203.0.113.0/24'] as const;

export interface TestCloud {
  readonly front: CloudObject;
  readonly back: CloudObject;
  readonly backSubnet: Subnet;
  readonly frontLeg: readonly LegAddress[];
  router(name: RouterName): Router;
}

type RouterName =
  | 'gateway'
  | 'leg'
  | 'snat'
  | 'inside'
  | 'dual'
  | 'elder'
  | 'younger'
  | 'extra'
  | 'opted-out'
  | 'down'
  | 'both'
  | 'scoped'
  | 'scopeless';

/** The prefixes that each router is made for, whatever the verdict on them. */
export const PREFIXES = {
  gateway: '10.213.1.0/24',
  leg: '10.213.2.0/24',
  leg6: '2001:db8:d5:2::/64',
  snat: '10.213.3.0/24',
  inside: '10.213.4.0/24',
  dual: '10.213.5.0/24',
  dual6: '2001:db8:d5:5::/64',
  twins: '10.213.6.0/24',
  extra: '10.213.7.0/24',
  extraRoute: '10.213.70.0/24',
  optedOut: '10.213.8.0/24',
  down: '10.213.9.0/24',
  both: '10.213.10.0/24',
  scoped: '10.213.128.0/24',
  scopeless: '10.213.11.0/24',
  floating: '203.0.113.50/32',
} as const;

/** Makes everything at once, but the routers of equal prefixes one after the other, so that their ports differ in age. */
export async function makeTestCloud(api: CloudApi, topology: Topology): Promise<TestCloud> {
  const front = await topology.network('front', { 'router:external': true });
  const back = await topology.network('back', { 'router:external': true });
  const external = async (name: string, network: CloudObject, cidr: string) =>
    topology.subnet({ name, network, cidr });
  const front4 = await external('front-v4', front, '198.51.100.0/24');
  const front6 = await external('front-v6', front, '2001:db8:e5::/64');
  const floating = await external('front-floating', front, '203.0.113.0/24');

  const scope = await topology.addressScope('scope');
  const backPool = await topology.subnetPool('back-pool', ['172.25.0.0/24'], scope);
  const tenantPool = await topology.subnetPool('tenant-pool', ['10.213.128.0/20'], scope);
  const backSubnet = await topology.subnet({
    name: 'back-v4',
    network: back,
    cidr: '172.25.0.0/24',
    pool: backPool,
  });

  const frontLeg = [{ subnet: front4 }, { subnet: front6 }];
  const onFront = { addresses: frontLeg, snat: false };
  const onBack = { addresses: [{ subnet: backSubnet }], snat: false };
  const make = async (
    name: RouterName,
    cidrs: readonly string[],
    legs: Pick<Parameters<Topology['router']>[0], 'gateway' | 'leg'>,
  ): Promise<Router> => {
    const subnets = [];
    for (const cidr of cidrs) {
      subnets.push(await topology.subnet({ name: `${name}-${subnets.length}`, cidr }));
    }
    return topology.router({ name, subnets, ...legs });
  };

  const makeTwins = async () => [
    await make('elder', [PREFIXES.twins], { gateway: onFront }),
    await make('younger', [PREFIXES.twins], { gateway: onFront }),
  ];

  const makeExtra = async () => {
    const router = await make('extra', [PREFIXES.extra], { gateway: onFront });
    const routes = [
      { destination: PREFIXES.extraRoute, nexthop: '10.213.7.20' },
      { destination: '10.213.71.0/24', nexthop: '198.51.100.1' },
    ];
    await api.update('routers', router.id, { routes });
    return router;
  };

  const makeOptedOut = async () => {
    const router = await make('opted-out', [PREFIXES.optedOut], { gateway: onFront });
    await api.put(['routers', router.id, `tags/${encodeURIComponent('route-sync:off')}`]);
    return router;
  };

  const makeDown = async () => {
    const router = await make('down', [PREFIXES.down], { gateway: onFront });
    await api.update('routers', router.id, { admin_state_up: false });
    return router;
  };

  const makeScoped = async () => {
    const wish = { name: 'scoped-0', cidr: PREFIXES.scoped, pool: tenantPool };
    const subnets = [await topology.subnet(wish)];
    return topology.router({ name: 'scoped', subnets, gateway: { ...onBack, snat: true } });
  };

  const makeSnat = async () => {
    const subnet = await topology.subnet({ name: 'snat-0', cidr: PREFIXES.snat });
    const gateway = { ...onFront, snat: true };
    const router = await topology.router({ name: 'snat', subnets: [subnet], gateway });
    const instance = await topology.port('instance', subnet.network_id);
    await topology.floatingIp(floating, instance, '203.0.113.50');
    return router;
  };

  const made = await Promise.all([
    make('gateway', [PREFIXES.gateway], { gateway: onFront }),
    make('leg', [PREFIXES.leg, PREFIXES.leg6], { leg: frontLeg }),
    make('inside', [PREFIXES.inside], {}),
    make('dual', [PREFIXES.dual, PREFIXES.dual6], { gateway: onFront }),
    make('both', [PREFIXES.both], { gateway: onBack, leg: frontLeg }),
    make('scopeless', [PREFIXES.scopeless], { gateway: onBack }),
    makeTwins(),
    makeExtra(),
    makeOptedOut(),
    makeDown(),
    makeScoped(),
    makeSnat(),
  ]);
  const router = (name: RouterName): Router => {
    const found = made.flat().find((one) => one.name.endsWith(`-${name}`));
    if (found === undefined) {
      throw new Error(`the router ${name} was not made`);
    }
    return found;
  };
  return { front, back, backSubnet, frontLeg, router };
}
