/** The way to the CLI of a router by SSH: one session that stays open between dialogues and comes back when it was lost. */
import type { Command, Dialogue } from '../drivers/driver.ts';
import type { SessionDefinition } from '../drivers/session.ts';
import { RouteSyncError } from '../errors.ts';
import type { CliEvent } from './cli-console.ts';
import { type CliSession, cliSession } from './cli-session.ts';
import type { CliWire } from './cli-wire.ts';
import { connectionFailure, describeHost } from './ssh-failure.ts';
import { pinFile } from './ssh-host-key.ts';
import { DEFAULT_COMMAND_SECONDS, sshArguments, type SshOptions } from './ssh-options.ts';
import { resolveHost, startSsh } from './ssh-process.ts';
import { readSecretLine } from './ssh-secret.ts';
import type { Transport } from './transport.ts';

export interface CliTransportOptions extends SshOptions {
  /** Its first line is the password of the privileged mode. */
  readonly enableSecretFile?: string | undefined;
  /** Sees each line of the session, without its secrets. */
  readonly record?: ((event: CliEvent) => void) | undefined;
}

/** The transport to a router's CLI. Connects with the first dialogue; dialogues are run one after another. */
export function cliTransport(
  options: CliTransportOptions,
  definition: SessionDefinition,
): Transport {
  // Words that are not allowed are refused here, not with the first dialogue.
  sshArguments(options, { mode: 'resolve', folder: '' });
  pinFile(options.hostKey);
  const sessions = sessionsOf(options, definition);
  let last: Promise<unknown> = Promise.resolve();
  return {
    description: `ssh ${describeHost(options)}`,
    target: `ssh/${describeHost({ ...options, user: undefined, port: options.port ?? 22 })}`,
    lockTarget: async () => {
      const { host, port } = await resolveHost(options);
      return `ssh ${host.includes(':') ? `[${host}]` : host}:${port}`;
    },
    run: async (command, signal) => {
      const dialogue = dialogueOf(command);
      const before = last;
      const made = (async () => {
        await before;
        return sessions.run(dialogue, signal);
      })();
      last = made.catch(() => undefined);
      return made;
    },
    close: () => sessions.close(),
  };
}

/** The session that is open, or a new one where none is. */
function sessionsOf(
  options: CliTransportOptions,
  definition: SessionDefinition,
): Pick<CliSession, 'run' | 'close'> {
  let session: CliSession | undefined;
  let window: number | undefined;

  async function open(): Promise<CliSession> {
    const { enableSecretFile, record, commandTimeoutSeconds = DEFAULT_COMMAND_SECONDS } = options;
    return cliSession(await sshWire(options, definition), definition, {
      description: `ssh ${describeHost(options)}`,
      deadlineMs: commandTimeoutSeconds * 1000,
      window,
      record,
      ...(enableSecretFile !== undefined && {
        enableSecret: () => readSecretLine(enableSecretFile, 'via.ssh.enableSecretFile'),
      }),
    });
  }

  return {
    run: async (dialogue, signal) => {
      // What goes on goes on in the session where it began, or not at all.
      if (session === undefined || (!session.isOpen() && dialogue.continues !== true)) {
        await session?.close();
        session = await open();
      }
      try {
        return await session.run(dialogue, signal);
      } catch (error) {
        if (error instanceof RouteSyncError && error.details['torn'] === true) {
          // Its input buffer is smaller than those of its kind.
          window = 1;
        }
        throw error;
      }
    },
    close: async () => {
      await session?.close();
      session = undefined;
    },
  };
}

function dialogueOf(command: Command): Dialogue {
  if ('lines' in command) {
    return command;
  }
  throw new RouteSyncError('INTERNAL', 'a program was given to a transport that types dialogues');
}

async function sshWire(ssh: SshOptions, { login }: SessionDefinition): Promise<CliWire> {
  const options =
    login === undefined ? ssh : { ...ssh, user: login(ssh.user ?? (await resolveHost(ssh)).user) };
  const client = await startSsh(options, 'terminal');
  client.stdout.setEncoding('utf8');
  return {
    write: (text) => {
      client.stdin.write(text);
    },
    chunks: chunksOf(client),
    failure: () => connectionFailure(client.log(), options),
    rest: (isResting) => client.rest(isResting),
    close: () => client.end(),
  };
}

/** The reason of an end is known when `ssh` has ended, too. */
async function* chunksOf({
  stdout,
  ended,
}: Awaited<ReturnType<typeof startSsh>>): AsyncIterable<string> {
  for await (const chunk of stdout) {
    yield String(chunk);
  }
  await ended;
}
