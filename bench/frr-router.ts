/** Two real FRRs in network namespaces, the first one behind a real sshd; needs root, frr and openssh-server. */
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

export interface FrrPair {
  /** For the cycles, over SSH. */
  readonly ours: FrrRouter;
  /** For `vtysh` alone, on this machine. */
  readonly peer: FrrRouter;
  readonly sshd: TestSshd;
}

export interface FrrRouter {
  readonly netns: string;
  readonly daemon: FrrDaemon;
}

/** Why FRR cannot be measured here, or undefined. */
export function whyNoFrrBench(): string | undefined {
  return whyNoNamespace() ?? whyNoFrr() ?? whyNoSshd();
}

/** Makes the pair anew, without a route, and always ends it. */
export async function withFrrPair<T>(work: (pair: FrrPair) => Promise<T>): Promise<T> {
  return withNamespaces(2, async ([first = '', second = '']) => {
    const ours = { netns: first, daemon: makeFrr(first) };
    const peer = { netns: second, daemon: makeFrr(second) };
    try {
      for (const { daemon } of [ours, peer]) {
        await daemon.start('zebra');
        await daemon.start('staticd');
      }
      // Without the login scripts of this machine's root, whose time is not ours.
      const own = `HOME=/nonexistent PATH=${ours.daemon.bin}:/usr/sbin:/usr/bin:/sbin:/bin`;
      const sshd = await startSshd({ config: [`SetEnv ${own}`] });
      try {
        return await work({ ours, peer, sshd });
      } finally {
        await sshd.close();
      }
    } finally {
      await ours.daemon.close();
      await peer.daemon.close();
    }
  });
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
