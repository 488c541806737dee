/** Real SSH logins to routers of the kernel tests: as root inside a namespace, and as a user whose shell is vtysh. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { startSshd, type TestSshd } from '../../support/sshd.ts';
import type { FrrDaemon } from '../frr-daemon.ts';

/** A user of the router; nobody of that name is ever made on this machine. */
export const ROUTER_USER = 'router';
const USER_ID = 64_999;
/** Where FRR and its vtysh look for sockets and configuration unless they are told otherwise. */
const FRR_FOLDERS = ['/run/frr', '/etc/frr'];

export interface Login {
  /** The `via` of an upstream. */
  readonly via: object;
  close(): Promise<void>;
}

/** Logs in as the user of this process; every command runs in the namespace. */
export async function namespaceLogin(netns: string): Promise<Login> {
  const inside = `exec nsenter --net=/run/netns/${netns} sh -c "$SSH_ORIGINAL_COMMAND"`;
  return loginTo(await startSshd({ config: [`ForceCommand ${inside}`] }));
}

/** Logs in as the user of this process. */
export async function rootLogin(): Promise<Login> {
  return loginTo(await startSshd());
}

/**
 * Logs in as a plain user of the group frrvty, to a machine on which this FRR is the only one: a mount namespace with
 * files of its own over /etc/passwd, /etc/group and FRR's folders.
 */
export async function frrLogin(
  daemon: FrrDaemon,
  shell: '/bin/sh' | '/usr/bin/vtysh',
): Promise<Login> {
  const frr = dirname(daemon.bin);
  chmodSync(frr, 0o755);
  const folder = mkdtempSync(join(tmpdir(), 'rs-login-'));
  chmodSync(folder, 0o755);
  const passwd = readFileSync('/etc/passwd', 'utf8');
  const group = readFileSync('/etc/group', 'utf8');
  const entry = `${ROUTER_USER}:*:${USER_ID}:${USER_ID}::${folder}:${shell}\n`;
  writeFileSync(join(folder, 'passwd'), passwd + entry);
  writeFileSync(join(folder, 'group'), group.replace(/^(frrvty:.*)$/m, `$1,${ROUTER_USER}`));
  const mounts = [
    [join(folder, 'passwd'), '/etc/passwd'],
    [join(folder, 'group'), '/etc/group'],
    ...FRR_FOLDERS.map((place) => [frr, place]),
  ].map(([from, to]) => `mount --bind ${from} ${to}`);
  const script = [`mkdir -p ${FRR_FOLDERS.join(' ')}`, ...mounts, 'exec "$@"'].join(' && ');
  const sshd = await startSshd({ prefix: ['unshare', '-m', 'sh', '-c', script, 'sh'] });
  const login = loginTo(sshd, {
    user: ROUTER_USER,
    ...(shell !== '/bin/sh' && { shell: 'none' }),
  });
  return {
    ...login,
    close: async () => {
      await login.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function loginTo(sshd: TestSshd, special: object = {}): Login {
  const { port, identityFile, knownHostsFile } = sshd;
  const usual = { host: '127.0.0.1', port, identityFile, knownHostsFile };
  const ssh = { ...usual, configFile: '/dev/null', agent: false, ...special };
  return { via: { ssh }, close: async () => sshd.close() };
}
