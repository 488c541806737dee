/** Before a removal: what the lists no longer show is asked for by id. Over HTTP, with lists that lie. */
import { expect } from 'chai';

import { prefixOf } from '../../src/core/route.ts';
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import type { NeutronRouter } from '../../src/demo/neutron-objects.ts';
import type { Report } from '../../src/report/report.ts';
import { newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, openCycleScene, reportOn } from './cycle-scene.ts';

const LEG_PREFIX = '198.51.100.64/27';
const ROUTED_PREFIX = '198.51.100.32/27';

interface Row {
  readonly id: string;
  readonly device_id?: string;
}

describe('confirmRemovals', () => {
  let scene: CycleScene;
  let small: ReturnType<typeof webAndDatabase>;
  let recipe: NeutronRouter;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  beforeEach(async () => {
    small = webAndDatabase();
    recipe = small.cloud.addRouter({ name: 'recipe', project: small.project });
    small.cloud.addLeg(recipe, small.externalSubnet, '203.0.113.20');
    small.addSubnet(recipe, LEG_PREFIX);
    fault = undefined;
    scene = await openCycleScene(small.cloud, { onRequest: (request) => fault?.(request) });
    scene.routers.set('edge1', await newRouter());
    await scene.configure({ removal: { snapshots: 1, graceSeconds: 0 } });
    await scene.apply();
  });

  afterEach(async () => {
    await scene.close();
  });

  /** Every list leaves these objects out; asked for by id they are there. */
  function hide(isHidden: (row: Row) => boolean): void {
    fault = ({ url }) => {
      const kind = /v2\.0\/(?<kind>\w+)\?/.exec(url)?.groups?.['kind'] ?? '';
      return kind === ''
        ? undefined
        : {
            body: (text) => {
              const answer = JSON.parse(text) as Readonly<Record<string, readonly Row[]>>;
              return JSON.stringify({ [kind]: answer[kind]?.filter((row) => !isHidden(row)) });
            },
          };
    };
  }

  function outcome(report: Report): object {
    const { plan } = reportOn(report);
    return {
      held: plan?.held.map(({ code, change }) => `${code} ${prefixOf(change).text}`),
      removed: plan?.changes.map((change) => `${change.action} ${prefixOf(change).text}`),
    };
  }

  const HELD = { held: [`unconfirmed ${ROUTED_PREFIX}`], removed: [] };
  const HELD_LEG = { held: [`unconfirmed ${LEG_PREFIX}`], removed: [] };
  const GONE = { held: [], removed: [`remove ${ROUTED_PREFIX}`] };
  const GONE_LEG = { held: [], removed: [`remove ${LEG_PREFIX}`] };

  describe('holds a removal', () => {
    it('when the lists lost the interface port', async () => {
      const port = small.cloud.list('ports').find(isInterfaceOf(small.database.router));
      hide(({ id }) => id === port?.id);

      expect(outcome(await scene.apply())).to.deep.equal(HELD);
    });

    it('when the lists lost the router with everything of it', async () => {
      const { router } = small.database;
      hide(({ id, device_id: device }) => id === router.id || device === router.id);

      expect(outcome(await scene.apply())).to.deep.equal(HELD);
    });

    it('when the lists lost the leg of the no-NAT recipe', async () => {
      hide(
        ({ id, device_id: device }) => device === recipe.id && networkOf(id) === small.external.id,
      );

      expect(outcome(await scene.apply())).to.deep.equal(HELD_LEG);
    });

    it('when the lists lost the router of the recipe with everything of it', async () => {
      hide(({ id, device_id: device }) => id === recipe.id || device === recipe.id);

      expect(outcome(await scene.apply())).to.deep.equal(HELD_LEG);
    });
  });

  describe('lets a removal through', () => {
    for (const { what, change, want } of [
      {
        what: 'the subnet was detached',
        change: () => {
          small.cloud.removeInterface(small.database.router, small.database.subnet);
        },
        want: GONE,
      },
      {
        what: 'the router was deleted',
        change: () => {
          small.cloud.removeInterface(small.database.router, small.database.subnet);
          small.cloud.removeRouter(small.database.router);
        },
        want: GONE,
      },
      {
        what: 'SNAT was switched on',
        change: () => {
          const { cloud, external, database } = small;
          cloud.setGateway(database.router, { network: external, enableSnat: true });
        },
        want: GONE,
      },
      {
        what: 'the gateway was cleared',
        change: () => {
          small.cloud.clearGateway(small.database.router);
        },
        want: GONE,
      },
      {
        what: 'the router opted out',
        change: () => {
          small.cloud.setTags('routers', small.database.router, ['route-sync:off']);
        },
        want: GONE,
      },
      {
        what: 'the router was taken down',
        change: () => {
          small.cloud.updateRouter(small.database.router, { admin_state_up: false });
        },
        want: GONE,
      },
      {
        what: 'the leg was removed',
        change: () => {
          small.cloud.removeInterface(recipe, small.externalSubnet);
        },
        want: GONE_LEG,
      },
    ]) {
      it(`when ${what}`, async () => {
        change();

        expect(outcome(await scene.apply())).to.deep.equal(want);
      });
    }
  });

  it('holds what cannot be asked for, and lets everything else go out', async () => {
    small.cloud.removeInterface(small.database.router, small.database.subnet);
    fault = ({ url }) => (/v2\.0\/\w+\/\w/.test(url) ? { status: 503, body: '' } : undefined);
    const router = scene.routers.get('edge1') ?? (await newRouter());

    const held = reportOn(await scene.apply()).plan?.held ?? [];

    expect(held.map(({ code }) => code)).to.deep.equal(['unconfirmed']);
    expect(held[0]?.message).to.contain('could not be asked for');
    expect(await ownRoutes(router)).to.have.property(ROUTED_PREFIX);
  });

  it('asks for nothing when nothing is to be removed', async () => {
    const before = scene.server.requests.length;

    await scene.apply();

    const urls = scene.server.requests.slice(before).map(({ url }) => url);
    expect(urls.filter((url) => /v2\.0\/\w+\/\w/.test(url))).to.deep.equal([]);
  });

  function networkOf(portId: string): string | undefined {
    return small.cloud.list('ports').find(({ id }) => id === portId)?.network_id;
  }
});

function isInterfaceOf({ id }: NeutronRouter) {
  return (port: { readonly device_id: string; readonly device_owner: string }) =>
    port.device_id === id && port.device_owner === 'network:router_interface';
}
