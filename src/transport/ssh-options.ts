/**
 * The options of one way to a router by SSH, and the arguments of OpenSSH's `ssh` for them; ssh(1) and ssh_config(5) of
 * OpenSSH 8.5 and later. What is not given here comes from ssh_config.
 */
import { RouteSyncError } from '../errors.ts';
import { configValue, hostKeyOptions } from './ssh-host-key.ts';
import { shellWord } from './ssh-word.ts';

export interface SshOptions {
  /** A name or an address, or a `Host` of ssh_config. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  /** A private key, or the public half of one that an agent holds; no other key is offered then. */
  readonly identityFile?: string | undefined;
  readonly certificateFile?: string | undefined;
  /** Whether the keys of the agent at SSH_AUTH_SOCK are offered. Default: true. */
  readonly agent?: boolean | undefined;
  /** Its first line answers the router's question for a password. */
  readonly passwordFile?: string | undefined;
  /** Its first line opens the private key. */
  readonly passphraseFile?: string | undefined;
  /** `[user@]host[:port]` of the hosts to go through, the first one first, with commas in between. */
  readonly jump?: string | undefined;
  /** The one key that counts: `ssh-ed25519 AAAA...`, or its fingerprint `SHA256:...`. */
  readonly hostKey?: string | undefined;
  /** Read instead of the known_hosts files of ssh_config, for jump hosts, too. */
  readonly knownHostsFile?: string | undefined;
  /** Whether a key that nobody has seen yet is refused, or written to known_hosts. Default: `strict`. */
  readonly hostKeys?: 'strict' | 'accept-new' | undefined;
  /** Read instead of ~/.ssh/config and /etc/ssh/ssh_config. */
  readonly configFile?: string | undefined;
  readonly algorithms?: SshAlgorithms | undefined;
  /** For the TCP connection and the key exchange. Default: 10. */
  readonly connectTimeoutSeconds?: number | undefined;
  /** For one command without input; each line of input adds to it. Default: 60. */
  readonly commandTimeoutSeconds?: number | undefined;
  /** After how much silence the other side is asked whether it is there; three misses end the connection. Default: 15. */
  readonly keepAliveSeconds?: number | undefined;
  /** Programs are run by `sudo -n`. */
  readonly sudo?: boolean | undefined;
  /** What reads a command there: a POSIX shell, or the router's own CLI as login shell (FRR's vtysh). */
  readonly shell?: 'posix' | 'none' | undefined;
}

/** Old algorithms, each offered after those that `ssh` offers anyway. */
export interface SshAlgorithms {
  readonly kex?: readonly string[] | undefined;
  /** Of the router's key. */
  readonly hostKeys?: readonly string[] | undefined;
  readonly ciphers?: readonly string[] | undefined;
  readonly macs?: readonly string[] | undefined;
  /** Of the user's key. */
  readonly publicKeys?: readonly string[] | undefined;
}

export const DEFAULT_CONNECT_SECONDS = 10;
export const DEFAULT_COMMAND_SECONDS = 60;
const DEFAULT_KEEP_ALIVE_SECONDS = 15;

/**
 * - `master`: a connection that others share, without a session of its own; prints {@link CONNECTED} when it is there.
 * - `terminal`: one interactive session.
 * - `resolve`: prints what ssh_config makes of the host, and connects to nothing.
 */
export type SshMode = 'master' | 'terminal' | 'resolve';

/** What a `master` prints as soon as sessions can be opened over it. */
export const CONNECTED = 'connected';

/** The socket of a `master` in its private folder. */
export function controlSocket(folder: string): string {
  return `${folder}/s`;
}

/** All arguments of `ssh`; `folder` is the private folder that holds what `prepareFolder` has put there. */
export function sshArguments(
  options: SshOptions,
  { mode, folder }: { readonly mode: SshMode; readonly folder: string },
): readonly string[] {
  refuseUnsafe(options);
  const { host, port, user, passwordFile, passphraseFile } = options;
  const asksNobody = passwordFile === undefined && passphraseFile === undefined;
  const proxy = proxyCommand(options);
  return [
    ...modeArguments(mode, folder),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...fileArguments(options),
    ...settings({
      ...connectionSettings(options),
      ...hostKeyOptions(options, folder),
      ...algorithmSettings(options),
      BatchMode: asksNobody ? 'yes' : 'no',
      NumberOfPasswordPrompts: '1',
      ...(proxy !== undefined && { ProxyCommand: proxy }),
    }),
    '--',
    host,
  ];
}

function modeArguments(mode: SshMode, folder: string): readonly string[] {
  if (mode === 'resolve') {
    return ['-G'];
  }
  if (mode === 'terminal') {
    // OpenSSH 9.5 and later send typed keys in steps of 20 ms; nobody types here. Older ones do not know the word.
    const typing = {
      IgnoreUnknown: 'ObscureKeystrokeTiming',
      ObscureKeystrokeTiming: 'no',
    };
    const control = { ControlMaster: 'no', ControlPath: 'none' };
    return ['-tt', '-e', 'none', ...settings({ ...typing, ...control })];
  }
  const local = { PermitLocalCommand: 'yes', LocalCommand: `echo ${CONNECTED}` };
  const control = { ControlMaster: 'yes', ControlPath: configValue(controlSocket(folder)) };
  return ['-N', '-T', ...settings({ ...control, ControlPersist: 'no', ...local })];
}

