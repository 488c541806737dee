/** The three kinds of real edge of the kernel tests, each behind a real sshd: the kernel itself, FRR, and BIRD. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Upstream } from '../../../src/agent/upstream.ts';
import { until } from '../../support/until.ts';
import { type BirdDaemon, makeBird } from '../bird-daemon.ts';
import { type FrrDaemon, makeFrr } from '../frr-daemon.ts';
import { makeNamespace, type TestNamespace } from '../namespace.ts';
import { birdRoutes } from './bgp-router.ts';
import { frrLogin, type Login, namespaceLogin, rootLogin } from './edge-login.ts';
import { entry, kernelTable, openUpstream, type Table } from './edge-rounds.ts';

/** RTPROT_ZSTATIC of FRR, RTPROT_BIRD, and the default of route-sync. */
const PROTOCOLS = { frr: 196, bird: 12, linux: 201 } as const;
/** What route-sync makes of the owner `kernel-test`. */
export const BLOCKS = ['route-sync-kernel-test4', 'route-sync-kernel-test6'] as const;

export interface Edge {
  readonly upstream: Upstream;
  readonly namespace: TestNamespace;
  /** What the kernel forwards by, of ours. */
  fib(): Table;
  /** What the routing daemon holds of ours; of the kernel the same again. */
  rib(): Table;
  /** The routes of others, in the words of the kernel or of the daemon. */
  foreign(): readonly string[];
  close(): Promise<void>;
}

export interface DaemonEdge extends Edge {
  /** Adds configuration of the operator's to the running daemon, BGP among it. */
  configure(text: string): Promise<void>;
  /** Each way to end it in the middle of a push, and to start it again as its supervisor would. */
  readonly crashes: Readonly<Record<string, () => Promise<void>>>;
}

/** Routes of the administrator and of another program, of both families. */
export async function linuxEdge(): Promise<Edge> {
  const namespace = makeNamespace();
  namespace.ip('route', 'add', '10.99.0.0/16', 'via', '192.0.2.99', 'proto', 'static');
  namespace.ip('route', 'add', '10.100.1.0/24', 'via', '192.0.2.99', 'proto', '77', 'metric', '9');
  namespace.ip('-6', 'route', 'add', '2001:db8:99::/48', 'via', '2001:db8::99', 'proto', '77');
  const login = await namespaceLogin(namespace.name);
  const edge = await common(login, namespace, { os: 'linux' });
  const fib = (): Table => kernelTable(namespace, PROTOCOLS.linux);
  return {
    ...edge,
    fib,
    rib: fib,
    foreign: () => [...kernelTable(namespace, 4), ...kernelTable(namespace, 77)],
    close: async () => {
      await edge.upstream.transport.close();
      await login.close();
      namespace.close();
    },
  };
}

const FRR_FOREIGN = [
  'ip route 10.99.0.0/16 192.0.2.99',
  'ip route 10.98.0.0/16 192.0.2.99 tag 4712 20',
  'ip route 10.97.0.0/16 blackhole',
  'ip route 10.96.0.0/16 203.0.113.9',
  'ipv6 route 2001:db8:99::/48 2001:db8::99',
];

/** Lines without a tag or with that of another one, in the file that staticd starts with. */
export async function frrEdge(shell: '/bin/sh' | '/usr/bin/vtysh'): Promise<DaemonEdge> {
  const namespace = makeNamespace();
  const daemon = makeFrr(namespace.name);
  const startup = join(dirname(daemon.bin), 'staticd.conf');
  writeFileSync(startup, FRR_FOREIGN.map((line) => `${line}\n`).join(''));
  await daemon.start('zebra');
  await daemon.start('staticd');
  const login = await frrLogin(daemon, shell);
  const entryOf = { os: 'frr', dialect: shell === '/bin/sh' ? 'shell' : 'vtysh' };
  const edge = await common(login, namespace, entryOf);
  const tag = 'mark' in edge.upstream.scope ? edge.upstream.scope.mark.tag : 0;
  const restart = async (): Promise<void> => {
    // watchfrr starts all of them anew once zebra is gone.
    await daemon.kill('staticd');
    await daemon.kill('zebra');
    await daemon.start('zebra');
    await daemon.start('staticd');
  };
  return {
    ...edge,
    // Without our tag in the kernel, what is foreign is known by its prefix.
    fib: () =>
      kernelTable(namespace, PROTOCOLS.frr).filter(
        (line) => !/^(?:10\.9|2001:db8:99::)/.test(line),
      ),
    rib: () => ['ip', 'ipv6'].flatMap((family) => frrTable(daemon, family, tag)).sort(),
    foreign: () =>
      daemon
        .vtysh('show running-config')
        .split('\n')
        .filter((line) => /^ip(?:v6)? route /.test(line) && !line.includes(`tag ${tag}`)),
    configure: async (text) => {
      await daemon.start('bgpd');
      daemon.load(text.split('\n'));
    },
    crashes: {
      'staticd while it reads the lines': async () => {
        const before = processorTime(daemon, 'staticd');
        await until(() => processorTime(daemon, 'staticd') > before + 50);
        await daemon.kill('staticd');
        await daemon.start('staticd');
      },
      'zebra and staticd while the kernel gets its routes': async () => {
        await until(() => kernelTable(namespace, PROTOCOLS.frr).length > 1000);
        await restart();
      },
    },
    close: async () => {
      await edge.upstream.transport.close();
      await login.close();
      await daemon.close();
      namespace.close();
    },
  };
}

