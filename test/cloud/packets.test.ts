/**
 * The end of it all, with packets: a host outside reaches an instance exactly while route-sync has the route. Needs
 * the lab with its datapath, which LAB_DIR names.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

import {
  connectCloud,
  isCloudNamed,
  type CloudApi,
  type Router,
  type Subnet,
} from './cloud-api.ts';
import { openRouteSync, type RouteSync } from './route-sync.ts';
import { gatewayInfo, openTopology, type LegAddress, type Topology } from './topology.ts';
import { routesOf } from './upstream-namespace.ts';

const DATAPATH = path.join(import.meta.dirname, '../lab/datapath.sh');
const UPSTREAM = 'lab-upstream';
const RUN = 'route-sync-packets';

/** One way for a router to have a leg without NAT, and how its owner ends that. */
interface Recipe {
  readonly title: string;
  readonly name: string;
  readonly net: number;
  readonly ending: string;
  attach(leg: readonly LegAddress[]): Partial<Parameters<Topology['router']>[0]>;
  end(cloud: Cloud): Promise<void>;
  /** OVN's SNAT is IPv4 only. */
  readonly keepsIpv6: boolean;
}

interface Cloud {
  readonly api: CloudApi;
  readonly topology: Topology;
  readonly router: Router;
  readonly leg: readonly LegAddress[];
}

const RECIPES: readonly Recipe[] = [
  {
    title: 'a gateway with enable_snat=false',
    name: 'gateway',
    net: 1,
    ending: 'SNAT is switched on',
    attach: (addresses) => ({ gateway: { addresses, snat: false } }),
    end: async ({ api, router, leg }) => {
      await api.update('routers', router.id, { external_gateway_info: gatewayInfo(leg, true) });
    },
    keepsIpv6: true,
  },
  {
    title: 'an ordinary port on the external network as interface',
    name: 'leg',
    net: 2,
    ending: 'the interface is removed',
    attach: (leg) => ({ leg }),
    end: async ({ topology, router, leg }) => {
      await topology.detach(router, leg[0]?.subnet.network_id ?? '');
    },
    keepsIpv6: false,
  },
];

describe('packets through a real OVN', () => {
  let api: CloudApi;
  let topology: Topology;
  let leg: readonly LegAddress[];
  let routeSync: RouteSync;

  before(async function () {
    const hasDatapath = process.env['LAB_DIR'] && existsSync(`/run/netns/${UPSTREAM}`);
    if (!isCloudNamed() || !hasDatapath) {
      process.stdout.write("  skipped: needs the lab's datapath, its LAB_DIR and its OS_*\n");
      this.skip();
    }
    api = await connectCloud();
    topology = openTopology(api, RUN);
    routeSync = await openRouteSync();
    await topology.cleanUp();
    const network = await topology.network('public', {
      'router:external': true,
      'provider:network_type': 'flat',
      'provider:physical_network': 'public',
    });
    const cidrs = ['172.24.0.0/16', '2001:db8:24::/64'];
    const gateways = ['172.24.0.1', '2001:db8:24::1'];
    const subnets = cidrs.map(async (cidr, index) => {
      const gateway = gateways[index] ?? '';
      return topology.subnet({ name: `public-${index}`, network, cidr, gateway });
    });
    leg = (await Promise.all(subnets)).map((subnet) => ({ subnet }));
    await routeSync.configure({
      owner: RUN,
      policy: {
        mode: 'sync',
        allow: [{ prefix: '10.214.0.0/16' }, { prefix: '2001:db8:d6::/48' }],
      },
      cloud: { natModel: 'ovn' },
      guard: { maxRemovals: { count: 100, percent: 100, free: 100 } },
      removal: { snapshots: 1, graceSeconds: 0 },
      upstreams: [
        { name: 'upstream', os: 'linux', externalNetworks: [network.id], via: { netns: UPSTREAM } },
      ],
    });
  });

  after(async () => {
    await routeSync?.run(['purge', '--yes']);
    await routeSync?.remove();
    await topology?.cleanUp();
  });

  for (const recipe of RECIPES) {
    describe(`to an instance behind ${recipe.title}`, () => {
      const instance = `vm-${recipe.name}`;
      const cidrs = [`10.214.${recipe.net}.0/24`, `2001:db8:d6:${recipe.net}::/64`];
      const addresses = [`10.214.${recipe.net}.10`, `2001:db8:d6:${recipe.net}::10`] as const;
      let router: Router;

      before(async () => {
        const network = await topology.network(recipe.name);
        const subnets: Subnet[] = [];
        for (const [index, cidr] of cidrs.entries()) {
          subnets.push(await topology.subnet({ name: `${recipe.name}-${index}`, network, cidr }));
        }
        router = await topology.router({ name: recipe.name, subnets, ...recipe.attach(leg) });
        const port = await topology.port(recipe.name, network.id, {
          'binding:host_id': hostname(),
          port_security_enabled: false,
          fixed_ips: subnets.map(({ id }, index) => ({
            subnet_id: id,
            ip_address: addresses[index],
          })),
        });
        const plugs = subnets.map(
          ({ cidr, gateway_ip: gateway }, index) =>
            `${addresses[index]}/${cidr.replace(/.*\//, '')},${gateway}`,
        );
        await execa(DATAPATH, ['plug', instance, port.id, port.mac_address, ...plugs]);
      });

      after(async () => {
        await execa(DATAPATH, ['unplug', instance], { reject: false });
      });

      it('do not arrive before route-sync has run', async () => {
        expect(await arrive(addresses)).to.deep.equal([false, false]);
      });

      it('arrive after route-sync apply, over IPv4 and IPv6', async () => {
        await routeSync.report(['apply']);

        expect(await arrive(addresses)).to.deep.equal([true, true]);
      });

      it(`do not arrive any more after ${recipe.ending} and route-sync apply`, async () => {
        await recipe.end({ api, topology, router, leg });

        await routeSync.report(['apply']);

        expect(await arrive(addresses)).to.deep.equal([false, recipe.keepsIpv6]);
        const kept = recipe.keepsIpv6 ? cidrs.slice(1) : [];
        const installed = Object.keys(await routesOf(UPSTREAM, 201));
        expect(installed.filter((prefix) => cidrs.includes(prefix))).to.deep.equal(kept);
      });
    });
  }
});

/** Which of the addresses answer the upstream's pings. */
async function arrive(addresses: readonly string[]): Promise<readonly boolean[]> {
  return Promise.all(addresses.map(answersPing));
}

/** Several pings, because OVN drops the first packets to a neighbour that it has yet to resolve. */
async function answersPing(address: string): Promise<boolean> {
  const ping = ['ping', '-n', '-c', '10', '-i', '0.3', '-W', '1', address];
  const { exitCode } = await execa('ip', ['netns', 'exec', UPSTREAM, ...ping], { reject: false });
  return exitCode === 0;
}
