/**
 * The main job on a real Neutron and a real kernel: plan and apply for topologies made through the API, compared with
 * routes computed from the API alone. Runs on the cloud that OS_* or OS_CLOUD names, as its administrator.
 */
import { randomBytes } from 'node:crypto';

import { expect } from 'chai';
import { execa } from 'execa';

import { connectCloud, isCloudNamed, type CloudApi } from './cloud-api.ts';
import { expectedRoutes, readNatModel, type NatModel, type Routes } from './expected-routes.ts';
import { changed, openRouteSync, upstreamIn, type RouteSync } from './route-sync.ts';
import {
  ALLOWED,
  BACK_ADDRESSES,
  FRONT_ADDRESSES,
  makeTestCloud,
  PREFIXES,
  type TestCloud,
} from './test-cloud.ts';
import { gatewayInfo, openTopology, type Topology } from './topology.ts';
import { kernelRoutes, makeUpstream, removeUpstream, routesOf } from './upstream-namespace.ts';

const PROTOCOL = 201;
const RUN = process.env['TEST_RUN'] ?? `route-sync-test-${randomBytes(3).toString('hex')}`;
const FRONT = `${RUN}-front`;
const BACK = `${RUN}-back`;

describe('route-sync on a real cloud', () => {
  let api: CloudApi;
  let topology: Topology;
  let natModel: NatModel;
  let cloud: TestCloud;
  let routeSync: RouteSync;

  const wantedOn = async (upstream: string): Promise<Routes> => {
    const isFront = upstream === FRONT;
    const connected = isFront ? ['198.51.100.0/24', '2001:db8:e5::/64'] : ['172.25.0.0/24'];
    const externalNetwork = (isFront ? cloud.front : cloud.back).id;
    return expectedRoutes(api, { externalNetwork, natModel, allowed: ALLOWED, connected });
  };

  const configure = async (removal: object): Promise<void> => {
    const upstream = (name: string, network: string) => ({
      name,
      os: 'linux',
      externalNetworks: [network],
      via: { netns: name },
      protocol: PROTOCOL,
    });
    await routeSync.configure({
      owner: RUN,
      cloud: { natModel },
      policy: {
        mode: 'sync',
        allow: ALLOWED.map((prefix) => ({ prefix })),
        extraRoutes: true,
        floatingIps: true,
      },
      guard: { maxRemovals: { count: 100, percent: 100, free: 100 } },
      removal,
      upstreams: [upstream(FRONT, cloud.front.id), upstream(BACK, cloud.back.id)],
    });
  };

  const expectInSync = async (): Promise<void> => {
    for (const upstream of [FRONT, BACK]) {
      expect(await routesOf(upstream, PROTOCOL), upstream).to.deep.equal(await wantedOn(upstream));
    }
  };

  before(async function () {
    const skip = (reason: string): never => {
      process.stdout.write(`  skipped: ${reason}\n`);
      return this.skip();
    };
    if (!isCloudNamed()) {
      skip('no cloud: neither OS_CLOUD nor OS_AUTH_URL is set');
    }
    if (process.getuid?.() !== 0) {
      skip('a network namespace as upstream needs root');
    }
    api = await connectCloud();
    topology = openTopology(api, RUN);
    if (!(await mayMakeExternalNetworks(topology))) {
      skip('the user of this cloud may not create external networks');
    }
    routeSync = await openRouteSync();
    await topology.cleanUp();
    natModel = await readNatModel(api);
    cloud = await makeTestCloud(api, topology);
    await makeUpstream(FRONT, FRONT_ADDRESSES);
    await makeUpstream(BACK, BACK_ADDRESSES);
    // A route of the administrator, which must survive everything.
    const foreign = ['10.213.200.0/24', 'via', '198.51.100.250', 'proto', 'static'];
    await execa('ip', ['-n', FRONT, 'route', 'add', ...foreign]);
    await configure({ snapshots: 1, graceSeconds: 0 });
  });

  after(async () => {
    await topology?.cleanUp();
    await routeSync?.remove();
    await removeUpstream(FRONT);
    await removeUpstream(BACK);
  });

  it('expects the prefixes that the topologies were made for', async () => {
    const front = Object.keys(await wantedOn(FRONT));
    const back = Object.keys(await wantedOn(BACK));

    const { gateway, leg, leg6, dual, dual6, twins, extra, extraRoute, both, floating } = PREFIXES;
    const expected = [gateway, leg, leg6, dual, dual6, twins, extra, extraRoute, floating];
    // The L3 agent drops what crosses address scopes and does no NAT inside one; OVN looks at enable_snat only.
    const scopeRule = { ovn: [both, PREFIXES.scopeless], ovs: [PREFIXES.scoped] };
    expect(front).to.have.members([...expected, both]);
    expect(back).to.have.members(scopeRule[natModel]);
  });

  it('plans exactly the routes that follow from the API', async () => {
    const report = await routeSync.report(['plan']);

    for (const name of [FRONT, BACK]) {
      const upstream = upstreamIn(report, name);
      const wanted = await wantedOn(name);
      expect(changed(upstream, 'add'), name).to.deep.equal(wanted);
      expect(upstream.changes, name).to.have.length(Object.keys(wanted).length);
      expect(upstream.refused, name).to.equal(null);
    }
    expect(report.verdicts['snat']).to.be.greaterThan(0);
  });

  it('gives the plan the same digest when asked again', async () => {
    const first = await routeSync.report(['plan']);
    const second = await routeSync.report(['plan']);

    expect(first.digest).to.match(/^sha256:/);
    expect(second.digest).to.equal(first.digest);
  });

  it('names both routers where two hold the same prefix', async () => {
    const { conflicts } = upstreamIn(await routeSync.report(['plan']), FRONT);

    const twins = conflicts.find(({ prefix }) => prefix === PREFIXES.twins);
    expect(twins?.code).to.equal('duplicate');
    expect(JSON.stringify(twins)).to.include(cloud.router('elder').id);
    expect(JSON.stringify(twins)).to.include(cloud.router('younger').id);
  });

  it('changes nothing upstream by planning, and says so in the exit code', async () => {
    const { exitCode } = await routeSync.run(['plan', '--detailed-exitcode']);

    expect(exitCode).to.equal(2);
    expect(await routesOf(FRONT, PROTOCOL)).to.deep.equal({});
  });

  it('applies the plan to the kernel and leaves foreign routes alone', async () => {
    const before = (await kernelRoutes(FRONT)).map((route) => JSON.stringify(route));

    await routeSync.report(['apply']);

    await expectInSync();
    const after = (await kernelRoutes(FRONT)).map((route) => JSON.stringify(route));
    expect(after).to.include.members(before);
  });

  it('has nothing left to do after that', async () => {
    const report = await routeSync.report(['plan', '--detailed-exitcode']);

    expect(report.upstreams.flatMap(({ changes }) => changes)).to.deep.equal([]);
    expect(upstreamIn(report, FRONT).unchanged).to.equal(Object.keys(await wantedOn(FRONT)).length);
  });

  it('follows what is removed, changed and added in the cloud', async () => {
    const moved = [{ subnet: cloud.backSubnet, address: '172.25.0.77' }];
    const [home] = await api.list('networks', `name=${RUN}-gateway-0`);
    await topology.detach(cloud.router('gateway'), home?.id ?? '');
    await topology.removeRouter(cloud.router('leg'));
    const infos = [
      [cloud.router('dual'), gatewayInfo(cloud.frontLeg, true)],
      [cloud.router('both'), gatewayInfo(moved, false)],
      [cloud.router('inside'), gatewayInfo(cloud.frontLeg, false)],
    ] as const;
    for (const [router, info] of infos) {
      await api.update('routers', router.id, { external_gateway_info: info });
    }

    const report = await routeSync.report(['apply']);

    const front = upstreamIn(report, FRONT);
    expect(front.held).to.deep.equal([]);
    expect(changed(front, 'add')).to.have.all.keys(PREFIXES.inside);
    expect(changed(front, 'remove')).to.have.all.keys([
      PREFIXES.gateway,
      PREFIXES.leg,
      PREFIXES.leg6,
      PREFIXES.dual,
    ]);
    if (natModel === 'ovn') {
      expect(changed(upstreamIn(report, BACK), 'replace')).to.deep.equal({
        [PREFIXES.both]: '172.25.0.77',
      });
    }
    await expectInSync();
  });

  it('keeps a route until two snapshots agree that its reason is gone', async () => {
    await configure({ graceSeconds: 0 });
    await api.update('routers', cloud.router('extra').id, { admin_state_up: false });
    const installed = await routesOf(FRONT, PROTOCOL);

    const first = await routeSync.report(['apply']);
    const between = await routesOf(FRONT, PROTOCOL);
    await routeSync.report(['apply']);

    const held = upstreamIn(first, FRONT).held.map(({ prefix }) => prefix);
    expect(held).to.have.members([PREFIXES.extra, PREFIXES.extraRoute]);
    expect(between).to.deep.equal(installed);
    expect(await routesOf(FRONT, PROTOCOL)).to.not.include.any.keys(held);
    await expectInSync();
  });

  it('hands the prefix to the other router when the one that holds it goes', async () => {
    await topology.removeRouter(cloud.router('elder'));

    await routeSync.report(['apply']);

    expect(await routesOf(FRONT, PROTOCOL)).to.include.keys(PREFIXES.twins);
    await expectInSync();
  });

  it('removes nothing when the token does not see every project', async function () {
    const { LAB_DIR: lab, ...others } = process.env;
    if (lab === undefined) {
      process.stdout.write("      skipped: needs the lab's second user (LAB_DIR)\n");
      this.skip();
    }
    const installed = await routesOf(FRONT, PROTOCOL);
    const own = Object.entries(others).filter(([key]) => !key.startsWith('OS_'));
    const env = { ...Object.fromEntries(own), OS_CLOUD: 'demo' };

    const result = await routeSync.run(['apply'], {
      ...env,
      OS_CLIENT_CONFIG_FILE: `${lab}/clouds.yaml`,
    });

    expect(result.exitCode, result.stdout).to.equal(1);
    expect(await routesOf(FRONT, PROTOCOL)).to.deep.equal(installed);
  });

  it('purges what is ours and nothing else', async () => {
    const foreign = (await kernelRoutes(FRONT)).filter(({ protocol }) => protocol !== '201');

    const result = await routeSync.run(['purge', '--yes']);

    expect(result.exitCode, result.stderr).to.equal(0);
    expect(await kernelRoutes(FRONT)).to.deep.equal(foreign);
    expect(await routesOf(BACK, PROTOCOL)).to.deep.equal({});
  });
});

async function mayMakeExternalNetworks(topology: Topology): Promise<boolean> {
  try {
    await topology.network('probe', { 'router:external': true });
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes(': 403 ')) {
      return false;
    }
    throw error;
  }
}
