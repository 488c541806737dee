/**
 * The demo's small cloud, with something for every verdict and conflict, and what its tenants do next. Not in it, because
 * they need another cloud or configuration: not-opted-in, scope-mismatch (ML2/OVS), covers-protected.
 */
import { type Cloud, createCloud, type Ref } from './model.ts';
import type { NeutronRoute, NeutronRouter, NeutronSubnet } from './neutron-objects.ts';

/** One router of the story. Its subnets lie on a network of their own, one per router. */
interface Plot {
  readonly router: string;
  readonly project: 'blue' | 'green';
  readonly gateway?: {
    readonly network: 'public' | 'partner';
    readonly snat?: boolean;
    readonly addresses: readonly string[];
  };
  /** An interface leg on `public`: the no-NAT recipe. */
  readonly leg?: string;
  readonly subnets: readonly string[];
  readonly routes?: readonly NeutronRoute[];
  readonly adminStateUp?: boolean;
  readonly status?: string;
  readonly optedOut?: 'router' | 'subnet';
}

/** A gateway without SNAT at the given addresses of `public`. */
function routed(...addresses: readonly string[]): NonNullable<Plot['gateway']> {
  return { network: 'public', snat: false, addresses };
}

const PLOTS: readonly Plot[] = [
  // Announced: a gateway that does no NAT, for both families.
  {
    router: 'web',
    project: 'blue',
    gateway: routed('203.0.113.10', '2001:db8:100::10'),
    subnets: ['10.10.1.0/24', '2001:db8:1001::/64'],
  },
  // Announced: an interface leg instead of a gateway, and a default route back through it.
  {
    router: 'recipe',
    project: 'blue',
    leg: '203.0.113.20',
    subnets: ['10.10.2.0/24', '10.10.22.0/24'],
    routes: [{ destination: '0.0.0.0/0', nexthop: '203.0.113.1' }],
  },
  // Announced with a warning: no way back.
  { router: 'one-way', project: 'blue', leg: '203.0.113.21', subnets: ['10.10.3.0/24'] },
  // Announced with a warning: replies may leave by the SNAT gateway elsewhere.
  {
    router: 'two-doors',
    project: 'blue',
    gateway: { network: 'partner', addresses: ['198.51.100.16'] },
    leg: '203.0.113.22',
    subnets: ['10.10.16.0/24'],
  },
  // Refused: SNAT hides the subnet. Its floating IPs are host routes where the upstream is not connected.
  {
    router: 'classic',
    project: 'green',
    gateway: { network: 'public', addresses: ['203.0.113.11'] },
    subnets: ['10.10.4.0/24'],
  },
  { router: 'inside-only', project: 'green', subnets: ['10.10.5.0/24'] },
  {
    router: 'maintenance',
    project: 'green',
    gateway: routed('203.0.113.12'),
    subnets: ['10.10.6.0/24'],
    adminStateUp: false,
  },
  {
    router: 'broken',
    project: 'green',
    gateway: routed('203.0.113.13'),
    subnets: ['10.10.7.0/24'],
    status: 'ERROR',
  },
  // Added by subnet, so Neutron gave the leg the external subnet's gateway_ip: the upstream itself.
  { router: 'clumsy', project: 'green', leg: '203.0.113.1', subnets: ['10.10.8.0/24'] },
  // The upstream's second address, which Neutron knows nothing of.
  { router: 'squatter', project: 'green', leg: '203.0.113.2', subnets: ['10.10.18.0/24'] },
  {
    router: 'hidden',
    project: 'green',
    gateway: routed('203.0.113.14'),
    subnets: ['10.10.9.0/24'],
    optedOut: 'router',
  },
  {
    router: 'half-hidden',
    project: 'green',
    gateway: routed('203.0.113.15'),
    subnets: ['10.10.10.0/24', '10.10.11.0/24'],
    optedOut: 'subnet',
  },
  // Not allowed, denied, inside another external subnet, still waiting for its delegated prefix.
  {
    router: 'lab',
    project: 'green',
    gateway: routed('203.0.113.17', '2001:db8:100::17'),
    subnets: ['192.168.50.0/24', '10.10.66.0/24', '198.51.100.64/26', '::/64'],
  },
  // An IPv6 subnet behind a gateway without an IPv6 address.
  {
    router: 'only-v4',
    project: 'green',
    gateway: routed('203.0.113.18'),
    subnets: ['2001:db8:1002::/64'],
  },
  // On the upstream: a foreign route at the same prefix, one inside the prefix, a connected network inside it.
  {
    router: 'crowded',
    project: 'green',
    gateway: routed('203.0.113.19'),
    subnets: ['10.10.12.0/24', '10.10.13.0/24', '10.10.0.0/24'],
  },
  // Extra routes: into the own subnet (announced; not allowed; forbidden), and out of the external side.
  {
    router: 'site',
    project: 'blue',
    gateway: routed('203.0.113.30'),
    subnets: ['10.10.14.0/24'],
    routes: [
      { destination: '10.10.99.0/24', nexthop: '10.10.14.20' },
      { destination: '192.168.99.0/24', nexthop: '10.10.14.20' },
      { destination: '224.0.0.0/4', nexthop: '10.10.14.20' },
      { destination: '10.10.98.0/24', nexthop: '203.0.113.1' },
    ],
  },
  // Neutron lets two projects use one prefix, and one prefix lie inside another's.
  {
    router: 'twin-blue',
    project: 'blue',
    gateway: routed('203.0.113.31'),
    subnets: ['10.10.20.0/24'],
  },
  {
    router: 'twin-green',
    project: 'green',
    gateway: routed('203.0.113.32'),
    subnets: ['10.10.20.0/24'],
  },
  {
    router: 'wide',
    project: 'blue',
    gateway: routed('203.0.113.33'),
    subnets: ['10.10.32.0/20'],
  },
  {
    router: 'nested',
    project: 'green',
    gateway: routed('203.0.113.34'),
    subnets: ['10.10.40.0/24'],
  },
  // No upstream is configured for the external network `partner`.
  {
    router: 'partner-site',
    project: 'green',
    gateway: { network: 'partner', snat: false, addresses: ['198.51.100.10'] },
    subnets: ['10.10.50.0/24'],
  },
];

