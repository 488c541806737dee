/** A real RabbitMQ on loopback ports, with everything that it writes in a folder that goes with it, and an epmd of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ChannelModel, connect } from 'amqplib';

import { until } from './until.ts';

const LIB = '/usr/lib/rabbitmq/lib';

/** Why no RabbitMQ can be started here, or undefined. */
export function whyNoRabbit(): string | undefined {
  return spawnSync('epmd', ['-names']).error !== undefined || serverScript() === undefined
    ? 'RabbitMQ is missing: install rabbitmq-server'
    : undefined;
}

// Debian's own /usr/sbin/rabbitmq-server starts it as another user, with one folder for all.
function serverScript(): string | undefined {
  const versions = existsSync(LIB) ? readdirSync(LIB) : [];
  return versions
    .map((version) => join(LIB, version, 'sbin/rabbitmq-server'))
    .find((script) => existsSync(script));
}

export interface RabbitUser {
  readonly name: string;
  readonly password: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** May do everything; for the part of Neutron and of other consumers. */
export const ADMIN: RabbitUser = {
  name: 'neutron',
  password: 'neutron-password',
  configure: '.*',
  write: '.*',
  read: '.*',
};

export interface RabbitOptions {
  readonly users?: readonly RabbitUser[];
  /** PEM files; RabbitMQ asks for a client certificate and does without one. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

export interface TestRabbit {
  readonly port: number;
  /** Of TLS; nothing listens there without `tls`. */
  readonly tlsPort: number;
  /** Private to the test. */
  readonly folder: string;
  /** As {@link ADMIN}. */
  connect(): Promise<ChannelModel>;
  log(): Promise<string>;
  /** SIGTERM says goodbye to every connection, SIGKILL to none; resolves once it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** SIGSTOP: it is there and says nothing. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Starts it again on the same ports, with what it kept. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startRabbit({ users = [], tls }: RabbitOptions = {}): Promise<TestRabbit> {
  const folder = await mkdtemp(join(tmpdir(), 'route-sync-rabbit-'));
  const [port, tlsPort, distPort, epmdPort] = await freePorts(4);
  const all = [ADMIN, ...users];
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'definitions.json'), JSON.stringify(definitions(all)));
  await writeFile(join(folder, 'plugins'), '[].\n');
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `load_definitions = ${join(folder, 'definitions.json')}`,
      'disk_free_limit.absolute = 1MB',
      'vm_memory_high_watermark.absolute = 512MB',
      'log.console = true',
      'log.console.level = info',
      'log.file = false',
      ...(tls === undefined ? [] : tlsLines(tls, tlsPort ?? 0)),
      '',
    ].join('\n'),
  );
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: join(folder, 'home'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: `route-sync-${process.pid}-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_BASE: folder,
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'no-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}',
  };
  const logFile = join(folder, 'server.log');
  // In the foreground: without it the Erlang runtime starts one that outlives everything.
  const epmd = spawn('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], {
    env,
    stdio: 'ignore',
  });
  let server: ChildProcess | undefined;

  const open = async (): Promise<ChannelModel> =>
    connect({
      hostname: '127.0.0.1',
      port: port ?? 0,
      username: ADMIN.name,
      password: ADMIN.password,
    });
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const ending = server;
    server = undefined;
    if (ending?.pid !== undefined && ending.exitCode === null && ending.signalCode === null) {
      const ended = once(ending, 'exit');
      // Its script and the Erlang runtime are one process group, and nobody else is in it.
      process.kill(-ending.pid, signal);
      await ended;
      await until(() => isGone(ending.pid ?? 0));
    }
  };
  const start = async (): Promise<void> => {
    const output = createWriteStream(logFile, { flags: 'a' });
    await once(output, 'open');
    const child = spawn(serverScript() ?? '', [], {
      env,
      detached: true,
      stdio: ['ignore', output, output],
    });
    output.end();
    server = child;
    let lives = true;
    child.once('exit', () => {
      lives = false;
    });
    await until(async () => {
      if (!lives) {
        throw new Error(`RabbitMQ ended: ${await readFile(logFile, 'utf8')}`);
      }
      try {
        await (await open()).close();
        return true;
      } catch {
        return false;
      }
    });
  };
  await start();
  return {
    port: port ?? 0,
    tlsPort: tlsPort ?? 0,
    folder,
    connect: open,
    log: async () => readFile(logFile, 'utf8'),
    end,
    start,
    signal: (signal) => {
      process.kill(-(server?.pid ?? process.pid), signal);
    },
    close: async () => {
      await end('SIGKILL');
      const ended = once(epmd, 'exit');
      epmd.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function tlsLines(
  { ca, cert, key }: NonNullable<RabbitOptions['tls']>,
  port: number,
): readonly string[] {
  return [
    `listeners.ssl.1 = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${ca}`,
    `ssl_options.certfile = ${cert}`,
    `ssl_options.keyfile = ${key}`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = false',
  ];
}

/** What RabbitMQ imports when it starts: the form of `rabbitmqctl export_definitions`. */
function definitions(users: readonly RabbitUser[]): unknown {
  return {
    vhosts: [{ name: '/' }],
    users: users.map(({ name, password }) => ({
      name,
      password_hash: passwordHash(password),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: [],
    })),
    permissions: users.map(({ name, configure, write, read }) => ({
      user: name,
      vhost: '/',
      configure,
      write,
      read,
    })),
  };
}

/** RabbitMQ, "Passwords": base64(salt + SHA-256(salt + password)), with a salt of 4 bytes. */
function passwordHash(password: string): string {
  const salt = Buffer.from('salt');
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}

/** Whether no process of the group is left. */
function isGone(group: number): boolean {
  try {
    process.kill(-group, 0);
    return false;
  } catch {
    return true;
  }
}

/** Ports of loopback that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) {
      await once(server, 'listening');
    }
    const address = server.address();
    ports.push(typeof address === 'object' ? (address?.port ?? 0) : 0);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
