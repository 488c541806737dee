/** The embedded cloud's model: Neutron's integrity, its ids and its bookkeeping. */
import { expect } from 'chai';
import { type Cloud, createCloud } from '../../src/demo/model.ts';
import {
  NeutronError,
  type NeutronRouter,
  type NeutronSubnet,
} from '../../src/demo/neutron-objects.ts';

interface Scene {
  readonly cloud: Cloud;
  readonly external: NeutronSubnet;
  readonly tenant: NeutronSubnet;
  readonly router: NeutronRouter;
}

function createScene(options: Parameters<typeof createCloud>[0] = {}): Scene {
  const cloud = createCloud(options);
  const project = cloud.addProject('blue');
  const network = cloud.addExternalNetwork('public');
  const external = cloud.addSubnet({ network, cidr: '203.0.113.0/24' });
  cloud.addSubnet({ network, cidr: '2001:db8:100::/64' });
  const inside = cloud.addNetwork({ name: 'inside', project });
  const tenant = cloud.addSubnet({ network: inside, cidr: '10.10.1.0/24' });
  const router = cloud.addRouter({ name: 'web', project });
  return { cloud, external, tenant, router };
}

function gatewayOf({ cloud, router }: Scene): NeutronRouter['external_gateway_info'] {
  return cloud.get('routers', router.id).external_gateway_info;
}

describe('createCloud', () => {
  it('gives the same ids and times for the same calls, and others for another seed', () => {
    const first = JSON.stringify(createScene().cloud.list('ports'));

    expect(JSON.stringify(createScene().cloud.list('ports'))).to.equal(first);
    expect(createScene({ seed: 'other' }).router.id).not.to.equal(createScene().router.id);
  });

  it('makes ids that are version 4 UUIDs', () => {
    const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/;

    expect(createScene().router.id).to.match(pattern);
  });

  it('counts the revision up and moves updated_at, never created_at', () => {
    const seconds = [10, 20];
    const { cloud, router } = createScene({
      clock: () => new Date((seconds.shift() ?? 30) * 1000),
    });

    const after = cloud.updateRouter(router, { admin_state_up: false });

    expect(after.revision_number).to.equal(router.revision_number + 1);
    expect(after.created_at).to.equal(router.created_at);
    expect(after.updated_at).to.equal('1970-01-01T00:00:30Z');
  });

  it('shows the fields of the reference L3 plugin only there', () => {
    expect(createScene({ natModel: 'ovs' }).router).to.include({ ha: false, distributed: false });
    expect(createScene().router).not.to.have.any.keys('ha', 'distributed', 'flavor_id');
  });
});

