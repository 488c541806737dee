import { expect } from 'chai';

import type { CloudView } from '../../../src/agent/cloud-view.ts';
import type { CycleDeps } from '../../../src/agent/cycle.ts';
import { NOTHING_TOUCHED, type Touched } from '../../../src/agent/events/touched.ts';
import type { Sight } from '../../../src/agent/look.ts';
import { type CloudWatch, watchCloud } from '../../../src/agent/watch/cloud-watch.ts';
import type { Fault, SeenRequest } from '../../../src/demo/cloud.ts';
import { webAndDatabase } from '../../cli/small-cloud.ts';
import { type CycleScene, openCycleScene } from '../cycle-scene.ts';

/** The list of routers, which only reading the whole cloud asks for. */
const LIST = /\/v2\.0\/routers\?(?!.*changed_since)/;
const SLOW: Fault = { delayMs: 600 };

describe('watchCloud', () => {
  let small: ReturnType<typeof webAndDatabase>;
  let scene: CycleScene;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;
  let now = 0;

  beforeEach(async () => {
    small = webAndDatabase();
    fault = undefined;
    now = 1_000_000;
    scene = await openCycleScene(small.cloud, { onRequest: (request) => fault?.(request) });
  });

  afterEach(async () => scene.close());

  interface Watched {
    readonly watch: CloudWatch;
    readonly look: () => Promise<Sight>;
  }

  async function watching(
    use: (watched: Watched) => Promise<void>,
    { canGoOn = false }: { readonly canGoOn?: boolean } = {},
  ): Promise<void> {
    await scene.withDeps(true, async (deps: CycleDeps) => {
      const watch = watchCloud({ now: () => now, percent: 25, canGoOn: async () => canGoOn });
      await use({ watch, look: async () => watch.look({ ...deps, now: () => now }) });
    });
  }

  function slowList({ url }: SeenRequest): Fault | undefined {
    return LIST.test(url) ? SLOW : undefined;
  }

  function listed(): number {
    return scene.server.requests.filter(({ url }) => LIST.test(url)).length;
  }

  function grow(cidr = '198.51.100.64/27'): Touched {
    small.addSubnet(small.web.router, cidr);
    return { ...NOTHING_TOUCHED, routers: new Set([small.web.router.id]) };
  }

  it('reads the whole cloud first', async () => {
    await watching(async ({ look }) => {
      const { cloud } = await look();

      expect(cloud?.reading).to.equal('whole');
      expect(announced(cloud)).to.have.lengthOf(3);
    });
  });

  it('reads what was touched by itself, as part of no new reading of the whole', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      watch.touch(grow());
      expect(watch.isExpecting()).to.equal(true);

      const { cloud } = await look();

      expect(cloud?.reading).to.equal('touched');
      expect(announced(cloud)).to.include('198.51.100.64/27');
      expect(listed()).to.equal(1);
      expect(watch.isExpecting()).to.equal(false);
    });
  });

  it('takes what is touched while the whole cloud is being read at once', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      fault = slowList;
      watch.distrust();
      const first = look();
      watch.touch(grow());
      watch.wake();

      const { cloud } = await first;

      expect(cloud?.reading).to.equal('touched');
      expect(announced(cloud)).to.include('198.51.100.64/27');
      expect(watch.isExpecting()).to.equal(true);
      const after = await look();
      expect(after.cloud?.reading).to.equal('whole');
      expect(listed()).to.equal(2);
    });
  });

  it('does not forget what changed after the lists were written that come last', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      const old = JSON.stringify({ ports: small.cloud.list('ports') });
      // The lists of ports are those from before the change.
      fault = ({ url }) =>
        LIST.test(url) ? SLOW : /[?&]device_owner=/.test(url) ? { body: old } : undefined;
      watch.distrust();
      const first = look();
      watch.touch(grow());
      watch.wake();
      await first;

      const { cloud } = await look();

      expect(cloud?.reading).to.equal('whole');
      expect(announced(cloud)).to.include('198.51.100.64/27');
    });
  });

  it('lets a cycle of the schedule go on with what is known while the cloud is slow', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      fault = ({ url }) => (LIST.test(url) ? { delayMs: Infinity } : undefined);
      watch.distrust();
      const first = look();
      watch.tick();

      const { cloud } = await first;

      expect(cloud?.reading).to.equal('touched');
      expect(announced(cloud)).to.have.lengthOf(3);
    });
  });

  it('does not wait for the first reading where the last good state can be kept', async () => {
    fault = slowList;
    await watching(
      async ({ watch, look }) => {
        const first = await look();
        expect(first.blind?.code).to.equal('SNAPSHOT_PENDING');
        expect(watch.isExpecting()).to.equal(true);

        const second = await look();

        expect(second.cloud?.reading).to.equal('whole');
        expect(listed()).to.equal(1);
      },
      { canGoOn: true },
    );
  });

  it('waits for the first reading where there is nothing to keep to', async () => {
    fault = slowList;
    await watching(async ({ look }) => {
      expect((await look()).cloud?.reading).to.equal('whole');
    });
  });

  it('leaves a slow cloud alone for three times as long as it took', async () => {
    await watching(async ({ watch, look }) => {
      const reading = look();
      now += 10_000;
      await reading;
      const due = async (seconds: number): Promise<string | undefined> => {
        now += seconds * 1000;
        watch.tick();
        return (await look()).cloud?.reading;
      };

      expect(await due(29)).to.equal('touched');
      expect(listed()).to.equal(1);
      expect(await due(1)).to.equal('whole');
      expect(listed()).to.equal(2);
    });
  });

  it('finds in between what the cloud says has changed', async () => {
    await watching(async ({ watch, look }) => {
      const reading = look();
      now += 10_000;
      await reading;
      grow();
      watch.tick();

      const { cloud } = await look();

      expect(cloud?.reading).to.equal('touched');
      expect(announced(cloud)).to.include('198.51.100.64/27');
      expect(
        scene.server.requests.filter(({ url }) => url.includes('changed_since')),
      ).to.have.lengthOf(3);
      // Nothing is new any more.
      const asked = scene.server.requests.length;
      watch.tick();
      await look();
      expect(scene.server.requests.length - asked).to.equal(3);
    });
  });

  it('asks a cloud that does not tell changes for them only once', async () => {
    fault = ({ url }) => (url.includes('changed_since') ? REFUSED : undefined);
    await watching(async ({ watch, look }) => {
      const reading = look();
      now += 10_000;
      await reading;
      watch.tick();
      expect((await look()).cloud?.reading).to.equal('touched');
      const asked = scene.server.requests.length;
      watch.tick();

      expect((await look()).cloud?.reading).to.equal('touched');

      expect(scene.server.requests.length).to.equal(asked);
    });
  });

  it('reads what was touched before the whole that is due, but puts it off only once', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      watch.tick();
      watch.touch(grow());
      expect((await look()).cloud?.reading).to.equal('touched');
      expect(listed()).to.equal(1);
      expect(watch.isExpecting()).to.equal(true);
      watch.touch(grow('198.51.100.96/27'));

      await look();

      expect(listed()).to.equal(2);
      expect((await look()).cloud?.reading).to.equal('whole');
    });
  });

  it('reads the whole cloud when it was told that events were missed', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      watch.distrust();
      expect(watch.isExpecting()).to.equal(true);

      expect((await look()).cloud?.reading).to.equal('whole');
    });
  });

  it('reads the whole cloud after what was touched could not be read', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      fault = ({ url }) => (/routers\/[\da-f]/.test(url) ? { status: 500 } : undefined);
      watch.touch(grow());
      expect((await look()).blind?.code).to.equal('CLOUD_UNAVAILABLE');
      expect(watch.isExpecting()).to.equal(true);

      const { cloud } = await look();

      expect(cloud?.reading).to.equal('whole');
      expect(announced(cloud)).to.include('198.51.100.64/27');
      expect(watch.isExpecting()).to.equal(false);
    });
  });

  it('tries again on schedule after the whole cloud could not be read', async () => {
    await watching(async ({ watch, look }) => {
      await look();
      fault = ({ url }) => (LIST.test(url) ? { status: 500 } : undefined);
      watch.distrust();
      expect((await look()).blind?.code).to.equal('CLOUD_UNAVAILABLE');
      expect(watch.isExpecting()).to.equal(false);
      fault = undefined;
      watch.tick();

      expect((await look()).cloud?.reading).to.equal('whole');
    });
  });
});

const REFUSED: Fault = {
  status: 400,
  body: JSON.stringify({
    NeutronError: {
      type: 'HTTPBadRequest',
      message: "['changed_since'] is invalid attribute for filtering",
      detail: '',
    },
  }),
};

function announced(view: CloudView | undefined): readonly string[] {
  return (view?.candidates ?? [])
    .filter(({ verdict }) => verdict === 'eligible')
    .map(({ prefix }) => prefix.text);
}
