/**
 * Serves a model of a cloud as Keystone v3 and Neutron v2.0 on loopback, and lets its user break any answer. It is what
 * `route-sync demo` reads, and it changes nothing through HTTP: the model's methods do.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from './identity.ts';
import { type Answer, json, Keystone, unauthorized } from './keystone.ts';
import type { Cloud } from './model.ts';
import { answerNeutron } from './neutron.ts';

/** One request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query: `/networking/v2.0/routers?fields=id`. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What to do instead of, or with, the true answer; what is left out stays true. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ((trueBody: string) => string);
  /** Infinity never answers. */
  readonly delayMs?: number;
  /** Sends so many bytes of the body, then cuts the connection. */
  readonly truncateAt?: number;
  /** Cuts the connection without an answer. */
  readonly destroy?: boolean;
}

export interface ServeOptions {
  /** Asked before each answer; undefined leaves it as it is. */
  readonly onRequest?: (request: SeenRequest) => Fault | undefined;
  /** Neutron's `pagination_max_limit`: pages are forced on every list. */
  readonly maxPageSize?: number;
  readonly tokenSeconds?: number;
  /** The clock that tokens expire by. */
  readonly now?: () => Date;
}

export interface CloudServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly authUrl: string;
  /** OS_* variables that reach it as its admin. */
  readonly env: Readonly<Record<string, string>>;
  /** Every request so far, the oldest first. */
  readonly requests: readonly SeenRequest[];
  /** OS_* variables of another user. */
  readonly envOf: (user: User) => Readonly<Record<string, string>>;
  /** Makes every token given out so far worthless. */
  readonly revokeTokens: () => void;
  /** Ends all connections, hanging ones too. */
  readonly close: () => Promise<void>;
}

/** Neutron's web server refuses a longer request line with 414 and an empty body. */
const MAX_URL_BYTES = 8192;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Starts serving on a free port of 127.0.0.1. */
export async function startCloud(cloud: Cloud, options: ServeOptions = {}): Promise<CloudServer> {
  const requests: SeenRequest[] = [];
  const closing = new AbortController();
  // Node's own limit on request lines is below the long ones that have to be answered with 414.
  const server = createServer({ maxHeaderSize: 256 * 1024 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { tokenSeconds = 3600, now = () => new Date() } = options;
  const keystone = new Keystone(cloud.identity, { origin: url, tokenSeconds, now });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    const seen = { method, url: path, headers, body: await text(request) };
    requests.push(seen);
    const fault = options.onRequest?.(seen) ?? {};
    const { maxPageSize } = options;
    const answer = answerRequest({ cloud, keystone, maxPageSize, origin: url }, seen);
    if (fault.delayMs !== undefined) {
      const { signal } = closing;
      await sleep(Math.min(fault.delayMs, LONGEST_TIMER_MS), undefined, { signal });
    }
    send(response, answer, fault);
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error: unknown) => {
      if (closing.signal.aborted) {
        response.destroy();
        return;
      }
      // A throwing `onRequest`, or a defect here: whoever asked shall see it, as nobody reads a log of this server.
      const headers = { 'Content-Type': 'text/plain' };
      send(response, { status: 500, headers, body: `embedded cloud: ${String(error)}` }, {});
    });
  });

  return {
    url,
    authUrl: `${url}/identity/v3`,
    env: environmentOf(url, cloud.identity.admin),
    requests,
    envOf: (user) => environmentOf(url, user),
    revokeTokens: () => keystone.revokeAll(),
    close: async () => {
      closing.abort();
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function environmentOf(url: string, user: User): Readonly<Record<string, string>> {
  return {
    OS_AUTH_URL: `${url}/identity/v3`,
    OS_IDENTITY_API_VERSION: '3',
    OS_USERNAME: user.name,
    OS_PASSWORD: user.password,
    OS_PROJECT_NAME: user.project.name,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_REGION_NAME: 'RegionOne',
  };
}

interface Services {
  readonly cloud: Cloud;
  readonly keystone: Keystone;
  readonly maxPageSize: number | undefined;
  readonly origin: string;
}

function answerRequest(services: Services, seen: SeenRequest): Answer {
  if (Buffer.byteLength(seen.url) > MAX_URL_BYTES) {
    return { status: 414, headers: { Connection: 'close' }, body: '' };
  }
  const url = new URL(seen.url, services.origin);
  const isIdentity = url.pathname.startsWith('/identity');
  const answer = isIdentity
    ? answerIdentity(services, seen, url)
    : answerNetworking(services, seen, url);
  const headers = { ...answer.headers, 'X-Openstack-Request-Id': `req-${randomUUID()}` };
  return { ...answer, headers };
}

function answerIdentity({ keystone, origin }: Services, seen: SeenRequest, url: URL): Answer {
  const path = url.pathname.replace(/\/$/, '');
  if (seen.method === 'POST' && path === '/identity/v3/auth/tokens') {
    return keystone.issue(seen.body);
  }
  const links = [{ rel: 'self', href: `${origin}/identity/v3/` }];
  const version = { id: 'v3.14', status: 'stable', updated: '2020-04-07T00:00:00Z', links };
  if (path === '/identity/v3') {
    return json(200, { version });
  }
  if (path === '/identity') {
    return json(300, { versions: { values: [version] } });
  }
  const message = `(${url.href}): The resource could not be found.`;
  return json(404, { error: { code: 404, message, title: 'Not Found' } });
}

function answerNetworking(services: Services, seen: SeenRequest, url: URL): Answer {
  const { cloud, keystone, maxPageSize, origin } = services;
  if (/^\/networking\/?$/.test(url.pathname)) {
    const links = [{ rel: 'self', href: `${origin}/networking/v2.0/` }];
    return json(200, { versions: [{ id: 'v2.0', status: 'CURRENT', links }] });
  }
  const token = seen.headers['x-auth-token'];
  const bearer = keystone.bearer(typeof token === 'string' ? token : undefined);
  if (bearer === undefined) {
    return unauthorized(origin);
  }
  const { user, scope } = bearer;
  const viewer = {
    isAdmin: scope !== 'none' && user.roles.includes('admin'),
    projectId: scope === 'project' ? user.project.id : undefined,
  };
  return answerNeutron(cloud, { method: seen.method, viewer, url, maxPageSize });
}

function send(response: ServerResponse, answer: Answer, fault: Fault): void {
  if (fault.destroy === true) {
    response.destroy();
    return;
  }
  const { body: given = answer.body } = fault;
  const body = Buffer.from(typeof given === 'string' ? given : given(answer.body));
  response.writeHead(fault.status ?? answer.status, {
    ...answer.headers,
    'Content-Length': String(body.length),
    ...fault.headers,
  });
  if (fault.truncateAt === undefined) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, fault.truncateAt), () => response.destroy());
}
