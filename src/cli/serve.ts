/** The agent's HTTP server as the configuration wants it. */
import { parseListen, type ListenAddress } from '../agent/server/listen-address.ts';
import type { Route } from '../agent/server/route.ts';
import { startServer } from '../agent/server/server.ts';
import { readServerToken } from '../agent/server/token.ts';
import type { Config } from '../config/schema.ts';
import { RouteSyncError } from '../errors.ts';
import type { Secret } from '../openstack-client-lite/index.ts';
import type { Log } from '../report/log.ts';

/** Where to listen and what to ask for, found valid before anything is opened. */
export interface ServerPlan {
  /** Undefined for `off`. */
  readonly listen: ListenAddress | undefined;
  readonly token: Secret | undefined;
}

/** Throws SERVER_FAILED where there should be a token and is none: never serve openly what shall be closed. */
export async function planServer({ server }: Config, log: Log): Promise<ServerPlan> {
  const listen = parseListen(server.listen);
  if (listen === undefined || server.tokenFile === undefined) {
    return { listen, token: undefined };
  }
  const { token, warnings } = await readServerToken(server.tokenFile);
  warnings.forEach((warning) => log.warn(warning));
  return { listen, token };
}

/** Resolves with what ends it. Where it cannot listen that is an error in the log: routes are more important. */
export async function serve(
  { listen, token }: ServerPlan,
  routes: readonly Route[],
  log: Log,
): Promise<() => Promise<void>> {
  if (listen === undefined) {
    return async () => Promise.resolve();
  }
  try {
    const { url, close } = await startServer({ listen, token, routes, log });
    log.info('serving', { url });
    return close;
  } catch (error) {
    if (!(error instanceof RouteSyncError)) {
      throw error;
    }
    log.error('no status page, metrics and health', { error });
    return async () => Promise.resolve();
  }
}
