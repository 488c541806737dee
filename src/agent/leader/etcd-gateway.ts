/**
 * etcd's JSON gateway (etcd 3.4 and later: "gRPC gateway" in its documentation): POST with JSON, keys and values in
 * Base64, 64 bit numbers as strings. Members are asked in turn, beginning with the one that answered last.
 */
import { readFile } from 'node:fs/promises';

import { Agent, request } from 'undici';
import type { z } from 'zod';
import { RouteSyncError } from '../../errors.ts';
import { withJointSignal } from '../../openstack-client-lite/index.ts';
import { escapeText } from '../../report/escape.ts';
import { authSchema, errorSchema } from './etcd-answers.ts';

export interface EtcdSettings {
  readonly endpoints: readonly string[];
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface Call<T> {
  /** `/v3/kv/range`. */
  readonly path: string;
  readonly body: unknown;
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal;
}

export interface EtcdGateway {
  /** `etcd (https://192.0.2.1:2379)`. */
  readonly description: string;
  /** Throws {@link EtcdRefusal} for what the cluster refuses, LEADER_UNREACHABLE where no member answers. */
  readonly call: <T>(call: Call<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** The cluster understood the request and refuses it: no other member would answer otherwise. */
export class EtcdRefusal extends RouteSyncError {
  /** A code of gRPC. */
  readonly status: number;

  constructor(status: number, message: string) {
    super('LEADER_UNREACHABLE', message);
    this.status = status;
  }
}

/** Codes of gRPC that another member, or a later try, may answer otherwise: UNKNOWN, DEADLINE_EXCEEDED, UNAVAILABLE and their like. */
const PASSING: ReadonlySet<number> = new Set([1, 2, 4, 8, 10, 13, 14]);
const UNAUTHENTICATED = 16;
const INVALID_ARGUMENT = 3;

const MAX_ANSWER_BYTES = 1_048_576;

/** Asks the members in turn; what one of them answers or refuses counts. */
export function etcdGateway(settings: EtcdSettings, requestMs: number): EtcdGateway {
  const { endpoints } = settings;
  const description = `etcd (${endpoints.join(', ')})`;
  const session = openSession(settings, requestMs);
  let best = 0;
  return {
    description,
    call: async (call) => {
      const failures: string[] = [];
      for (let tried = 0; tried < endpoints.length; tried += 1) {
        const index = (best + tried) % endpoints.length;
        const endpoint = endpoints[index] ?? '';
        try {
          const answer = await session.ask(endpoint, call);
          best = index;
          return answer;
        } catch (error) {
          call.signal.throwIfAborted();
          if (error instanceof RouteSyncError) {
            throw error;
          }
          failures.push(`${endpoint}: ${reasonOf(error, requestMs)}`);
        }
      }
      // The next try reads the certificates anew: they may have been replaced.
      await session.close();
      throw new RouteSyncError(
        'LEADER_UNREACHABLE',
        `no member of ${description} answers: ${failures.join('; ')}`,
        { retryable: true },
      );
    },
    close: session.close,
  };
}

interface Session {
  /** Rejects with a plain error where another member may answer otherwise. */
  readonly ask: <T>(endpoint: string, call: Call<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

function openSession(settings: EtcdSettings, requestMs: number): Session {
  let pool: Promise<Agent> | undefined;
  let token: string | undefined;

  async function post<T>(endpoint: string, call: Call<T>): Promise<T> {
    pool ??= openPool(settings);
    const dispatcher = await pool;
    const sources = { sources: [call.signal], deadlineMs: requestMs };
    return withJointSignal(sources, async ({ signal }) => {
      const login = token === undefined ? {} : { authorization: token };
      const { statusCode, body } = await request(new URL(call.path, endpoint), {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...login },
        body: JSON.stringify(call.body),
        signal,
      });
      const text = await body.text();
      if (statusCode !== 200) {
        throw failureOf(endpoint, statusCode, text);
      }
      return call.schema.parse(JSON.parse(text));
    });
  }

  async function logIn(endpoint: string, { signal }: Pick<Call<unknown>, 'signal'>): Promise<void> {
    const { user: name, passwordFile } = settings;
    if (name !== undefined && passwordFile !== undefined && token === undefined) {
      const body = { name, password: await readPassword(passwordFile) };
      const path = '/v3/auth/authenticate';
      ({ token } = await post(endpoint, { path, body, schema: authSchema, signal }));
    }
  }

  return {
    ask: async (endpoint, call) => {
      await logIn(endpoint, call);
      try {
        return await post(endpoint, call);
      } catch (error) {
        if (token === undefined || !isTokenRefused(error)) {
          throw error;
        }
        // It ended, or is of a member that was restarted.
        token = undefined;
        await logIn(endpoint, call);
        return post(endpoint, call);
      }
    },
    close: async () => {
      const open = pool;
      pool = undefined;
      await open?.then(
        async (agent) => agent.destroy(),
        () => undefined,
      );
    },
  };
}

async function openPool({ caFile, certFile, keyFile }: EtcdSettings): Promise<Agent> {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(readMaybe));
  return new Agent({
    connections: 4,
    maxResponseSize: MAX_ANSWER_BYTES,
    connect: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
}

async function readMaybe(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readText(path);
}

async function readPassword(path: string): Promise<string> {
  const [first = ''] = (await readText(path)).split('\n');
  return first.trimEnd();
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RouteSyncError(
      'LEADER_UNREACHABLE',
      `a file of leader.etcd cannot be read: ${reason}`,
      {
        cause,
      },
    );
  }
}

/** A passing failure is a plain error: the next member is asked. */
function failureOf(endpoint: string, httpStatus: number, text: string): Error {
  const { code, message } = parseError(text);
  const words = `${endpoint}: ${escapeText(message || `HTTP status ${httpStatus}`)}`;
  return code === undefined || PASSING.has(code)
    ? new Error(message || `HTTP status ${httpStatus}`)
    : new EtcdRefusal(code, words);
}

function parseError(text: string): z.output<typeof errorSchema> {
  try {
    return errorSchema.parse(JSON.parse(text));
  } catch {
    return { code: undefined, message: '' };
  }
}

/** `invalid auth token` is UNAUTHENTICATED; an outdated revision of the users is INVALID_ARGUMENT. */
function isTokenRefused(error: unknown): boolean {
  return (
    error instanceof EtcdRefusal &&
    (error.status === UNAUTHENTICATED ||
      (error.status === INVALID_ARGUMENT && error.message.includes('auth')))
  );
}

function reasonOf(error: unknown, requestMs: number): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return escapeText(error.name === 'TimeoutError' ? `no answer in ${requestMs} ms` : error.message);
}