describe('Cloud', () => {
  it('gives a gateway one free address per family, on a port of no project', () => {
    const scene = createScene();

    scene.cloud.setGateway(scene.router, { network: { id: scene.external.network_id } });

    const addresses = gatewayOf(scene)?.external_fixed_ips.map(({ ip_address }) => ip_address);
    const [port] = scene.cloud.list('ports');
    expect(addresses).to.deep.equal(['203.0.113.2', '2001:db8:100::2']);
    expect(port).to.include({ device_owner: 'network:router_gateway', project_id: '' });
    expect(port?.fixed_ips).to.deep.equal(gatewayOf(scene)?.external_fixed_ips);
  });

  it('keeps address and port of the gateway when only SNAT changes', () => {
    const scene = createScene();
    const network = { id: scene.external.network_id };
    scene.cloud.setGateway(scene.router, { network, addresses: ['203.0.113.9'] });
    const before = scene.cloud.list('ports');

    scene.cloud.setGateway(scene.router, { network, enableSnat: false });

    expect(scene.cloud.list('ports')).to.deep.equal(before);
    expect(gatewayOf(scene)).to.include({ enable_snat: false });
  });

  it('keeps the gateway as it was when a new address is refused', () => {
    const scene = createScene();
    const network = { id: scene.external.network_id };
    scene.cloud.setGateway(scene.router, { network, addresses: ['203.0.113.9'] });
    const before = scene.cloud.list('ports');

    expect(() =>
      scene.cloud.setGateway(scene.router, { network, addresses: ['198.51.100.1'] }),
    ).to.throw(NeutronError, 'is in no subnet');

    expect(scene.cloud.list('ports')).to.deep.equal(before);
  });

  it('lists further gateways after the first, without a word on SNAT', () => {
    const scene = createScene({ multihoming: true });
    const network = { id: scene.external.network_id };
    scene.cloud.setGateway(scene.router, { network, addresses: ['203.0.113.9'] });

    scene.cloud.addGateway(scene.router, { network, addresses: ['203.0.113.10'] });

    const { external_gateways: gateways = [] } = scene.cloud.get('routers', scene.router.id);
    expect(gateways.map((gateway) => gateway.external_fixed_ips[0]?.ip_address)).to.deep.equal([
      '203.0.113.9',
      '203.0.113.10',
    ]);
    expect(gateways[0]).not.to.have.property('enable_snat');
  });

  it('gives an interface the gateway_ip and the project of its router', () => {
    const { cloud, router, tenant } = createScene();

    const port = cloud.addInterface(router, tenant);

    expect(port.fixed_ips).to.deep.equal([{ subnet_id: tenant.id, ip_address: '10.10.1.1' }]);
    expect(port).to.include({ project_id: router.project_id, device_id: router.id });
    expect(cloud.get('routers', router.id).revision_number).to.equal(1);
  });

  it('makes the leg of the no-NAT recipe look like a tenant interface of the admin project', () => {
    const { cloud, router, external } = createScene();

    const port = cloud.addLeg(router, external, '203.0.113.50');

    expect(port).to.include({
      device_owner: 'network:router_interface',
      project_id: cloud.identity.adminProject.id,
      network_id: external.network_id,
    });
    expect(cloud.get('routers', router.id).external_gateway_info).to.equal(null);
  });

  it('knows IPv6 tenant subnets as SLAAC with the first address as gateway, and prefix delegation', () => {
    const { cloud, tenant } = createScene();
    const network = { id: tenant.network_id };

    const slaac = cloud.addSubnet({ network, cidr: '2001:db8:5::/64' });
    const waiting = cloud.addSubnet({ network, cidr: '::/64' });

    expect(slaac).to.include({ ipv6_ra_mode: 'slaac', gateway_ip: '2001:db8:5::' });
    expect(waiting).to.include({ subnetpool_id: 'prefix_delegation', gateway_ip: '::1' });
  });

  it('shows the address scope of a pool on the network', () => {
    const { cloud, tenant } = createScene();
    const scope = cloud.addAddressScope('scope4', 4);
    const pool = cloud.addSubnetPool({ name: 'pool', prefixes: ['10.60.0.0/14'], scope });

    cloud.addSubnet({ network: { id: tenant.network_id }, cidr: '10.60.0.0/24', pool });

    expect(cloud.get('networks', tenant.network_id).ipv4_address_scope).to.equal(scope.id);
  });

  it('finds the router of a floating IP and takes port and address back with it', () => {
    const scene = createScene();
    const { cloud, external, tenant, router } = scene;
    cloud.setGateway(router, { network: { id: external.network_id } });
    cloud.addInterface(router, tenant);
    const port = cloud.addInstance(tenant, 'vm');
    const before = cloud.list('ports').length;

    const floatingIp = cloud.addFloatingIp({ subnet: external, port, address: '203.0.113.101' });

    expect(floatingIp).to.include({ router_id: router.id, floating_ip_address: '203.0.113.101' });
    expect(cloud.list('ports')).to.have.length(before + 1);
    cloud.removeFloatingIp(floatingIp);
    expect(cloud.list('ports')).to.have.length(before);
  });

  it('removes what is no longer in use, from the outside in', () => {
    const { cloud, external, tenant, router } = createScene();
    cloud.setGateway(router, { network: { id: external.network_id } });
    cloud.addInterface(router, tenant);

    cloud.removeInterface(router, tenant);
    cloud.removeSubnet(tenant);
    cloud.removeRouter(router);

    expect(cloud.list('ports')).to.deep.equal([]);
    expect(cloud.list('routers')).to.deep.equal([]);
    expect(cloud.get('networks', tenant.network_id).subnets).to.deep.equal([]);
  });

  const refusals: readonly {
    readonly name: string;
    readonly type: string;
    readonly status: number;
    readonly act: (scene: Scene) => unknown;
  }[] = [
    {
      name: 'two overlapping subnets on one network',
      type: 'InvalidInput',
      status: 400,
      act: ({ cloud, tenant }) =>
        cloud.addSubnet({ network: { id: tenant.network_id }, cidr: '10.10.0.0/16' }),
    },
    {
      name: 'two overlapping subnets on one router',
      type: 'BadRequest',
      status: 400,
      act: ({ cloud, router, tenant }) => {
        cloud.addInterface(router, tenant);
        const network = cloud.addNetwork({ name: 'n', project: { id: router.project_id } });
        cloud.addInterface(router, cloud.addSubnet({ network, cidr: '10.10.1.128/25' }));
      },
    },
    {
      name: 'an address that is taken',
      type: 'IpAddressAlreadyAllocated',
      status: 409,
      act: ({ cloud, tenant }) => {
        cloud.addInstance(tenant, 'a', '10.10.1.5');
        cloud.addInstance(tenant, 'b', '10.10.1.5');
      },
    },
    {
      name: 'an address outside the subnet',
      type: 'InvalidIpForSubnet',
      status: 400,
      act: ({ cloud, tenant }) => cloud.addInstance(tenant, 'a', '10.10.2.5'),
    },
    {
      name: 'one more address than the subnet has',
      type: 'IpAddressGenerationFailure',
      status: 409,
      act: ({ cloud, tenant }) => {
        const subnet = cloud.addSubnet({
          network: { id: tenant.network_id },
          cidr: '192.168.0.0/29',
        });
        for (let number = 0; number < 6; number += 1) {
          cloud.addInstance(subnet, `vm${number}`);
        }
      },
    },
    {
      name: 'a gateway on a network that is not external',
      type: 'BadRequest',
      status: 400,
      act: ({ cloud, router, tenant }) =>
        cloud.setGateway(router, { network: { id: tenant.network_id } }),
    },
    {
      name: 'a second gateway without multihoming',
      type: 'HTTPBadRequest',
      status: 400,
      act: ({ cloud, router, external }) =>
        cloud.addGateway(router, { network: { id: external.network_id } }),
    },
    {
      name: 'an interface on a subnet without gateway_ip',
      type: 'BadRequest',
      status: 400,
      act: ({ cloud, router, tenant }) =>
        cloud.addInterface(
          router,
          cloud.addSubnet({
            network: { id: tenant.network_id },
            cidr: '10.20.0.0/24',
            gatewayIp: null,
          }),
        ),
    },
    {
      name: 'an extra route to a stranger',
      type: 'InvalidRoutes',
      status: 400,
      act: ({ cloud, router }) =>
        cloud.setRoutes(router, [{ destination: '10.99.0.0/24', nexthop: '10.10.1.20' }]),
    },
    {
      name: 'an extra route to the router itself',
      type: 'InvalidRoutes',
      status: 400,
      act: ({ cloud, router, tenant }) => {
        cloud.addInterface(router, tenant);
        cloud.setRoutes(router, [{ destination: '10.99.0.0/24', nexthop: '10.10.1.1' }]);
      },
    },
    {
      name: 'detaching the subnet of an extra route',
      type: 'RouterInterfaceInUseByRoute',
      status: 409,
      act: ({ cloud, router, tenant }) => {
        cloud.addInterface(router, tenant);
        cloud.setRoutes(router, [{ destination: '10.99.0.0/24', nexthop: '10.10.1.20' }]);
        cloud.removeInterface(router, tenant);
      },
    },
    {
      name: 'detaching what is not attached',
      type: 'RouterInterfaceNotFoundForSubnet',
      status: 404,
      act: ({ cloud, router, tenant }) => cloud.removeInterface(router, tenant),
    },
    {
      name: 'a floating IP for an instance without a way out',
      type: 'ExternalGatewayForFloatingIPNotFound',
      status: 404,
      act: ({ cloud, external, tenant }) =>
        cloud.addFloatingIp({ subnet: external, port: cloud.addInstance(tenant, 'vm') }),
    },
    {
      name: 'deleting a router with an interface',
      type: 'RouterInUse',
      status: 409,
      act: ({ cloud, router, tenant }) => {
        cloud.addInterface(router, tenant);
        cloud.removeRouter(router);
      },
    },
    {
      name: 'deleting a subnet with a port',
      type: 'SubnetInUse',
      status: 409,
      act: ({ cloud, tenant }) => {
        cloud.addInstance(tenant, 'vm');
        cloud.removeSubnet(tenant);
      },
    },
    {
      name: 'deleting a router port by the port API',
      type: 'ServicePortInUse',
      status: 409,
      act: ({ cloud, router, tenant }) => cloud.removePort(cloud.addInterface(router, tenant)),
    },
    {
      name: 'anything with an id that is not there',
      type: 'SubnetNotFound',
      status: 404,
      act: ({ cloud, router }) => cloud.addInterface(router, { id: 'gone' }),
    },
  ];
  for (const { name, type, status, act } of refusals) {
    it(`refuses ${name} as ${type}`, () => {
      const scene = createScene();

      expect(() => act(scene))
        .to.throw(NeutronError)
        .that.includes({ type, status });
    });
  }

  it('refuses to take a gateway or an interface from under a floating IP', () => {
    const { cloud, external, tenant, router } = createScene();
    cloud.setGateway(router, { network: { id: external.network_id } });
    cloud.addInterface(router, tenant);
    cloud.addFloatingIp({ subnet: external, port: cloud.addInstance(tenant, 'vm') });

    expect(() => cloud.clearGateway(router))
      .to.throw(NeutronError)
      .that.includes({ type: 'RouterExternalGatewayInUseByFloatingIp' });
    expect(() => cloud.removeInterface(router, tenant))
      .to.throw(NeutronError)
      .that.includes({ type: 'RouterInterfaceInUseByFloatingIP' });
  });
});
