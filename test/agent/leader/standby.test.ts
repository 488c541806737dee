import { expect } from 'chai';
import { runCycle } from '../../../src/agent/cycle.ts';
import type { Leadership } from '../../../src/agent/leader/leadership.ts';
import type { Report } from '../../../src/report/report.ts';
import { ownRoutes } from '../../cli/fake-ip.ts';
import { WANTED, webAndDatabase } from '../../cli/small-cloud.ts';
import { removeRouter } from '../../support/remove-router.ts';
import { type CycleScene, openCycleScene, reportOn } from '../cycle-scene.ts';

const STANDBY: Leadership = {
  role: () => 'standby',
  holder: () => ({ host: 'net1', pid: 1, since: '2026-01-01T00:00:00Z', place: 'p', id: 'i' }),
  problem: () => undefined,
  term: () => undefined,
  onChange: () => () => undefined,
  close: () => Promise.resolve(),
};

const LEADER: Leadership = {
  ...STANDBY,
  role: () => 'leader',
  term: () => ({
    lost: new AbortController().signal,
    check: () => undefined,
    assertLeader: () => Promise.resolve(),
  }),
};

describe('a cycle on a standby', () => {
  let small: ReturnType<typeof webAndDatabase>;
  let first: CycleScene;
  let second: CycleScene;

  beforeEach(async () => {
    small = webAndDatabase();
    first = await openCycleScene(small.cloud);
    second = await openCycleScene(small.cloud);
    const [router] = first.routers.values();
    if (router !== undefined) {
      second.routers.set('edge1', router);
    }
    await Promise.all(
      [first, second].map(async (scene) =>
        scene.configure({ removal: { snapshots: 2, graceSeconds: 60 } }),
      ),
    );
  });

  afterEach(async () => {
    await Promise.all([first.close(), second.close()]);
  });

  async function cycle(scene: CycleScene, leadership: Leadership): Promise<Report> {
    const options = { run: 'r', push: true, force: false, verbose: false, reviewed: undefined };
    return scene.withDeps(false, async (deps) => runCycle({ ...deps, leadership }, options));
  }

  async function installed(): Promise<Record<string, string>> {
    const [router] = first.routers.values();
    return router === undefined ? {} : ownRoutes(router);
  }

  it('holds every change and writes nothing', async () => {
    const report = await cycle(second, STANDBY);

    const { plan, result } = reportOn(report);
    expect(report.standby).to.deep.equal({
      leader: { host: 'net1', since: '2026-01-01T00:00:00Z' },
    });
    expect(plan?.changes).to.deep.equal([]);
    expect(new Set(plan?.held.map(({ code }) => code))).to.deep.equal(new Set(['standby']));
    expect(plan?.held).to.have.lengthOf(Object.keys(WANTED).length);
    expect(result?.added).to.equal(0);
    expect(await installed()).to.deep.equal({});
  });

  it('takes what the leader installs into its ledger, with where it came from', async () => {
    await cycle(second, STANDBY);
    await cycle(first, LEADER);
    await cycle(second, STANDBY);

    expect((await second.ledger()).routes).to.deep.equal((await first.ledger()).routes);
  });

  it('counts for removals, so that it removes what is due when it takes over', async () => {
    await cycle(first, LEADER);
    await cycle(second, STANDBY);
    removeRouter(small.cloud, small.database.router);
    await cycle(second, STANDBY);
    second.passSeconds(61);
    const held = reportOn(await cycle(second, STANDBY)).plan?.held ?? [];
    expect(held.map(({ code }) => code)).to.deep.equal(['standby']);

    await cycle(second, LEADER);

    expect(Object.keys(await installed())).not.to.include('198.51.100.32/27');
  });
});