/** In ticks of 10 ms. */
function processorTime({ bin }: FrrDaemon, name: string): number {
  const pid = readFileSync(join(dirname(bin), `${name}.pid`), 'utf8').trim();
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

interface FrrRoute {
  readonly prefix: string;
  readonly tag?: number;
  readonly nexthops: readonly { readonly ip?: string; readonly active?: boolean }[];
}

function frrTable(daemon: FrrDaemon, family: string, tag: number): Table {
  const text = daemon.vtysh(`show ${family} route static json`);
  const routes = JSON.parse(text) as Readonly<Record<string, readonly FrrRoute[]>>;
  return Object.values(routes)
    .flat()
    .filter((route) => route.tag === tag)
    .map(({ prefix, nexthops }) =>
      entry(
        prefix,
        nexthops.flatMap(({ ip = [] }) => ip),
      ),
    );
}

const BIRD_CONFIGURATION = `
router id 192.0.2.1;
protocol device { scan time 1; }
protocol kernel { ipv4 { export where source = RTS_STATIC; import none; }; merge paths; }
protocol kernel { ipv6 { export where source = RTS_STATIC; import none; }; merge paths; }
protocol static theirs { ipv4; route 10.99.0.0/16 via 192.0.2.99; route 10.97.0.0/16 blackhole; }
protocol static theirs6 { ipv6; route 2001:db8:99::/48 via 2001:db8::99; }
protocol static '${BLOCKS[0]}' {
  ipv4;
  include "FILE4";
}
protocol static '${BLOCKS[1]}' {
  ipv6;
  include "FILE6";
}
`;

/** Two `protocol static` of somebody else beside ours. */
export async function birdEdge(): Promise<DaemonEdge> {
  const namespace = makeNamespace();
  const daemon = makeBird(namespace.name, BIRD_CONFIGURATION);
  await daemon.start();
  const login = await rootLogin();
  const edge = await common(login, namespace, { os: 'bird', bird: daemon.places });
  const restart = async (): Promise<void> => {
    await daemon.kill();
    await daemon.start();
  };
  return {
    ...edge,
    fib: () =>
      kernelTable(namespace, PROTOCOLS.bird).filter(
        (line) => !/^(?:10\.9|2001:db8:99::)/.test(line),
      ),
    rib: () => BLOCKS.flatMap((name) => birdTable(daemon, name)).sort(),
    foreign: () => ['theirs', 'theirs6'].flatMap((name) => birdTable(daemon, name)),
    configure: async (text) => {
      daemon.write(BIRD_CONFIGURATION + text);
      await until(() => daemon.birdc('configure').includes('Reconfigured'));
    },
    crashes: {
      'BIRD before it reads the files': async () => {
        await until(() => existsSync(`${daemon.places.file4}.before`));
        await restart();
      },
      'BIRD while the kernel gets its routes': async () => {
        await until(() => kernelTable(namespace, PROTOCOLS.bird).length > 1000);
        await restart();
      },
    },
    close: async () => {
      await edge.upstream.transport.close();
      await login.close();
      await daemon.close();
      namespace.close();
    },
  };
}

function birdTable(daemon: BirdDaemon, protocol: string): Table {
  const routes = birdRoutes(daemon, 'protocol', `'${protocol}'`);
  return [...routes].map(([prefix, hops]) => entry(prefix, hops));
}

async function common(login: Login, namespace: TestNamespace, upstream: object) {
  return { namespace, upstream: await openUpstream({ ...upstream, via: login.via }) };
}
