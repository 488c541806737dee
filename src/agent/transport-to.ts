/** The way to an upstream, as configured. */
import type { UpstreamConfig } from '../config/schema.ts';
import type { SshConfig } from '../config/ssh-schema.ts';
import type { RouterDriver } from '../drivers/driver.ts';
import type { RouterOs } from '../drivers/index.ts';
import type { SessionDefinition } from '../drivers/session.ts';
import { RouteSyncError } from '../errors.ts';
import type { CliEvent } from '../transport/cli-console.ts';
import type { CliTransportOptions } from '../transport/cli-transport.ts';
import { localTransport } from '../transport/local.ts';
import type { Transport } from '../transport/transport.ts';
import { pausingAfterRefusedLogin } from './login-pause.ts';

/** Systems whose programs this host may have as well; the programs of all others are on the router alone. */
const LOCAL_OSES: ReadonlySet<RouterOs> = new Set(['linux', 'frr', 'bird']);

/** One line of a session with a router's CLI, without secrets. */
export interface SessionLine {
  readonly upstream: string;
  readonly direction: CliEvent['kind'];
  readonly line: string;
}

export interface ConnectOptions {
  /** Whether a login that is refused will be tried again, as the agent does. Default: false. */
  readonly triesAgain?: boolean;
  readonly onSessionLine?: ((line: SessionLine) => void) | undefined;
}

/**
 * A CLI session for routers that have a CLI, else programs; over SSH or on this host. Opens nothing yet. Throws
 * CONFIG_INVALID where the router cannot be reached without SSH.
 */
export async function transportTo(
  { name, os, via }: UpstreamConfig,
  { session }: RouterDriver,
  { triesAgain = false, onSessionLine }: ConnectOptions = {},
): Promise<Transport> {
  const ssh = via?.ssh;
  if (ssh !== undefined) {
    const record =
      onSessionLine &&
      (({ kind, text }: CliEvent): void =>
        onSessionLine({ upstream: name, direction: kind, line: text }));
    const transport = await (session === undefined
      ? programsOver(ssh)
      : cliOver({ ...ssh, record }, session));
    const secretFiles = secretFilesOf(ssh);
    return pausingAfterRefusedLogin(transport, { secretFiles, triesAgain, now });
  }
  if (!LOCAL_OSES.has(os)) {
    throw new RouteSyncError(
      'CONFIG_INVALID',
      `upstream ${name}: a router with os: ${os} is reached over SSH; add "via: { ssh: { host: ... } }"`,
    );
  }
  return localTransport({ netns: via?.netns });
}

/** Loaded where there is such a router: a start of route-sync should cost what it uses. */
async function programsOver(ssh: SshConfig): Promise<Transport> {
  const { sshTransport } = await import('../transport/ssh.ts');
  return sshTransport(ssh);
}

async function cliOver(ssh: CliTransportOptions, session: SessionDefinition): Promise<Transport> {
  const { cliTransport } = await import('../transport/cli-transport.ts');
  return cliTransport(ssh, session);
}

/** Everything whose change may make a refused login an accepted one. */
function secretFilesOf(ssh: SshConfig): readonly string[] {
  const { passwordFile, passphraseFile, enableSecretFile } = ssh;
  const { identityFile, certificateFile, configFile } = ssh;
  const files = [passwordFile, passphraseFile, enableSecretFile, identityFile, certificateFile];
  return [...files, configFile].filter((file) => file !== undefined);
}

/** Not the wall clock, which somebody may set. */
function now(): number {
  return performance.now();
}
