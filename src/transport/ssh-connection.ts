/** One connection to a router that many sessions share, made when it is first needed and again when it was lost. */
import { once } from 'node:events';

import { RouteSyncError } from '../errors.ts';
import { describeHost, unreachableHost } from './ssh-failure.ts';
import {
  CONNECTED,
  DEFAULT_COMMAND_SECONDS,
  DEFAULT_CONNECT_SECONDS,
  type SshOptions,
} from './ssh-options.ts';
import { type SshProcess, startSsh } from './ssh-process.ts';

export interface SshConnection {
  /** The connection that stands, or a new one. Rejects with the reason why there is none. */
  open(signal: AbortSignal): Promise<SshProcess>;
  /** Also ends an attempt that is under way. */
  close(): Promise<void>;
}

interface Attempt {
  readonly master: Promise<SshProcess>;
  readonly stop: AbortController;
}

export function sshConnection(options: SshOptions): SshConnection {
  let current: Attempt | undefined;

  function attempt(): Attempt {
    const stop = new AbortController();
    const made: Attempt = { master: connect(options, stop.signal), stop };
    made.master.catch(() => {
      // The next command tries again.
      current = current === made ? undefined : current;
    });
    return made;
  }

  /** Whoever comes while one is being made waits for it. */
  async function connected(): Promise<SshProcess> {
    const last = current;
    const master = await last?.master;
    if (master?.isRunning() === true) {
      return master;
    }
    if (current === undefined || current === last) {
      current = attempt();
    }
    return current.master;
  }

  return {
    open: async (signal) => beforeAbort(connected(), signal, options),
    close: async () => {
      const last = current;
      current = undefined;
      last?.stop.abort();
      const master = await last?.master.catch(() => undefined);
      await master?.end();
    },
  };
}

/** Resolves when sessions can be opened; the connection does not keep this process from ending then. */
async function connect(options: SshOptions, stop: AbortSignal): Promise<SshProcess> {
  const master = await startSsh(options, 'master');
  const { connectTimeoutSeconds = DEFAULT_CONNECT_SECONDS } = options;
  const { commandTimeoutSeconds = DEFAULT_COMMAND_SECONDS } = options;
  // The first of the two is kept by `ssh` itself, and ends before there is a login.
  const late = AbortSignal.timeout((connectTimeoutSeconds + commandTimeoutSeconds) * 1000);
  try {
    const first = once(master.stdout, 'data', { signal: AbortSignal.any([late, stop]) });
    const words = await Promise.race([first.then(String), master.ended.then(() => '')]);
    if (words.trim() !== CONNECTED) {
      throw master.failure();
    }
    refuseForgetting(master.log(), options);
    master.rest(true);
    return master;
  } catch (error) {
    const failure = master.failure();
    await master.end();
    throw error instanceof RouteSyncError ? error : failure;
  }
}

/** `ssh` goes on if it cannot write down a new key, and would then accept another new one each time. */
function refuseForgetting(log: string, options: SshOptions): void {
  const file = /^Failed to add the host to the list of known hosts \((?<file>.*)\)/m.exec(log)
    ?.groups?.['file'];
  if (file !== undefined) {
    throw new RouteSyncError(
      'UPSTREAM_HOST_KEY',
      `the SSH host key of ${describeHost(options)} is new and cannot be written to ${file}, so no later one would be refused; make that file writable, or pin the key (via.ssh.hostKey)`,
      { details: { host: options.host, file } },
    );
  }
}

async function beforeAbort(
  made: Promise<SshProcess>,
  signal: AbortSignal,
  options: SshOptions,
): Promise<SshProcess> {
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(unreachableHost(options, 'stopped before the login was done'));
    signal.addEventListener('abort', stop, { signal: over.signal });
    if (signal.aborted) {
      stop();
    }
  });
  try {
    return await Promise.race([made, aborted]);
  } finally {
    over.abort();
  }
}
