/** Two agents with one owner as processes of their own, one upstream in a real namespace, and a record of who wrote what. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { execa } from 'execa';

import { type CloudServer, startCloud } from '../../src/demo/cloud.ts';
import { smallCloud, type SmallCloud } from '../cli/small-cloud.ts';
import { makeNamespace, type TestNamespace } from '../kernel/namespace.ts';
import { removeRouter } from '../support/remove-router.ts';
import { until } from '../support/until.ts';
import { type EtcdCluster, openWay, type Way } from './etcd-cluster.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

export const LEASE_SECONDS = 3;

/** Logs each batch of one agent; with a file `hold` beside it, waits until that is gone. Programs get no environment. */
function wrapperFor(agent: string, batches: string, realIp: string): string {
  return `#!/bin/sh
case "$*" in
  *-batch*)
    cat > "${batches}.${agent}"
    sed "s/^/${agent} /" "${batches}.${agent}" >> "${batches}"
    echo "${agent} ." >> "${batches}"
    while [ -e "${batches}.hold-${agent}" ]; do sleep 0.05; done
    exec "${realIp}" "$@" < "${batches}.${agent}"
    ;;
esac
exec "${realIp}" "$@"
`;
}

interface Said {
  readonly status: number;
  /** stdout and stderr. */
  readonly said: string;
}

export interface Agent {
  readonly name: string;
  readonly ways: readonly Way[];
  /** Its log so far: one object a line. */
  readonly log: () => string;
  readonly start: () => void;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Runs another command where this agent runs. */
  readonly run: (...args: readonly string[]) => Promise<Said>;
  /** Resolves when the process has ended. */
  readonly ended: () => Promise<void>;
  /** Whether it says that it leads now. */
  readonly leads: () => boolean;
  /** The lines that it sent to `ip -batch`. */
  readonly written: () => readonly string[];
  /** Its batches wait before they start, or go on. */
  readonly hold: (isHeld: boolean) => void;
}

export interface Pair {
  readonly cloud: SmallCloud;
  readonly namespace: TestNamespace;
  readonly agents: readonly [Agent, Agent];
  /** Our prefixes that are installed, sorted. */
  readonly routes: () => readonly string[];
  readonly leader: () => Promise<Agent>;
  readonly other: (agent: Agent) => Agent;
  readonly close: () => Promise<void>;
}

export async function openPair(folder: string, cluster: EtcdCluster): Promise<Pair> {
  const small = haCloud();
  const server = await startCloud(small.cloud);
  const namespace = makeNamespace();
  const place = { folder, server, namespace };
  const agents = [
    await openAgent('a', { ...place, cluster }),
    await openAgent('b', { ...place, cluster }),
  ] as const;
  const leader = async (): Promise<Agent> => {
    let found: Agent | undefined;
    await until(() => {
      found = agents.find((agent) => agent.leads());
      return found !== undefined;
    });
    return found ?? agents[0];
  };
  return {
    cloud: small,
    namespace,
    agents,
    routes: () => ownRoutes(namespace),
    leader,
    other: (agent) => (agent === agents[0] ? agents[1] : agents[0]),
    close: async () => {
      for (const agent of agents) {
        agent.signal('SIGCONT');
        agent.signal('SIGKILL');
        await agent.ended();
        await Promise.all(agent.ways.map(async (way) => way.close()));
      }
      namespace.close();
      await server.close();
    },
  };
}

/** External network 192.0.2.0/24 and 2001:db8::/64, as the namespace is connected. */
function haCloud(): SmallCloud {
  const small = smallCloud();
  const external = small.cloud.addExternalNetwork('edge');
  small.cloud.addSubnet({ network: external, cidr: '192.0.2.0/24' });
  small.cloud.addSubnet({ network: external, cidr: '2001:db8::/64' });
  return { ...small, external };
}

/** A router of the pair's cloud with both families; the last number makes its name, addresses and prefixes. */
export function addTenant({ cloud, project, external, addSubnet }: SmallCloud, last: number): void {
  const router = cloud.addRouter({ name: `tenant-${last}`, project });
  const addresses = [`192.0.2.${last}`, `2001:db8::${last}`];
  cloud.setGateway(router, { network: external, enableSnat: false, addresses });
  addSubnet(router, `203.0.112.${(last - 10) * 16}/28`);
  addSubnet(router, `2001:db8:${last}::/64`);
}

