/** The peer: a real BIRD with a file of static routes, which it exports to the kernel of a namespace. */
import { writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { type BirdDaemon, makeBird, whyNoBird } from '../test/kernel/bird-daemon.ts';
import { flushRoutes } from './namespace.ts';
import { openRouteMonitor, openRoutingTable, type RoutingTable } from './routing-table.ts';

export { whyNoBird };

/** One route that BIRD is told of: `10.1.0.0/28`, `172.16.0.2`. */
export interface StaticRoute {
  readonly prefix: string;
  readonly via: string;
}

/** Each gives milliseconds from the start of `birdc configure`; the files are written before. */
export interface BirdAlone {
  /** Until the kernel has every route. */
  readonly push: (routes: readonly StaticRoute[]) => Promise<number>;
  /** The same file again: until BIRD answers and says that nothing is under way. */
  readonly noOp: () => Promise<number>;
  /** Until the kernel has told each change. */
  readonly change: (routes: readonly StaticRoute[]) => Promise<number>;
  /** Takes all routes away again. */
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** RTPROT_BIRD. */
const BIRD = '12';
const CONFIGURATION = `
router id 192.0.2.1;
protocol device { scan time 3600; }
protocol kernel { ipv4 { export all; import none; }; scan time 3600; }
protocol kernel { ipv6 { export all; import none; }; scan time 3600; }
protocol static four { ipv4;
include "FILE4";
}
protocol static six { ipv6;
include "FILE6";
}
`;

export async function startBirdAlone(netns: string): Promise<BirdAlone> {
  const daemon = makeBird(netns, CONFIGURATION);
  await daemon.start();
  const table = await openRoutingTable(netns);
  let current: readonly StaticRoute[] = [];
  const write = async (routes: readonly StaticRoute[]): Promise<void> => {
    current = routes;
    await writeFile(daemon.places.file4, linesOf(routes, 4));
    await writeFile(daemon.places.file6, linesOf(routes, 6));
  };
  return {
    push: async (routes) => {
      await write(routes);
      return timed(async () => {
        await configure(daemon);
        await table.reaches(routes.length);
      });
    },
    noOp: async () => timed(async () => configureFully(daemon)),
    change: async (routes) => {
      const events = eventsBetween(current, routes);
      await write(routes);
      return timeChange(daemon, { netns, table, routes, events });
    },
    clear: async () => {
      await write([]);
      await configureFully(daemon);
      await table.reaches(0);
    },
    close: async () => {
      await table.close();
      await daemon.close();
      await flushRoutes([netns], BIRD);
    },
  };
}

interface Change {
  readonly netns: string;
  readonly table: RoutingTable;
  readonly routes: readonly StaticRoute[];
  readonly events: ReadonlySet<string>;
}

async function timeChange(
  daemon: BirdDaemon,
  { netns, table, routes, events }: Change,
): Promise<number> {
  const monitor = await openRouteMonitor(netns);
  try {
    return await timed(async () => {
      const told = monitor.told(events);
      await configure(daemon);
      await told;
    });
  } finally {
    await monitor.close();
    await table.reaches(routes.length);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function configure({ places }: BirdDaemon): Promise<void> {
  const { stdout } = await execa('birdc', ['-s', places.socket, 'configure']);
  if (!/^Reconfigur/m.test(stdout)) {
    throw new Error(`BIRD does not take its files: ${stdout}`);
  }
}

async function configureFully(daemon: BirdDaemon): Promise<void> {
  await configure(daemon);
  while (
    !/up and running/.test(
      (await execa('birdc', ['-s', daemon.places.socket, 'show', 'status'])).stdout,
    )
  ) {
    // It answers as soon as it has time to.
  }
}

function linesOf(routes: readonly StaticRoute[], family: 4 | 6): string {
  return routes
    .filter(({ prefix }) => prefix.includes(':') === (family === 6))
    .map(({ prefix, via }) => `route ${prefix} via ${via};\n`)
    .join('');
}

/** What `ip monitor` will tell, as eventOf of routing-table.ts has it. */
export function eventsBetween(
  before: readonly StaticRoute[],
  after: readonly StaticRoute[],
): ReadonlySet<string> {
  const known = new Map(before.map(({ prefix, via }) => [prefix, via]));
  const wanted = new Set(after.map(({ prefix }) => prefix));
  return new Set([
    ...after.flatMap(({ prefix, via }) => (known.get(prefix) === via ? [] : [`${prefix} ${via}`])),
    ...before.flatMap(({ prefix }) => (wanted.has(prefix) ? [] : [`gone ${prefix}`])),
  ]);
}
