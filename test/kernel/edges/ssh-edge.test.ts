/** 10,000 routes into the real kernel, FRR and BIRD over a real sshd, and what is left of them after a crash; needs root. */
import { expect } from 'chai';
import { until } from '../../support/until.ts';
import { whyNoSshd } from '../../support/sshd.ts';
import { whyNoBird } from '../bird-daemon.ts';
import { whyNoFrr } from '../frr-daemon.ts';
import { whyNoNamespace } from '../namespace.ts';
import { bring, changed, manyRoutes, type Table, tableOf } from './edge-rounds.ts';
import { birdEdge, type DaemonEdge, type Edge, frrEdge, linuxEdge } from './edges.ts';

const DAEMONS = {
  'frr by a shell': async () => frrEdge('/bin/sh'),
  'frr with vtysh as login shell': async () => frrEdge('/usr/bin/vtysh'),
  'bird by a shell': birdEdge,
} satisfies Readonly<Record<string, () => Promise<DaemonEdge>>>;

const EDGES: Readonly<Record<string, () => Promise<Edge>>> = {
  'linux by a shell': linuxEdge,
  ...DAEMONS,
};

describe('drivers over a real sshd', function suite() {
  this.timeout(300_000);
  const wanted = manyRoutes(10_000);
  let edge: Edge | undefined;

  before(() => {
    const reason = whyNoNamespace() ?? whyNoSshd() ?? whyNoFrr() ?? whyNoBird();
    if (reason !== undefined) {
      throw new Error(reason);
    }
  });

  afterEach(async () => {
    await edge?.close();
    edge = undefined;
  });

  /** A daemon's table follows its configuration, and the kernel's that, each in its own time. */
  async function holds(held: Edge, table: Table): Promise<void> {
    await until(() => String(held.rib()) === String(table));
    await until(() => String(held.fib()) === String(table));
  }

  for (const [name, make] of Object.entries(EDGES)) {
    it(`brings 10,000 routes, finds nothing to do, changes 1 %, and removes all: ${name}`, async () => {
      edge = await make();
      const { upstream } = edge;
      const foreign = edge.foreign();

      expect(await bring(upstream, wanted)).to.deep.equal({ changes: 10_000, failed: [] });
      await holds(edge, tableOf(wanted));
      expect(await bring(upstream, wanted)).to.deep.equal({ changes: 0, failed: [] });

      expect(await bring(upstream, changed(wanted))).to.deep.equal({ changes: 133, failed: [] });
      await holds(edge, tableOf(changed(wanted)));

      expect(await bring(upstream, [])).to.deep.equal({ changes: 10_000 - 34, failed: [] });
      await holds(edge, []);
      expect(foreign).to.have.length.above(2);
      expect(edge.foreign()).to.deep.equal(foreign);
    });
  }

  for (const [name, make] of Object.entries(DAEMONS)) {
    it(`has all routes after the next cycle when a daemon is killed during the push: ${name}`, async () => {
      const made = await make();
      edge = made;
      const foreign = made.foreign();
      for (const [what, crash] of Object.entries(made.crashes)) {
        const broken = bring(made.upstream, wanted).catch(String);
        await crash();
        await broken;

        const { failed } = await bring(made.upstream, wanted);

        expect(failed, what).to.deep.equal([]);
        await holds(made, tableOf(wanted));
        expect(made.foreign(), what).to.deep.equal(foreign);
        await bring(made.upstream, []);
        await holds(made, []);
      }
    });
  }
});
