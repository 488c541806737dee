import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';

import { adoptRoutes, planAdoptions, type AdoptDone } from '../../src/agent/adopt.ts';
import type { CycleDeps } from '../../src/agent/cycle.ts';
import type { Step } from '../../src/agent/steps.ts';
import { parsePrefix } from '../../src/core/prefix.ts';
import { RouteSyncError } from '../../src/errors.ts';
import { programOf, type Transport } from '../../src/transport/transport.ts';
import { ask, listing, newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { WANTED, webAndDatabase } from '../cli/small-cloud.ts';
import { failureOf, openCycleScene, reportOn, type CycleScene } from './cycle-scene.ts';

const WEB = '198.51.100.0/27';
const DATABASE = '198.51.100.32/27';
const WEB6 = '2001:db8:a::/64';

describe('adoptRoutes', () => {
  let scene: CycleScene;
  let small: ReturnType<typeof webAndDatabase>;
  let router: Transport;
  let stateDir: string;
  let isDown: boolean;

  beforeEach(async () => {
    small = webAndDatabase();
    isDown = false;
    scene = await openCycleScene(small.cloud, {
      onRequest: ({ url }) => (isDown && url.includes('/subnets') ? { status: 503 } : undefined),
    });
    router = await newRouter();
    scene.routers.set('edge1', router);
    stateDir = await scene.withDeps(true, (deps) => Promise.resolve(stateDirOf(deps)));
  });

  afterEach(async () => {
    await scene.close();
  });

  async function adopt(
    names: readonly string[],
    {
      all = false,
      between = () => Promise.resolve(),
    }: { readonly all?: boolean; readonly between?: () => Promise<void> } = {},
  ): Promise<readonly Step<AdoptDone>[]> {
    const request = { prefixes: names.map(parsePrefix), all };
    return scene.withDeps(false, async (deps) => {
      const shown = await planAdoptions(deps, request);
      await between();
      return adoptRoutes(deps, request, { run: 'run-1', shown });
    });
  }

  async function summary(...work: Parameters<typeof adopt>): Promise<object> {
    const [step] = await adopt(...work);
    const { adopted = [], refused = [], result } = step?.value ?? {};
    return {
      adopted: adopted.map(({ after }) => after.prefix.text),
      refused: Object.fromEntries(refused.map(({ prefix, reason }) => [prefix, reason])),
      failed: result?.failed.map(({ error }) => error.code),
    };
  }

  async function route(...words: readonly string[]): Promise<void> {
    for (const each of words) {
      const { stderr } = await ask(router, ['ip', 'route', ...each.split(' ')]);
      expect(stderr).to.equal('');
    }
  }

  async function journal(): Promise<readonly Record<string, unknown>[]> {
    const text = await readFile(path.join(stateDir, 'journal/edge1.jsonl'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('takes over what leads where the cloud wants it, and the next cycle has nothing to do', async () => {
    await route(
      `add ${WEB} via 203.0.113.10`,
      `add ${DATABASE} via 203.0.113.11 proto 4 metric 1024`,
      `add ${WEB6} via 2001:db8:100::10 proto 4`,
    );
    const before = await scene.plan();

    const done = await summary([], { all: true });
    const after = await scene.apply();

    expect(reportOn(before).plan?.conflicts.map(({ code }) => code)).to.deep.equal(
      Array(3).fill('foreign'),
    );
    expect(done).to.deep.equal({ adopted: [WEB, DATABASE, WEB6], refused: {}, failed: [] });
    expect(await ownRoutes(router)).to.deep.equal(WANTED);
    expect(reportOn(after).plan).to.deep.include({ changes: [], conflicts: [], unchanged: 3 });
  });

  it('writes down whose route it was, for what, and what stands now', async () => {
    await route(`add ${WEB} via 203.0.113.10`);

    await adopt([WEB]);

    const { routes } = await scene.ledger();
    const known = routes.map(([prefix, nextHops, [origin]]) => [prefix, nextHops, origin?.[0]]);
    expect(known).to.deep.equal([[WEB, ['203.0.113.10'], small.web.router.id]]);
    const [begin, change, end] = await journal();
    expect(begin).to.include({ kind: 'begin', run: 'run-1', changes: 1 });
    expect(change).to.deep.include({
      action: 'adopt',
      prefix: WEB,
      before: [{ address: '203.0.113.10', device: 'ext0' }],
      after: [{ address: '203.0.113.10', device: 'ext0' }],
      was: 'via 203.0.113.10 dev ext0 proto 3',
    });
    expect(end).to.deep.include({ kind: 'end', replaced: 1, failed: [], verified: true });
  });

  it('leaves a route with other next hops, unless it is named; then the next cycle moves it', async () => {
    await route(`add ${WEB} via 203.0.113.99`);

    const all = await summary([], { all: true });
    const named = await summary([WEB]);
    const stands = await ownRoutes(router);
    const cycle = await scene.apply();

    expect(all).to.deep.equal({
      adopted: [],
      refused: {
        [WEB]:
          'it leads to 203.0.113.99, not to 203.0.113.10 as the cloud wants; name the prefix to take it over as it stands, the next cycle then moves it',
      },
      failed: [],
    });
    expect(named).to.deep.include({ adopted: [WEB] });
    expect(stands).to.deep.equal({ [WEB]: '203.0.113.99' });
    expect(reportOn(cycle).result).to.include({ replaced: 1, verified: true });
    expect((await ownRoutes(router))[WEB]).to.equal('203.0.113.10');
  });

  const refusals: Readonly<Record<string, readonly [readonly string[], string, RegExp]>> = {
    'nothing is there': [[], WEB, /edge1: no route of anybody else is there$/],
    'it is ours': [[`${WEB} via 203.0.113.10 proto 201 metric 1024`], WEB, /is ours already$/],
    'the cloud does not want it': [
      ['198.51.100.64/27 via 203.0.113.10'],
      '198.51.100.64/27',
      /the cloud does not want a route there, so it would only be removed again$/,
    ],
    'a daemon keeps it': [[`${WEB} via 203.0.113.10 proto 186`], WEB, /\) is of protocol 186, so/],
    'it discards': [[`blackhole ${WEB}`], WEB, /\(blackhole proto 3\) is of type blackhole/],
    'several are there': [
      [`${WEB} via 203.0.113.10`, `${WEB} via 203.0.113.10 metric 5`],
      WEB,
      /2 foreign routes are there; remove all but one$/,
    ],
    'ours leads elsewhere': [
      [`${WEB} via 203.0.113.10 proto 201 metric 1024`, `${WEB} via 203.0.113.99`],
      WEB,
      /stands beside one of ours with other next hops; remove it by hand$/,
    ],
    'it is the default route': [[], '0.0.0.0/0', /the cloud does not want a route there/],
  };
  for (const [what, [routes, prefix, reason]] of Object.entries(refusals)) {
    it(`refuses a named prefix when ${what}, and changes nothing, at the others neither`, async () => {
      await route(...routes.map((words) => `add ${words}`), `add ${DATABASE} via 203.0.113.11`);
      const before = await listing(router);

      const error = await failureOf(adopt([prefix, DATABASE]));

      expect(error).to.include({ code: 'NOTHING_TO_ADOPT' });
      expect(error.message).to.match(reason);
      expect(await listing(router)).to.equal(before);
    });
  }

  it('refuses what another router would be given, as arbitration has it', async () => {
    small.addTenant('other', '203.0.113.12', '198.51.100.0/28');
    await route('add 198.51.100.0/28 via 203.0.113.12');

    const error = await failureOf(adopt(['198.51.100.0/28']));

    expect(error.code).to.equal('NOTHING_TO_ADOPT');
    expect(error.message).to.match(/overlaps 198\.51\.100\.0\/27 of router .*, which goes first$/);
  });

  it('keeps to maxRoutes', async () => {
    const upstream = { name: 'edge1', os: 'linux', externalNetworks: ['public'], maxRoutes: 1 };
    await scene.configure({ upstreams: [upstream] });
    await route(`add ${WEB} via 203.0.113.10`, `add ${DATABASE} via 203.0.113.11`);

    expect(await summary([], { all: true })).to.deep.equal({
      adopted: [WEB],
      refused: { [DATABASE]: 'maxRoutes 1 is reached' },
      failed: [],
    });
  });

  it('does nothing while writes are frozen', async () => {
    await route(`add ${WEB} via 203.0.113.10`);
    const before = await listing(router);
    const freeze = async (): Promise<void> => writeFile(path.join(stateDir, 'freeze'), '');

    const late = await failureOf(adopt([WEB], { between: freeze }));
    const early = await failureOf(adopt([WEB]));

    expect([late.code, early.code]).to.deep.equal(['FROZEN', 'FROZEN']);
    expect(await listing(router)).to.equal(before);
    await rm(path.join(stateDir, 'freeze'));
  });

  it('does only what was shown', async () => {
    await route(`add ${WEB} via 203.0.113.10`);

    const error = await failureOf(
      adopt([WEB], { between: async () => route(`replace ${WEB} via 203.0.113.99`) }),
    );

    expect(error.code).to.equal('PLAN_STALE');
    expect(await ownRoutes(router)).to.deep.equal({});
  });

  it('does nothing when the cloud cannot be read whole', async () => {
    await route(`add ${WEB} via 203.0.113.10`);
    const before = await listing(router);
    isDown = true;

    const error = await failureOf(adopt([WEB]));

    expect(error.code).to.match(/^CLOUD_|^OPENSTACK_|^API_/);
    expect(await listing(router)).to.equal(before);
  });

  it('reports what the upstream did not take, and what became of it', async () => {
    await route(`add ${WEB} via 203.0.113.10`, `add ${WEB6} via 2001:db8:100::10`);
    const gone = new RouteSyncError('UPSTREAM_UNREACHABLE', 'gone');
    scene.routers.set('edge1', failingAt(router, 'route change', gone));

    expect(await summary([WEB, WEB6])).to.deep.equal({
      adopted: [WEB],
      refused: {},
      failed: ['UPSTREAM_UNREACHABLE'],
    });
    expect((await scene.ledger()).routes.map(([prefix]) => prefix)).to.deep.equal([WEB]);
    expect((await journal()).at(-1)).to.deep.include({ kind: 'end', replaced: 1, verified: false });
  });

  it('finishes after a crash between the two steps, and until then the cycle says what stands there', async () => {
    await route(`add ${WEB} via 203.0.113.10`);
    scene.routers.set('edge1', failingAt(router, 'route del', new Error('killed')));

    const crash = await failureOf(adopt([WEB]));
    scene.routers.set('edge1', router);
    const cycle = await scene.apply();
    const conflicts = reportOn(cycle).plan?.conflicts.map(({ code }) => code);
    const again = await summary([WEB]);
    const settled = await scene.apply();

    expect(crash.message).to.equal('killed');
    expect(conflicts).to.deep.equal(['foreign']);
    expect(again).to.deep.include({ adopted: [WEB], failed: [] });
    expect(reportOn(settled).plan).to.deep.include({ changes: [], conflicts: [] });
    expect((await journal()).map(({ kind }) => kind)).to.include('recovered');
  });

  describe('with several upstreams', () => {
    const upstream = { os: 'linux', externalNetworks: ['public'] };

    beforeEach(async () => {
      await scene.configure({
        upstreams: [
          { ...upstream, name: 'edge1' },
          { ...upstream, name: 'edge2', table: 77 },
        ],
      });
    });

    it('takes over where the route is, and passes over where it is not', async () => {
      scene.routers.set('edge2', await newRouter());
      await route(`add ${WEB} via 203.0.113.10`);

      const steps = await adopt([WEB]);

      expect(steps.map(({ value }) => value?.adopted.length)).to.deep.equal([1, 0]);
    });

    it('changes nothing where a named prefix has to stay on one of them', async () => {
      const other = await newRouter();
      scene.routers.set('edge2', other);
      const words = `${WEB} via 203.0.113.10 proto 186 table 77`;
      await ask(other, ['ip', 'route', 'add', ...words.split(' ')]);
      await route(`add ${WEB} via 203.0.113.10`);

      const error = await failureOf(adopt([WEB]));

      expect(error.message).to.match(
        /^198\.51\.100\.0\/27 cannot .* edge2: the route .*protocol 186/,
      );
      expect(await ownRoutes(router)).to.deep.equal({});
    });

    it('works on one although the other cannot be reached', async () => {
      await route(`add ${WEB} via 203.0.113.10`);

      const steps = await adopt([WEB]);

      expect(steps.map(({ value, error }) => value?.adopted.length ?? error?.code)).to.deep.equal([
        1,
        'UPSTREAM_UNREACHABLE',
      ]);
    });

    it('says what is wrong where none can be reached', async () => {
      scene.routers.clear();

      const steps = await adopt([WEB]);

      expect(steps.map(({ error }) => error?.code)).to.deep.equal(
        Array(2).fill('UPSTREAM_UNREACHABLE'),
      );
    });
  });
});

function stateDirOf({ config }: CycleDeps): string {
  return config.stateDir ?? '';
}

/** Breaks down at the first batch that says so; what came before it is done. */
function failingAt(router: Transport, words: string, error: Error): Transport {
  return {
    ...router,
    run: async (command, signal) => {
      if (programOf(command).stdin?.includes(words) === true) {
        throw error;
      }
      return router.run(command, signal);
    },
  };
}
