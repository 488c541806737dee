/** Network namespaces to measure in; needs root. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import { descendants } from '../test/support/sshd.ts';
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
      alive.add(name);
      await execa('ip', ['netns', 'add', name]);
      await execa('ip', ['-n', name, '-batch', '-'], { input: SETUP });
    }
    return await work(names);
  } finally {
    await endProcesses(names);
    // Emptied first: the kernel would tear the routes down in the background of whatever is measured next.
    await flushRoutes(names);
    await Promise.all(names.map(async (name) => execa('ip', ['netns', 'del', name], QUIET)));
    names.forEach((name) => alive.delete(name));
  }
}

/** For a child process: ends what it started and removes its namespaces when the bench is ended. */
export function cleanUpWhenEnded(): void {
  process.once('SIGTERM', () => {
    for (const pid of descendants(process.pid).slice(1)) {
      spawnSync('kill', ['-KILL', String(pid)], { stdio: 'ignore' });
    }
    for (const name of alive) {
      spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    }
    process.exit(1);
  });
}

/** What a child that was ended left there. */
async function endProcesses(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { stdout } = await execa('ip', ['netns', 'pids', name], QUIET);
    for (const pid of stdout.split('\n').filter((line) => line !== '')) {
      await execa('kill', ['-KILL', pid], QUIET);
    }
  }
}

/** Removes every route with that mark. */
export async function flushRoutes(names: readonly string[], proto = OURS): Promise<void> {
  for (const name of names) {
    for (const family of ['-4', '-6']) {
      await execa('ip', ['-n', name, family, 'route', 'flush', 'proto', proto], QUIET);
    }
  }
}

/** What marks our routes by default. */
const OURS = '201';
const alive = new Set<string>();
const QUIET = { reject: false } as const;

/** Without addresses that the kernel makes, and without waiting for them to be checked: both would add routes later on. */
const SETUP = [
  'link set lo up',
  'link add d0 type veth peer name d0-far',
  'link set d0 addrgenmode none',
  'link set d0-far addrgenmode none',
  'link set d0-far up',
  'link set d0 up',
  ...UPSTREAM_ADDRESSES.map(
    (address) => `address add ${address} dev d0${address.includes(':') ? ' nodad' : ''}`,
  ),
  '',
].join('\n');
