/** The routers behind an edge: each in a namespace with one link to it, and what BGP taught them; FRR or BIRD. */
import { execFileSync } from 'node:child_process';

import { type BirdDaemon, makeBird } from '../bird-daemon.ts';
import { makeFrr } from '../frr-daemon.ts';
import { makeNamespace, type TestNamespace } from '../namespace.ts';

export const EDGE_AS = 64_500;

/** One link: the edge has the first address of each network, the router the second one. */
export interface Link {
  readonly number: number;
  readonly edge: { readonly ipv4: string; readonly ipv6: string };
  readonly router: { readonly ipv4: string; readonly ipv6: string };
  readonly as: number;
}

export interface BgpRouter {
  readonly link: Link;
  readonly namespace: TestNamespace;
  /** Prefix -> the next hop that BGP gave it. */
  learned(): ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export function linkOf(number: number, as: number): Link {
  const [ipv4, ipv6] = [`10.240.${number}.`, `2001:db8:f${number}::`];
  return {
    number,
    as,
    edge: { ipv4: `${ipv4}1`, ipv6: `${ipv6}1` },
    router: { ipv4: `${ipv4}2`, ipv6: `${ipv6}2` },
  };
}

function makeRouterNamespace(edge: TestNamespace, link: Link): TestNamespace {
  const namespace = makeNamespace();
  // It knows the external network by BGP or not at all.
  namespace.ip('link', 'del', 'd0');
  namespace.ip('link', 'del', 'd1');
  const near = `r${link.number}`;
  const far = ['peer', 'name', 'e0', 'netns', namespace.name];
  edge.ip('link', 'add', near, 'type', 'veth', ...far);
  for (const [at, device, addresses] of [
    [edge, near, link.edge],
    [namespace, 'e0', link.router],
  ] as const) {
    at.ip('link', 'set', device, 'up');
    at.ip('address', 'add', `${addresses.ipv4}/30`, 'dev', device);
    at.ip('address', 'add', `${addresses.ipv6}/126`, 'dev', device, 'nodad');
  }
  return namespace;
}

/** A router with FRR's bgpd. */
export async function frrRouter(edge: TestNamespace, link: Link): Promise<BgpRouter> {
  const namespace = makeRouterNamespace(edge, link);
  const daemon = makeFrr(namespace.name);
  await daemon.start('zebra');
  await daemon.start('bgpd');
  const neighbours = [link.edge.ipv4, link.edge.ipv6];
  daemon.load([
    `router bgp ${link.as}`,
    ` bgp router-id ${link.router.ipv4}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ...neighbours.map((address) => ` neighbor ${address} remote-as ${EDGE_AS}`),
    ...neighbours.map((address) => ` neighbor ${address} timers connect 1`),
    ...(['ipv4', 'ipv6'] as const).flatMap((family) => [
      ` address-family ${family} unicast`,
      `  neighbor ${link.edge[family]} activate`,
      ' exit-address-family',
    ]),
  ]);
  return {
    link,
    namespace,
    learned: () =>
      new Map(
        ['ipv4', 'ipv6'].flatMap((family) =>
          readFrr(daemon.vtysh(`show bgp ${family} unicast json`)),
        ),
      ),
    close: async () => {
      await daemon.close();
      namespace.close();
    },
  };
}

interface FrrTable {
  readonly routes?: Readonly<
    Record<string, readonly { readonly nexthops?: readonly { readonly ip: string }[] }[]>
  >;
}

function readFrr(text: string): readonly (readonly [string, string])[] {
  const { routes = {} } = JSON.parse(text) as FrrTable;
  return Object.entries(routes).map(([prefix, paths]) => [
    prefix,
    paths[0]?.nexthops?.[0]?.ip ?? '',
  ]);
}

/** A router with BIRD, which forwards by what it learns. */
export async function birdRouter(edge: TestNamespace, link: Link): Promise<BgpRouter> {
  const namespace = makeRouterNamespace(edge, link);
  const session = (family: 'ipv4' | 'ipv6'): string => `
protocol bgp edge_${family} {
  local ${link.router[family]} as ${link.as};
  neighbor ${link.edge[family]} as ${EDGE_AS};
  connect delay time 1;
  error wait time 1, 5;
  ${family} { import all; export none; };
}`;
  const daemon = makeBird(
    namespace.name,
    `
router id ${link.router.ipv4};
protocol device { scan time 1; }
protocol direct { ipv4; ipv6; }
protocol kernel { ipv4 { export where source = RTS_BGP; import none; }; }
protocol kernel { ipv6 { export where source = RTS_BGP; import none; }; }
${session('ipv4')}
${session('ipv6')}
`,
  );
  await daemon.start();
  return {
    link,
    namespace,
    learned: () =>
      new Map(
        [...birdRoutes(daemon, 'where', 'source', '=', 'RTS_BGP')].map(([prefix, [hop = '']]) => [
          prefix,
          hop,
        ]),
      ),
    close: async () => {
      await daemon.close();
      namespace.close();
    },
  };
}

/** What `show route` of BIRD has of the chosen routes: prefix -> next hops. */
export function birdRoutes(
  { places }: BirdDaemon,
  ...choice: readonly string[]
): ReadonlyMap<string, readonly string[]> {
  const words = ['-s', places.socket, 'show', 'route', ...choice];
  const text = execFileSync('birdc', words, { encoding: 'utf8', maxBuffer: 1 << 29 });
  const routes = new Map<string, readonly string[]>();
  let prefix = '';
  for (const line of text.split('\n')) {
    const [, start] = /^([\da-f.:]+\/\d+) /.exec(line) ?? [];
    if (start !== undefined) {
      prefix = start;
      routes.set(prefix, []);
    }
    const [, hop] = /^\tvia (\S+)/.exec(line) ?? [];
    if (hop !== undefined) {
      routes.set(prefix, [...(routes.get(prefix) ?? []), hop]);
    }
  }
  return routes;
}

/** True if a packet from there reaches the address and its answer comes back: nobody listens, and that is told. */
export function reaches({ name }: TestNamespace, address: string): boolean {
  const script = `timeout 2 bash -c '</dev/tcp/${address}/9' 2>&1; true`;
  return execFileSync('ip', ['netns', 'exec', name, 'sh', '-c', script], {
    encoding: 'utf8',
  }).includes('Connection refused');
}
