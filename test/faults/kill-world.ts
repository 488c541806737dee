/** The cloud and the table that processes are killed over: ten prefixes of both families, and strangers beside them. */
import type { NeutronRouter, NeutronSubnet } from '../../src/demo/neutron-objects.ts';
import { type SmallCloud, smallCloud } from '../cli/small-cloud.ts';

export interface KillWorld extends SmallCloud {
  /** One tenant goes, the addresses of another one move, two come. */
  readonly change: () => void;
}

/** What the upstream should hold before and after `change`, as a table lists it. */
export const FIRST: readonly string[] = wantedOf([0, 1, 2, 3, 4, 5, 6]);
export const SECOND: readonly string[] = wantedOf([1, 2, 3, 4, 5, 6, 7, 8]).map((route) =>
  route.replace(/^(203\.0\.112\.16\/28|2001:db8:a1::\/64) via (.*)11$/, '$1 via $299'),
);

/** Prefixes of a tenant that is in no router any more after `change`. */
export const GONE: readonly string[] = wantedOf([0]);

/** Somebody else's routes; the last one stands at a prefix that is ours until `change`. */
export const FOREIGN: readonly string[] = [
  '0.0.0.0/0 via 192.0.2.254 proto 4',
  '203.0.112.0/24 via 192.0.2.253 proto 4',
  '203.0.112.240/28 via 192.0.2.252 proto 201 metric 5',
  'blackhole 203.0.112.224/28 proto 4',
  '203.0.112.208/28 via 192.0.2.251 proto 186 metric 1024',
  '2001:db8:f::/64 via 2001:db8::fd proto 4 metric 1024',
];
export const FOREIGN_BESIDE = '203.0.112.0/28 via 192.0.2.250 proto 4 metric 7';

function wantedOf(tenants: readonly number[]): readonly string[] {
  const v4 = tenants.map((i) => `203.0.112.${i * 16}/28 via 192.0.2.${i + 10}`);
  const v6 = tenants.filter(hasBoth).map((i) => `2001:db8:a${i}::/64 via 2001:db8::${i + 10}`);
  return [...v4, ...v6].sort();
}

function hasBoth(tenant: number): boolean {
  return tenant < 3 || tenant === 7;
}

export function killWorld(): KillWorld {
  const small = smallCloud();
  const { cloud, project, addSubnet } = small;
  const external = cloud.addExternalNetwork('edge');
  cloud.addSubnet({ network: external, cidr: '192.0.2.0/24' });
  cloud.addSubnet({ network: external, cidr: '2001:db8::/64' });

  function setGateway(router: NeutronRouter, host: number): void {
    const addresses = [`192.0.2.${host}`, `2001:db8::${host}`];
    cloud.setGateway(router, { network: external, enableSnat: false, addresses });
  }

  function addTenant(i: number): { router: NeutronRouter; subnets: readonly NeutronSubnet[] } {
    const router = cloud.addRouter({ name: `tenant ${i}`, project });
    setGateway(router, i + 10);
    const cidrs = [`203.0.112.${i * 16}/28`, ...(hasBoth(i) ? [`2001:db8:a${i}::/64`] : [])];
    return { router, subnets: cidrs.map((cidr) => addSubnet(router, cidr)) };
  }

  const [gone, moved] = [0, 1, 2, 3, 4, 5, 6].map(addTenant);
  return {
    ...small,
    change: () => {
      gone?.subnets.forEach((subnet) => {
        cloud.removeInterface(gone.router, subnet);
        cloud.removeSubnet(subnet);
      });
      if (moved !== undefined) {
        setGateway(moved.router, 99);
      }
      [7, 8].forEach(addTenant);
    },
  };
}
