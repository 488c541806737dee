/** Which host keys count: those of known_hosts, or one that is pinned; ssh_config(5) of OpenSSH 8.5 and later. */
import { RouteSyncError } from '../errors.ts';
import type { SshOptions } from './ssh-options.ts';

/** A file that the options point to, in the private folder of a connection. */
export interface PinFile {
  readonly name: string;
  readonly text: string;
}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;
const KEY = /^(?<key>[a-z0-9][a-z0-9@.-]{0,99} [A-Za-z0-9+/]{16,}={0,2})(?: [ -~]*)?$/;

/** Prints the host's key as a line of known_hosts if it has the wanted fingerprint; else nothing is known. */
const FINGERPRINT_SCRIPT = `[ "$1" = "$2" ] && printf '%s %s %s\\n' "$3" "$4" "$5"\nexit 0\n`;

/** What has to stand in the private folder for {@link hostKeyOptions}; undefined where no key is pinned. */
export function pinFile(hostKey: string | undefined): PinFile | undefined {
  if (hostKey === undefined) {
    return undefined;
  }
  const key = KEY.exec(hostKey)?.groups?.['key'];
  if (key !== undefined) {
    return { name: 'known_hosts', text: `* ${key}\n` };
  }
  if (FINGERPRINT.test(hostKey)) {
    return { name: 'pin', text: FINGERPRINT_SCRIPT };
  }
  throw new RouteSyncError(
    'UNSAFE_WORD',
    `the SSH hostKey ${JSON.stringify(hostKey)} is neither a key such as "ssh-ed25519 AAAA..." nor a fingerprint "SHA256:..." of 43 characters`,
    { details: { hostKey } },
  );
}

/** The options of ssh_config that decide which key of the host is accepted. */
export function hostKeyOptions(
  { hostKey, knownHostsFile, hostKeys = 'strict', algorithms }: SshOptions,
  folder: string,
): Readonly<Record<string, string>> {
  const pin = pinFile(hostKey);
  if (pin === undefined) {
    return {
      StrictHostKeyChecking: hostKeys === 'strict' ? 'yes' : 'accept-new',
      ...(knownHostsFile !== undefined && { UserKnownHostsFile: configValue(knownHostsFile) }),
    };
  }
  const path = configValue(`${folder}/${pin.name}`);
  const isFile = pin.name === 'known_hosts';
  return {
    StrictHostKeyChecking: 'yes',
    GlobalKnownHostsFile: '/dev/null',
    VerifyHostKeyDNS: 'no',
    UserKnownHostsFile: isFile ? path : '/dev/null',
    KnownHostsCommand: isFile ? 'none' : `/bin/sh ${path} ${hostKey ?? ''} %f %H %t %K`,
    // A certificate of the host has another fingerprint than its key.
    ...(algorithms?.hostKeys === undefined && {
      HostKeyAlgorithms: '-*-cert-v01@openssh.com',
    }),
  };
}

/** A path as ssh_config reads exactly this path: quoted, and without its tokens. */
export function configValue(path: string): string {
  if (/["\\\p{Cc}]|\$\{/u.test(path) || path === '') {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `${JSON.stringify(path)} cannot be a path for ssh: quotes, backslashes, "\${" and control characters are not allowed`,
    );
  }
  return `"${path.replaceAll('%', '%%')}"`;
}
