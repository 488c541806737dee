/** A real OpenSSH server on a loopback port, with keys, files and configuration of its own in a folder that goes with it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SSHD = '/usr/sbin/sshd';

/** Why no server can be started here, or undefined. */
export function whyNoSshd(): string | undefined {
  if (process.getuid?.() !== 0) {
    return 'a login as this user needs root';
  }
  try {
    execFileSync(SSHD, ['-V'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'sshd is missing: install openssh-server'
      : undefined;
  }
}

export interface SshdOptions {
  /** Lines of sshd_config; the first value of a keyword counts. */
  readonly config?: readonly string[];
  /** Where it runs: a command that starts another, such as `ip netns exec NAME`. */
  readonly prefix?: readonly string[];
  readonly hostKeyType?: 'ed25519' | 'rsa';
}

export interface TestSshd {
  readonly port: number;
  /** Private to the test: keys, known_hosts and whatever it needs. */
  readonly folder: string;
  /** A private key that may log in. */
  readonly identityFile: string;
  /** Holds the host key for this port. */
  readonly knownHostsFile: string;
  /** `TYPE BASE64` of the host key. */
  readonly hostKey: string;
  readonly fingerprint: string;
  /** Everything that it logged. */
  log(): string;
  /** Resolves with what `pattern` finds in the log as soon as it does. */
  logged(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Ends the server and every connection. */
  stop(): Promise<void>;
  /** Starts again on the same port, with the host key that is in the folder then. */
  start(): Promise<void>;
  /** Stops it and removes the folder. */
  close(): Promise<void>;
}

/** Makes the key pair FILE and FILE.pub. */
export function makeKey(file: string, type: 'ed25519' | 'rsa' = 'ed25519', passphrase = ''): void {
  const size = type === 'rsa' ? ['-b', '2048'] : [];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', passphrase, '-C', '', '-f', file]);
}

/** `TYPE BASE64` of the public key beside a private one. */
export async function publicKey(file: string): Promise<string> {
  return (await readFile(`${file}.pub`, 'utf8')).trim();
}

export function fingerprintOf(file: string): string {
  const line = execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`], { encoding: 'utf8' });
  return line.split(' ')[1] ?? '';
}

/** Starts a server that logs in the user of this process by key. */
export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  const folder = await mkdtemp(join(tmpdir(), 'rs-sshd-'));
  const file = (name: string): string => join(folder, name);
  await mkdir('/run/sshd', { recursive: true });
  makeKey(file('host'), options.hostKeyType);
  makeKey(file('id'));
  const port = await freePort();
  const hostKey = await publicKey(file('host'));
  await writeFile(file('authorized_keys'), `${await publicKey(file('id'))}\n`);
  await writeFile(file('known_hosts'), `[127.0.0.1]:${port} ${hostKey}\n`);
  await writeFile(
    file('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...(options.config ?? []).map((line) => line.replaceAll('FOLDER', folder)),
      `HostKey ${file('host')}`,
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      'UsePAM no',
      'StrictModes no',
      'PidFile none',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  await chmod(folder, 0o711);
  return controls({ folder, port, hostKey, prefix: options.prefix ?? [] });
}

interface Server {
  readonly folder: string;
  readonly port: number;
  readonly hostKey: string;
  readonly prefix: readonly string[];
}

async function controls({ folder, port, hostKey, prefix }: Server): Promise<TestSshd> {
  let child: ChildProcess | undefined;
  let log = '';
  const waiting = new Set<() => void>();

  const logged = async (pattern: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = log.match(pattern);
        if (found !== null) {
          waiting.delete(look);
          resolve(found);
        }
      };
      waiting.add(look);
      look();
    });

  const start = async (): Promise<void> => {
    const [program, ...args] = [...prefix, SSHD];
    log = '';
    // A group of its own: its connections are processes, too.
    child = spawn(program, [...args, '-D', '-e', '-f', join(folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    createInterface({ input: child.stderr ?? process.stdin }).on('line', (line) => {
      log += `${line}\n`;
      waiting.forEach((look) => look());
    });
    await logged(/Server listening/);
  };

  const stop = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending?.pid === undefined) {
      return;
    }
    const ended = once(ending, 'exit');
    for (const pid of descendants(ending.pid)) {
      endAtOnce(pid);
    }
    await ended;
  };
  await start();
  return {
    port,
    folder,
    identityFile: join(folder, 'id'),
    knownHostsFile: join(folder, 'known_hosts'),
    hostKey,
    fingerprint: fingerprintOf(join(folder, 'host')),
    log: () => log,
    logged,
    start,
    stop,
    close: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with another one.
  }
}

/** The process and all below it; a session of sshd is a group of its own. */
export function descendants(pid: number): readonly number[] {
  const children = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
  return [pid, ...children.flatMap((child) => descendants(child))];
}

/** A TCP port of the loopback interface that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
