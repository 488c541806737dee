/** What one upstream should hold: obstacles, incumbents over runs, steady next hops and ECMP. */
import { expect } from 'chai';
import { desiredFor, type Desired, type DesiredInput } from '../../src/core/desired.ts';
import { parseAddress, parsePrefix } from '../../src/core/prefix.ts';
import type { InstalledRoute, Origin } from '../../src/core/route.ts';
import {
  cloudOf,
  installed,
  judged,
  PARTNER,
  policyOf,
  PUBLIC,
  stateOf,
  type RouterSketch,
} from './world.ts';

interface Scene {
  readonly routers: readonly RouterSketch[];
  readonly routes?: readonly InstalledRoute[];
  readonly addresses?: readonly (readonly [string, string])[];
  /** The ledger: prefix and router. */
  readonly ledger?: Readonly<Record<string, string>>;
  /** The ledger as it is, instead. */
  readonly entries?: DesiredInput['ledger'];
  readonly ecmp?: boolean;
  readonly foreignOverlap?: 'warn' | 'refuse';
  readonly foreignCovering?: 'ignore' | 'warn' | 'refuse';
}

function desiredIn(scene: Scene): Desired {
  const { routers, routes = [], addresses = [], ledger = {} } = scene;
  const policy = policyOf({
    ecmp: scene.ecmp ?? false,
    foreignOverlap: scene.foreignOverlap ?? 'warn',
    foreignCovering: scene.foreignCovering ?? 'ignore',
    extraRoutes: true,
  });
  const input: DesiredInput = {
    upstream: { name: 'edge1', networkIds: new Set([PUBLIC, PARTNER]), devices: new Map() },
    candidates: judged(cloudOf(routers), policy),
    state: stateOf(routes, addresses),
    ledger:
      scene.entries ??
      new Map(Object.entries(ledger).map(([prefix, router]) => [prefix, entryOf(router)])),
    policy,
  };
  return desiredFor(input);
}

function entryOf(router: string): {
  origin: [Origin];
} {
  return {
    origin: [{ router, subnet: '', project: '', port: '', leg: '', network: '', floatingIp: '' }],
  };
}

const routesOf = ({ routes }: Desired): readonly string[] =>
  routes.map(
    ({ prefix, nextHops }) => `${prefix.text} via ${nextHops.map((hop) => hop.address).join(' ')}`,
  );
const conflictsOf = ({ conflicts }: Desired): readonly string[] =>
  conflicts.map(({ code, prefix }) => `${code} ${prefix.text}`);

const CIDR = '10.1.0.0/24';
const ROUTER: RouterSketch = { id: 'a', gateways: [['203.0.113.10']], subnets: [CIDR] };
const OURS = installed(CIDR, ['203.0.113.10']);
const WANTED = [`${CIDR} via 203.0.113.10`];

