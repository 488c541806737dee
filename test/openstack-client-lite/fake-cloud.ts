/** A Keystone and a Neutron on loopback, made of recorded answers; a test replaces the ones it is about. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  createOpenStackClient,
  loadCloudConfig,
  type OpenStackClient,
  type OpenStackClientOptions,
  type SecretSource,
} from '../../src/openstack-client-lite/index.ts';

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string | undefined;
  readonly body: string;
}

/** An answer, or a way of giving none. */
export type Reply =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly fault: 'hang' | 'hang-after-headers' | 'reset' | 'cut-off' };

export type Handler = (request: SeenRequest) => Reply;

export interface FakeCloudOptions {
  readonly keystone?: Handler;
  readonly neutron?: Handler;
  readonly tls?: ServerOptions;
}

export interface FakeCloud {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  readonly close: () => Promise<void>;
}

export const PASSWORD = 'sentinel "pass\\word"';
export const TOKEN = 'gAAAA-sentinel-token';

/** One recorded body. */
export function recorded(name: string): string {
  return readFileSync(new URL(`data/${name}`, import.meta.url), 'utf8');
}

/** What a Keystone answers to a good login, with Neutron at the given URL. */
export function tokenReply(
  neutronUrl: string,
  changes: Readonly<Record<string, unknown>> = {},
): Reply {
  const { token } = JSON.parse(
    recorded('keystone-token.json').replaceAll('http://127.0.0.1:9696', neutronUrl),
  ) as { token: object };
  return {
    status: 201,
    headers: { 'x-subject-token': TOKEN },
    body: JSON.stringify({ token: { ...token, ...changes } }),
  };
}

/** The recorded list of the collection that is asked for, or of the named file. */
export function recordedList({ path }: SeenRequest): Reply {
  const collection = /\/v2\.0\/(?<name>[a-z\-]+)/v.exec(path)?.groups?.['name'] ?? '';
  return { body: recorded(`${collection}.json`) };
}

export async function startFakeCloud(options: FakeCloudOptions = {}): Promise<FakeCloud> {
  const requests: SeenRequest[] = [];
  const neutron = options.neutron ?? recordedList;
  let url = '';

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const seen = toSeen(request, Buffer.concat(chunks).toString());
      requests.push(seen);
      const isLogin = seen.path.endsWith('/auth/tokens');
      const login = options.keystone ?? (() => tokenReply(url));
      send(isLogin ? login(seen) : neutron(seen), response);
    });
  };
  const server =
    options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port.toString()}`;
  return {
    url,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The variables of an openrc file for the fake cloud. */
export function openrc(url: string): Record<string, string> {
  return {
    OS_AUTH_URL: `${url}/v3`,
    OS_USERNAME: 'admin',
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
  };
}

/** A client that logs in with these variables, does not wait between retries and has no other clock than the given one. */
export async function connect(
  env: Readonly<Record<string, string | undefined>>,
  options: Partial<OpenStackClientOptions> = {},
  secret?: SecretSource,
): Promise<OpenStackClient> {
  const nowhere = '/nonexistent';
  const config = await loadCloudConfig({ env, cwd: nowhere, homeDir: nowhere, secret });
  return createOpenStackClient(config, {
    requestTimeoutMs: 5000,
    retries: 0,
    env,
    sleep: async () => {},
    ...options,
  });
}

function toSeen(request: IncomingMessage, body: string): SeenRequest {
  const path = request.url ?? '';
  const token = request.headers['x-auth-token'];
  return {
    method: request.method ?? '',
    path,
    query: new URL(path, 'http://host').searchParams,
    token: typeof token === 'string' ? token : undefined,
    body,
  };
}

function send(reply: Reply, response: ServerResponse): void {
  if (!('fault' in reply)) {
    const headers = { 'content-type': 'application/json', 'x-openstack-request-id': 'req-1' };
    response.writeHead(reply.status ?? 200, { ...headers, ...reply.headers });
    response.end(reply.body);
    return;
  }
  if (reply.fault === 'reset') {
    response.destroy();
  } else if (reply.fault !== 'hang') {
    response.writeHead(200, { 'content-length': '1000', 'x-openstack-request-id': 'req-1' });
    response.write('{"routers": [');
    if (reply.fault === 'cut-off') {
      setImmediate(() => response.destroy());
    }
  }
}
