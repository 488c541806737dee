/**
 * The private folder of one SSH connection: its socket, the pinned host key, and the program that `ssh` asks for
 * passwords (SSH_ASKPASS in ssh(1)). Secrets stay in the files of the operator and are only named here.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RouteSyncError } from '../errors.ts';
import { pinFile } from './ssh-host-key.ts';
import type { SshOptions } from './ssh-options.ts';
import { readSecretLine, refuseUnreadable } from './ssh-secret.ts';
import { shellWord } from './ssh-word.ts';

/** Whom `ssh` says to log in to: what its questions begin with. */
export interface Login {
  readonly user: string;
  /** HostKeyAlias, else the host name, as ssh_config resolves them. */
  readonly name: string;
}

/** A socket's path has at most 107 characters, and `ssh` adds 17 while it makes one. */
const MAX_FOLDER = 80;

/** Makes the folder, for this user only. Whoever uses it removes it. Rejects where a file of the options is unusable. */
export async function prepareFolder(options: SshOptions, login: Login): Promise<string> {
  await refuseUnusableFiles(options);
  const folder = await newFolder();
  try {
    const pin = pinFile(options.hostKey);
    if (pin !== undefined) {
      await writeFile(join(folder, pin.name), pin.text, { mode: 0o600 });
    }
    const { passwordFile, passphraseFile } = options;
    if (passwordFile !== undefined || passphraseFile !== undefined) {
      await writeFile(askpassIn(folder), askpassScript(options, login), { mode: 0o700 });
    }
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** All that `ssh` may know of our environment, which holds the credentials of the cloud. */
export function sshEnvironment(
  options: SshOptions,
  folder?: string,
): Readonly<Record<string, string>> {
  const { agent = true, passwordFile, passphraseFile } = options;
  const asks = folder !== undefined && (passwordFile ?? passphraseFile) !== undefined;
  const { PATH = '', HOME, SSH_AUTH_SOCK } = process.env;
  return {
    PATH,
    LANG: 'C',
    LC_ALL: 'C',
    ...(HOME !== undefined && { HOME }),
    ...(agent && SSH_AUTH_SOCK !== undefined && { SSH_AUTH_SOCK }),
    ...(asks
      ? { SSH_ASKPASS: askpassIn(folder), SSH_ASKPASS_REQUIRE: 'force' }
      : { SSH_ASKPASS_REQUIRE: 'never' }),
  };
}

function askpassIn(folder: string): string {
  return join(folder, 'askpass');
}

/**
 * Answers what `ssh` asks for this login or for a private key, and nothing else: no jump host, no question of trust,
 * and no demand for a new password gets the secret.
 */
function askpassScript({ passwordFile, passphraseFile }: SshOptions, login: Login): string {
  const { user, name } = login;
  const plain = `${user.slice(0, 30)}@${name.slice(0, 128)}'s password: `;
  const interactive = `(${user}@${name}) `;
  return [
    '#!/bin/sh',
    'case $1 in',
    '*[Nn]ew*|*[Rr]etype*|*[Cc]urrent*|*[Ee]xpired*) exit 1 ;;',
    ...(passphraseFile === undefined
      ? []
      : [`'Enter passphrase for '*) file=${shellWord(passphraseFile)} ;;`]),
    ...(passwordFile === undefined
      ? []
      : [
          `${shellWord(plain)}|${shellWord(interactive)}*[Pp]assword*) file=${shellWord(passwordFile)} ;;`,
        ]),
    '*) exit 1 ;;',
    'esac',
    'IFS= read -r line <"$file" || [ -n "$line" ] || exit 1',
    'cr=$(printf "\\r")',
    'printf "%s\\n" "${line%"$cr"}"',
    '',
  ].join('\n');
}

async function newFolder(): Promise<string> {
  const causes: unknown[] = [];
  for (const parent of [tmpdir(), '/tmp', '/dev/shm']) {
    try {
      if (parent.length < MAX_FOLDER) {
        return await mkdtemp(join(parent, 'route-sync-ssh-'));
      }
    } catch (cause) {
      causes.push(cause);
    }
  }
  throw new RouteSyncError(
    'UPSTREAM_COMMAND_FAILED',
    `no folder for the socket of an SSH connection can be made (${String(causes[0])}); free space, or set TMPDIR to a folder whose path is short`,
    { cause: new AggregateError(causes) },
  );
}

/** `ssh` itself would go on without most of them, and fail later for a reason that misleads. */
async function refuseUnusableFiles(options: SshOptions): Promise<void> {
  const { identityFile, certificateFile, configFile, passwordFile, passphraseFile } = options;
  for (const [purpose, file] of Object.entries({ identityFile, certificateFile, configFile })) {
    if (file !== undefined) {
      await refuseUnreadable(file, `via.ssh.${purpose}`);
    }
  }
  for (const [purpose, file] of Object.entries({ passwordFile, passphraseFile })) {
    if (file !== undefined) {
      await readSecretLine(file, `via.ssh.${purpose}`);
    }
  }
}
