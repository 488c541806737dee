/** A small cloud for end-to-end tests: one external network, one project, and routers that do no NAT. */
import { type Cloud, createCloud } from '../../src/demo/model.ts';
import type {
  NeutronNetwork,
  NeutronRouter,
  NeutronSubnet,
} from '../../src/demo/neutron-objects.ts';
import type { Project } from '../../src/demo/identity.ts';

/** One tenant subnet behind its router. */
export interface Tenant {
  readonly router: NeutronRouter;
  readonly subnet: NeutronSubnet;
}

export interface SmallCloud {
  readonly cloud: Cloud;
  readonly project: Project;
  readonly external: NeutronNetwork;
  readonly externalSubnet: NeutronSubnet;
  /** A router with a gateway that does no NAT at that address, and one subnet on a network of its own. */
  readonly addTenant: (name: string, address: string, cidr: string) => Tenant;
  /** One more subnet on a router. */
  readonly addSubnet: (router: NeutronRouter, cidr: string) => NeutronSubnet;
}

/** What the cloud of {@link webAndDatabase} wants on its upstream. */
export const WANTED = {
  '198.51.100.0/27': '203.0.113.10',
  '198.51.100.32/27': '203.0.113.11',
  '2001:db8:a::/64': '2001:db8:100::10',
} as const;

/** `public` is 203.0.113.0/24 and 2001:db8:100::/64; the tenants' prefixes are of no machine that runs tests. */
export function smallCloud(): SmallCloud {
  const cloud = createCloud();
  const external = cloud.addExternalNetwork('public');
  const externalSubnet = cloud.addSubnet({ network: external, cidr: '203.0.113.0/24' });
  cloud.addSubnet({ network: external, cidr: '2001:db8:100::/64' });
  const project = cloud.addProject('blue');

  function addSubnet(router: NeutronRouter, cidr: string): NeutronSubnet {
    const network = cloud.addNetwork({ name: `net ${cidr}`, project });
    const subnet = cloud.addSubnet({ network, cidr, name: `subnet-${router.name}` });
    cloud.addInterface(router, subnet);
    return subnet;
  }

  return {
    cloud,
    project,
    external,
    externalSubnet,
    addSubnet,
    addTenant: (name, address, cidr) => {
      const router = cloud.addRouter({ name, project });
      cloud.setGateway(router, { network: external, enableSnat: false, addresses: [address] });
      return { router, subnet: addSubnet(router, cidr) };
    },
  };
}

/** Two routers, one of them with both families: {@link WANTED}. */
export function webAndDatabase(): SmallCloud & { readonly web: Tenant; readonly database: Tenant } {
  const small = smallCloud();
  const web = small.addTenant('web', '203.0.113.10', '198.51.100.0/27');
  const addresses = ['203.0.113.10', '2001:db8:100::10'];
  small.cloud.setGateway(web.router, { network: small.external, enableSnat: false, addresses });
  small.addSubnet(web.router, '2001:db8:a::/64');
  const database = small.addTenant('database', '203.0.113.11', '198.51.100.32/27');
  return { ...small, web, database };
}
