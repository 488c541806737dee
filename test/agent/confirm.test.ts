/** Before a removal: what the lists no longer show is asked for by id. Over HTTP, with lists that lie. */
import { expect } from 'chai';

import { prefixOf } from '../../src/core/route.ts';
import type { Fault, SeenRequest } from '../../src/demo/cloud.ts';
import type { NeutronRouter } from '../../src/demo/neutron-objects.ts';
import type { Report } from '../../src/report/report.ts';
import { newRouter, ownRoutes } from '../cli/fake-ip.ts';
import { type SmallCloud, smallCloud, webAndDatabase } from '../cli/small-cloud.ts';
import { type CycleScene, openCycleScene, reportOn } from './cycle-scene.ts';
import { confirmAll, ourRoute, removal } from './losses.ts';

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

describe('confirmLosses', () => {
  const CLOUD = { retries: 0, natModel: 'ovn' };
  const UNPROVEN =
    /^unconfirmed: nothing shows any more that the user sees all projects: .*sentinel/;
  const CONFIRMED = /^confirmed$/;
  const GONE = {
    router: 'gone',
    subnet: 'gone',
    project: 'gone',
    port: 'gone',
    leg: 'gone',
    network: '',
    floatingIp: '',
  };
  const CHANGE = removal(ourRoute(ROUTED_PREFIX, '203.0.113.11'), GONE);

  let small: SmallCloud;
  let scene: CycleScene;
  let fault: ((request: SeenRequest) => Fault | undefined) | undefined;

  beforeEach(async () => {
    small = smallCloud();
    fault = undefined;
    scene = await openCycleScene(small.cloud, { onRequest: (request) => fault?.(request) });
    await scene.configure({ cloud: CLOUD });
  });

  afterEach(async () => {
    await scene.close();
  });

  async function outcome(): Promise<string> {
    return (await confirmAll(scene, [CHANGE])).join();
  }

  /** Networks asked for by id. */
  function askedNetworks(): number {
    return scene.server.requests.filter(({ url }) => url.includes('/networks/')).length;
  }

  /** The policy of the cloud hides what is for admins. */
  const withoutProvider = ({ url }: SeenRequest): Fault | undefined =>
    url.includes('/networks')
      ? { body: (text) => text.replaceAll(/,?"provider:network_type":"[^"]*"/g, '') }
      : undefined;

  describe('when Neutron no longer takes the role of the token for that of an admin', () => {
    beforeEach(() => {
      const { identity } = small.cloud;
      small.addTenant('database', '203.0.113.11', ROUTED_PREFIX);
      identity.setRoles(identity.admin, ['member']);
      fault = ({ url }) =>
        url.endsWith('/auth/tokens')
          ? { body: (text) => text.replaceAll('"member"', '"admin"') }
          : ownPorts(url);
    });

    /** A network's owner sees the ports on it; only those of its own router are left. */
    function ownPorts(url: string): Fault | undefined {
      const { adminProject } = small.cloud.identity;
      const own = small.cloud.list('routers').find((each) => each.project_id === adminProject.id);
      return url.includes('/ports?')
        ? {
            body: (text) => {
              const { ports } = JSON.parse(text) as { ports: readonly Row[] };
              return JSON.stringify({ ports: ports.filter((row) => row.device_id === own?.id) });
            },
          }
        : undefined;
    }

    it('holds everything where the lists are empty', async () => {
      expect(await outcome()).to.match(UNPROVEN);
    });

    it('holds everything where the lists show only the project of the user', async () => {
      small.cloud.addRouter({ name: 'own', project: small.cloud.identity.adminProject });

      expect(await outcome()).to.match(UNPROVEN);
    });

    it('holds everything where one network of the user shows a gateway port, another none', async () => {
      const { cloud, external } = small;
      const own = cloud.addRouter({ name: 'own', project: cloud.identity.adminProject });
      cloud.setGateway(own, { network: external, enableSnat: false });
      cloud.addExternalNetwork('second');

      expect(await outcome()).to.match(UNPROVEN);
    });
  });

  describe('when everything was deleted', () => {
    it('asks for an attribute that only admins see', async () => {
      expect(await outcome()).to.match(CONFIRMED);
      expect(askedNetworks()).to.equal(1);
    });

    it('holds where the cloud hides that attribute', async () => {
      fault = withoutProvider;

      expect(await outcome()).to.match(UNPROVEN);
    });

    it('holds where it cannot be asked for', async () => {
      fault = ({ url }) => (url.includes('/networks/') ? { status: 503, body: '' } : undefined);

      expect(await outcome()).to.match(/^unconfirmed: .*could not be asked for: .*503/);
    });

    it('holds where there is no external network to ask for', async () => {
      fault = ({ url }) => (url.includes('/networks?') ? { body: '{"networks": []}' } : undefined);

      expect(await outcome()).to.match(UNPROVEN);
    });

    it('takes a sentinel for proof', async () => {
      const { id } = small.cloud.addNetwork({ name: 'sentinel', project: small.project });
      await scene.configure({ cloud: { ...CLOUD, sentinel: { network: id } } });
      fault = withoutProvider;

      expect(await outcome()).to.match(CONFIRMED);
    });

    it('takes no external network for proof, which every project sees', async () => {
      const sentinel = { network: small.external.id };
      await scene.configure({ cloud: { ...CLOUD, sentinel } });
      fault = withoutProvider;

      expect(await outcome()).to.match(UNPROVEN);
    });
  });

  describe('asks for no attribute', () => {
    afterEach(async () => {
      expect(await outcome()).to.match(CONFIRMED);
      expect(askedNetworks()).to.equal(0);
    });

    it('where every external network shows a gateway port', () => {
      small.addTenant('web', '203.0.113.10', '198.51.100.0/27');
    });

    it('where there are routers of two projects', () => {
      const { cloud, project } = small;
      cloud.addRouter({ name: 'one', project });
      cloud.addRouter({ name: 'two', project: cloud.addProject('green') });
    });

    it('where a router is the sentinel', async () => {
      const { id } = small.cloud.addRouter({ name: 'sentinel', project: small.project });
      await scene.configure({ cloud: { ...CLOUD, sentinel: { router: id } } });
    });
  });
});

function isInterfaceOf({ id }: NeutronRouter) {
  return (port: { readonly device_id: string; readonly device_owner: string }) =>
    port.device_id === id && port.device_owner === 'network:router_interface';
}
