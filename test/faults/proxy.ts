/**
 * A proxy between the agent and the API that breaks chosen answers. Every address of the cloud in an answer becomes one
 * of its own, so that nothing passes by it.
 */
import {
  Agent,
  createServer,
  request as send,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One request of the agent as the proxy saw it. */
export interface Seen {
  readonly method: string;
  /** The path without the cloud's own prefix, as `/v2.0/routers`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** How often this cycle has asked the same before. */
  readonly repetition: number;
}

/** What the cloud answers, with its addresses rewritten. */
export interface Truth {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One request that a fault may answer in its own way. */
export interface Exchange {
  readonly seen: Seen;
  readonly response: ServerResponse;
  /** Asks the cloud; with a query, asks it that instead. */
  readonly truth: (query?: URLSearchParams) => Promise<Truth>;
  /** No connection is taken from now on, and those that are open are reset. */
  readonly die: () => void;
}

/** Answers the request, or leaves it unanswered. */
export type Fault = (exchange: Exchange) => Promise<void> | void;

/**
 * Where the proxy forwards to: the origin of each service, as `http://127.0.0.1:9696`, by the path prefix under which the
 * proxy offers it, as `/networking`. The empty prefix stands for one origin whose paths stay as they are.
 */
export type Origins = Readonly<Record<string, string>>;

/** Undefined lets the request pass. */
export type Choose = (seen: Seen) => Fault | undefined;

export interface FaultProxy {
  readonly authUrl: string;
  /** The requests since the last `arm`, the oldest first. */
  readonly seen: readonly Seen[];
  /**
   * Listens again if it died, forgets what it saw, and forwards to the cloud at this address of Keystone, or to these
   * origins, of which Keystone's has the prefix `/identity`.
   */
  readonly arm: (cloud: string | Origins, choose?: Choose) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The same for the same question, whoever asks it and whenever. */
export function keyOf({ method, path, query }: Pick<Seen, 'method' | 'path' | 'query'>): string {
  const words = [...query].filter(([name]) => name !== 'fields').map((pair) => pair.join('='));
  return [method, path, ...words.toSorted()].join(' ');
}

/** Starts on a free port of 127.0.0.1. */
export async function startProxy(): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer();
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const home = `http://127.0.0.1:${port}`;
  let seen: Seen[] = [];
  let choose: Choose = () => undefined;
  let origins: Origins = {};

  const die = (): void => {
    server.close();
    server.closeAllConnections();
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void serve(request, response);
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const asked = readRequest(request, seen);
    seen.push(asked);
    const truth: Exchange['truth'] = async (query = asked.query) =>
      forward(request, body, { origins, query, home, agent });
    try {
      const fault = choose(asked) ?? pass;
      await fault({ seen: asked, response, truth, die });
    } catch {
      // The cloud itself is gone: what the agent sees of that is a broken connection.
      response.destroy();
    }
  }

  return {
    authUrl: `${home}/identity/v3`,
    get seen() {
      return seen;
    },
    arm: async (cloud, chosen = () => undefined) => {
      if (!server.listening) {
        await listen(server, port);
      }
      seen = [];
      choose = chosen;
      origins = typeof cloud === 'string' ? { '': new URL(cloud).origin } : cloud;
    },
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      if (server.listening) {
        await new Promise((resolve) => {
          server.close(resolve);
        });
      }
    },
  };
}

/** Sends the answer as the cloud gave it. */
export async function pass({ response, truth }: Exchange): Promise<void> {
  const { status, headers, body } = await truth();
  response.writeHead(status, headers).end(body);
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function readRequest(
  { method = 'GET', url = '/' }: IncomingMessage,
  before: readonly Seen[],
): Seen {
  const { pathname, searchParams: query } = new URL(url, 'http://proxy.invalid');
  const path = pathname.replace(/^\/(?:identity|networking)/, '');
  const asked = { method, path, query, repetition: 0 };
  const repetition = before.filter((other) => keyOf(other) === keyOf(asked)).length;
  return { ...asked, repetition };
}

interface Route {
  readonly origins: Origins;
  readonly query: URLSearchParams;
  readonly home: string;
  readonly agent: Agent;
}

async function forward(
  { method, url = '/', headers }: IncomingMessage,
  body: Buffer,
  { origins, query, home, agent }: Route,
): Promise<Truth> {
  const asked = addressOf(url, origins);
  asked.search = query.toString();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, agent, headers: { ...headers, host: asked.host } };
    send(asked, options, resolve).on('error', reject).end(body);
  });
  const text = rewrite((await buffer(answer)).toString('utf8'), origins, home);
  const names = ['content-type', 'x-subject-token', 'x-openstack-request-id'];
  const kept = names.flatMap((name) => {
    const value = answer.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(kept), body: text };
}

/** Where the cloud itself has what the proxy offers at this path. */
function addressOf(url: string, origins: Origins): URL {
  const [prefix, origin] = Object.entries(origins).find(([each]) => url.startsWith(each)) ?? [];
  if (prefix === undefined) {
    throw new Error(`no origin for ${url}`);
  }
  return new URL(url.slice(prefix.length), origin);
}

/** Every address of the cloud becomes the proxy's own; whole origins only, as one port may begin with another. */
function rewrite(text: string, origins: Origins, home: string): string {
  const prefixes = new Map(Object.entries(origins).map(([prefix, origin]) => [origin, prefix]));
  return text.replaceAll(/https?:\/\/[^\s/"\\]+/g, (origin) => {
    const prefix = prefixes.get(origin);
    return prefix === undefined ? origin : home + prefix;
  });
}