/** What is the same for the router and for the hosts before it. */
function connectionSettings(options: SshOptions): Readonly<Record<string, string>> {
  const { connectTimeoutSeconds = DEFAULT_CONNECT_SECONDS } = options;
  const { keepAliveSeconds = DEFAULT_KEEP_ALIVE_SECONDS } = options;
  return {
    // The key that a host shows stands in the log at this level only.
    LogLevel: 'DEBUG1',
    ConnectTimeout: String(Math.ceil(connectTimeoutSeconds)),
    ConnectionAttempts: '1',
    ServerAliveInterval: String(Math.ceil(keepAliveSeconds)),
    ServerAliveCountMax: '3',
    ...(options.agent === false && { IdentityAgent: 'none' }),
    AddKeysToAgent: 'no',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    Tunnel: 'no',
    RemoteCommand: 'none',
    UpdateHostKeys: 'no',
    VisualHostKey: 'no',
    ForkAfterAuthentication: 'no',
  };
}

function fileArguments(options: SshOptions): readonly string[] {
  const { configFile, identityFile, certificateFile } = options;
  return [
    ...(configFile === undefined ? [] : ['-F', configFile]),
    ...settings({
      ...(identityFile !== undefined && {
        IdentityFile: configValue(identityFile),
        IdentitiesOnly: 'yes',
      }),
      ...(certificateFile !== undefined && { CertificateFile: configValue(certificateFile) }),
    }),
  ];
}

function algorithmSettings({ algorithms = {} }: SshOptions): Readonly<Record<string, string>> {
  const lists = {
    KexAlgorithms: algorithms.kex,
    HostKeyAlgorithms: algorithms.hostKeys,
    Ciphers: algorithms.ciphers,
    MACs: algorithms.macs,
    PubkeyAcceptedAlgorithms: algorithms.publicKeys,
  };
  return Object.fromEntries(
    Object.entries(lists).flatMap(([key, names = []]) =>
      names.length === 0 ? [] : [[key, `+${names.join(',')}`]],
    ),
  );
}

function settings(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

/**
 * `ssh` through `ssh`, as ProxyJump does it, but with our checks on every hop: ProxyJump gives its hops no option, and
 * would let them ask for the router's password.
 */
function proxyCommand(options: SshOptions): string | undefined {
  let proxy: string | undefined;
  for (const hop of options.jump?.split(',') ?? []) {
    const { user, host, port } = partsOf(hop);
    const words = [
      'ssh',
      ...(port === undefined ? [] : ['-p', port]),
      ...(user === undefined ? [] : ['-l', user]),
      ...fileArguments(options),
      ...settings({
        ...connectionSettings(options),
        ...hostKeyOptions({ ...options, hostKey: undefined }, ''),
        BatchMode: 'yes',
        ControlMaster: 'no',
        ControlPath: 'none',
        ...(proxy !== undefined && { ProxyCommand: proxy }),
      }),
    ];
    // Only the last words are for this level; each level below has its own `%h`.
    const quoted = words.map((word) => shellWord(word.replaceAll('%', '%%')));
    proxy = [...quoted, '-W', "'[%h]:%p'", '--', shellWord(host.replaceAll('%', '%%'))].join(' ');
  }
  return proxy;
}

const USER = String.raw`[A-Za-z0-9_][\w.@+\\-]{0,63}`;
/** IPv6 addresses may have a zone; names of ssh_config may have underscores. */
const HOST = String.raw`[A-Za-z0-9_:][\w.:%-]{0,254}`;
const WHOLE_USER = new RegExp(`^${USER}$`);
const WHOLE_HOST = new RegExp(`^${HOST}$`);
const HOP = new RegExp(
  String.raw`^(?:(?<user>${USER})@)?(?:\[(?<address>[\da-fA-F:.]+(?:%[\w.-]+)?)\]|(?<host>[A-Za-z0-9_][\w.-]{0,254}))(?::(?<port>\d{1,5}))?$`,
);
const ALGORITHM = /^[a-z0-9][a-z0-9@.-]{0,99}$/;

interface Hop {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: string | undefined;
}

function partsOf(hop: string): Hop {
  const { user, address, host, port } = HOP.exec(hop)?.groups ?? {};
  const name = address ?? host;
  if (name === undefined) {
    throw unsafe('jump host', hop, '[user@]host[:port], several with commas in between');
  }
  return { user, host: name, port };
}

/** A word that `ssh` or a shell behind it would read as something else must not come near them. */
function refuseUnsafe({ host, user, algorithms = {} }: SshOptions): void {
  if (!WHOLE_HOST.test(host)) {
    throw unsafe('host', host, 'a host name, an IP address or a Host of ssh_config');
  }
  if (user !== undefined && !WHOLE_USER.test(user)) {
    throw unsafe('user', user, 'a user name of letters, digits and "_.@+\\-"');
  }
  for (const name of Object.values(algorithms).flatMap((list: readonly string[] = []) => list)) {
    if (!ALGORITHM.test(name)) {
      throw unsafe('algorithm', name, 'a name as "ssh -Q" shows it, such as ssh-rsa');
    }
  }
}

function unsafe(what: string, value: string, wanted: string): RouteSyncError {
  return new RouteSyncError(
    'UNSAFE_WORD',
    `the SSH ${what} ${JSON.stringify(value)} is not ${wanted}`,
    { details: { value } },
  );
}
