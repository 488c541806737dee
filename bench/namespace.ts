/** Network namespaces to measure in; needs root. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { UPSTREAM_ADDRESSES } from './cloud.ts';

/** Why no network namespace can be made here, or undefined. */
export function whyNoNamespace(): string | undefined {
  if (spawnSync('ip', ['-V']).error !== undefined) {
    return '`ip` is missing: install iproute2';
  }
  return process.getuid?.() === 0 ? undefined : 'network namespaces need root';
}

/** Makes namespaces of names that nobody else has, each an upstream on the external network, and always removes them. */
export async function withNamespaces<T>(
  count: number,
  work: (names: readonly string[]) => Promise<T>,
): Promise<T> {
  const unique = `rs-bench-${process.pid}-${randomBytes(3).toString('hex')}`;
  const names = Array.from({ length: count }, (_, i) => `${unique}-${i}`);
  try {
    for (const name of names) {
      await execa('ip', ['netns', 'add', name]);
      await execa('ip', ['-n', name, '-batch', '-'], { input: SETUP });
    }
    return await work(names);
  } finally {
    // Emptied first: the kernel would tear the routes down in the background of whatever is measured next.
    await flushRoutes(names);
    await Promise.all(names.map(async (name) => execa('ip', ['netns', 'del', name], QUIET)));
  }
}

/** Removes everything that a bench may have written. */
export async function flushRoutes(names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const family of ['-4', '-6']) {
      await execa('ip', ['-n', name, family, 'route', 'flush', 'proto', '201'], QUIET);
    }
  }
}

const QUIET = { reject: false } as const;

const SETUP = [
  'link set lo up',
  'link add d0 type veth peer name d0-far',
  'link set d0-far up',
  'link set d0 up',
  ...UPSTREAM_ADDRESSES.map((address) => `address add ${address} dev d0`),
  '',
].join('\n');
