import { expect } from 'chai';
import fc from 'fast-check';

import { type CloudView, readCloud } from '../../../src/agent/cloud-view.ts';
import {
  isNothing,
  NOTHING_TOUCHED,
  type Touched,
  touchedTogether,
} from '../../../src/agent/events/touched.ts';
import { refreshCloud } from '../../../src/agent/watch/refresh.ts';
import { compareCandidates } from '../../../src/core/claims.ts';
import type { Fault, SeenRequest } from '../../../src/demo/cloud.ts';
import { smallCloud, webAndDatabase } from '../../cli/small-cloud.ts';
import { type CycleScene, failureOf, openCycleScene } from '../cycle-scene.ts';
import { steps, takeStep } from './change-cloud.ts';

type Small = ReturnType<typeof webAndDatabase>;

function touched(ids: Partial<Record<keyof Touched, readonly string[]>>): Touched {
  return {
    ...NOTHING_TOUCHED,
    ...Object.fromEntries(Object.entries(ids).map(([kind, list]) => [kind, new Set(list)])),
  };
}

describe('refreshCloud', () => {
  const open: CycleScene[] = [];
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  afterEach(async () => {
    fault = undefined;
    await Promise.all(open.splice(0).map(async (scene) => scene.close()));
  });

  async function sceneOf(small: Pick<Small, 'cloud'>, config: object = {}): Promise<CycleScene> {
    const scene = await openCycleScene(small.cloud, { onRequest: (request) => fault?.(request) });
    open.push(scene);
    await scene.configure(config);
    return scene;
  }

  interface Refreshed {
    readonly before: CloudView;
    readonly view: CloudView | undefined;
    /** What was asked for after the change. */
    readonly asked: readonly string[];
  }

  /** Reads the cloud, lets it change, and reads what was touched. */
  async function refreshAfter(
    small: Small,
    change: (small: Small) => Touched,
    config?: object,
  ): Promise<Refreshed> {
    const scene = await sceneOf(small, config);
    return scene.withDeps(true, async (deps) => {
      const before = await readCloud(deps);
      const names = change(small);
      const seen = scene.server.requests.length;
      const view = await refreshCloud(before, names, deps);
      const asked = scene.server.requests.slice(seen).map(({ url }) => url.replace(/^.*v2.0/, ''));
      return { before, view, asked };
    });
  }

  function announced(view: CloudView | undefined): readonly string[] {
    return (view?.candidates ?? [])
      .filter(({ verdict }) => verdict === 'eligible')
      .map(({ prefix }) => prefix.text)
      .sort();
  }

  it('sees what reading the whole cloud would see, after any changes', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const small = smallCloud();
        small.addTenant('web', '203.0.113.10', '198.51.100.0/28');
        const policy = {
          mode: 'sync',
          allow: [{ prefix: '198.51.100.0/24', maxLength: 28 }],
          extraRoutes: true,
        };
        const scene = await openCycleScene(small.cloud);
        try {
          await scene.configure({ policy });
          await scene.withDeps(true, async (deps) => {
            let view: CloudView | undefined = await readCloud(deps);
            // Two at a time: what is touched comes together, and builds on what was refreshed.
            for (let index = 0; index < changes.length; index += 2) {
              const names = changes
                .slice(index, index + 2)
                .map((step) => takeStep(small, step))
                .reduce(touchedTogether, NOTHING_TOUCHED);
              view = view && (await refreshCloud(view, names, deps));
              if (isNothing(names)) {
                continue;
              }
              const whole = await readCloud(deps);
              expect(view?.candidates.toSorted(compareCandidates)).to.deep.equal(
                whole.candidates.toSorted(compareCandidates),
              );
              expect(idsIn(view)).to.deep.equal(idsIn(whole));
            }
          });
        } finally {
          await scene.close();
        }
      }),
      { numRuns: 100 },
    );
  });

  it('asks for the router, its ports and its new subnet, and for nothing else', async () => {
    const { asked, view } = await refreshAfter(webAndDatabase(), (small) => {
      const subnet = small.addSubnet(small.web.router, '198.51.100.64/27');
      return touched({ routers: [small.web.router.id], subnets: [subnet.id] });
    });

    expect(announced(view)).to.include('198.51.100.64/27');
    const kinds = asked.map((url) => url.replace(/\?.*/, '').replace(/[\da-f-]{36}/, 'ID'));
    expect(kinds.sort()).to.deep.equal(['/ports', '/routers/ID', '/subnets/ID']);
    expect(asked.find((url) => url.startsWith('/ports'))).to.contain('device_id=');
  });

  it('finds a subnet that nobody named', async () => {
    const { view } = await refreshAfter(webAndDatabase(), (small) => {
      small.addSubnet(small.web.router, '198.51.100.64/27');
      return touched({ routers: [small.web.router.id] });
    });

    expect(announced(view)).to.include('198.51.100.64/27');
  });

  it('tells how long the whole cloud took, and when, not the part', async () => {
    const { before, view } = await refreshAfter(webAndDatabase(), ({ cloud, web }) => {
      cloud.clearGateway(web.router);
      return touched({ routers: [web.router.id] });
    });

    expect(view?.facts.readMs).to.equal(before.facts.readMs);
    expect(view?.wholeAt).to.equal(before.wholeAt);
  });

  it('leaves the candidates of all other routers the very same', async () => {
    const { before, view } = await refreshAfter(webAndDatabase(), ({ cloud, web }) => {
      cloud.clearGateway(web.router);
      return touched({ routers: [web.router.id] });
    });

    const others = before.candidates.filter(({ router }) => router.name === 'database');
    expect(others).to.have.lengthOf(1);
    expect(view?.candidates).to.include(others[0]);
  });

  it('asks nothing about ports that are of no router', async () => {
    const { asked, view, before } = await refreshAfter(webAndDatabase(), ({ cloud, web }) =>
      touched({ ports: [cloud.addInstance(web.subnet, 'vm').id] }),
    );

    expect(asked).to.deep.equal([]);
    expect(view).to.equal(before);
  });

  it('asks whether a network became external, and stays as it is where not', async () => {
    const { asked, view, before } = await refreshAfter(webAndDatabase(), ({ cloud, project }) =>
      touched({ networks: [cloud.addNetwork({ name: 'inner', project }).id] }),
    );

    expect(asked).to.have.lengthOf(1);
    expect(view).to.equal(before);
  });

  const far: Readonly<Record<string, (small: Small) => Touched>> = {
    'a new external network': ({ cloud }) =>
      touched({ networks: [cloud.addExternalNetwork('more').id] }),
    'an external network': ({ external }) => touched({ networks: [external.id] }),
    'an external subnet': ({ externalSubnet }) => touched({ subnets: [externalSubnet.id] }),
    'a subnet pool': () => ({ ...NOTHING_TOUCHED, everything: true }),
    'more routers than are read one by one': () =>
      touched({ routers: Array.from({ length: 51 }, (_, index) => `router-${index}`) }),
  };
  for (const [what, change] of Object.entries(far)) {
    it(`leaves ${what} to reading the whole cloud`, async () => {
      const { view } = await refreshAfter(webAndDatabase(), change);

      expect(view).to.equal(undefined);
    });
  }

  it('is an error where an object is shown in part', async () => {
    const small = webAndDatabase();
    const scene = await sceneOf(small);
    await scene.withDeps(true, async (deps) => {
      const before = await readCloud(deps);
      // The router says that it has a gateway, and the list of its ports does not.
      fault = ({ url }) => (url.includes('/ports?') ? { body: '{"ports": []}' } : undefined);

      const error = await failureOf(
        refreshCloud(before, touched({ routers: [small.web.router.id] }), deps),
      );

      expect(error.code).to.equal('CLOUD_VIEW_NARROWED');
    });
  });

  it('is an error where the sentinel was deleted', async () => {
    const small = webAndDatabase();
    const sentinel = small.cloud.addRouter({ name: 'sentinel', project: small.project });
    const scene = await sceneOf(small, {
      cloud: { retries: 0, sentinel: { router: sentinel.id } },
    });
    await scene.withDeps(true, async (deps) => {
      const before = await readCloud(deps);
      small.cloud.removeRouter(sentinel);

      const error = await failureOf(
        refreshCloud(before, touched({ routers: [sentinel.id] }), deps),
      );

      expect(error.message).to.contain('sentinel router');
    });
  });
});

/** What the report and the journal look up. */
function idsIn(view: CloudView | undefined): unknown {
  return {
    routers: view?.snapshot.routers.map(({ id }) => id).sort(),
    ports: view?.snapshot.interfacePorts.map(({ id }) => id).sort(),
    gateways: view?.snapshot.gatewayPorts.map(({ id }) => id).sort(),
    facts: { ...view?.facts, readMs: 0, subnets: 0 },
  };
}