/** What a tenant did, for people, and the prefix it is about. */
export interface Scene {
  readonly sentence: string;
  readonly prefix: string;
}

export interface Story {
  readonly cloud: Cloud;
  /** Each call may happen once. */
  readonly tenantAddsSubnet: () => Scene;
  readonly tenantRemovesSubnet: () => Scene;
}

/** Builds the demo's cloud; it is the same, ids included, every time. */
export function createStory(): Story {
  const cloud = createCloud({ seed: 'demo' });
  const stage = createStage(cloud);
  const routers = new Map(PLOTS.map((plot) => [plot.router, perform(stage, plot)]));
  addFloatingIps(stage, subnetNamed(cloud, 'classic-1'));
  return {
    cloud,
    tenantAddsSubnet: () => {
      const prefix = '10.10.15.0/24';
      const router = routers.get('web') ?? missing('web');
      const project = { id: router.project_id };
      const network = cloud.addNetwork({ name: 'web-new', project });
      cloud.addInterface(router, cloud.addSubnet({ network, cidr: prefix, name: 'web-new' }));
      return { prefix, sentence: `project blue adds subnet ${prefix} to router web` };
    },
    tenantRemovesSubnet: () => {
      const subnet = subnetNamed(cloud, 'recipe-1');
      cloud.removeInterface(routers.get('recipe') ?? missing('recipe'), subnet);
      cloud.removeSubnet(subnet);
      const prefix = subnet.cidr;
      return { prefix, sentence: `project blue removes subnet ${prefix} from router recipe` };
    },
  };
}

interface Stage {
  readonly cloud: Cloud;
  readonly networks: { readonly public: Ref; readonly partner: Ref };
  readonly publicSubnet: Ref;
  /** A second subnet of `public` that the upstream is not connected to. */
  readonly floatingSubnet: Ref;
  readonly projects: { readonly blue: Ref; readonly green: Ref };
}

function createStage(cloud: Cloud): Stage {
  const networks = {
    public: cloud.addExternalNetwork('public'),
    partner: cloud.addExternalNetwork('partner'),
  };
  const addExternal = (name: keyof typeof networks, cidr: string): NeutronSubnet =>
    cloud.addSubnet({ network: networks[name], cidr, name: `${name} ${cidr}` });
  const publicSubnet = addExternal('public', '203.0.113.0/24');
  addExternal('public', '2001:db8:100::/64');
  addExternal('partner', '198.51.100.0/24');
  return {
    cloud,
    networks,
    publicSubnet,
    floatingSubnet: addExternal('public', '192.0.2.0/24'),
    projects: { blue: cloud.addProject('blue'), green: cloud.addProject('green') },
  };
}

function perform(stage: Stage, plot: Plot): NeutronRouter {
  const { cloud, networks, publicSubnet } = stage;
  const { router: name, gateway, leg, adminStateUp = true, status = 'ACTIVE' } = plot;
  const project = stage.projects[plot.project];
  const router = cloud.addRouter({ name, project, adminStateUp, status });
  if (gateway !== undefined) {
    const { network, snat: enableSnat = true, addresses } = gateway;
    cloud.setGateway(router, { network: networks[network], enableSnat, addresses });
  }
  if (leg !== undefined) {
    cloud.addLeg(router, publicSubnet, leg);
  }
  const network = cloud.addNetwork({ name, project });
  const subnets = plot.subnets.map((cidr, index) =>
    cloud.addSubnet({ network, cidr, name: `${name}-${index + 1}` }),
  );
  subnets.forEach((subnet) => cloud.addInterface(router, subnet));
  cloud.setRoutes(router, plot.routes ?? []);
  if (plot.optedOut === 'router') {
    cloud.setTags('routers', router, ['route-sync:off']);
  }
  if (plot.optedOut === 'subnet') {
    subnets.slice(1).forEach((subnet) => cloud.setTags('subnets', subnet, ['route-sync:off']));
  }
  return router;
}

/** One that the upstream is connected to anyway, and one that it needs a host route for. */
function addFloatingIps(stage: Stage, subnet: Ref): void {
  const { cloud, publicSubnet, floatingSubnet } = stage;
  const port = cloud.addInstance(subnet, 'shop', '10.10.4.10');
  cloud.addFloatingIp({ subnet: publicSubnet, port, address: '203.0.113.111' });
  const other = cloud.addInstance(subnet, 'mail', '10.10.4.11');
  cloud.addFloatingIp({ subnet: floatingSubnet, port: other, address: '192.0.2.10' });
}

function subnetNamed(cloud: Cloud, name: string): NeutronSubnet {
  return cloud.list('subnets').find((subnet) => subnet.name === name) ?? missing(name);
}

function missing(name: string): never {
  throw new Error(`The demo's cloud has no "${name}"`);
}
