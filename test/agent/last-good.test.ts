/** Days on which the cloud cannot be read: the last good state is kept up, and nothing is removed. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';

import { configDigest } from '../../src/agent/last-good.ts';
import { exitCodeOfReport } from '../../src/cli/exit-code.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import type { Report } from '../../src/report/report.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { ask, listing, newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { WANTED, webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, failureOf, openCycleScene, reportOn } from './cycle-scene.ts';

const SOON = { snapshots: 1, graceSeconds: 0 };
const WEB = '198.51.100.0/27';

describe('a cycle without the cloud', () => {
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
    await scene.apply();
  });

  afterEach(async () => {
    await scene.close();
  });

  function cloudIsDown(): void {
    fault = () => ({ status: 503 });
  }

  /** An upstream that starts anew with the routes of others. */
  async function reboot(): Promise<void> {
    const fresh = await newRouter();
    router = { ...router, run: async (command, signal) => fresh.run(command, signal) };
    scene.routers.set('edge1', router);
  }

  function held(report: Report): readonly string[] {
    return (reportOn(report).plan?.held ?? []).map(
      ({ code, change }) => `${code} ${change.action}`,
    );
  }

  it('brings back what a reboot of the upstream lost, and ends as a failure', async () => {
    cloudIsDown();
    await reboot();
    scene.passSeconds(90);

    const report = await scene.apply();

    expect(await ownRoutes(router)).to.deep.equal(WANTED);
    expect(report.blind?.code).to.equal('CLOUD_UNAVAILABLE');
    expect(reportOn(report).stale?.ageSeconds).to.equal(90);
    expect(exitCodeOfReport(report)).to.equal(1);
  });

  it('shows the same in a dry run, and changes nothing', async () => {
    cloudIsDown();
    await reboot();

    const report = await scene.plan();

    expect(reportOn(report).plan?.changes).to.have.length(3);
    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it('removes nothing, and counts for no removal', async () => {
    await scene.configure({ removal: { snapshots: 2, graceSeconds: 0 } });
    small.cloud.removeInterface(small.web.router, small.web.subnet);
    await scene.apply();
    const before = await scene.ledger();
    cloudIsDown();

    for (let cycle = 0; cycle < 3; cycle += 1) {
      await scene.apply();
    }

    expect((await scene.ledger()).missing).to.deep.equal(before.missing);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  for (const [what, lie] of [
    ['that was not believed', { removal: SOON }],
    ['that the guard refused', { removal: SOON, guard: { maxRemovals: { count: 0, free: 0 } } }],
  ] as const) {
    it(`keeps what a snapshot left out ${what}`, async () => {
      await scene.configure(lie);
      fault = ({ url }) => (/\/v2\.0\/(routers|ports)\?/.test(url) ? { body: without } : undefined);
      expect(held(await scene.apply())).to.include.members([
        what.includes('guard') ? 'guard remove' : 'unconfirmed remove',
      ]);
      cloudIsDown();
      await reboot();

      await scene.apply();

      expect(await ownRoutes(router)).to.deep.equal(WANTED);
    });
  }

  /** A list without the web router and its ports. */
  function without(text: string): string {
    const lists = JSON.parse(text) as Record<string, readonly Record<string, unknown>[]>;
    const { id } = small.web.router;
    return JSON.stringify(
      Object.fromEntries(
        Object.entries(lists).map(([kind, items]) => [
          kind,
          items.filter((item) => item['id'] !== id && item['device_id'] !== id),
        ]),
      ),
    );
  }

  it('leaves a stranger alone that took a prefix meanwhile', async () => {
    cloudIsDown();
    await reboot();
    await ask(router, ['ip', 'route', 'add', WEB, 'via', '192.0.2.2', 'proto', '4']);

    const report = await scene.apply();

    expect(reportOn(report).plan?.conflicts.map(({ code }) => code)).to.deep.equal(['foreign']);
    expect(Object.keys(await ownRoutes(router))).not.to.include(WEB);
  });

  it('uses no state of another policy', async () => {
    const allow = [{ prefix: '198.51.100.0/25', maxLength: 28 }];
    await scene.configure({ policy: { mode: 'sync', allow } });
    cloudIsDown();
    await reboot();

    const report = await scene.apply();

    expect(reportOn(report).error?.code).to.equal('STATE_OUTDATED');
    expect(exitCodeOfReport(report)).to.equal(1);
    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it('goes on with it in another mode', async () => {
    const allow = [
      { prefix: '198.51.100.0/24', maxLength: 28 },
      { prefix: '2001:db8::/32', maxLength: 64 },
    ];
    await scene.configure({ policy: { mode: 'create-only', allow } });
    cloudIsDown();
    await reboot();

    await scene.apply();

    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('is none for a reviewed plan', async () => {
    cloudIsDown();

    const work = scene.apply({ reviewed: 'sha256:00' });

    expect((await failureOf(work)).code).to.equal('CLOUD_UNAVAILABLE');
  });

  it('repairs an upstream whose external network has another name now, and says so', async () => {
    fault = ({ url }) =>
      url.includes('/v2.0/networks?')
        ? { body: (text) => text.replaceAll('"public"', '"renamed"') }
        : undefined;
    await reboot();

    const report = await scene.apply();

    expect(exitCodeOfReport(report)).to.equal(1);
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
  });

  it('writes nothing while the kill switch is on', async () => {
    cloudIsDown();
    await reboot();
    const before = await listing(router);
    await writeFile(path.join(scene.stateDir, 'freeze'), '');

    const report = await scene.apply();

    expect(held(report)).to.deep.equal(['frozen add', 'frozen add', 'frozen add']);
    expect(await listing(router)).to.equal(before);
  });
});

describe('configDigest', () => {
  function digest(policy: object, upstream: object = {}): string {
    const config = parseConfig(
      JSON.stringify({
        owner: 'test',
        policy: { mode: 'sync', allow: [{ prefix: '10.0.0.0/8' }], ...policy },
        upstreams: [{ name: 'edge1', os: 'linux', externalNetworks: ['public'], ...upstream }],
      }),
      'test.yaml',
    );
    const [first] = config.upstreams;
    return first === undefined ? '' : configDigest(config.policy, first);
  }

  it('is the same for the same wishes', () => {
    expect(digest({})).to.equal(digest({}, { name: 'edge2', metric: 7 }));
    expect(digest({})).to.equal(
      digest({ mode: 'create-only', ecmp: true, foreignOverlap: 'refuse' }),
    );
  });

  it('does not look at the order of lists', () => {
    const [a, b] = [{ prefix: '10.0.0.0/8' }, { prefix: '2001:db8::/32' }];

    expect(digest({ allow: [a, b] })).to.equal(digest({ allow: [b, a] }));
  });

  for (const [what, policy, upstream] of [
    ['another allow list', { allow: [{ prefix: '2001:db8::/32' }] }, {}],
    ['extra routes', { extraRoutes: true }, {}],
    ['another network', {}, { externalNetworks: ['partner'] }],
    ['another device', {}, { devices: { public: { dev: 'eth1' } } }],
  ] as const) {
    it(`is another one for ${what}`, () => {
      expect(digest(policy, upstream)).not.to.equal(digest({}));
    });
  }
});
