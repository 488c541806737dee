/** Real FRRs in network namespaces, and a real sshd; needs root, frr and openssh-server. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type FrrDaemon, makeFrr, whyNoFrr } from '../test/kernel/frr-daemon.ts';
import { startSshd, type TestSshd, whyNoSshd } from '../test/support/sshd.ts';
import { until } from '../test/support/until.ts';
import { whyNoNamespace, withNamespaces } from './namespace.ts';

/** RTPROT_ZSTATIC: what FRR marks its static routes with in the kernel. */
const FRR_STATIC = '196';

export interface FrrRouter {
  readonly netns: string;
  readonly daemon: FrrDaemon;
}

/** Why FRR cannot be measured here, or undefined. */
export function whyNoFrrBench(): string | undefined {
  return whyNoNamespace() ?? whyNoFrr() ?? whyNoSshd();
}

/** The second one is the first again where only one was asked for. */
type Routers = readonly [first: FrrRouter, second: FrrRouter];

/** Makes FRRs anew, each in a namespace of its own and without a route, and always ends them. */
export async function withFrrRouters<T>(
  count: 1 | 2,
  work: (routers: Routers) => Promise<T>,
): Promise<T> {
  return withNamespaces(count, async (names) => {
    const routers = names.map((netns) => ({ netns, daemon: makeFrr(netns) }));
    try {
      for (const { daemon } of routers) {
        await daemon.start('zebra');
        await daemon.start('staticd');
      }
      const [first, second = first] = routers;
      if (first === undefined || second === undefined) {
        throw new RangeError('at least one FRR is needed');
      }
      return await work([first, second]);
    } finally {
      await Promise.all(routers.map(async ({ daemon }) => daemon.close()));
    }
  });
}

/** A real sshd before the FRR, without the login scripts of this machine's root: their time is not ours. */
export async function withSshd<T>(
  { daemon }: FrrRouter,
  work: (sshd: TestSshd) => Promise<T>,
): Promise<T> {
  const own = `HOME=/nonexistent PATH=${daemon.bin}:/usr/sbin:/usr/bin:/sbin:/bin`;
  const sshd = await startSshd({ config: [`SetEnv ${own}`] });
  try {
    return await work(sshd);
  } finally {
    await sshd.close();
  }
}

/** Waits until the kernel holds that many static routes of FRR: nothing is measured while they are still on their way. */
export async function settled({ netns }: FrrRouter, routes: number): Promise<void> {
  await until(() => routesIn(netns) === routes);
}

function routesIn(netns: string): number {
  return ['-4', '-6']
    .map((family) => ['-n', netns, family, '-oneline', 'route', 'show', 'proto', FRR_STATIC])
    .map((args) => spawnSync('ip', args, { encoding: 'utf8', maxBuffer: 1 << 29 }).stdout)
    .reduce((sum, text) => sum + text.split('\n').length - 1, 0);
}

/** Runs `vtysh` alone, its output to nowhere. Returns milliseconds. */
export async function timeVtysh({ daemon }: FrrRouter, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(join(daemon.bin, 'vtysh'), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    throw new Error(`vtysh ${args.join(' ')} ended with ${code}`);
  }
  return performance.now() - start;
}

/** `vtysh -f` of the lines, from a file. Returns milliseconds. */
export async function timeLoad(router: FrrRouter, lines: string, dir: string): Promise<number> {
  const file = join(dir, 'peer.conf');
  await writeFile(file, lines);
  return timeVtysh(router, ['-f', file]);
}
