/** The agent's HTTP server: read-only, on node:http alone. It takes routes as values and knows nothing of what they show. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RouteSyncError } from '../../errors.ts';
import type { Secret } from '../../openstack-client-lite/index.ts';
import type { Log } from '../../report/log.ts';
import { hostCheck, tokenCheck } from './access.ts';
import { answerRequest } from './answer.ts';
import { eventStreams } from './event-streams.ts';
import { formatAddress, isLoopback, type ListenAddress } from './listen-address.ts';
import type { Route } from './route.ts';

export interface ServerOptions {
  readonly listen: ListenAddress;
  /** With it, only open routes answer those who do not show it. */
  readonly token?: Secret | undefined;
  readonly routes: readonly Route[];
  readonly log: Log;
  /** How many event streams there may be at a time. */
  readonly maxStreams?: number;
  /** How often an event stream says that it is there. */
  readonly heartbeatMs?: number;
}

export interface RunningServer {
  /** Where it really listens: `http://127.0.0.1:9717`. */
  readonly url: string;
  /** Takes no more requests, ends the event streams, and resolves when what was under way is answered. */
  readonly close: () => Promise<void>;
}

/** Who needs more for the head of a request, or for a request without a body, is no browser. */
const LIMITS = {
  headersTimeout: 3000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 500,
  maxHeaderSize: 16_384,
} as const;
const MAX_CONNECTIONS = 256;
/** Whom nothing was sent to for so long is not there any more; event streams have their heartbeat. */
const IDLE_MS = 60_000;
/** How long requests under way may still take when the server closes. */
const CLOSE_MS = 1000;

/** Rejects with SERVER_FAILED where it cannot listen. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { listen, token, routes, log, maxStreams = 32, heartbeatMs = 15_000 } = options;
  const streams = eventStreams({ maxStreams, heartbeatMs });
  const isPrivate = isLoopback(listen.host);
  const isOurHost = isPrivate && token === undefined ? hostCheck(listen.host) : () => true;
  const rules = { routes, streams, log, isOurHost, isTrusted: tokenCheck(token) };
  const server = createServer(LIMITS, (request, response) => {
    answerRequest(request, response, rules).catch((error: unknown) => {
      log.error('an answer of the server broke off', { error });
      response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  const address = await listenOn(server, listen);
  if (!isPrivate && token === undefined) {
    log.warn(
      'the server answers other machines without a token; set server.tokenFile, or listen on 127.0.0.1',
      { address: formatAddress(address) },
    );
  }
  return {
    url: `http://${formatAddress(address)}`,
    close: async () => {
      streams.endAll();
      await closeServer(server);
    },
  };
}

async function listenOn(server: Server, listen: ListenAddress): Promise<ListenAddress> {
  try {
    server.listen(listen);
    await once(server, 'listening');
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const why = WHY[code] ?? 'set server.listen to an address of this machine, or to "off"';
    throw new RouteSyncError(
      'SERVER_FAILED',
      `cannot listen on ${formatAddress(listen)} (server.listen): ${code || String(cause)}; ${why}`,
      { cause, details: { listen: formatAddress(listen), reason: code } },
    );
  }
  const { address: host, port } = server.address() as AddressInfo;
  return { host, port };
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this port (another agent?): set another one, or "off"',
  EACCES: 'ports below 1024 are for root: set a higher one',
};

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(timer);
}
