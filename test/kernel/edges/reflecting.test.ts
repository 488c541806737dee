/** The edge as the only router that route-sync writes to: FRR and BIRD hand the routes on to others by BGP; needs root. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { desired } from '../../drivers/routes.ts';
import { whyNoSshd } from '../../support/sshd.ts';
import { until } from '../../support/until.ts';
import { whyNoBird } from '../bird-daemon.ts';
import { whyNoFrr } from '../frr-daemon.ts';
import { makeNamespace, type TestNamespace, whyNoNamespace } from '../namespace.ts';
import {
  type BgpRouter,
  birdRouter,
  EDGE_AS,
  frrRouter,
  type Link,
  linkOf,
  reaches,
} from './bgp-router.ts';
import { bring, manyRoutes } from './edge-rounds.ts';
import { BLOCKS, birdEdge, type DaemonEdge, frrEdge } from './edges.ts';

const LINKS = [linkOf(0, EDGE_AS), linkOf(1, EDGE_AS), linkOf(2, 64_501)];

/** As in docs/route-reflecting-edge.md. */
function frrConfiguration(tag: number): string {
  const neighbours = LINKS.flatMap(({ as, router }) => [
    ` neighbor ${router.ipv4} remote-as ${as}`,
    ` neighbor ${router.ipv6} remote-as ${as}`,
  ]);
  return [
    `router bgp ${EDGE_AS}`,
    ' bgp router-id 192.0.2.1',
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ...neighbours,
    ...(['ipv4', 'ipv6'] as const).flatMap((family) => [
      ` address-family ${family} unicast`,
      '  redistribute static route-map ROUTE-SYNC',
      ...LINKS.flatMap(({ as, router }) => [
        `  neighbor ${router[family]} activate`,
        `  neighbor ${router[family]} next-hop-self`,
        ...(as === EDGE_AS ? [`  neighbor ${router[family]} route-reflector-client`] : []),
      ]),
      ' exit-address-family',
    ]),
    'exit',
    'route-map ROUTE-SYNC permit 10',
    ` match tag ${tag}`,
    'exit',
  ].join('\n');
}

function birdConfiguration(): string {
  const session = ({ number, as, edge, router }: Link, family: 'ipv4' | 'ipv6'): string => `
protocol bgp r${number}_${family} {
  local ${edge[family]} as ${EDGE_AS};
  neighbor ${router[family]} as ${as};
  error wait time 1, 5;
  ${as === EDGE_AS ? 'rr client;' : ''}
  ${family} { import none; next hop self; export where proto = "${BLOCKS[family === 'ipv4' ? 0 : 1]}"; };
}`;
  return LINKS.flatMap((link) => [session(link, 'ipv4'), session(link, 'ipv6')]).join('\n');
}

const EDGES = {
  frr: {
    make: async () => frrEdge('/bin/sh'),
    configuration: ({ upstream: { scope } }: DaemonEdge) =>
      frrConfiguration('mark' in scope ? scope.mark.tag : 0),
  },
  bird: { make: birdEdge, configuration: birdConfiguration },
};

describe('an edge that reflects', function suite() {
  this.timeout(300_000);

  before(() => {
    const reason = whyNoNamespace() ?? whyNoSshd() ?? whyNoFrr() ?? whyNoBird();
    if (reason !== undefined) {
      throw new Error(reason);
    }
  });

  for (const [os, { make, configuration }] of Object.entries(EDGES)) {
    describe(os, () => {
      let edge: DaemonEdge;
      let routers: BgpRouter[];

      beforeEach(async () => {
        edge = await make();
        routers = [];
        const [second, third, fourth] = LINKS as [Link, Link, Link];
        routers.push(await frrRouter(edge.namespace, second));
        routers.push(await birdRouter(edge.namespace, third));
        routers.push(await frrRouter(edge.namespace, fourth));
        await edge.configure(configuration(edge));
      });

      afterEach(async () => {
        for (const router of routers) {
          await router.close();
        }
        await edge.close();
      });

      async function allLearn(prefixes: readonly string[]): Promise<void> {
        const wanted = prefixes.toSorted();
        for (const router of routers) {
          await until(() => String([...router.learned().keys()].sort()) === String(wanted));
        }
      }

      it('announces what is pushed and nothing else, with itself as next hop, and withdraws what is removed', async () => {
        const first = desired('10.1.0.0/24', '192.0.2.2');
        const others = [
          desired('10.2.0.0/24', '192.0.2.2', '192.0.2.3'),
          desired('2001:db8:1::/64', '2001:db8::2'),
        ];

        await bring(edge.upstream, [first, ...others]);
        await allLearn(['10.1.0.0/24', '10.2.0.0/24', '2001:db8:1::/64']);
        for (const router of routers) {
          const edgeAddresses = edge.namespace.ip(
            'address',
            'show',
            'dev',
            `r${router.link.number}`,
          );
          for (const hop of router.learned().values()) {
            expect(edgeAddresses).to.contain(` ${hop}/`);
          }
        }

        await bring(edge.upstream, others);
        await allLearn(['10.2.0.0/24', '2001:db8:1::/64']);
      });

      it('forwards packets of the other routers to the next hop', async () => {
        const tenant = moveTenantOut(edge.namespace);
        try {
          await bring(edge.upstream, [desired('10.1.0.0/24', '192.0.2.2')]);
          await allLearn(['10.1.0.0/24']);
          const [, bird] = routers as [BgpRouter, BgpRouter];
          await until(() => bird.namespace.ip('route', 'show', '10.1.0.0/24') !== '');

          expect(reaches(bird.namespace, '10.1.0.1')).to.equal(true);
          expect(reaches(bird.namespace, '10.2.0.1')).to.equal(false);
        } finally {
          tenant.close();
        }
      });

      it('carries 10,000 routes, and the removal of all', async () => {
        const wanted = manyRoutes(10_000);

        await bring(edge.upstream, wanted);
        await allLearn(wanted.map(({ prefix }) => prefix.text));
        await bring(edge.upstream, []);
        await allLearn([]);
      });
    });
  }
});

/** The router behind the external network, 192.0.2.2, with a tenant's address 10.1.0.1. */
function moveTenantOut(edge: TestNamespace): TestNamespace {
  const tenant = makeNamespace();
  tenant.ip('link', 'del', 'd0');
  edge.ip('link', 'set', 'd0-far', 'netns', tenant.name);
  tenant.ip('link', 'set', 'd0-far', 'up');
  tenant.ip('address', 'add', '192.0.2.2/24', 'dev', 'd0-far');
  tenant.ip('address', 'add', '10.1.0.1/32', 'dev', 'lo');
  tenant.ip('route', 'add', 'default', 'via', '192.0.2.1');
  execFileSync('ip', ['netns', 'exec', edge.name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  return tenant;
}
