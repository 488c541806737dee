/** A cloud and two upstreams that never rest: what tenants, operators and failing machines do between two cycles. */
import type { NeutronRouter, NeutronSubnet } from '../../src/demo/neutron-objects.ts';
import { RouteSyncError } from '../../src/errors.ts';
import type { Fault } from '../../src/demo/cloud.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { ask, listing, newRouter } from '../cli/fake-ip.ts';
import { smallCloud } from '../cli/small-cloud.ts';
import type { Random } from './fuzz-random.ts';

interface SoakTenant {
  readonly slot: number;
  readonly router: NeutronRouter;
  readonly subnet: NeutronSubnet;
  nat: boolean;
  host: number;
}

export interface SoakWorld {
  readonly cloud: ReturnType<typeof smallCloud>['cloud'];
  readonly upstreams: readonly SoakUpstream[];
  /** One thing happens somewhere. */
  readonly disturb: () => Promise<void>;
  /** What is done to a request. */
  readonly fault: () => Fault | undefined;
  /** `PREFIX via ADDRESS`, sorted. */
  readonly wanted: () => readonly string[];
  /** All upstreams answer, and no request fails any more. */
  readonly calm: () => void;
}

export interface SoakUpstream {
  readonly name: string;
  readonly transport: Transport;
  isDown: boolean;
  /** Somebody else's `ip route`, which needs no way to reach it. */
  readonly edit: (words: string) => Promise<void>;
  /** Routes of ours as `wanted` lists them, and everything else as text. */
  readonly list: () => Promise<{ readonly ours: readonly string[]; readonly foreign: string }>;
}

const MARK = 'proto 201 metric 1024';
const SLOTS = 12;

const FAULTS: readonly Fault[] = [
  { status: 500 },
  { status: 503, headers: { 'Retry-After': '0' } },
  { status: 401 },
  { status: 403 },
  { status: 404 },
  { status: 429 },
  { destroy: true },
  { truncateAt: 40 },
  { body: '<html>busy</html>', headers: { 'Content-Type': 'text/html' } },
  { body: '{}' },
  { body: '[]' },
  { delayMs: 20 },
];

export async function soakWorld(random: Random): Promise<SoakWorld> {
  const small = smallCloud();
  const { cloud, external } = small;
  const tenants: SoakTenant[] = [];
  const upstreams = await Promise.all(['edge1', 'edge2'].map(soakUpstream));
  let isCalm = false;

  function add(): void {
    const free = Array.from({ length: SLOTS }, (_, slot) => slot).filter(
      (slot) => !tenants.some((tenant) => tenant.slot === slot),
    );
    if (free.length === 0) {
      return;
    }
    const slot = random.pick(free);
    const host = 10 + slot;
    const cidr = `198.51.100.${slot * 16}/28`;
    const tenant = small.addTenant(`tenant ${slot}`, `203.0.113.${host}`, cidr);
    tenants.push({ ...tenant, slot, nat: false, host });
  }

  function remove(tenant: SoakTenant): void {
    cloud.removeInterface(tenant.router, tenant.subnet);
    cloud.removeSubnet(tenant.subnet);
    cloud.removeRouter(tenant.router);
    tenants.splice(tenants.indexOf(tenant), 1);
  }

  function setGateway(tenant: SoakTenant, change: { nat?: boolean; host?: number }): void {
    Object.assign(tenant, change);
    const addresses = [`203.0.113.${tenant.host}`];
    cloud.setGateway(tenant.router, { network: external, enableSnat: tenant.nat, addresses });
  }

  const deeds: readonly ((tenant: SoakTenant, upstream: SoakUpstream) => unknown)[] = [
    add,
    add,
    remove,
    (tenant) => setGateway(tenant, { nat: !tenant.nat }),
    (tenant) => setGateway(tenant, { host: (tenant.host + 100) % 200 }),
    async (_, upstream) => editByHand(upstream, random),
    (_, upstream) => {
      upstream.isDown = !upstream.isDown;
    },
    (_, upstream) => {
      upstream.isDown = false;
    },
  ];

  add();
  return {
    cloud,
    upstreams,
    disturb: async () => {
      const upstream = random.pick(upstreams);
      if (tenants.length === 0) {
        add();
      } else {
        await random.pick(deeds)(random.pick(tenants), upstream);
      }
    },
    fault: () => (!isCalm && random.percent(3) ? random.pick(FAULTS) : undefined),
    wanted: () =>
      tenants
        .filter(({ nat }) => !nat)
        .map(({ slot, host }) => `198.51.100.${slot * 16}/28 via 203.0.113.${host}`)
        .sort(),
    calm: () => {
      isCalm = true;
      upstreams.forEach((upstream) => {
        upstream.isDown = false;
      });
    },
  };
}

/** Somebody removes one of our routes, or adds one that looks like ours. */
async function editByHand({ edit, list }: SoakUpstream, random: Random): Promise<void> {
  const { ours } = await list();
  const isRemoval = ours.length > 0 && random.percent(60);
  const route = isRemoval ? random.pick(ours) : '198.51.100.240/28 via 203.0.113.240';
  await edit(`${isRemoval ? 'del' : 'add'} ${route} ${MARK}`);
}

async function soakUpstream(name: string): Promise<SoakUpstream> {
  const router = await newRouter();
  const upstream: SoakUpstream = {
    name,
    isDown: false,
    edit: async (words) => {
      await ask(router, ['ip', 'route', ...words.split(' ')]);
    },
    transport: {
      ...router,
      target: `memory/${name}`,
      run: async (command, signal) => {
        if (upstream.isDown) {
          throw new RouteSyncError('UPSTREAM_UNREACHABLE', `${name} does not answer`);
        }
        return router.run(command, signal);
      },
    },
    list: async () => {
      const rows = (await listing(router)).split('\n').flatMap((line) => JSON.parse(line) as Row[]);
      return {
        ours: rows
          .filter(isOurs)
          .map(({ dst, gateway = '' }) => `${dst} via ${gateway}`)
          .sort(),
        foreign: JSON.stringify(rows.filter((row) => !isOurs(row))),
      };
    },
  };
  return upstream;
}

interface Row {
  readonly dst: string;
  readonly protocol: string;
  readonly metric?: number;
  readonly gateway?: string;
}

function isOurs({ protocol, metric }: Row): boolean {
  return protocol === '201' && metric === 1024;
}
