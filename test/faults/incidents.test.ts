/** The outages that made this kind of program infamous, one by one: what happened elsewhere must not happen here. */
import { expect } from 'chai';

import { prefixOf } from '../../src/core/route.ts';
import { exitCodeOfReport } from '../../src/cli/exit-code.ts';
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import type { Command } from '../../src/drivers/driver.ts';
import type { Report } from '../../src/report/report.ts';
import { programOf, type Transport } from '../../src/transport/transport.ts';
import { type CycleScene, failureOf, openCycleScene, reportOn } from '../agent/cycle-scene.ts';
import { ask, listing, newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { type Tenant, WANTED, webAndDatabase } from '../cli/small-cloud.ts';
import { count } from './summary.ts';

const SOON = { snapshots: 1, graceSeconds: 0 };
const NO_CAPS = { count: 1000, percent: 100, free: 1000 };
const DATABASE = '198.51.100.32/27';
const WEB = '198.51.100.0/27';

/** `{"subnets": [...]}` without its items, for every list. */
const emptied: Fault = { body: (body) => body.replace(/:\s*\[.*\]/s, ': []') };

describe('incidents elsewhere', function suite() {
  this.timeout(60_000);
  let scene: CycleScene;
  let small: ReturnType<typeof webAndDatabase>;
  let router: Transport;
  let written: Command[];
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  beforeEach(async () => {
    count('faults tried');
    small = webAndDatabase();
    fault = undefined;
    written = [];
    scene = await openCycleScene(small.cloud, { onRequest: (request) => fault?.(request) });
    const real = await newRouter();
    router = {
      ...real,
      run: async (command, signal) => {
        const program = programOf(command);
        if (program.stdin !== undefined) {
          written.push(program);
        }
        return real.run(command, signal);
      },
    };
    scene.routers.set('edge1', router);
    await scene.configure({ removal: SOON });
    await scene.apply();
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
    written = [];
  });

  afterEach(async () => {
    await scene.close();
  });

  function remove({ router: from, subnet }: Tenant): void {
    small.cloud.removeInterface(from, subnet);
    small.cloud.removeSubnet(subnet);
  }

  function held(report: Report): readonly string[] {
    return (reportOn(report).plan?.held ?? []).map(
      ({ code, change }) => `${code}: ${change.action} ${prefixOf(change).text}`,
    );
  }

  function conflicts(report: Report): readonly string[] {
    return (reportOn(report).plan?.conflicts ?? []).map(
      ({ code, prefix }) => `${code} ${prefix.text}`,
    );
  }

  async function assertKept(): Promise<void> {
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
    expect(written).to.deep.equal([]);
  }

  it('external-dns 2858: an API timeout removes nothing', async () => {
    await scene.configure({ removal: SOON, cloud: { retries: 0, requestTimeoutSeconds: 0.2 } });
    for (const path of ['/auth/tokens', '/routers', '/ports', '/subnets', '/networks']) {
      fault = ({ url }) => (url.includes(path) ? { delayMs: Infinity } : undefined);

      const report = await scene.apply();

      expect(report.blind?.code).to.equal('CLOUD_TIMEOUT');
      expect(exitCodeOfReport(report)).to.equal(1);
      await assertKept();
    }
  });

  it('external-dns 3841, 2734: an object whose status is bad is not an object that is gone', async () => {
    small.cloud.updateRouter(small.web.router, { status: 'DOWN' });

    const report = await scene.apply();

    expect(reportOn(report).plan?.unchanged).to.equal(3);
    await assertKept();
  });

  it('neutron-specs l3bgp-resilient-peer-sessions: one empty answer withdraws nothing, nor do two', async () => {
    await scene.configure({ removal: SOON, guard: { maxRemovals: NO_CAPS } });
    fault = ({ url }) =>
      url.includes('/v2.0/') && !/\/[0-9a-f]{8}-/.test(url) ? emptied : undefined;
    await scene.apply();
    const report = await scene.apply();
    expect(exitCodeOfReport(report)).to.equal(1);
    await assertKept();

    fault = ({ url }) => (url.includes('router_interface') ? emptied : undefined);
    await scene.apply();
    const narrow = await scene.apply();

    expect(held(narrow)).to.have.lengthOf(3);
    held(narrow).forEach((line) => expect(line).to.match(/^unconfirmed: remove /));
    await assertKept();
  });

  it('home-ops PR 10472: a source that got narrower without an error is seen to be narrower', async () => {
    const { identity } = small.cloud;
    identity.setRoles(identity.admin, ['member', 'reader']);

    const report = await scene.apply();

    expect(report.blind?.code).to.be.oneOf(['CLOUD_VIEW_NARROWED', 'SNAPSHOT_INCOMPLETE']);
    expect(report.blind?.message).to.contain('all projects');
    await assertKept();
  });

  it('Dockroute PR 29, SyncFlaer PR 18: what vanishes for a moment keeps its route for the grace time', async () => {
    await scene.configure({ removal: { snapshots: 2, graceSeconds: 60 } });
    const { router: from, subnet } = small.database;
    small.cloud.removeInterface(from, subnet);
    const first = await scene.apply();
    scene.passSeconds(30);
    const second = await scene.apply();
    small.cloud.addInterface(from, subnet);
    scene.passSeconds(40);
    const third = await scene.apply();

    expect(held(first)).to.deep.equal([`grace: remove ${DATABASE}`]);
    expect(held(second)).to.deep.equal([`grace: remove ${DATABASE}`]);
    expect(held(third)).to.deep.equal([]);
    await assertKept();
  });

  it('gardener/external-dns-management PR 364: refused credentials freeze, they do not clean', async () => {
    fault = ({ url }) => (url.endsWith('/auth/tokens') ? { status: 401 } : undefined);

    const report = await scene.apply();

    expect(report.blind?.code).to.equal('CLOUD_UNAUTHORIZED');
    await assertKept();
  });

  it('s3tools PR 156: a cap bounds what one run may remove, also from a small table', async () => {
    remove(small.web);
    remove(small.database);
    await scene.configure({
      removal: SOON,
      guard: { maxRemovals: { count: 1, percent: 100, free: 1 } },
    });

    const report = await scene.apply();

    expect(reportOn(report).plan?.refused?.code).to.equal('GUARD_REMOVALS');
    expect(exitCodeOfReport(report)).to.equal(3);
    await assertKept();
  });

  it('cloud-provider-openstack 3128, hcloud 432: routes of others stay, also where ours go', async () => {
    const theirs = [
      '198.51.100.64/27 via 192.0.2.2 proto 4',
      '198.51.100.96/27 via 192.0.2.2 proto 201 metric 7',
      'blackhole 198.51.100.128/27',
    ];
    for (const route of theirs) {
      await ask(router, ['ip', 'route', 'add', ...route.split(' ')]);
    }
    const before = await foreign();
    remove(small.database);

    await scene.apply();

    expect(await ownRoutes(router)).to.not.have.property(DATABASE);
    expect(await foreign()).to.deep.equal(before);
  });

  async function foreign(): Promise<readonly unknown[]> {
    const rows = (await listing(router))
      .split('\n')
      .flatMap(
        (line) => JSON.parse(line) as { readonly protocol: string; readonly metric: number }[],
      );
    return rows.filter(({ protocol, metric }) => protocol !== '201' || metric !== 1024);
  }

  it('external-dns 3070: an owner in name only is refused: the same mark needs the same owner', async () => {
    await scene.configure({ owner: 'somebody-else', removal: SOON });

    const report = await scene.apply();

    expect(reportOn(report).error?.code).to.equal('STATE_FOREIGN');
    await assertKept();
  });

  it('external-dns 1862, 3229, 5846: two instances at a time do not fight: one works, one leaves', async () => {
    remove(small.database);

    const reports = await Promise.all([scene.apply(), scene.apply(), scene.apply()]);

    const codes = reports.map((report) => exitCodeOfReport(report)).toSorted((a, b) => a - b);
    expect(codes).to.deep.equal([0, 75, 75]);
    expect(await ownRoutes(router)).to.have.keys(WEB, '2001:db8:a::/64');
  });

  it('external-dns 2791: of two sources for one prefix the incumbent stays, cycle by cycle, and it is reported', async () => {
    const { subnet } = small.addTenant('rival', '203.0.113.50', '198.51.100.0/27');

    for (let cycle = 0; cycle < 3; cycle += 1) {
      const report = await scene.apply();
      expect(conflicts(report)).to.deep.equal([`duplicate ${WEB}`]);
      expect(JSON.stringify(reportOn(report).plan?.conflicts)).to.contain(subnet.id);
    }

    await assertKept();
  });

  it("external-dns 3841: one tenant's mistake stops nobody else", async () => {
    small.addTenant('typo', '203.0.113.60', '100.64.0.0/10');
    small.addTenant('greedy', '203.0.113.61', '198.51.100.0/24');
    small.addTenant('late', '203.0.113.62', '198.51.100.64/27');

    const report = await scene.apply();

    expect(exitCodeOfReport(report)).to.equal(0);
    expect(await ownRoutes(router)).to.deep.equal({
      ...WANTED,
      '198.51.100.64/27': '203.0.113.62',
    });
  });

  it('cisco.nxos 864: the removal of a route that is gone already takes nothing else along', async () => {
    remove(small.database);
    scene.routers.set('edge1', {
      ...router,
      run: async (command, signal) => {
        if (programOf(command).argv.includes('del')) {
          // The question for rights comes right before the push.
          await ask(router, ['ip', 'route', 'del', DATABASE, 'proto', '201', 'metric', '1024']);
        }
        return router.run(command, signal);
      },
    });

    const report = await scene.apply();

    expect(reportOn(report).result?.failed).to.deep.equal([]);
    expect(await ownRoutes(router)).to.have.keys(WEB, '2001:db8:a::/64');
  });

  it('cisco.ios 137: what was written is read as what was wanted, so nothing is written twice', async () => {
    const report = await scene.apply();

    expect(reportOn(report).plan?.changes).to.deep.equal([]);
    await assertKept();
  });

  it('ansible PR 65647: another table than the configured one is not seen and not touched', async () => {
    const words = 'ip route add 198.51.100.64/27 via 192.0.2.2 proto 201 metric 1024 table 77';
    const [program = '', ...rest] = words.split(' ');
    await ask(router, [program, ...rest]);

    await scene.apply();

    const { stdout } = await ask(router, ['ip', '-4', 'route', 'show', 'table', '77']);
    expect(stdout).to.contain('198.51.100.64/27');
    await assertKept();
  });

  it('netmiko 169, 861, 3682: a line that the router refuses is told, and the others go on', async () => {
    small.addTenant('near', '203.0.113.62', '198.51.100.64/27');
    small.addTenant('other', '203.0.113.63', '198.51.100.96/27');
    scene.routers.set('edge1', {
      ...router,
      run: async (command, signal) => {
        const { argv, stdin } = programOf(command);
        const broken = stdin?.replace('203.0.113.62', '192.0.9.9');
        return router.run({ argv, ...(broken === undefined ? {} : { stdin: broken }) }, signal);
      },
    });

    const report = await scene.apply();

    const failed = reportOn(report).result?.failed ?? [];
    expect(failed.map(({ change }) => prefixOf(change).text)).to.deep.equal(['198.51.100.64/27']);
    expect(exitCodeOfReport(report)).to.equal(4);
    expect(await ownRoutes(router)).to.have.property('198.51.100.96/27');
  });

  it('metallb 1537, 2049: a cycle without a change writes nothing, also after a restart', async () => {
    for (let cycle = 0; cycle < 3; cycle += 1) {
      await scene.apply();
    }

    await assertKept();
  });

  it('kube-ovn 7111, kube-router 1738: a next hop that moved is derived anew', async () => {
    const { cloud, external, database } = small;
    cloud.setGateway(database.router, {
      network: external,
      enableSnat: false,
      addresses: ['203.0.113.99'],
    });

    const report = await scene.apply();

    expect(reportOn(report).result).to.include({ added: 0, replaced: 1, removed: 0 });
    expect(await ownRoutes(router)).to.deep.equal({ ...WANTED, [DATABASE]: '203.0.113.99' });
  });

  it('kube-router 651, cilium 24256: an agent that is down takes no route down, and comes up with the cloud down', async () => {
    await scene.withDeps(false, async (deps) => deps.client.close());
    fault = () => ({ destroy: true });
    await ask(router, ['ip', 'route', 'del', DATABASE, 'proto', '201', 'metric', '1024']);

    const report = await scene.apply();

    expect(exitCodeOfReport(report)).to.equal(1);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('cloud-provider-openstack 2089: forty routers cost as many requests as two', async () => {
    const few = await requestsOf(async () => scene.apply());
    for (let index = 0; index < 38; index += 1) {
      const cidr = `2001:db8:${(4096 + index).toString(16)}::/64`;
      small.addTenant(`t${index}`, `2001:db8:100::${index + 100}`, cidr);
    }
    const many = await requestsOf(async () => scene.apply());

    expect(Object.keys(await ownRoutes(router))).to.have.lengthOf(41);
    expect(many).to.equal(few);
    expect(many).to.be.below(15);
  });

  async function requestsOf(work: () => Promise<unknown>): Promise<number> {
    const before = scene.server.requests.length;
    await work();
    return scene.server.requests.length - before;
  }

  it('external-dns PR 6242: what is not published says why', async () => {
    const { subnet } = small.addTenant('outside', '203.0.113.60', '10.99.0.0/24');

    const report = await scene.plan({ verbose: true });

    const found = report.candidates.filter(({ prefix }) => prefix.text === '10.99.0.0/24');
    const failed = report.checksOf(found)[0]?.filter(({ passed }) => !passed) ?? [];
    expect(found[0]?.verdict).to.equal('prefix-not-allowed');
    expect(failed[0]?.code).to.equal('prefix-not-allowed');
    expect(JSON.stringify(found[0])).to.contain(subnet.id);
  });

  it('ovn-bgp-agent, overlapping tenants: neither half of an overlap takes traffic from the other', async () => {
    small.addTenant('inside', '203.0.113.60', '198.51.100.8/29');
    await scene.configure({
      removal: SOON,
      policy: { mode: 'sync', allow: [{ prefix: '198.51.100.0/24' }, { prefix: '2001:db8::/32' }] },
    });

    const report = await scene.apply();

    expect(conflicts(report)).to.have.lengthOf.at.least(1);
    expect(await ownRoutes(router)).to.include(WANTED);
    expect(await ownRoutes(router)).to.not.have.property('198.51.100.8/29');
  });

  it('kube-ovn 3211, calico 1604: what the filter lets through is all that goes upstream', async () => {
    const other = small.cloud.addProject('green');
    const [prefix] = ['198.51.100.0/24'];
    await scene.configure({
      removal: SOON,
      guard: { maxRemovals: NO_CAPS },
      policy: { mode: 'sync', allow: [{ prefix, projects: [other.id] }] },
    });

    await scene.apply();

    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it("Neutron Address Scopes: a tenant's free choice of prefix captures nobody else's addresses", async () => {
    const captures = ['192.0.2.0/29', '127.0.0.0/24', '224.0.0.0/24', '0.0.0.0/1'];
    await scene.configure({
      removal: SOON,
      policy: {
        mode: 'sync',
        allow: [{ prefix: '0.0.0.0/0' }, { prefix: '2001:db8::/32', maxLength: 64 }],
      },
    });
    for (const [index, cidr] of captures.entries()) {
      small.addTenant(`thief${index}`, `203.0.113.${70 + index}`, cidr);
    }

    await scene.apply();

    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('FRR 18206: five hundred routes are a few commands, not five hundred', async () => {
    for (let index = 0; index < 500; index += 1) {
      const cidr = `2001:db8:${(4096 + index).toString(16)}::/64`;
      small.addTenant(`t${index}`, `2001:db8:100::${(4096 + index).toString(16)}`, cidr);
    }

    await scene.apply();

    expect(Object.keys(await ownRoutes(router))).to.have.lengthOf(503);
    expect(written).to.have.lengthOf(1);
  });

  it('SONiC 27496: what the router holds counts, not what it was told', async () => {
    small.addTenant('lost', '203.0.113.60', '198.51.100.64/27');
    scene.routers.set('edge1', {
      ...router,
      run: async (command, signal) =>
        programOf(command).stdin === undefined
          ? router.run(command, signal)
          : { stdout: '', stderr: '', exitCode: 0 },
    });

    const report = await scene.apply();

    const failed = reportOn(report).result?.failed ?? [];
    expect(failed.map(({ error }) => error.code)).to.deep.equal(['ROUTE_UNVERIFIED']);
    expect(exitCodeOfReport(report)).to.equal(4);
  });

  it('external-dns 2734: without any last good state an unreadable cloud ends the cycle and leaves all as it is', async () => {
    const fresh = await openCycleScene(small.cloud, { onRequest: () => ({ status: 503 }) });
    fresh.routers.set('edge1', router);
    try {
      const error = await failureOf(fresh.apply());
      expect(error.code).to.equal('CLOUD_UNAVAILABLE');
    } finally {
      await fresh.close();
    }
    await assertKept();
  });
});
