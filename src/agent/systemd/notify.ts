/**
 * Messages to systemd: sd_notify(3), through its own program systemd-notify(1), because Node.js has no datagram sockets
 * of the kind AF_UNIX. The unit needs NotifyAccess=all.
 */
import { execa } from 'execa';

/** Sends the assignments in one message; rejects where systemd-notify cannot be run. */
export type Send = (assignments: readonly string[]) => Promise<void>;

/** systemd-notify itself waits 5 s until the message was read, and fails where it was not. */
const DEADLINE_MS = 10_000;

/** Undefined where nobody waits for messages. */
export function senderFor(env: Readonly<Record<string, string | undefined>>): Send | undefined {
  const socket = env['NOTIFY_SOCKET'] ?? '';
  if (socket === '') {
    return undefined;
  }
  return async (assignments) => {
    await execa('systemd-notify', [...assignments], {
      extendEnv: false,
      env: { NOTIFY_SOCKET: socket, PATH: env['PATH'] ?? '' },
      stdin: 'ignore',
      stdout: 'ignore',
      timeout: DEADLINE_MS,
    });
  };
}

/**
 * How often systemd wants to hear of us, in milliseconds; undefined where it does not (sd_watchdog_enabled(3)). `pid` is
 * our own: the variables of another process are none of our business.
 */
export function watchdogMs(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const { WATCHDOG_USEC: micros = '', WATCHDOG_PID: watched = String(pid) } = env;
  const isOurs = watched === String(pid);
  return isOurs && /^[1-9]\d{0,15}$/.test(micros) ? Number(micros) / 1000 : undefined;
}
