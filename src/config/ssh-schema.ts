/** The `via.ssh` section: how the OpenSSH client of this host reaches a router; ssh(1), ssh_config(5). */
import type { z } from 'zod';

import { choice, file, filledList, flag, seconds, section, whole, word } from './fields.ts';

const USER = String.raw`[A-Za-z0-9_][\w.@+\\-]{0,63}`;
const HOP = String.raw`(?:${USER}@)?(?:\[[\da-fA-F:.]+(?:%[\w.-]+)?\]|[A-Za-z0-9_][\w.-]{0,254})(?::\d{1,5})?`;

function algorithms(what: string): z.ZodOptional<z.ZodType<readonly string[]>> {
  const name = word(/^[a-z0-9][a-z0-9@.-]{0,99}$/, 'the name of an algorithm as "ssh -Q" shows it');
  return filledList(name, `a list of names, for example [${what}]`).optional();
}

const oldAlgorithms = section({
  kex: algorithms('diffie-hellman-group14-sha1').describe('Key exchange methods.'),
  hostKeys: algorithms('ssh-rsa').describe("Kinds of the router's key."),
  ciphers: algorithms('aes128-cbc').describe('Ciphers.'),
  macs: algorithms('hmac-sha1').describe('Message authentication codes.'),
  publicKeys: algorithms('ssh-rsa').describe("Kinds of signature by the user's key."),
});

/** The names of files in the section, which are relative to the configuration file. */
const FILE_KEYS = [
  'identityFile',
  'certificateFile',
  'passwordFile',
  'passphraseFile',
  'enableSecretFile',
  'knownHostsFile',
  'configFile',
] as const;

export const sshSchema = section({
  host: word(
    /^[A-Za-z0-9_:][\w.:%-]{0,254}$/,
    'a host name, an IP address or a Host of ssh_config',
  ).describe('The router: its name or address, or a `Host` of ssh_config.'),
  port: whole(1, 65_535).optional().describe('Its TCP port. Default: that of ssh_config, else 22.'),
  user: word(new RegExp(`^${USER}$`), 'a user name of letters, digits and "_.@+\\-"')
    .optional()
    .describe('The user to log in as. Default: that of ssh_config, else the user of this process.'),
  identityFile: file()
    .optional()
    .describe(
      'The private key, or the public half of a key that the agent holds; no other key is offered then.',
    ),
  certificateFile: file().optional().describe('The certificate of that key.'),
  agent: flag().default(true).describe('Whether keys of the agent at SSH_AUTH_SOCK are offered.'),
  passwordFile: file()
    .optional()
    .describe(
      'A file whose first line is the password. Only the user of this process may be able to read it (mode 600).',
    ),
  passphraseFile: file()
    .optional()
    .describe('A file whose first line opens the private key; mode 600, too.'),
  enableSecretFile: file()
    .optional()
    .describe(
      'A file whose first line is the password of the privileged mode (`enable`, `super`); mode 600, too.',
    ),
  jump: word(
    new RegExp(`^${HOP}(?:,${HOP})*$`),
    '[user@]host[:port], several with commas in between',
  )
    .optional()
    .describe(
      'The hosts to go through, the first one first, as `ssh -J` has them. They get keys, never the password.',
    ),
  hostKey: word(
    /^(?:SHA256:[A-Za-z0-9+/]{43}|[a-z0-9][a-z0-9@.-]{0,99} [A-Za-z0-9+/]{16,}={0,2}(?: [ -~]*)?)$/,
    'a key such as "ssh-ed25519 AAAA..." or a fingerprint "SHA256:..." as "ssh-keygen -l" shows it',
  )
    .optional()
    .describe(
      "The router's only valid host key, or its fingerprint; known_hosts does not count then.",
    ),
  knownHostsFile: file()
    .optional()
    .describe('The known_hosts to use for the router and the jump hosts. Default: that of ssh.'),
  hostKeys: choice(['strict', 'accept-new'])
    .default('strict')
    .describe(
      'What happens to a host whose key is not known yet: it is refused, or its key is written down. A changed key is always refused.',
    ),
  configFile: file()
    .optional()
    .describe('An ssh_config to read in place of ~/.ssh/config and /etc/ssh/ssh_config.'),
  algorithms: oldAlgorithms
    .optional()
    .describe('Old algorithms that this router needs, in addition to those of ssh.'),
  connectTimeoutSeconds: seconds(1, 600)
    .default(10)
    .describe('How long the TCP connection and the key exchange may take.'),
  commandTimeoutSeconds: seconds(1, 3600)
    .default(60)
    .describe('How long a command may take; each line of its input adds to it.'),
  keepAliveSeconds: seconds(1, 3600)
    .default(15)
    .describe(
      'After how much silence the router is asked whether it is there; three misses end the connection.',
    ),
  sudo: flag().default(false).describe('Whether programs are run by `sudo -n`.'),
  shell: choice(['posix', 'none'])
    .default('posix')
    .describe(
      "What the login shell is: a POSIX shell, or the router's own CLI (`none`), such as vtysh of FRR.",
    ),
}).check((context) => {
  const { hostKey, hostKeys, sudo, shell } = context.value;
  if (hostKey !== undefined && hostKeys === 'accept-new') {
    const message = 'must not be accept-new where hostKey names the only valid key';
    context.issues.push({ code: 'custom', message, path: ['hostKeys'], input: hostKeys });
  }
  if (sudo && shell === 'none') {
    const message = 'needs a shell that starts it; a login shell that is a CLI has no sudo';
    context.issues.push({ code: 'custom', message, path: ['sudo'], input: sudo });
  }
});

export type SshConfig = z.output<typeof sshSchema>;

/** The same section with every path as `resolve` makes it. */
export function withSshPaths(config: SshConfig, resolve: (path: string) => string): SshConfig {
  const paths = FILE_KEYS.flatMap((key) => {
    const path = config[key];
    return path === undefined ? [] : [[key, resolve(path)] as const];
  });
  return { ...config, ...Object.fromEntries(paths) };
}
