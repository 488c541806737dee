/**
 * The role of config/openstack/neutron-policy.yaml on the lab's Neutron: it sees what route-sync reads, and changes
 * nothing. Runs on the lab alone, since it replaces Neutron's policy.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

import {
  connectCloud,
  isCloudNamed,
  type CloudApi,
  type Router,
  type Subnet,
} from './cloud-api.ts';
import { changed, openRouteSync, upstreamIn, type RouteSync } from './route-sync.ts';
import { openTopology, type Topology } from './topology.ts';
import { makeUpstream, removeUpstream } from './upstream-namespace.ts';

const LAB = process.env['LAB_DIR'] ?? '';
const POLICY = path.join(import.meta.dirname, '../../config/openstack/neutron-policy.yaml');
const RUN = `rights-${randomBytes(3).toString('hex')}`;
const PASSWORD = randomBytes(12).toString('hex');
const PREFIX = '10.221.1.0/24';

const openstack = async (...args: readonly string[]): Promise<string> =>
  (await execa('openstack', [...args, '-f', 'value', '-c', 'id'])).stdout;

describe('the role route-sync', () => {
  let api: CloudApi;
  let topology: Topology;
  let routeSync: RouteSync;
  let router: Router;
  let subnet: Subnet;
  const policy = path.join(LAB, 'neutron/policy.yaml');
  const env = {
    ...process.env,
    OS_USERNAME: RUN,
    OS_PROJECT_NAME: RUN,
    OS_PASSWORD: PASSWORD,
  };

  before(async function makesUserAndRouter() {
    if (LAB === '' || !isCloudNamed()) {
      this.skip();
    }
    api = await connectCloud();
    topology = openTopology(api, RUN);
    const external = await topology.network('public', { 'router:external': true });
    const outside = await topology.subnet({ name: 'o', network: external, cidr: '172.27.0.0/24' });
    subnet = await topology.subnet({ name: 'tenant', cidr: PREFIX });
    const gateway = { addresses: [{ subnet: outside, address: '172.27.0.9' }], snat: false };
    router = await topology.router({ name: 'r', gateway, subnets: [subnet] });
    await openstack('role', 'create', '--or-show', 'route-sync');
    await openstack('project', 'create', RUN);
    await openstack('user', 'create', '--password', PASSWORD, RUN);
    await execa('openstack', ['role', 'add', '--user', RUN, '--project', RUN, 'route-sync']);
    await makeUpstream(RUN, ['172.27.0.1/24']);
    routeSync = await openRouteSync();
    const networks = { externalNetworks: [external.id] };
    await routeSync.configure({
      owner: RUN,
      cloud: { natModel: 'ovn' },
      policy: { mode: 'sync', allow: [{ prefix: PREFIX }] },
      upstreams: [{ name: 'edge', os: 'linux', via: { netns: RUN }, ...networks }],
    });
  });

  after(async () => {
    // Not removed: Neutron answers 500 without a policy file that it has once read.
    await writeFile(policy, '{}\n');
    await removeUpstream(RUN);
    await topology.cleanUp();
    await routeSync.remove();
  });

  it('is told apart from an administrator before Neutron knows the policy', async () => {
    const { exitCode, stderr } = await routeSync.run(['plan'], env);

    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/CLOUD_VIEW_NARROWED|SNAPSHOT_INCOMPLETE/);
  });

  describe('with the policy', () => {
    let user: CloudApi;

    before(async () => {
      await copyFile(POLICY, policy);
      user = await connectCloud(env);
    });

    it('sees what an administrator sees', async () => {
      const { stdout } = await routeSync.run(['plan', '--output', 'json'], env);
      const plan = JSON.parse(stdout) as Awaited<ReturnType<RouteSync['report']>>;

      expect(changed(upstreamIn(plan, 'edge'), 'add')).to.deep.equal({ [PREFIX]: '172.27.0.9' });
      expect(plan.digest).to.equal((await routeSync.report(['plan'])).digest);
    });

    const WRITES: Readonly<Record<string, () => Promise<unknown>>> = {
      'rename a router': async () => user.update('routers', router.id, { name: 'x' }),
      'switch SNAT on': async () =>
        user.update('routers', router.id, { external_gateway_info: null }),
      'remove a router': async () => user.remove('routers', router.id),
      'detach a subnet': async () =>
        user.put(['routers', router.id, 'remove_router_interface'], { subnet_id: subnet.id }),
      'rename a subnet': async () => user.update('subnets', subnet.id, { name: 'x' }),
      'remove a network': async () => user.remove('networks', subnet.network_id),
      'change a port': async () => user.update('ports', await portId(), { name: 'x' }),
      'remove a port': async () => user.remove('ports', await portId()),
      'make a subnet': async () =>
        user.create('subnets', {
          network_id: subnet.network_id,
          ip_version: 4,
          cidr: '10.9.0.0/24',
        }),
    };

    async function portId(): Promise<string> {
      const [port] = await api.list('ports', `device_id=${router.id}`);
      return port?.id ?? 'none';
    }

    for (const [what, write] of Object.entries(WRITES)) {
      it(`may not ${what}`, async () => {
        const refusal = await write().then(
          () => 'done',
          (error: unknown) => String(error),
        );

        expect(refusal).to.match(/: 403 /);
      });
    }
  });
});
