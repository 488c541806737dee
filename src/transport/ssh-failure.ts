/** What `ssh` of OpenSSH says on its standard error, as errors for people; its words were measured with version 9.2. */
import { RouteSyncError } from '../errors.ts';
import type { SshOptions } from './ssh-options.ts';

/** Of the log of `ssh` at LogLevel DEBUG1: what is not about a failure. */
const NOISE =
  /^(?:debug\d: |OpenSSH_|Authenticated |Transferred: |Bytes per second: |Warning: Permanently added )/;
/** How `ssh` sees it that the `ssh` to a jump host ended; that one has said why. */
const BROKEN_PROXY =
  /^(?:kex_exchange_identification: |Connection closed by UNKNOWN port 65535|(?:ssh_dispatch_run_fatal: )?Connection to UNKNOWN port 65535)/;
/** Why a key or a password was not even offered. */
const HINT =
  /^(?:Load key |ssh_askpass: |sign_and_send_pubkey: |Bad permissions|.*no mutual signature)/;

/** The options of `algorithms`, by what `ssh` calls their kind. */
const ALGORITHM_KINDS: Readonly<Record<string, string>> = {
  'host key type': 'hostKeys',
  'key exchange method': 'kex',
  cipher: 'ciphers',
  MAC: 'macs',
};

