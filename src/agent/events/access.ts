/** What it takes to be let in: the password and the files for TLS, read anew for each round, for they may be replaced. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

import type { Broker } from '../../config/broker-url.ts';
import { RouteSyncError } from '../../errors.ts';
import { Secret } from '../../openstack-client-lite/index.ts';
import type { NotificationSettings } from './queue.ts';

export interface Access {
  readonly loginAt: (broker: Broker) => { readonly username: string; readonly password: Secret };
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
}

type AccessSettings = Pick<
  NotificationSettings,
  'username' | 'passwordFile' | 'caFile' | 'certFile' | 'keyFile'
>;

/** Throws NOTIFICATIONS_SETTINGS for a file that cannot be read, or is not what it should be. */
export async function readAccess(settings: AccessSettings): Promise<Access> {
  const { username = '', passwordFile, caFile, certFile, keyFile } = settings;
  const [passwordText, ca, cert, key] = await Promise.all([
    readMaybe('passwordFile', passwordFile),
    readMaybe('caFile', caFile),
    readMaybe('certFile', certFile),
    readMaybe('keyFile', keyFile),
  ]);
  const [firstLine = ''] = (passwordText ?? '').split('\n');
  if (passwordFile !== undefined && firstLine.trimEnd() === '') {
    throw unusable('passwordFile', `${passwordFile} has no password in its first line`);
  }
  return {
    loginAt: (broker) => ({
      username: broker.username ?? username,
      password: new Secret(broker.password?.() ?? firstLine.trimEnd()),
    }),
    tls: checkedTls({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }),
  };
}

/** Node takes any text for a CA, and then trusts nobody. */
function checkedTls(tls: Access['tls']): Access['tls'] {
  if (tls.ca !== undefined && !tls.ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw unusable('caFile', 'there is no certificate in PEM in it');
  }
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw unusable('caFile, certFile or keyFile', reasonOf(cause));
  }
  return tls;
}

async function readMaybe(key: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) {
    return undefined;
  }
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unusable(key, reasonOf(cause));
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function unusable(keys: string, reason: string): RouteSyncError {
  return new RouteSyncError('NOTIFICATIONS_SETTINGS', `cloud.notifications, ${keys}: ${reason}`);
}