describe('desiredFor', () => {
  it('wants every eligible route of the upstream’s networks, with its origin', () => {
    const desired = desiredIn({ routers: [ROUTER] });

    expect(routesOf(desired)).to.deep.equal(WANTED);
    expect(desired.routes[0]?.origin).to.deep.equal([
      {
        router: 'a',
        subnet: `sub-a-${CIDR}`,
        project: 'project-blue',
        port: `port-a-sub-a-${CIDR}`,
        leg: 'a-gateway-0',
        network: PUBLIC,
        floatingIp: '',
      },
    ]);
    expect([desired.conflicts, desired.warnings, desired.unneeded]).to.deep.equal([[], [], []]);
  });

  it('gives the very origin that the ledger has, where it is the same', () => {
    const scene: Scene = { routers: [ROUTER] };
    const origin = desiredIn(scene).routes[0]?.origin ?? [];
    const entry = { origin: origin.map((each) => ({ ...each })) };

    expect(desiredIn({ ...scene, entries: new Map([[CIDR, entry]]) }).routes[0]?.origin).to.equal(
      entry.origin,
    );
    expect(desiredIn({ ...scene, ledger: { [CIDR]: 'gone' } }).routes[0]?.origin).to.deep.equal(
      origin,
    );
  });

  it('holds the next hop of all routes through one leg once', () => {
    const { routes } = desiredIn({ routers: [{ ...ROUTER, subnets: [CIDR, '10.2.0.0/24'] }] });

    expect(routes).to.have.length(2);
    expect(routes[0]?.nextHops).to.equal(routes[1]?.nextHops);
  });

  describe('obstacles', () => {
    interface Case {
      readonly title: string;
      readonly scene: Omit<Scene, 'routers'>;
      readonly conflict: string;
      readonly message: string;
    }
    const otherMetric = {
      ...installed(CIDR, ['203.0.113.99'], 'foreign'),
      description: 'metric 1',
    };
    const cases: readonly Case[] = [
      {
        title: 'a foreign route at the prefix, whatever its metric',
        scene: { routes: [otherMetric] },
        conflict: `foreign ${CIDR}`,
        message: `the upstream holds ${CIDR} (metric 1), and it is not ours`,
      },
      {
        title: 'a foreign blackhole at the prefix',
        scene: { routes: [installed(CIDR, [], 'foreign')] },
        conflict: `foreign ${CIDR}`,
        message: 'it is not ours',
      },
      {
        title: 'a foreign route at the prefix with our own next hop',
        scene: { routes: [installed(CIDR, ['203.0.113.10'], 'foreign')] },
        conflict: `foreign ${CIDR}`,
        message: 'it is not ours',
      },
      {
        title: 'a connected network at the prefix',
        scene: { addresses: [['10.1.0.1', CIDR]] },
        conflict: `connected ${CIDR}`,
        message: `${CIDR} overlaps ${CIDR}, which the upstream is connected to as 10.1.0.1`,
      },
      {
        title: 'a connected network around the prefix',
        scene: { addresses: [['10.1.255.1', '10.1.0.0/16']] },
        conflict: `connected ${CIDR}`,
        message: 'overlaps 10.1.0.0/16',
      },
      {
        title: 'a loopback address of the upstream inside the prefix',
        scene: { addresses: [['10.1.0.7', '10.1.0.7/32']] },
        conflict: `connected ${CIDR}`,
        message: 'as 10.1.0.7',
      },
      {
        title: 'a next hop that is the upstream’s own address',
        scene: { addresses: [['203.0.113.10', '203.0.113.0/24']] },
        conflict: `next-hop-is-upstream ${CIDR}`,
        message: '203.0.113.10 is an address of the upstream itself',
      },
      {
        title: 'a less specific foreign route, if policy says refuse',
        scene: {
          routes: [installed('10.1.0.0/16', ['192.0.2.1'], 'foreign')],
          foreignCovering: 'refuse',
        },
        conflict: `foreign-covering ${CIDR}`,
        message: `the upstream holds 10.1.0.0/16 (proto 4 metric 50) around ${CIDR}, and it is not ours`,
      },
      {
        title: 'a more specific foreign route, if policy says refuse',
        scene: {
          routes: [installed('10.1.0.128/25', ['192.0.2.1'], 'foreign')],
          foreignOverlap: 'refuse',
        },
        conflict: `foreign-overlap ${CIDR}`,
        message: `the upstream holds 10.1.0.128/25 (proto 4 metric 50) inside ${CIDR}, and it is not ours`,
      },
    ];
    for (const { title, scene, conflict, message } of cases) {
      it(`stop at ${title}`, () => {
        const desired = desiredIn({ routers: [ROUTER], ...scene });

        expect(routesOf(desired)).to.deep.equal([]);
        expect(conflictsOf(desired)).to.deep.equal([conflict]);
        expect(desired.conflicts[0]?.message).to.contain(message);
        expect(desired.conflicts[0]?.origin.map(({ router }) => router)).to.deep.equal(['a']);
      });
    }

    it('name the same one of several foreign routes, whatever order they come in', () => {
      const routes = ['metric 9', 'metric 1'].map((description) => ({
        ...installed(CIDR, ['203.0.113.99'], 'foreign'),
        description,
      }));

      for (const order of [routes, routes.toReversed()]) {
        const [conflict] = desiredIn({ routers: [ROUTER], routes: order }).conflicts;

        expect(conflict?.message).to.contain('(metric 1)');
      }
    });

    it('do not count a less specific foreign route, by default', () => {
      const routes = ['0.0.0.0/0', '10.0.0.0/8'].map((each) =>
        installed(each, ['192.0.2.1'], 'foreign'),
      );

      const desired = desiredIn({ routers: [ROUTER], routes, foreignOverlap: 'refuse' });

      expect(routesOf(desired)).to.deep.equal(WANTED);
      expect(desired.warnings).to.deep.equal([]);
    });

    it('only warn of a more specific foreign route, by default', () => {
      const inner = installed('10.1.0.128/25', ['192.0.2.1'], 'foreign');

      const desired = desiredIn({ routers: [ROUTER], routes: [inner] });

      expect(routesOf(desired)).to.deep.equal(WANTED);
      expect(desired.warnings.map(({ code, prefix }) => [code, prefix.text])).to.deep.equal([
        ['foreign-overlap', CIDR],
      ]);
    });

    const COVERING = installed('10.1.0.0/16', ['192.0.2.1'], 'foreign');

    it('only warn of a less specific foreign route, if policy says so', () => {
      const desired = desiredIn({
        routers: [ROUTER],
        routes: [COVERING, installed('10.1.0.128/25', ['192.0.2.1'], 'foreign')],
        foreignCovering: 'warn',
      });

      expect(routesOf(desired)).to.deep.equal(WANTED);
      expect(desired.warnings).to.deep.equal([
        {
          code: 'foreign-overlap',
          prefix: parsePrefix(CIDR),
          message: `the upstream holds 10.1.0.128/25 (proto 4 metric 50) inside ${CIDR}, and it is not ours`,
        },
        {
          code: 'foreign-covering',
          prefix: parsePrefix(CIDR),
          message: `the upstream holds 10.1.0.0/16 (proto 4 metric 50) around ${CIDR}, and it is not ours`,
        },
      ]);
    });

    const normal: readonly (readonly [string, InstalledRoute])[] = [
      ['a default route', installed('0.0.0.0/0', ['192.0.2.1'], 'foreign')],
      ['a route that discards', { ...installed('10.0.0.0/8', [], 'foreign'), discards: true }],
      ['what the kernel derives from an address', { ...COVERING, kind: 'connected' }],
      ['a route of ours', installed('10.1.0.0/16', ['203.0.113.10'])],
      ['a route beside it', installed('10.2.0.0/16', ['192.0.2.1'], 'foreign')],
    ];
    for (const [title, route] of normal) {
      it(`never count ${title} as a less specific foreign route`, () => {
        for (const foreignCovering of ['warn', 'refuse'] as const) {
          const desired = desiredIn({ routers: [ROUTER], routes: [route], foreignCovering });

          expect([desired.conflicts, desired.warnings]).to.deep.equal([[], []]);
        }
      });
    }

    it('do not count what the kernel derives from an address as a foreign route inside', () => {
      const inner = installed('10.1.0.128/25', [], 'foreign');

      const desired = desiredIn({ routers: [ROUTER], routes: [{ ...inner, kind: 'connected' }] });

      expect(desired.warnings).to.deep.equal([]);
    });

    it('take the next address where only one of a leg is the upstream itself', () => {
      const router = { ...ROUTER, gateways: [['203.0.113.10', '203.0.113.11']] };

      const desired = desiredIn({
        routers: [router],
        addresses: [['203.0.113.10', '203.0.113.0/24']],
      });

      expect(routesOf(desired)).to.deep.equal([`${CIDR} via 203.0.113.11`]);
    });

    for (const [code, foreign] of [
      ['foreign', CIDR],
      ['foreign-overlap', '10.1.0.128/25'],
      ['foreign-covering', '10.1.0.0/16'],
    ] as const) {
      it(`keep our installed route when one appears beside it: ${code} is reported`, () => {
        const desired = desiredIn({
          routers: [ROUTER],
          routes: [OURS, installed(foreign, ['203.0.113.99'], 'foreign')],
          foreignOverlap: 'refuse',
          foreignCovering: 'refuse',
        });

        expect(routesOf(desired)).to.deep.equal(WANTED);
        expect(conflictsOf(desired)).to.deep.equal([`${code} ${CIDR}`]);
      });
    }

    it('give up our installed route when the upstream itself is connected to its prefix', () => {
      const desired = desiredIn({
        routers: [ROUTER],
        routes: [OURS],
        addresses: [['10.1.0.1', CIDR]],
      });

      expect(routesOf(desired)).to.deep.equal([]);
    });
  });

  describe('incumbents', () => {
    const older: RouterSketch = {
      id: 'older',
      gateways: [['203.0.113.10']],
      subnets: [{ cidr: CIDR, createdAt: '2026-01-01' }],
    };
    const younger: RouterSketch = {
      id: 'younger',
      gateways: [['203.0.113.11']],
      subnets: [{ cidr: CIDR, createdAt: '2026-02-01' }],
    };
    const viaYounger = installed(CIDR, ['203.0.113.11']);

    const cases: readonly (readonly [string, Omit<Scene, 'routers'>, string])[] = [
      ['the older router where nothing is installed', {}, '203.0.113.10'],
      ['the router whose next hop is installed', { routes: [viaYounger] }, '203.0.113.11'],
      [
        'the ledger’s router, whatever next hop is installed',
        { routes: [viaYounger], ledger: { [CIDR]: 'older' } },
        '203.0.113.10',
      ],
      [
        'the ledger’s router although the other is older',
        { routes: [viaYounger], ledger: { [CIDR]: 'younger' } },
        '203.0.113.11',
      ],
      [
        'the older router where the ledger names one that is gone',
        { routes: [viaYounger], ledger: { [CIDR]: 'gone' } },
        '203.0.113.10',
      ],
    ];
    for (const [title, scene, nextHop] of cases) {
      it(`prefer ${title}`, () => {
        for (const routers of [
          [older, younger],
          [younger, older],
        ]) {
          const desired = desiredIn({ routers, ...scene });

          expect(routesOf(desired)).to.deep.equal([`${CIDR} via ${nextHop}`]);
          expect(conflictsOf(desired)).to.deep.equal([`duplicate ${CIDR}`]);
        }
      });
    }

    it('stay over runs although an older claimant comes later', () => {
      const first = desiredIn({ routers: [younger] });
      const routes = first.routes.map(({ prefix, nextHops }) => ({ ...OURS, prefix, nextHops }));

      const second = desiredIn({ routers: [older, younger], routes });

      expect(routesOf(second)).to.deep.equal(routesOf(first));
    });

    it('stay when a prefix around or inside the installed one comes later', () => {
      const outer = { ...older, subnets: [{ cidr: '10.1.0.0/16', createdAt: '2025-01-01' }] };

      const desired = desiredIn({ routers: [outer, younger], routes: [viaYounger] });

      expect(routesOf(desired)).to.deep.equal([`${CIDR} via 203.0.113.11`]);
      expect(conflictsOf(desired)).to.deep.equal(['overlap 10.1.0.0/16']);
    });

    it('hand over when they are no longer eligible', () => {
      const desired = desiredIn({
        routers: [older, { ...younger, adminStateUp: false }],
        routes: [viaYounger],
        ledger: { [CIDR]: 'younger' },
      });

      expect(routesOf(desired)).to.deep.equal([`${CIDR} via 203.0.113.10`]);
    });
  });

  describe('several next hops', () => {
    const router = { ...ROUTER, gateways: [['203.0.113.10', '203.0.113.9', '2001:db8:100::9']] };

    it('leave the lowest one without ECMP', () => {
      expect(routesOf(desiredIn({ routers: [router] }))).to.deep.equal([`${CIDR} via 203.0.113.9`]);
    });

    it('leave the installed one while it is valid', () => {
      const routes = [OURS];

      expect(routesOf(desiredIn({ routers: [router], routes }))).to.deep.equal(WANTED);
    });

    it('leave the lowest one when the installed one is no longer valid', () => {
      const routes = [installed(CIDR, ['203.0.113.55'])];

      const desired = desiredIn({ routers: [router], routes });

      expect(routesOf(desired)).to.deep.equal([`${CIDR} via 203.0.113.9`]);
    });

    it('leave the same one of several installed routes, whatever their order', () => {
      const routes = ['203.0.113.10', '203.0.113.9'].map((hop) => installed(CIDR, [hop]));

      for (const order of [routes, routes.toReversed()]) {
        const desired = desiredIn({ routers: [router], routes: order });

        expect(routesOf(desired)).to.deep.equal([`${CIDR} via 203.0.113.9`]);
      }
    });

    it('are all wanted with ECMP, sorted', () => {
      expect(routesOf(desiredIn({ routers: [router], ecmp: true }))).to.deep.equal([
        `${CIDR} via 203.0.113.9 203.0.113.10`,
      ]);
    });

    it('of two routers on one subnet are wanted together with ECMP, with both origins', () => {
      const subnet = { id: 'shared', cidr: CIDR };
      const other = {
        id: 'b',
        gateways: [['203.0.113.8']],
        subnets: [{ ...subnet, address: '10.1.0.2' }],
      };

      const desired = desiredIn({ routers: [{ ...ROUTER, subnets: [subnet] }, other], ecmp: true });

      expect(routesOf(desired)).to.deep.equal([`${CIDR} via 203.0.113.8 203.0.113.10`]);
      expect(desired.routes[0]?.origin.map((each) => each.router)).to.deep.equal(['b', 'a']);
      expect(desired.conflicts).to.deep.equal([]);
    });
  });

  describe('floating IPs', () => {
    const floating: RouterSketch = { id: 'a', gateways: [['203.0.113.10']] };
    const snapshot = cloudOf([floating], {
      floatingIps: [
        {
          id: 'f',
          address: parseAddress('203.0.113.77'),
          networkId: PUBLIC,
          routerId: 'a',
          projectId: 'p',
        },
      ],
    });
    const desiredWith = (addresses: Scene['addresses']): Desired =>
      desiredFor({
        upstream: { name: 'edge1', networkIds: new Set([PUBLIC]), devices: new Map() },
        candidates: judged(snapshot, policyOf({ floatingIps: true })),
        state: stateOf([], addresses),
        ledger: new Map(),
        policy: policyOf(),
      });

    it('are host routes where the upstream is not connected to their network', () => {
      const desired = desiredWith([['192.0.2.1', '192.0.2.0/24']]);

      expect(routesOf(desired)).to.deep.equal(['203.0.113.77/32 via 203.0.113.10']);
    });

    it('need no route where it is, and that is no conflict', () => {
      const desired = desiredWith([['203.0.113.1', '203.0.113.0/24']]);

      expect(routesOf(desired)).to.deep.equal([]);
      expect(desired.conflicts).to.deep.equal([]);
      expect(desired.unneeded.map(({ text }) => text)).to.deep.equal(['203.0.113.77/32']);
    });
  });
});
