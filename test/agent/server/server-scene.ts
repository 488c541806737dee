/** A server on a free port, and a client that sees what is really sent. */
import { request, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Route } from '../../../src/agent/server/route.ts';
import {
  type RunningServer,
  startServer,
  type ServerOptions,
} from '../../../src/agent/server/server.ts';
import type { Log } from '../../../src/report/log.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Served extends RunningServer {
  readonly ask: (path: string, asked?: Asked) => Promise<Answer>;
  /** What was logged as a warning or an error. */
  readonly complaints: readonly string[];
}

export const LOOPBACK = { host: '127.0.0.1', port: 0 } as const;

export async function serve(
  routes: readonly Route[],
  options: Partial<ServerOptions> = {},
): Promise<Served> {
  const complaints: string[] = [];
  const server = await startServer({
    listen: LOOPBACK,
    routes,
    log: logTo(complaints),
    ...options,
  });
  return { ...server, complaints, ask: async (path, asked) => ask(server.url, path, asked) };
}

async function ask(url: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = asked;
  return new Promise((resolve, reject) => {
    request(url, { path, method, headers, agent: false }, (response) => {
      buffer(response).then(
        (all) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all }),
        reject,
      );
    })
      .on('error', reject)
      .end(body);
  });
}

export function logTo(complaints: string[]): Log {
  const complain = (message: string, fields: object = {}): void => {
    complaints.push(`${message} ${JSON.stringify(fields)}`);
  };
  const ignore = (): void => undefined;
  const log: Log = {
    error: complain,
    warn: complain,
    info: ignore,
    debug: ignore,
    child: () => log,
    writes: () => true,
  };
  return log;
}
