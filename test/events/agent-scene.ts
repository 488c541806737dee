/** A real agent that listens to a real RabbitMQ, a cloud over HTTP, and an upstream in a real namespace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import {
  type CloudServer,
  type Fault,
  type SeenRequest,
  startCloud,
} from '../../src/demo/cloud.ts';
import { enveloped } from '../agent/events/recorded.ts';
import { smallCloud, type SmallCloud } from '../cli/small-cloud.ts';
import { makeNamespace, type TestNamespace } from '../kernel/namespace.ts';
import type { TestRabbit } from '../support/rabbit.ts';
import { until } from '../support/until.ts';
import { urlOf } from './listening.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');

export interface AgentScene {
  readonly cloud: SmallCloud;
  readonly server: CloudServer;
  readonly namespace: TestNamespace;
  /** Asked before each answer of the cloud. */
  readonly faults: { onRequest: ((request: SeenRequest) => Fault | undefined) | undefined };
  /** Its log so far. */
  readonly log: () => string;
  /** Resolves once the cycle after the first connection is over. */
  readonly start: () => Promise<void>;
  readonly spawn: () => void;
  /** Resolves when the process has ended. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Publishes as Neutron does. */
  readonly tell: (eventType: string, payload: object) => Promise<void>;
  /** Our prefixes that are installed, sorted. */
  readonly routes: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** The cloud has the router `web` with 203.0.112.0/28; nothing of `config` is scheduled within an hour. */
export async function openAgentScene(
  folder: string,
  rabbit: TestRabbit,
  config: object = {},
): Promise<AgentScene> {
  const cloud = tenantCloud();
  const faults: AgentScene['faults'] = { onRequest: undefined };
  const server = await startCloud(cloud.cloud, {
    onRequest: (request) => faults.onRequest?.(request),
  });
  const namespace = makeNamespace();
  const { file, env } = configure({ folder, namespace, server, rabbit }, config);
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let log = '';
  const begin = (): void => {
    log = '';
    child = spawn(process.execPath, [MAIN, 'run', '--config', file, '--verbose'], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    ended = once(child, 'exit');
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  };
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child?.kill(signal);
    await ended;
  };
  return {
    cloud,
    server,
    namespace,
    faults,
    log: () => log,
    spawn: begin,
    start: async () => {
      begin();
      await until(() => log.includes('listening to what') && / cycle .*exitCode=0/.test(log));
    },
    kill,
    tell: async (eventType, payload) => {
      const model = await rabbit.connect();
      const channel = await model.createConfirmChannel();
      const message = { event_type: eventType, payload };
      channel.publish('neutron', 'notifications.info', enveloped(message));
      await channel.waitForConfirms();
      await model.close();
    },
    routes: () => ownRoutes(namespace),
    close: async () => {
      await kill('SIGKILL');
      namespace.close();
      await server.close();
    },
  };
}

/** External network 192.0.2.0/24, as the namespace is connected. */
function tenantCloud(): SmallCloud {
  const small = smallCloud();
  const external = small.cloud.addExternalNetwork('edge');
  small.cloud.addSubnet({ network: external, cidr: '192.0.2.0/24' });
  const router = small.cloud.addRouter({ name: 'web', project: small.project });
  small.cloud.setGateway(router, {
    network: external,
    enableSnat: false,
    addresses: ['192.0.2.10'],
  });
  small.addSubnet(router, '203.0.112.0/28');
  return { ...small, external };
}

interface Place {
  readonly folder: string;
  readonly namespace: TestNamespace;
  readonly server: CloudServer;
  readonly rabbit: TestRabbit;
}

function configure({ folder, namespace, server, rabbit }: Place, change: object) {
  const home = path.join(folder, namespace.name);
  mkdirSync(path.join(home, 'run'), { recursive: true });
  const file = path.join(home, 'route-sync.yaml');
  const config = {
    owner: 'lab',
    stateDir: path.join(home, 'state'),
    schedule: '0 0 4 1 1 *',
    server: { listen: 'off' },
    cloud: { natModel: 'ovn', notifications: { url: urlOf(rabbit.port) } },
    policy: { mode: 'sync', allow: [{ prefix: '203.0.112.0/24', maxLength: 28 }] },
    upstreams: [
      { name: 'edge1', os: 'linux', externalNetworks: ['edge'], via: { netns: namespace.name } },
    ],
    ...change,
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const env = {
    ...server.env,
    PATH: process.env['PATH'],
    HOME: home,
    RUNTIME_DIRECTORY: path.join(home, 'run'),
  };
  return { file, env };
}

function ownRoutes(namespace: TestNamespace): readonly string[] {
  return namespace
    .ip('-4', 'route', 'show', 'proto', '201')
    .split('\n')
    .flatMap((line) => line.split(' ')[0] ?? [])
    .filter((prefix) => prefix !== '')
    .toSorted();
}