/** `user@host:port` as configured. */
export function describeHost({ host, port, user }: SshOptions): string {
  const name = host.includes(':') && port !== undefined ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${name}${port === undefined ? '' : `:${port}`}`;
}

/**
 * The error for the log of an `ssh` that did not connect or was cut off; undefined if it says nothing. The last words
 * count: a banner stands before them.
 */
export function connectionFailure(stderr: string, options: SshOptions): RouteSyncError | undefined {
  const log = linesOf(stderr);
  const all = wordsOf(log);
  const own = all.filter((line) => !BROKEN_PROXY.test(line));
  const reason = own.at(-1) ?? all.at(-1);
  if (reason === undefined) {
    return undefined;
  }
  const failure: Failure = { reason, log, isBeforeRouter: own.length < all.length, options };
  return hostKeyFailure(failure) ?? loginFailure(failure) ?? unreachable(failure);
}

/** The last thing in the log that is about no regular step. */
export function lastWords(stderr: string): string | undefined {
  return wordsOf(linesOf(stderr)).at(-1);
}

/** A banner stands before the login, which concerns nobody any more once it is done. */
function wordsOf(log: readonly string[]): readonly string[] {
  const login = log.findLastIndex((line) => line.startsWith('Authenticated to '));
  return log.slice(login + 1).filter((line) => !NOISE.test(line));
}

function linesOf(stderr: string): readonly string[] {
  return stderr.split(/\r?\n/).filter((line) => line.trim() !== '');
}

/** The error for an `ssh` that said nothing, or did not come to an end. */
export function unreachableHost(options: SshOptions, reason: string): RouteSyncError {
  return new RouteSyncError(
    'UPSTREAM_UNREACHABLE',
    `cannot reach ${describeHost(options)} by SSH: ${reason}`,
    { details: { host: options.host, reason }, retryable: true },
  );
}

interface Failure {
  /** The last words of `ssh`. */
  readonly reason: string;
  readonly log: readonly string[];
  /** True if the router itself was perhaps not reached, but only a host on the way to it. */
  readonly isBeforeRouter: boolean;
  readonly options: SshOptions;
}

function hostKeyFailure({
  reason,
  log,
  options,
  isBeforeRouter,
}: Failure): RouteSyncError | undefined {
  if (reason !== 'Host key verification failed.') {
    return undefined;
  }
  const shown = lastMatch(log, /^debug1: Server host key: (?<key>\S+ SHA256:\S+)/)?.['key'];
  const unknown = lastMatch(log, /^No \S+ host key is known for (?<host>\S+) /)?.['host'];
  const changed = lastMatch(log, /^Host key for (?<host>\S+) has changed /)?.['host'];
  const file = lastMatch(log, /^Offending \S+ key in (?<file>.+)$/)?.['file'];
  const who = changed ?? unknown ?? describeHost(options);
  const isPinned = options.hostKey !== undefined && !isBeforeRouter;
  const problem = hostKeyProblem({ isPinned, isChanged: changed !== undefined, file });
  return new RouteSyncError(
    'UPSTREAM_HOST_KEY',
    `the SSH host key of ${who} ${problem}: the host showed ${shown ?? 'a key that it could not prove to hold'}; ${hostKeyAdvice(who, { isPinned, isChanged: changed !== undefined })}`,
    { details: { host: who, shown, reason } },
  );
}

interface KeyState {
  readonly isPinned: boolean;
  readonly isChanged: boolean;
  readonly file?: string | undefined;
}

function hostKeyProblem({ isPinned, isChanged, file }: KeyState): string {
  if (isPinned) {
    return 'is not the pinned one (via.ssh.hostKey)';
  }
  return isChanged ? `is not the known one (${file ?? 'known_hosts'})` : 'is not known';
}

function hostKeyAdvice(who: string, { isPinned, isChanged }: KeyState): string {
  const check = 'compare it with the fingerprint on the console of the host';
  const [, name = who, port = '22'] = /^\[(.+)\]:(\d+)$/.exec(who) ?? [];
  const learn = `"ssh-keyscan -p ${port} ${name} >> known_hosts"`;
  if (isPinned) {
    return `${check}, and only if it is right correct via.ssh.hostKey`;
  }
  return isChanged
    ? `somebody may be listening in: ${check}, and only if it is right remove the old key ("ssh-keygen -R '${who}'") and add the new one (${learn})`
    : `${check}, and only if it is right add it (${learn}) or pin it (via.ssh.hostKey)`;
}

function loginFailure({ reason, log, options }: Failure): RouteSyncError | undefined {
  const denied = /^(?<who>\S+): Permission denied \((?<methods>[^)]*)\)\.$/.exec(reason)?.groups;
  const isLimit = log.slice(-3).some((line) => /Too many authentication failures/.test(line));
  if (denied === undefined && !isLimit) {
    return undefined;
  }
  const who = denied?.['who'] ?? describeHost(options);
  const methods = denied?.['methods'];
  const offer = methods === undefined ? '' : `; the host offers ${methods}`;
  const hints = log.filter((line) => HINT.test(line.replace(/^debug1: /, ''))).slice(-2);
  const why = [isLimit ? 'too many keys were tried' : '', ...hints].filter((text) => text !== '');
  return new RouteSyncError(
    'UPSTREAM_LOGIN',
    `the SSH login of ${who} was refused${why.length === 0 ? '' : ` (${why.join('; ')})`}${offer}; check the user, and the key, certificate, agent or password file of this upstream`,
    { details: { login: who, ...(methods !== undefined && { methods }), reason } },
  );
}

function unreachable({ reason, options }: Failure): RouteSyncError {
  const { kind = '', offer = '' } =
    /no matching (?<kind>.+) found\. Their offer: (?<offer>\S+)/.exec(reason)?.groups ?? {};
  const key = ALGORITHM_KINDS[kind];
  if (key === undefined) {
    return unreachableHost(options, reason);
  }
  return new RouteSyncError(
    'UPSTREAM_UNREACHABLE',
    `cannot reach ${describeHost(options)} by SSH: it knows only an old ${kind} (${offer}); update it, or permit one of them with via.ssh.algorithms.${key}`,
    { details: { host: options.host, offer } },
  );
}

function lastMatch(
  log: readonly string[],
  pattern: RegExp,
): Readonly<Record<string, string>> | undefined {
  return log.findLast((line) => pattern.test(line))?.match(pattern)?.groups;
}
