/** The way to an upstream, as configured. */
import type { UpstreamConfig } from '../config/schema.ts';
import type { SshConfig } from '../config/ssh-schema.ts';
import type { RouterDriver } from '../drivers/driver.ts';
import type { RouterOs } from '../drivers/index.ts';
import type { SessionDefinition } from '../drivers/session.ts';
import { RouteSyncError } from '../errors.ts';
import { localTransport } from '../transport/local.ts';
import type { Transport } from '../transport/transport.ts';

/** Systems whose programs this host may have as well; the programs of all others are on the router alone. */
const LOCAL_OSES: ReadonlySet<RouterOs> = new Set(['linux', 'frr', 'bird']);

/**
 * A CLI session for routers that have a CLI, else programs; over SSH or on this host. Opens nothing yet. Throws
 * CONFIG_INVALID where the router cannot be reached without SSH.
 */
export async function transportTo(
  { name, os, via }: UpstreamConfig,
  { session }: RouterDriver,
): Promise<Transport> {
  const ssh = via?.ssh;
  if (ssh !== undefined) {
    return session === undefined ? programsOver(ssh) : cliOver(ssh, session);
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

async function cliOver(ssh: SshConfig, session: SessionDefinition): Promise<Transport> {
  const { cliTransport } = await import('../transport/cli-transport.ts');
  return cliTransport(ssh, session);
}