/** The router with its interfaces; its subnets stay. */
export function removeTenant({ cloud }: SmallCloud, last: number): void {
  const router = cloud.list('routers').find(({ name }) => name === `tenant-${last}`);
  if (router === undefined) {
    throw new Error(`there is no tenant ${last}`);
  }
  removeRouter(cloud, router);
}

/** What {@link addTenant} makes the upstream hold. */
export function prefixesOf(...lasts: readonly number[]): readonly string[] {
  return lasts
    .flatMap((last) => [`203.0.112.${(last - 10) * 16}/28`, `2001:db8:${last}::/64`])
    .toSorted();
}

interface Place {
  readonly folder: string;
  readonly server: CloudServer;
  readonly namespace: TestNamespace;
  readonly cluster: EtcdCluster;
}

async function openAgent(name: string, place: Place): Promise<Agent> {
  const { server, namespace, cluster } = place;
  const home = path.join(place.folder, `agent-${name}`);
  ['bin', 'run'].forEach((dir) => mkdirSync(path.join(home, dir), { recursive: true }));
  const ways = await Promise.all(cluster.members.map(async (member) => openWay(member)));
  const config = {
    owner: 'ha',
    stateDir: path.join(home, 'state'),
    schedule: '* * * * * *',
    jitterSeconds: 0,
    server: { listen: 'off' },
    cloud: { retries: 0, requestTimeoutSeconds: 5 },
    removal: { snapshots: 1, graceSeconds: 0 },
    policy: {
      mode: 'sync',
      allow: [
        { prefix: '203.0.112.0/24', maxLength: 28 },
        { prefix: '2001:db8::/32', maxLength: 64 },
      ],
    },
    leader: { etcd: { endpoints: ways.map(({ url }) => url) }, leaseSeconds: LEASE_SECONDS },
    upstreams: [
      { name: 'edge1', os: 'linux', externalNetworks: ['edge'], via: { netns: namespace.name } },
    ],
  };
  const file = path.join(home, 'route-sync.yaml');
  writeFileSync(file, JSON.stringify(config));
  const batches = path.join(place.folder, 'batches');
  const searchPath = process.env['PATH'] ?? '';
  const realIp = searchPath
    .split(':')
    .map((dir) => path.join(dir, 'ip'))
    .find((each) => existsSync(each));
  const wrapper = wrapperFor(name, batches, realIp ?? 'ip');
  writeFileSync(path.join(home, 'bin', 'ip'), wrapper, { mode: 0o755 });
  const env = {
    ...server.env,
    PATH: `${path.join(home, 'bin')}:${searchPath}`,
    HOME: home,
    RUNTIME_DIRECTORY: path.join(home, 'run'),
    ROUTE_SYNC_LOG: 'json',
  };
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let log = '';
  return {
    name,
    ways,
    log: () => log,
    start: () => {
      child = spawn(process.execPath, [MAIN, 'run', '--config', file], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      ended = once(child, 'exit');
      log = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        log += chunk.toString();
      });
    },
    signal: (signal) => void child?.kill(signal),
    run: async (...args) => {
      const { exitCode = -1, all } = await execa(
        process.execPath,
        [MAIN, ...args, '--config', file],
        { env, extendEnv: false, reject: false, all: true },
      );
      return { status: exitCode, said: all };
    },
    ended: async () => void (await ended),
    leads: () =>
      child?.exitCode === null &&
      child.signalCode === null &&
      log.lastIndexOf('this agent leads"') > log.lastIndexOf('this agent leads no more"'),
    written: () =>
      (existsSync(batches) ? readFileSync(batches, 'utf8') : '')
        .split('\n')
        .flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(2)] : [])),
    hold: (isHeld) => {
      const mark = `${batches}.hold-${name}`;
      if (isHeld) {
        writeFileSync(mark, '');
      } else {
        rmSync(mark, { force: true });
      }
    },
  };
}

function ownRoutes(namespace: TestNamespace): readonly string[] {
  return ['-4', '-6']
    .flatMap((family) => namespace.ip(family, 'route', 'show', 'proto', '201').split('\n'))
    .flatMap((line) => {
      const [prefix = ''] = line.split(' ');
      return prefix === '' ? [] : [prefix];
    })
    .toSorted();
}
