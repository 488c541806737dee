/** Three members of etcd, each in a network namespace of its own behind one switch, and cables that can be cut. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { until } from '../support/until.ts';

export interface Member {
  readonly name: string;
  /** The socket file that leads to its client port. */
  readonly socket: string;
  /** Whether it is the leader of the cluster. */
  readonly isLeader: () => boolean;
  readonly kill: () => void;
  readonly start: () => void;
  /** Cuts it off from the other members, or joins it again; clients still reach it. */
  readonly link: (state: 'down' | 'up') => void;
}

export interface EtcdCluster {
  readonly members: readonly Member[];
  /** Resolves once a majority of all members elects a leader. */
  readonly healthy: () => Promise<void>;
  readonly etcdctl: (...args: readonly string[]) => string;
  readonly close: () => Promise<void>;
}

/** Why these tests cannot run here, or undefined. */
export function whyNoEtcd(): string | undefined {
  for (const tool of ['etcd', 'etcdctl']) {
    if (spawnSync(tool, ['version'], { env: { ...process.env, ETCDCTL_API: '3' } }).error) {
      return `${tool} is missing: install etcd-server and etcd-client`;
    }
  }
  return process.getuid?.() === 0 ? undefined : 'network namespaces need root';
}

const RELAY = `
const net = require('node:net');
net.createServer((one) => {
  const two = net.connect(2379, '127.0.0.1');
  one.on('error', () => two.destroy()).on('close', () => two.destroy()).pipe(two);
  two.on('error', () => one.destroy()).on('close', () => one.destroy()).pipe(one);
}).listen(process.argv[1]);
`;

let count = 0;

export async function startCluster(folder: string): Promise<EtcdCluster> {
  count += 1;
  const prefix = `rs-etcd-${process.pid}-${count}`;
  const lan = `${prefix}-lan`;
  const ip = (...args: readonly string[]): string =>
    execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });
  ip('netns', 'add', lan);
  ip('-n', lan, 'link', 'add', 'switch', 'type', 'bridge');
  ip('-n', lan, 'link', 'set', 'switch', 'up');
  const running = new Set<ChildProcess>();
  const run = (namespace: string, argv: readonly string[]): ChildProcess => {
    const net = `--net=/run/netns/${namespace}`;
    const env = { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch };
    const child = spawn('nsenter', [net, ...argv], { stdio: 'ignore', env });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  };
  const names = [1, 2, 3].map((number) => `${prefix}-${number}`);
  const peers = names.map((name, index) => `${name}=http://198.51.100.${index + 1}:2380`);
  const etcdctl = (name: string, args: readonly string[]): string =>
    execFileSync('nsenter', [`--net=/run/netns/${name}`, 'etcdctl', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, ETCDCTL_API: '3' },
    });
  const members = names.map((name, index): Member => {
    const address = `198.51.100.${index + 1}`;
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', `port${index}`, 'netns', lan);
    ip('-n', lan, 'link', 'set', `port${index}`, 'master', 'switch', 'up');
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    const socket = path.join(folder, `${name}.sock`);
    mkdirSync(path.join(folder, name), { mode: 0o700 });
    run(name, [process.execPath, '-e', RELAY, socket]);
    let child: ChildProcess | undefined;
    const start = (): void => {
      child = run(name, [
        'etcd',
        '--name',
        name,
        '--data-dir',
        path.join(folder, name, 'data'),
        '--listen-client-urls',
        'http://127.0.0.1:2379',
        '--advertise-client-urls',
        'http://127.0.0.1:2379',
        '--listen-peer-urls',
        `http://${address}:2380`,
        '--initial-advertise-peer-urls',
        `http://${address}:2380`,
        '--initial-cluster',
        peers.join(','),
        '--log-level',
        'error',
      ]);
    };
    start();
    return {
      name,
      socket,
      start,
      kill: () => child?.kill('SIGKILL'),
      link: (state) => void ip('-n', lan, 'link', 'set', `port${index}`, state),
      isLeader: () => {
        const [row = ''] = etcdctl(name, ['endpoint', 'status', '-w', 'simple']).split('\n');
        return row.split(', ')[4] === 'true';
      },
    };
  });
  return {
    members,
    etcdctl: (...args) => etcdctl(names[0] ?? '', args),
    healthy: async () =>
      until(() => {
        try {
          return members.some((member) => member.isLeader());
        } catch {
          return false;
        }
      }),
    close: async () => {
      await Promise.all(
        [...running].map(async (child) => {
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        }),
      );
      [...names, lan].forEach((name) => ip('netns', 'del', name));
    },
  };
}

/** One agent's way to one member, over a port of loopback. */
export interface Way {
  readonly url: string;
  /** From now on nothing passes, and nobody is told; or everything passes again. */
  readonly cut: (isCut: boolean) => void;
  readonly close: () => Promise<void>;
}

export async function openWay({ socket }: Pick<Member, 'socket'>): Promise<Way> {
  let isCut = false;
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((near) => {
    const far = createConnection(socket);
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('error', end).on('close', end);
      from.on('data', (chunk) => {
        if (!isCut) {
          to.write(chunk);
        }
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    cut: (state) => {
      isCut = state;
      if (!state) {
        // What was swallowed is lost: these connections are of no use any more.
        pairs.forEach(([near, far]) => [near, far].forEach((each) => each.destroy()));
      }
    },
    close: async () => {
      pairs.forEach(([near, far]) => [near, far].forEach((each) => each.destroy()));
      server.close();
      await once(server, 'close');
    },
  };
}
