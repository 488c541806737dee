/** A network namespace that stands for an upstream router, and the routes in it. */
import { execa } from 'execa';

import type { Routes } from './expected-routes.ts';

/** Makes the namespace with these addresses on its one interface, which has a carrier but leads nowhere. */
export async function makeUpstream(name: string, addresses: readonly string[]): Promise<void> {
  await removeUpstream(name);
  await execa('ip', ['netns', 'add', name]);
  const ip = async (...args: string[]) => execa('ip', ['-n', name, ...args]);
  await ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'nowhere');
  await ip('link', 'set', 'nowhere', 'up');
  await ip('link', 'set', 'eth0', 'up');
  for (const address of addresses) {
    const noDad = address.includes(':') ? ['nodad'] : [];
    await ip('address', 'add', address, 'dev', 'eth0', ...noDad);
  }
}

/** Removes the namespace if it is there. */
export async function removeUpstream(name: string): Promise<void> {
  await execa('ip', ['netns', 'delete', name], { reject: false });
}

interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly protocol?: string;
}

/** Every route of the main table, as `ip` prints it. */
export async function kernelRoutes(name: string): Promise<readonly KernelRoute[]> {
  const tables = ['-4', '-6'].map(async (family) => {
    const args = ['-n', name, '-N', '-details', '-json', family, 'route', 'show'];
    const { stdout } = await execa('ip', args);
    return JSON.parse(stdout || '[]') as readonly KernelRoute[];
  });
  return (await Promise.all(tables)).flat();
}

/** The routes under that protocol number. */
export async function routesOf(name: string, protocol: number): Promise<Routes> {
  const routes = (await kernelRoutes(name)).filter((route) => route.protocol === String(protocol));
  return Object.fromEntries(
    routes.map(({ dst, gateway }) => {
      const host = dst.includes(':') ? '/128' : '/32';
      return [dst.includes('/') ? dst : dst + host, gateway ?? 'no gateway'];
    }),
  );
}
