/** An SSH server on a loopback port with a simulated router behind it; strict about who logs in and what is asked for. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import ssh2, {
  type AuthContext,
  type Client,
  type Connection,
  type ParsedKey,
  type ServerChannel,
  type Session,
} from 'ssh2';

import { terminalOf, type Terminal, type TerminalOptions } from './router-server-terminal.ts';
import type { Cli, Router } from './routers/router.ts';
import { makeKey, publicKey } from './sshd.ts';

export interface RouterServerOptions extends TerminalOptions {
  readonly user?: string | undefined;
  /** Logs in by password, also where it is asked for as a question; default: only the key does. */
  readonly password?: string | undefined;
  /** Shown by SSH before the login. */
  readonly banner?: string | undefined;
  /** Milliseconds from the client's keys to the router and from its text to the client, together. */
  readonly latencyMs?: number | undefined;
  /** Which router the next login leads to, where it is not always the same. */
  readonly router?: (() => Router) | undefined;
}

export interface RouterServer {
  readonly port: number;
  readonly user: string;
  /** Private to the test. */
  readonly folder: string;
  /** A private key that may log in. */
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** Holds the password, if there is one. */
  readonly passwordFile: string;
  /** Every login to the CLI so far. */
  readonly terminals: readonly Terminal[];
  /** What the next logins are like. */
  behave(options: Partial<TerminalOptions>): void;
  /** Ends all connections; new ones are taken. */
  disconnect(): void;
  close(): Promise<void>;
}

/** What one connection may do. */
interface Door {
  readonly options: () => RouterServerOptions;
  readonly router: Router;
  readonly key: ParsedKey;
  readonly user: string;
  readonly terminals: Terminal[];
}

export async function startRouterServer(
  router: Router,
  options: RouterServerOptions,
): Promise<RouterServer> {
  const folder = await mkdtemp(join(tmpdir(), 'rs-router-'));
  const file = (name: string): string => join(folder, name);
  makeKey(file('host'));
  makeKey(file('id'));
  const hostKey = await readFile(file('host'));
  const { user = 'route-sync', password = '' } = options;
  let behaviour = options;
  const terminals: Terminal[] = [];
  const connections = new Set<Connection>();
  const key = parsed(await publicKey(file('id')));
  const server = new ssh2.Server(
    {
      hostKeys: [hostKey],
      ...(options.banner !== undefined && { banner: options.banner }),
    },
    (connection) => {
      connections.add(connection);
      // Each answer at once, as routers do; the types do not know it on this side.
      (connection as unknown as Client).setNoDelay(true);
      connection.on('close', () => connections.delete(connection));
      // A client that goes away in the middle is a part of the tests.
      connection.on('error', () => connection.end());
      open(connection, { options: () => behaviour, router, key, user, terminals });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await writeFile(file('password'), `${password}\n`, { mode: 0o600 });
  await writeFile(file('known_hosts'), `[127.0.0.1]:${port} ${await publicKey(file('host'))}\n`);
  const disconnect = (): void => connections.forEach((connection) => connection.end());
  return {
    port,
    user,
    folder,
    identityFile: file('id'),
    knownHostsFile: file('known_hosts'),
    passwordFile: file('password'),
    terminals,
    behave: (changed) => {
      behaviour = { ...behaviour, ...changed };
    },
    disconnect,
    close: async () => {
      disconnect();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function parsed(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) {
    throw key;
  }
  return key;
}

function open(connection: Connection, door: Door): void {
  let user = '';
  connection.on('authentication', (context) => {
    // RouterOS takes options of the console behind the name.
    user = context.username;
    if (user.replace(/\+.*$/, '') === door.user) {
      authenticate(context, door);
    } else {
      context.reject(methodsOf(door));
    }
  });
  connection.on('ready', () => {
    connection.on('session', (accept) => serve(accept(), door, user));
  });
}

function methodsOf({ options }: Door): AuthMethods {
  return options().password === undefined
    ? ['publickey']
    : ['publickey', 'password', 'keyboard-interactive'];
}

type AuthMethods = ('publickey' | 'password' | 'keyboard-interactive')[];

function authenticate(context: AuthContext, door: Door): void {
  const { password } = door.options();
  const judge = (isRight: boolean): void => {
    if (isRight) {
      context.accept();
    } else {
      context.reject(methodsOf(door));
    }
  };
  if (context.method === 'password') {
    judge(password !== undefined && context.password === password);
  } else if (context.method === 'keyboard-interactive' && password !== undefined) {
    context.prompt([{ prompt: 'Password: ', echo: false }], '', (answers) => {
      judge(answers[0] === password);
    });
  } else if (context.method === 'publickey') {
    const { key, blob, signature, hashAlgo } = context;
    const isKnown = key.data.equals(door.key.getPublicSSH());
    // An error where the signature is none.
    const verdict: unknown =
      signature === undefined || door.key.verify(blob ?? '', signature, hashAlgo);
    judge(isKnown && verdict === true);
  } else {
    context.reject(methodsOf(door));
  }
}

/** A shell with or without a terminal; nothing else is there. */
function serve(session: Session, door: Door, user: string): void {
  let hasTerminal = false;
  session.on('pty', (accept) => {
    hasTerminal = true;
    accept();
  });
  session.on('window-change', (accept) => accept?.());
  session.on('shell', (accept) => {
    const options = door.options();
    const cli = (options.router?.() ?? door.router).login(user);
    door.terminals.push(talk(accept(), cli, { ...options, echoes: hasTerminal }));
  });
  for (const wish of ['exec', 'sftp', 'subsystem', 'env'] as const) {
    session.on(wish as 'sftp', (_, reject) => reject?.());
  }
}

function talk(channel: ServerChannel, cli: Cli, options: RouterServerOptions): Terminal {
  const later = (work: () => void): void => {
    if (options.latencyMs === undefined) {
      work();
    } else {
      setTimeout(work, options.latencyMs / 2);
    }
  };
  let pending = '';
  const flush = (): void => {
    channel.write(pending);
    pending = '';
  };
  const output = {
    write: (text: string): void => {
      if (options.cut !== undefined) {
        later(() => channel.write(text));
        return;
      }
      // One packet for what is written in one turn: one for each key would only measure the cipher.
      if (pending === '') {
        later(() => setImmediate(flush));
      }
      pending += text;
    },
    end: (): void =>
      later(() => {
        channel.exit(0);
        channel.end();
      }),
  };
  const terminal = terminalOf(cli, output, options);
  channel.on('data', (data: Buffer) => later(() => terminal.input(data.toString())));
  channel.on('close', () => terminal.hangUp());
  channel.on('error', () => terminal.hangUp());
  return terminal;
}
