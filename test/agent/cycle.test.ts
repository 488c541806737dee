/** One round from outside: a cloud over HTTP, the real client, a router in memory, and a clock to turn. */
import { expect } from 'chai';

import { prefixOf } from '../../src/core/route.ts';
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import type { Report } from '../../src/report/report.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { ask, listing, newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { type Tenant, WANTED, webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, failureOf, openCycleScene, reportOn } from './cycle-scene.ts';

const SOON = { snapshots: 1, graceSeconds: 0 };

describe('runCycle', () => {
  let scene: CycleScene;
  let small: ReturnType<typeof webAndDatabase>;
  let router: Transport;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  beforeEach(async () => {
    small = webAndDatabase();
    fault = undefined;
    scene = await openCycleScene(small.cloud, { onRequest: (request) => fault?.(request) });
    router = await newRouter();
    scene.routers.set('edge1', router);
  });

  afterEach(async () => {
    await scene.close();
  });

  function remove({ router: from, subnet }: Tenant): void {
    small.cloud.removeInterface(from, subnet);
    small.cloud.removeSubnet(subnet);
  }

  function changes(report: Report): readonly string[] {
    const { plan } = reportOn(report);
    return (plan?.changes ?? []).map((change) => `${change.action} ${prefixOf(change).text}`);
  }

  function held(report: Report): readonly string[] {
    const { plan } = reportOn(report);
    return (plan?.held ?? []).map(
      ({ code, change }) => `${code}: ${change.action} ${prefixOf(change).text}`,
    );
  }

  function done(report: Report): object {
    const { added, replaced, removed, failed, verified } = reportOn(report).result ?? {};
    return { added, replaced, removed, failed: failed?.length, verified };
  }

  it('pushes what the cloud wants, and nothing more in the next round', async () => {
    const first = await scene.apply();
    const second = await scene.apply();

    expect(done(first)).to.include({ added: 3, failed: 0, verified: true });
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
    expect(changes(second)).to.deep.equal([]);
    expect(reportOn(second).plan?.unchanged).to.equal(3);
  });

  it('only plans where it shall not push', async () => {
    const before = await listing(router);

    const report = await scene.plan();

    expect(changes(report)).to.have.length(3);
    expect(reportOn(report).result).to.equal(undefined);
    expect(await listing(router)).to.equal(before);
  });

  it('leaves routes of others as they are, also one at a wanted prefix', async () => {
    await ask(router, ['ip', 'route', 'add', '198.51.100.32/27', 'via', '192.0.2.2', 'proto', '4']);
    const before = (await listing(router)).split('\n');

    const report = await scene.apply();
    remove(small.web);
    await scene.configure({ removal: SOON });
    await scene.apply();

    expect(reportOn(report).plan?.conflicts.map(({ code }) => code)).to.deep.equal(['foreign']);
    expect(await ownRoutes(router)).to.have.keys('2001:db8:a::/64');
    expect((await listing(router)).split('\n')[0]).to.equal(before[0]);
  });

  it('moves a next hop by a replace', async () => {
    await scene.apply();
    const { external, web } = small;
    small.cloud.setGateway(web.router, {
      network: external,
      enableSnat: false,
      addresses: ['203.0.113.77', '2001:db8:100::10'],
    });

    const report = await scene.apply();

    expect(changes(report)).to.deep.equal(['replace 198.51.100.0/27']);
    expect(await ownRoutes(router)).to.include({ '198.51.100.0/27': '203.0.113.77' });
  });

  describe('with slow removal', () => {
    it('removes after the second snapshot and the grace time, not before', async () => {
      await scene.apply();
      remove(small.database);

      const first = await scene.apply();
      const early = await scene.apply();
      scene.passSeconds(60);
      const late = await scene.apply();

      expect(held(first)).to.deep.equal(['grace: remove 198.51.100.32/27']);
      expect(held(early)).to.deep.equal(['grace: remove 198.51.100.32/27']);
      expect(changes(late)).to.deep.equal(['remove 198.51.100.32/27']);
      expect(await ownRoutes(router)).not.to.have.property('198.51.100.32/27');
    });

    it('does not count time alone: the second snapshot must be there too', async () => {
      await scene.apply();
      remove(small.database);
      scene.passSeconds(3600);

      const report = await scene.apply();

      expect(held(report)).to.deep.equal(['grace: remove 198.51.100.32/27']);
    });

    it('begins anew when the route was wanted in between', async () => {
      await scene.apply();
      small.cloud.updateRouter(small.database.router, { admin_state_up: false });
      await scene.apply();
      small.cloud.updateRouter(small.database.router, { admin_state_up: true });
      await scene.apply();
      scene.passSeconds(3600);
      small.cloud.updateRouter(small.database.router, { admin_state_up: false });

      const report = await scene.apply();

      expect(held(report)).to.deep.equal(['grace: remove 198.51.100.32/27']);
    });

    it('counts no snapshot in a dry run', async () => {
      await scene.apply();
      remove(small.database);
      await scene.plan();
      await scene.plan();
      scene.passSeconds(60);

      const report = await scene.apply();

      expect(held(report)).to.deep.equal(['grace: remove 198.51.100.32/27']);
    });

    it('removes at once where that is configured', async () => {
      await scene.configure({ removal: SOON });
      await scene.apply();
      remove(small.database);

      const report = await scene.apply();

      expect(done(report)).to.include({ removed: 1, verified: true });
    });

    it('treats a router whose SNAT was switched on like one that is gone', async () => {
      await scene.apply();
      small.cloud.setGateway(small.database.router, { network: small.external, enableSnat: true });

      const first = await scene.apply();
      scene.passSeconds(60);
      const second = await scene.apply();

      expect(held(first)).to.deep.equal(['grace: remove 198.51.100.32/27']);
      expect(held(second)).to.deep.equal([]);
      expect(changes(second)).to.deep.equal(['remove 198.51.100.32/27']);
    });
  });

  describe('with a list that lies', () => {
    /** Drops what the predicate names from every list; asked for by id, it is still there. */
    function dropFromLists(kind: string, isDropped: (row: Row) => boolean): void {
      const key = `${kind}s`;
      fault = ({ url }) =>
        url.includes(`/v2.0/${key}?`)
          ? {
              body: (text) => {
                const answer = JSON.parse(text) as Record<string, readonly Row[]>;
                return JSON.stringify({
                  ...answer,
                  [key]: answer[key]?.filter((r) => !isDropped(r)),
                });
              },
            }
          : undefined;
    }

    interface Row {
      readonly id: string;
      readonly device_id?: string;
    }

    beforeEach(async () => {
      await scene.configure({ removal: SOON });
      await scene.apply();
    });

    it('holds the removal of a route whose router, port and subnet are still there by id', async () => {
      const { database } = small;
      dropFromLists(
        'port',
        ({ device_id: device, id }) => device === database.router.id && !isGatewayPort(id),
      );

      const report = await scene.apply();

      expect(held(report)).to.deep.equal(['unconfirmed: remove 198.51.100.32/27']);
      expect(await ownRoutes(router)).to.deep.equal(WANTED);
    });

    it('holds it with --force too', async () => {
      const { database } = small;
      dropFromLists(
        'port',
        ({ device_id: device, id }) => device === database.router.id && !isGatewayPort(id),
      );

      const report = await scene.apply({ force: true });

      expect(held(report)).to.deep.equal(['unconfirmed: remove 198.51.100.32/27']);
    });

    it('removes once the object is gone by id as well', async () => {
      remove(small.database);

      const report = await scene.apply();

      expect(changes(report)).to.deep.equal(['remove 198.51.100.32/27']);
    });

    function isGatewayPort(id: string): boolean {
      return small.cloud.get('ports', id).device_owner === 'network:router_gateway';
    }
  });

  describe('with the guard', () => {
    beforeEach(async () => {
      await scene.configure({ removal: SOON, guard: { maxRemovals: { count: 1, free: 1 } } });
      await scene.apply();
      remove(small.web);
      remove(small.database);
      small.addTenant('mail', '203.0.113.12', '198.51.100.64/27');
    });

    it('withholds the removals and still adds', async () => {
      const report = await scene.apply();

      expect(reportOn(report).plan?.refused?.code).to.equal('GUARD_REMOVALS');
      expect(held(report)).to.deep.equal([
        'guard: remove 198.51.100.0/27',
        'guard: remove 198.51.100.32/27',
      ]);
      expect(await ownRoutes(router)).to.deep.equal({
        ...WANTED,
        '198.51.100.64/27': '203.0.113.12',
      });
    });

    it('asks for no object one by one while it refuses', async () => {
      const before = scene.server.requests.length;

      await scene.apply();

      const urls = scene.server.requests.slice(before).map(({ url }) => url.replace(/\?.*/, ''));
      expect(urls.filter((url) => /v2\.0\/\w+\/./.test(url))).to.deep.equal([]);
    });

    it('goes past the guard once with force', async () => {
      const report = await scene.apply({ force: true });

      expect(reportOn(report).plan?.refused).to.equal(undefined);
      expect(await ownRoutes(router)).to.have.all.keys('2001:db8:a::/64', '198.51.100.64/27');
    });
  });

  describe('with several upstreams', () => {
    beforeEach(async () => {
      const common = { os: 'linux', externalNetworks: ['public'] };
      const upstreams = [
        { ...common, name: 'gone' },
        { ...common, name: 'edge1', table: 'main', protocol: 202 },
      ];
      await scene.configure({ upstreams });
    });

    it('works on one although the other cannot be reached', async () => {
      const report = await scene.apply();

      expect(reportOn(report, 'gone').error?.code).to.equal('UPSTREAM_UNREACHABLE');
      expect(done(report)).to.include({ added: 3, verified: true });
    });

    it('works on one although the other is not permitted', async () => {
      scene.routers.set('gone', await newRouter({ permitted: false }));

      const report = await scene.apply();

      expect(reportOn(report, 'gone').error?.code).to.equal('UPSTREAM_NOT_PERMITTED');
      expect(done(report)).to.include({ added: 3, verified: true });
    });

    it('reports an unknown external network on its own upstream only', async () => {
      const common = { os: 'linux' };
      await scene.configure({
        upstreams: [
          { ...common, name: 'gone', externalNetworks: ['pubic'], table: '77' },
          { ...common, name: 'edge1', externalNetworks: [small.external.id] },
        ],
      });
      scene.routers.set('gone', await newRouter());

      const report = await scene.apply();

      expect(reportOn(report, 'gone').error?.message).to.contain('"pubic" is not an external');
      expect(await ownRoutes(router)).to.deep.equal(WANTED);
    });
  });

  it('reads the upstream before the cloud', async () => {
    const order: string[] = [];
    fault = () => void order.push('cloud');
    scene.routers.set('edge1', {
      ...router,
      run: async (command, signal) => {
        order.push('upstream');
        return router.run(command, signal);
      },
    });

    await scene.plan();

    expect(order.lastIndexOf('upstream')).to.be.lessThan(order.indexOf('cloud'));
  });

  it('refuses a plan that is not the reviewed one, and changes nothing', async () => {
    const before = await listing(router);

    const error = await failureOf(scene.apply({ reviewed: 'sha256:0' }));

    expect(error.code).to.equal('PLAN_STALE');
    expect(await listing(router)).to.equal(before);
  });

  it('finds the routes of a push whose process died before the second ledger', async () => {
    await scene.apply();
    const ledger = await scene.ledger();

    expect(ledger.owner).to.equal('test');
    expect(ledger.routes.map(([prefix]) => prefix)).to.have.members(Object.keys(WANTED));
    expect(ledger.routes.map(([, , origins]) => origins[0]?.[0])).to.include(
      small.database.router.id,
    );
  });

  it('puts back what somebody removed from the upstream', async () => {
    await scene.apply();
    await ask(router, ['ip', 'route', 'del', '198.51.100.0/27', 'proto', '201', 'metric', '1024']);

    const report = await scene.apply();

    expect(changes(report)).to.deep.equal(['add 198.51.100.0/27']);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('releases its locks when the cloud cannot be read', async () => {
    fault = () => ({ status: 503, body: '' });
    await failureOf(scene.apply());
    fault = undefined;

    const report = await scene.apply();

    expect(done(report)).to.include({ added: 3 });
  });

  it('keeps a second process out of the same upstream', async () => {
    const report = await scene.withDeps(false, async ({ lock, upstreams }) => {
      const locks = await Promise.all(upstreams.map(async (upstream) => lock?.(upstream)));
      try {
        return await scene.apply();
      } finally {
        await Promise.all(locks.map(async (one) => one?.release()));
      }
    });

    expect(reportOn(report).error?.code).to.equal('LOCKED');
    expect(await ownRoutes(router)).to.deep.equal({});
  });
});
