/** Runs programs on a router by OpenSSH's `ssh`, over one connection that stays open between them (ControlMaster). */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { CommandOutput, Program } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { runProgram } from './program.ts';
import { type SshConnection, sshConnection } from './ssh-connection.ts';
import { describeHost, lastWords, unreachableHost } from './ssh-failure.ts';
import { sshEnvironment } from './ssh-folder.ts';
import { configValue, pinFile } from './ssh-host-key.ts';
import {
  controlSocket,
  DEFAULT_COMMAND_SECONDS,
  sshArguments,
  type SshOptions,
} from './ssh-options.ts';
import { resolveHost, type SshProcess } from './ssh-process.ts';
import { bareCommand, type RemoteEnd, remoteCommand, remoteEnd } from './ssh-remote.ts';
import { outputOf } from './ssh-refusal.ts';
import { programOf, type Transport } from './transport.ts';

/** The transport to a router with a shell, or with a CLI that takes whole commands. Connects with the first command. */
export function sshTransport(options: SshOptions): Transport {
  // Words that are not allowed are refused here, not with the first command.
  sshArguments(options, { mode: 'resolve', folder: '' });
  pinFile(options.hostKey);
  const connection = sshConnection(options);
  const place = describeHost({ ...options, user: undefined, port: options.port ?? 22 });
  let lockTarget: string | undefined;
  return {
    description: `ssh ${describeHost(options)}`,
    target: `ssh/${place}`,
    lockTarget: async () => {
      lockTarget ??= await canonicalPlace(options);
      return lockTarget;
    },
    run: async (command, signal) =>
      runOver(connection, { program: programOf(command), options, signal }),
    close: () => connection.close(),
  };
}

/** Two names of ssh_config for one router meet here. */
async function canonicalPlace(options: SshOptions): Promise<string> {
  const { host, port } = await resolveHost(options);
  return `ssh ${host.includes(':') ? `[${host}]` : host}:${port}`;
}

interface Request {
  readonly program: Program;
  readonly options: SshOptions;
  readonly signal: AbortSignal;
}

async function runOver(connection: SshConnection, request: Request): Promise<CommandOutput> {
  const first = await connection.open(request.signal);
  const output = await runOnce(first, request);
  if (output !== 'not begun') {
    return output;
  }
  // The connection was lost while it was idle; nothing of the command has reached the router.
  await first.end();
  const second = await runOnce(await connection.open(request.signal), request);
  if (second === 'not begun') {
    throw unreachableHost(request.options, 'the connection was lost as soon as it was made');
  }
  return second;
}

async function runOnce(
  master: SshProcess,
  { program, options, signal }: Request,
): Promise<CommandOutput | 'not begun'> {
  const mark = randomBytes(16).toString('hex');
  const isPlain = options.shell === 'none';
  const sent = options.sudo === true ? withSudo(program) : program;
  const remote = isPlain ? bareCommand(sent) : remoteCommand(sent, mark);
  const output = await runProgram(
    { ...sent, argv: ['ssh', ...clientArguments(master.folder, mark), options.host, ...remote] },
    {
      signal,
      deadlineMs: (options.commandTimeoutSeconds ?? DEFAULT_COMMAND_SECONDS) * 1000,
      description: `ssh ${describeHost(options)}`,
      name: nameOf(program),
      env: sshEnvironment(options),
      // The session would stay open, and a server has only a few of them for one connection.
      onStop: () => void master.end(),
    },
  );
  if (output.exitCode === SSH_FAILED && output.stderr.includes(noMaster(mark))) {
    return 'not begun';
  }
  const end = isPlain ? await plainEnd(master, output) : remoteEnd(output, mark);
  if (end === undefined) {
    throw await cutOff(master, { program, options, output });
  }
  return outputOf(end, program, options);
}

/** The exit status of `ssh` for every failure of its own. */
const SSH_FAILED = 255;

function noMaster(mark: string): string {
  return `${mark} no master`;
}

/** A session over the connection that is there, and no connection of its own where that one is lost. */
function clientArguments(folder: string, mark: string): readonly string[] {
  const settings = {
    ControlMaster: 'no',
    ControlPath: configValue(controlSocket(folder)),
    ProxyCommand: `echo ${noMaster(mark)} >&2`,
    BatchMode: 'yes',
    LogLevel: 'ERROR',
    EscapeChar: 'none',
  };
  return [
    '-F',
    'none',
    '-T',
    ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
    '--',
  ];
}

function withSudo(program: Program): Program {
  return { ...program, argv: ['sudo', '-n', '--', ...program.argv] };
}

function nameOf({ argv }: Program): string {
  return argv[0] === '' ? 'the CLI' : argv[0];
}

/** Without a shell there is nobody to tell how a command ended: its status counts as long as the connection stands. */
async function plainEnd(master: SshProcess, output: CommandOutput): Promise<RemoteEnd | undefined> {
  const isCutOff = output.exitCode === SSH_FAILED && !(await isConnected(master));
  return isCutOff ? undefined : { kind: 'ended', output };
}

/** The end of a connection shows a moment after that of its sessions. */
const GRACE_MS = 500;

async function isConnected(master: SshProcess): Promise<boolean> {
  await Promise.race([master.ended, sleep(GRACE_MS)]);
  return master.isRunning();
}

const NO_SESSION = /^mux_client_request_session: session request failed: (.+)$/m;

interface CutOff {
  readonly program: Program;
  readonly options: SshOptions;
  readonly output: CommandOutput;
}

async function cutOff(
  master: SshProcess,
  { program, options, output: { exitCode, stderr } }: CutOff,
): Promise<RouteSyncError> {
  const name = nameOf(program);
  const refused = NO_SESSION.exec(stderr)?.[1];
  if (refused !== undefined) {
    return unreachableHost(options, `it opens no session on the connection: ${refused.trim()}`);
  }
  if (exitCode === SSH_FAILED) {
    const reason = (await isConnected(master)) ? stderr.trim() : (lastWords(master.log()) ?? '');
    return new RouteSyncError(
      'UPSTREAM_UNREACHABLE',
      `the SSH session with ${describeHost(options)} was lost while ${name} ran there: ${reason === '' ? 'it was closed' : reason}`,
      { details: { program: name }, retryable: true },
    );
  }
  const words = stderr.trim().split('\n').at(-1) ?? '';
  return new RouteSyncError(
    'UPSTREAM_COMMAND_FAILED',
    `the login shell on ${describeHost(options)} did not run ${name} (exit status ${exitCode}: ${words === '' ? 'no word of why' : words}); a POSIX shell is needed there, or via.ssh.shell: none for a CLI`,
    { details: { program: name, exitCode } },
  );
}
