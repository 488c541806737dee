/** The agent's HTTP server as the configuration wants it: routes come first, so what it cannot have it tries again. */
import { isDeepStrictEqual } from 'node:util';

import { parseListen, type ListenAddress } from '../agent/server/listen-address.ts';
import type { Route } from '../agent/server/route.ts';
import { startServer, type RunningServer } from '../agent/server/server.ts';
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
  warnings.forEach((why) => log.warn('the token of the server is not well kept', { why }));
  return { listen, token };
}

export interface Serving {
  /** Serves like this from now on; what is the same already goes on untouched. */
  readonly become: (plan: ServerPlan) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface ServingOptions {
  readonly routes: readonly Route[];
  readonly log: Log;
  /** How long to wait before the first new attempt to listen; each one after it waits twice as long. */
  readonly retryMs?: number;
}

const RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60_000;
const NOWHERE: ServerPlan = { listen: undefined, token: undefined };

/** Serves nothing until it is told where. */
export function createServing({ routes, log, retryMs = RETRY_MS }: ServingOptions): Serving {
  let wanted = NOWHERE;
  let running: (RunningServer & { readonly plan: ServerPlan }) | undefined;
  let retry: NodeJS.Timeout | undefined;

  async function endRunning(): Promise<void> {
    const ending = running;
    running = undefined;
    await ending?.close();
  }

  async function open(plan: ServerPlan, waitMs: number): Promise<void> {
    const { listen, token } = plan;
    // Another port is opened before the old one is given up.
    if (listen === undefined || running?.plan.listen?.port === listen.port) {
      await endRunning();
    }
    if (listen === undefined) {
      return;
    }
    try {
      const server = await startServer({ listen, token, routes, log });
      await endRunning();
      running = { ...server, plan };
      log.info('serving', { url: server.url });
    } catch (error) {
      if (!(error instanceof RouteSyncError)) {
        throw error;
      }
      if (waitMs === retryMs) {
        const goesOn = running?.url;
        log.error('the server cannot listen; it tries again', { error, goesOn });
      }
      retry = setTimeout(() => {
        open(plan, Math.min(2 * waitMs, LONGEST_RETRY_MS)).catch((defect: unknown) =>
          log.error('the server failed', { error: defect }),
        );
      }, waitMs).unref();
    }
  }

  async function become(plan: ServerPlan): Promise<void> {
    if (isSame(plan, wanted)) {
      return;
    }
    wanted = plan;
    clearTimeout(retry);
    await open(plan, retryMs);
  }

  return { become, close: async () => become(NOWHERE) };
}

function isSame(a: ServerPlan, b: ServerPlan): boolean {
  return isDeepStrictEqual(a.listen, b.listen) && a.token?.reveal() === b.token?.reveal();
}
