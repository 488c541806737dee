/** A program that runs in a network namespace until it is ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Daemon {
  readonly isAlive: () => boolean;
  /** SIGTERM, and SIGKILL to what is still there after a while. */
  readonly stop: () => Promise<void>;
}

const END_MS = 10_000;

/** Of the machine's environment it has nothing. Needs root. */
export async function startDaemon(
  netns: string,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Daemon> {
  const child = spawn('ip', ['netns', 'exec', netns, ...command], { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  return {
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(last);
    },
  };
}

/** Debian's programs and its Python, whatever else is installed. */
export const DEBIAN_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
