/** Several agents at one upstream at the same time, on real kernel routes. */
import path from 'node:path';

import { expect } from 'chai';

import {
  AFTER,
  type KernelScene,
  needKernel,
  onKernel,
  openKernelScene,
  type Run,
  type RunOptions,
  type Routes,
} from './kernel-scene.ts';
import { type Choose, pass } from './proxy.ts';
import { count } from './summary.ts';

/** The cycles overlap: the routers are shown to nobody before all ask for them, which they do after they tried the lock. */
function untilAllAsk(agents: number): Choose {
  const { promise: all, resolve } = Promise.withResolvers<undefined>();
  let asking = 0;
  return ({ path: asked }) => {
    if (asked !== '/v2.0/routers') {
      return undefined;
    }
    asking += 1;
    if (asking === agents) {
      resolve(undefined);
    }
    return async (exchange) => {
      await all;
      await pass(exchange);
    };
  };
}

describe(onKernel('agents at the same upstream'), function suite() {
  this.timeout(300_000);
  let scene: KernelScene;

  before(async function open() {
    needKernel(this);
    scene = await openKernelScene();
  });

  beforeEach(() => {
    scene.restore();
  });

  after(async () => {
    await scene?.close();
  });

  async function together(options: readonly RunOptions[]): Promise<readonly Run[]> {
    const choose = untilAllAsk(options.length);
    const runs = await Promise.all(options.map(async (each) => scene.apply(choose, each)));
    count('faults tried', options.length - 1);
    return runs;
  }

  function configOf(change: object, upstream: object): object {
    const via = { netns: scene.namespace.name };
    const edge = { name: 'edge1', os: 'linux', externalNetworks: ['edge'], via, ...upstream };
    return { upstreams: [edge], ...change };
  }

  for (const agents of [2, 5]) {
    it(`work one at a time: of ${agents} of one owner one does the work, nothing is doubled`, async () => {
      for (let round = 0; round < 4; round += 1) {
        const runs = await together(Array.from({ length: agents }, () => ({})));
        const said = runs.map((run) => run.said).join('\n');
        const found = scene.table();
        scene.assertNothingWrong(found, said);
        expect(found.ours, said).to.deep.equal(AFTER);
        const codes = runs.map(({ exitCode }) => exitCode).toSorted((a, b) => a - b);
        expect(codes, said).to.deep.equal([0, ...Array.from({ length: agents - 1 }, () => 75)]);
        expect(runs.filter((run) => run.said.includes('LOCKED'))).to.have.lengthOf(agents - 1);
        scene.restore();
      }
    });
  }

  it('of two owners with a protocol each both converge, and neither touches what the other holds', async () => {
    const allow4 = [{ prefix: '203.0.112.0/24', maxLength: 28 }];
    const allow6 = [{ prefix: '2001:db8::/32', maxLength: 64 }];
    const stateOf = (name: string): string => path.join(scene.folder, `state-${name}`);
    const four = {
      config: configOf({ policy: { mode: 'sync', allow: allow4 } }, {}),
    };
    const six = {
      config: configOf(
        { owner: 'others', stateDir: stateOf('six'), policy: { mode: 'sync', allow: allow6 } },
        { protocol: 202, metric: 1025 },
      ),
    };
    // The first owner keeps to IPv4 from now on: its IPv6 routes go, which the second one waits for.
    for (let round = 0; round < 4; round += 1) {
      const runs = await together([four, six]);
      runs.forEach(({ exitCode, said }) => expect(exitCode, said).to.be.oneOf([0, 3, 75]));
    }
    const forced = { args: ['apply', '--force'] };
    const last = [
      await scene.apply(undefined, { ...four, ...forced }),
      await scene.apply(undefined, six),
    ];

    const said = last.map((run) => run.said).join('\n');
    expect(
      last.map(({ exitCode }) => exitCode),
      said,
    ).to.deep.equal([0, 0]);
    expect(scene.table().ours, said).to.deep.equal(ofFamily(4));
    const theirs = scene.table().foreign.filter((line) => line.includes(' proto 202 '));
    expect(theirs.map((line) => line.split(' ')[1])).to.have.members(Object.keys(ofFamily(6)));
    scene.namespace.ip('-6', 'route', 'flush', 'proto', '202');
  });

  it('of two owners with the same protocol the second is refused', async () => {
    const before = scene.table();
    const stateDir = path.join(scene.folder, 'state-others');

    const { exitCode, said } = await scene.apply(undefined, {
      config: { owner: 'others', stateDir },
    });

    count('faults tried');
    expect(exitCode, said).to.equal(1);
    expect(said).to.contain('STATE_FOREIGN').and.contain('faults');
    expect(scene.table()).to.deep.equal(before);
    await scene.assertConverges('after another owner');
  });

  it('of another owner that is given our state directory is refused', async () => {
    const before = scene.table();

    const { exitCode, said } = await scene.apply(undefined, { config: { owner: 'others' } });

    count('faults tried');
    expect(exitCode, said).to.equal(1);
    expect(said).to.contain('STATE_FOREIGN');
    expect(scene.table()).to.deep.equal(before);
    await scene.assertConverges('after another owner');
  });
});

function ofFamily(family: 4 | 6): Routes {
  return Object.fromEntries(
    Object.entries(AFTER).filter(([prefix]) => prefix.includes(':') === (family === 6)),
  );
}
