/** Real cycles over SSH against one simulated router, with what each of them typed there. */
import { closeUpstreams } from '../src/agent/upstream.ts';
import { parseConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import type { OpenStackClient } from '../src/openstack-client-lite/index.ts';
import type { ApplyResult } from '../src/report/report.ts';
import { type RouterServer, startRouterServer } from '../test/support/router-server.ts';
import type { Lab } from '../test/support/routers/labs.ts';
import type { Router } from '../test/support/routers/router.ts';
import { type Bench, benchOf, pushCycle } from './cycle.ts';

/** One cycle. */
export interface LabCycle {
  readonly ms: number;
  /** Lines that were entered, without the empty ones that show whether the router answers. */
  readonly lines: readonly string[];
  /** How often something was typed when the router had worked off everything before it. */
  readonly roundTrips: number;
  readonly result: ApplyResult;
}

export interface LabBench {
  readonly router: Router;
  readonly cycle: (client: OpenStackClient) => Promise<LabCycle>;
  readonly close: () => Promise<void>;
}

const SECRET = 'enable-secret';
/** What one line of a window stands for. */
const LINE_CHARACTERS = 32;
/** The smallest buffers known. */
const SMALLEST_BUFFER = 256;

/** A router that takes no more characters ahead than its session may send, in the network of the generated clouds. */
export async function openLab(
  lab: Lab,
  { dir, latencyMs }: { readonly dir: string; readonly latencyMs?: number },
): Promise<LabBench> {
  const { driver, model, config, scope, terminal } = lab;
  const router = model.boot({
    hostname: 'edge1',
    config: inNetwork(config),
    now: () => 0,
    enableSecret: SECRET,
    ...(scope.dialect !== undefined && { dialect: scope.dialect }),
  });
  const { window = 1 } = driver.session ?? {};
  const server = await startRouterServer(router, {
    pager: model.pager,
    password: SECRET,
    inputBuffer: Math.max(window * LINE_CHARACTERS, SMALLEST_BUFFER),
    latencyMs,
    ...terminal,
  });
  const bench = await benchOf(labConfig(lab, server), dir);
  return {
    router,
    cycle: async (client) => cycleOf(bench, server, client),
    close: async () => {
      await closeUpstreams([bench.upstream]);
      await server.close();
    },
  };
}

async function cycleOf(
  bench: Bench,
  { terminals }: RouterServer,
  client: OpenStackClient,
): Promise<LabCycle> {
  const typed = (): readonly string[] => terminals.flatMap(({ lines }) => lines);
  const trips = (): number => terminals.reduce((sum, { roundTrips }) => sum + roundTrips(), 0);
  const before = { lines: typed().length, trips: trips() };
  const start = performance.now();
  const result = await pushCycle(bench, client);
  return {
    ms: performance.now() - start,
    lines: typed()
      .slice(before.lines)
      .filter((line) => line !== ''),
    roundTrips: trips() - before.trips,
    result,
  };
}

/** The router's interface as the external subnets of the generated clouds have it, in the notation of any OS; IOS XR with room for more routes than its default. */
function inNetwork(config: string): string {
  return config
    .replace('203.0.113.1 255.255.255.0', '172.16.0.1 255.252.0.0')
    .replace('203.0.113.1/24', '172.16.0.1/14')
    .replace('203.0.113.1 prefix-length 24', '172.16.0.1 prefix-length 14')
    .replace(/2001:db8:ffff::1/i, '2001:db8:ffff:ffff::1')
    .replace(/^router static$/m, 'router static\n maximum path ipv4 100000');
}

/** Nothing is held back, and nothing saved. */
function labConfig({ model, scope }: Lab, server: RouterServer): Config {
  const { port, user, identityFile, knownHostsFile, passwordFile } = server;
  const ssh = {
    host: '127.0.0.1',
    port,
    user,
    identityFile,
    knownHostsFile,
    enableSecretFile: passwordFile,
    configFile: '/dev/null',
    agent: false,
  };
  const upstream = { name: 'edge', os: model.os, externalNetworks: ['public'], save: 'never' };
  return parseConfig(
    JSON.stringify({
      owner: 'bench',
      cloud: { natModel: 'ovn' },
      policy: { mode: 'sync', allow: [{ prefix: '10.0.0.0/8' }, { prefix: '2001:db8::/32' }] },
      guard: {
        maxRemovals: { count: 10_000_000, percent: 100 },
        maxReplaces: { count: 10_000_000, percent: 100 },
      },
      removal: { snapshots: 1, graceSeconds: 0 },
      upstreams: [{ ...upstream, ...scope, via: { ssh } }],
    }),
    'the configuration of the bench',
  );
}
