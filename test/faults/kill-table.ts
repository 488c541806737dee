/** The routing table that killed processes write to: a namespace of the real kernel, or a router in memory. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { memoryRouter } from '../../src/demo/memory-router.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { ask } from '../cli/fake-ip.ts';
import { makeNamespace, whyNoNamespace } from '../kernel/namespace.ts';

/** All routes, as JSON rows of `ip`. */
export interface Listing {
  /** `PREFIX via ADDRESS`, sorted. */
  readonly ours: readonly string[];
  /** Every other route with all its attributes, sorted. */
  readonly foreign: readonly string[];
}

export interface KillTable {
  /** What `via.netns` of the upstream must say. */
  readonly netns: string;
  readonly add: (routes: readonly string[]) => Promise<void>;
  readonly list: () => Promise<Listing>;
  /** Puts our routes (`PREFIX via ADDRESS`) back to these; foreign ones are left alone. */
  readonly restore: (ours: readonly string[]) => Promise<void>;
  /** From here on, every change of a route that is not ours counts as touched. */
  readonly watch: () => Promise<void>;
  /** As the kernel told them one by one. */
  readonly touched: () => readonly string[];
  readonly close: () => Promise<void>;
}

interface Row {
  readonly dst: string;
  readonly protocol?: string;
  readonly metric?: number;
  readonly gateway?: string;
  /** Of a route with several, as the kernel shows two IPv6 routes to one prefix. */
  readonly nexthops?: readonly { readonly gateway: string }[];
}

export const HAS_KERNEL = whyNoNamespace() === undefined;

const OUR_MARK = 'proto 201 metric 1024';
const SHOW = ['-N', '-details', '-json'] as const;

function isOurs({ protocol, metric }: Row): boolean {
  return protocol === '201' && metric === 1024;
}

function listingOf(rows: readonly Row[]): Listing {
  const texts = ({ dst, gateway = '', nexthops = [{ gateway }] }: Row): readonly string[] =>
    nexthops.map((hop) => `${dst} via ${hop.gateway}`);
  const foreign = rows.filter((row) => !isOurs(row) && !row.dst.startsWith('fe80:'));
  return {
    ours: rows.filter(isOurs).flatMap(texts).sort(),
    foreign: foreign.map((row) => JSON.stringify(row)).sort(),
  };
}

/** A namespace with a monitor that sees every change, also one that is undone at once. */
export function kernelTable(): KillTable {
  const namespace = makeNamespace();
  const monitor = spawn('ip', ['-n', namespace.name, '-N', 'monitor', 'route'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let events = '';
  monitor.stdout.setEncoding('utf8').on('data', (text: string) => {
    events += text;
  });
  const list = async (): Promise<Listing> => {
    const show = (family: string): readonly Row[] =>
      JSON.parse(namespace.ip(...SHOW, family, 'route', 'show', 'table', 'main')) as readonly Row[];
    return listingOf([...show('-4'), ...show('-6')]);
  };
  const lines = (verb: string, routes: readonly string[]): readonly string[] =>
    routes.map((route) => `route ${verb} ${route} ${OUR_MARK}\n`);
  return {
    netns: namespace.name,
    add: async (routes) => {
      routes.forEach((route) => namespace.ip('route', 'add', ...route.split(' ')));
    },
    list,
    restore: async (wanted) => {
      const { ours } = await list();
      const surplus = lines(
        'del',
        ours.filter((route) => !wanted.includes(route)),
      );
      const missing = lines(
        'add',
        wanted.filter((route) => !ours.includes(route)),
      );
      const input = [...surplus, ...missing].join('');
      execFileSync('ip', ['-n', namespace.name, '-batch', '-'], { input, stdio: 'pipe' });
    },
    touched: () =>
      events
        .split('\n')
        .slice(0, -1)
        // What begins with a space belongs to the line before.
        .filter((line) => !line.includes(OUR_MARK) && !/^\s|fe80::|ff00::/.test(line)),
    watch: async () => {
      // What came before is on its way through the pipe.
      await sleep(100);
      events = '';
    },
    close: async () => {
      const ended = once(monitor, 'exit');
      monitor.kill();
      await ended;
      namespace.close();
    },
  };
}

/** The same interfaces in memory, under the name that `routers` knows. */
export function memoryTable(routers: Map<string, Transport>): KillTable {
  const netns = 'edge1';
  const interfaces = [
    { device: 'd0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
    { device: 'd1', addresses: ['198.51.100.1/24'] },
  ];
  const foreign: string[] = [];
  const build = async (ours: readonly string[]): Promise<Transport> => {
    const router = { ...memoryRouter({ interfaces }), target: 'memory' };
    for (const route of [...foreign, ...ours.map((line) => `${line} ${OUR_MARK}`)]) {
      await ask(router, ['ip', 'route', 'add', ...route.split(' ')]);
    }
    routers.set(netns, router);
    return router;
  };
  let router = build([]);
  return {
    netns,
    add: async (routes) => {
      foreign.push(...routes);
      for (const route of routes) {
        await ask(await router, ['ip', 'route', 'add', ...route.split(' ')]);
      }
    },
    list: async () => {
      const rows: Row[] = [];
      for (const family of ['-4', '-6']) {
        const argv = ['ip', ...SHOW, family, 'route', 'show', 'table', 'main'] as const;
        rows.push(...(JSON.parse((await ask(await router, argv)).stdout) as readonly Row[]));
      }
      return listingOf(rows);
    },
    restore: async (ours) => {
      router = build(ours);
      await router;
    },
    watch: async () => undefined,
    touched: () => [],
    close: async () => undefined,
  };
}
