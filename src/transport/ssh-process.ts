/**
 * Starts OpenSSH's `ssh` so that nothing of it stays behind: a shell beside it holds one end of a pipe, and when ours
 * closes, because we end it or because we are no more, it ends `ssh` with all its helpers and removes the private folder.
 */
import type { Readable, Writable } from 'node:stream';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { execa } from 'execa';
import { RouteSyncError } from '../errors.ts';
import { runProgram } from './program.ts';
import { connectionFailure, describeHost, unreachableHost } from './ssh-failure.ts';
import { type Login, prepareFolder, sshEnvironment } from './ssh-folder.ts';
import { sshArguments, type SshMode, type SshOptions } from './ssh-options.ts';

/** A running `ssh`. */
export interface SshProcess {
  /** Its private folder. */
  readonly folder: string;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when `ssh` has ended, for whatever reason; its folder is gone then. */
  readonly ended: Promise<void>;
  /** False as soon as its end has begun. */
  isRunning(): boolean;
  /** What `ssh` itself has said so far: its log, and the banners of the hosts. */
  log(): string;
  /** Why it did not connect, or was cut off. */
  failure(): RouteSyncError;
  /** While it rests, it does not keep this process from ending. */
  rest(isResting: boolean): void;
  end(): Promise<void>;
}

/** What ssh_config makes of the configured host. */
export interface ResolvedHost extends Login {
  /** In lower case. */
  readonly host: string;
  readonly port: string;
}

/** Reading ssh_config takes milliseconds; its `Match exec` and CanonicalizeHostname may ask a name server. */
const RESOLVE_MS = 10_000;
/** How long `ssh` has to end after SIGTERM. */
const END_MS = 3000;
/** Characters of the log that are kept; a login takes some 6000. */
const MAX_LOG = 64_000;

/** Started as `sh -c GUARD sh FOLDER PROGRAM ARGS`, as leader of a process group; descriptor 3 is our pipe. */
const GUARD = [
  'folder=$1; shift',
  'exec 5<&0',
  '"$@" <&5 3<&- 5<&- & child=$!',
  'exec </dev/null >/dev/null 2>&1 5<&-',
  `trap 'kill "$child"' HUP INT TERM`,
  '{ read -r line; kill 0; } <&3 &',
  'wait "$child"',
  // A signal interrupts the wait.
  'while kill -0 "$child"; do wait "$child"; done',
  "trap '' HUP INT TERM",
  'rm -rf -- "$folder"',
  'kill 0',
].join('\n');

/** Rejects where no attempt to connect can be made; whether it succeeds shows in what `ssh` prints and says. */
export async function startSsh(
  options: SshOptions,
  mode: Exclude<SshMode, 'resolve'>,
): Promise<SshProcess> {
  const folder = await prepareFolder(options, await resolveHost(options));
  const child = execa(
    'sh',
    ['-c', GUARD, 'sh', folder, 'ssh', ...sshArguments(options, { mode, folder })],
    {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      extendEnv: false,
      env: sshEnvironment(options, folder),
      detached: true,
      buffer: false,
      reject: false,
    },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-MAX_LOG);
  });
  // What is still written to an `ssh` that has ended.
  child.stdin.on('error', () => undefined);
  let isRunning = true;
  const ended = (async (): Promise<void> => {
    await child;
    isRunning = false;
  })();
  const failure = (): RouteSyncError =>
    isRunning
      ? unreachableHost(options, 'the login was not done in time')
      : (connectionFailure(log, options) ?? unreachableHost(options, 'ssh ended without a word'));
  const handles = [child.nodeChildProcess, ...child.stdio] as unknown as readonly Handle[];
  const rest = (isResting: boolean): void => {
    handles.forEach((handle) => (isResting ? handle.unref() : handle.ref()));
  };
  return {
    folder,
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    isRunning: () => isRunning,
    log: () => log,
    failure,
    rest,
    end: async () => {
      isRunning = false;
      // Else nothing would keep the process alive until its end is known.
      rest(false);
      child.stdio[3].destroy();
      await Promise.race([ended, killLater(child.pid, folder)]);
    },
  };
}

interface Handle {
  ref(): void;
  unref(): void;
}

async function killLater(leader: number | undefined, folder: string): Promise<void> {
  await sleep(END_MS, undefined, { ref: false });
  if (leader !== undefined) {
    process.kill(-leader, 'SIGKILL');
  }
  await rm(folder, { recursive: true, force: true });
}

/** Asks `ssh -G`. Rejects where ssh_config has an error or `ssh` is not installed. */
export async function resolveHost(options: SshOptions): Promise<ResolvedHost> {
  const { stdout, stderr, exitCode } = await runProgram(
    { argv: ['ssh', ...sshArguments(options, { mode: 'resolve', folder: '' })] },
    {
      signal: new AbortController().signal,
      deadlineMs: RESOLVE_MS,
      description: describeHost(options),
      env: sshEnvironment(options),
    },
  );
  if (exitCode !== 0) {
    const words = stderr.split(/\r?\n/).filter((line) => !line.startsWith('debug1: '));
    throw new RouteSyncError(
      'UPSTREAM_UNREACHABLE',
      `ssh does not understand its configuration for ${describeHost(options)}: ${words[0] ?? ''}; "ssh -G ${options.host}" shows the same`,
      { details: { host: options.host, words } },
    );
  }
  const values = new Map(
    stdout.split('\n').map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    }),
  );
  const host = values.get('hostname') ?? options.host;
  return {
    host: host.toLowerCase(),
    port: values.get('port') ?? '22',
    user: values.get('user') ?? '',
    name: values.get('hostkeyalias') ?? host.toLowerCase(),
  };
}
