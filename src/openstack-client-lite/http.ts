/** One HTTP exchange with a cloud service: deadline, cap on concurrency, retries with backoff. Knows no token. */
import { createHash } from 'node:crypto';
import {
  type Answer,
  answerDetails,
  parseAnswer,
  type RawAnswer,
  requestSuffix,
} from './answer.ts';
import { connectionError } from './connection-errors.ts';
import type { Dispatchers } from './dispatcher.ts';
import { OpenStackError } from './errors.ts';
import { withJointSignal } from './joint-signal.ts';
import { createLimiter } from './limiter.ts';
import type { Secret } from './secret.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON text. Only bodies that may be sent twice: they are retried too. */
  readonly body?: string;
  /** What the request carries and no message may show. */
  readonly secrets: readonly Secret[];
  /** The caller's own deadline. */
  readonly signal?: AbortSignal | undefined;
}

/** One attempt, for logs and metrics; `status` is undefined where no answer came. */
export interface RequestEvent {
  readonly method: string;
  readonly path: string;
  readonly status: number | undefined;
  readonly ms: number;
}

export interface HttpOptions {
  readonly dispatchers: Dispatchers;
  /** For one attempt, from its sending to the last byte of the answer. */
  readonly requestTimeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  readonly maxConcurrent: number;
  readonly maxBodyBytes: number;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Rejects with the signal's reason once it fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
}

export interface HttpClient {
  /** The 2xx answer, else an OpenStackError. */
  readonly request: (request: HttpRequest) => Promise<Answer>;
  /** Cancels what is under way and closes the connections. */
  readonly close: () => Promise<void>;
}

const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 20_000;
const RETRY_AFTER_MAX_MS = 60_000;

/** Binds the settings to a client. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const lifetime = new AbortController();
  const limit = createLimiter(options.maxConcurrent);

  async function request(call: HttpRequest): Promise<Answer> {
    const sources = [...(call.signal === undefined ? [] : [call.signal]), lifetime.signal];
    return withJointSignal({ sources }, async ({ signal }) => requestUnder(call, signal));
  }

  async function requestUnder(call: HttpRequest, signal: AbortSignal): Promise<Answer> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await limit(() => attempt(call, signal, options), signal);
      } catch (error) {
        await pauseOrThrow(error, failures, signal).catch((reason: unknown) => {
          throw signal.aborted ? cancelled(call, signal) : reason;
        });
      }
    }
  }

  // Returns once it is time for another attempt; throws where there is none.
  async function pauseOrThrow(
    error: unknown,
    failures: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted || failures >= options.retries || !deservesRetry(error)) {
      throw error;
    }
    await options.sleep(pauseMs(error, failures, options.random()), signal);
  }

  return {
    request,
    async close() {
      lifetime.abort(new Error('the client was closed'));
      await options.dispatchers.close();
    },
  };
}

// A timeout is not repeated: the server is still busy with the first one, and a snapshot has its own deadline.
function deservesRetry(error: unknown): error is OpenStackError {
  return (
    error instanceof OpenStackError &&
    error.retryable &&
    error.code !== 'CLOUD_TIMEOUT' &&
    // Who is asked to wait longer than this does better to say so.
    (askedPause(error) ?? 0) <= RETRY_AFTER_MAX_MS
  );
}

/** The server's Retry-After in milliseconds. */
function askedPause({ details }: OpenStackError): number | undefined {
  const asked = details['retryAfterMs'];
  return typeof asked === 'number' ? asked : undefined;
}

// Full jitter: anything between zero and the exponential bound, but never before Retry-After.
function pauseMs(error: OpenStackError, failures: number, random: number): number {
  const least = askedPause(error) ?? 0;
  return least + random * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** failures);
}

async function attempt(
  call: HttpRequest,
  parent: AbortSignal,
  options: HttpOptions,
): Promise<Answer> {
  const { requestTimeoutMs, maxBodyBytes, now, onRequest } = options;
  const started = now();
  let head: Head | undefined;
  const sources = { sources: [parent], deadlineMs: requestTimeoutMs };
  return withJointSignal(sources, async ({ signal, isLate }) => {
    try {
      head = await open(call, signal, options.dispatchers);
      const body = await readBody(head, maxBodyBytes);
      return parseAnswer({ ...head, ...body, secrets: call.secrets }, now());
    } catch (error) {
      throw isLate() ? timedOut(call, requestTimeoutMs) : error;
    } finally {
      const { method, url } = call;
      onRequest?.({ method, path: url.pathname, status: head?.status, ms: now() - started });
    }
  });
}

type Body = Pick<RawAnswer, 'text' | 'digest'>;

interface Head extends Omit<RawAnswer, keyof Body | 'secrets'> {
  readonly body: AsyncIterable<Uint8Array>;
}

async function open(
  call: HttpRequest,
  signal: AbortSignal,
  dispatchers: Dispatchers,
): Promise<Head> {
  const { method, url, body } = call;
  const path = url.pathname;
  const what = describe(call);
  const dispatcher = dispatchers.pick(url);
  try {
    const answer = dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      signal,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: body ?? null,
    });
    const response = await orAbort(answer, signal);
    const { statusCode: status, headers } = response;
    return { what, method, path, status, headers, body: response.body };
  } catch (error) {
    throw connectionError(error, url, { what, details: { method, path } });
  }
}

/** undici looks at the signal only once it has a connection: a proxy that never opens the tunnel would hold it forever. */
async function orAbort<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

// Part by part: one buffer of the whole body would leave a hole of its size in the memory of an agent.
async function readBody(head: Head, limit: number): Promise<Body> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const hash = createHash('sha256');
  const texts: string[] = [];
  let size = 0;
  try {
    for await (const chunk of head.body) {
      size += chunk.byteLength;
      if (size > limit) {
        break;
      }
      hash.update(chunk);
      texts.push(decoder.decode(chunk, { stream: true }));
    }
  } catch (error) {
    throw badBody(head, `the body broke off after ${size.toString()} bytes`, { cause: error });
  }
  if (size > limit) {
    throw badBody(head, `the body is larger than ${limit.toString()} bytes`, {});
  }
  return { text: texts.join('') + decoder.decode(), digest: hash.digest('base64') };
}

function badBody(head: Head, problem: string, { cause }: { cause?: unknown }): OpenStackError {
  const details = answerDetails(head);
  const status = head.status.toString();
  return new OpenStackError(
    'CLOUD_ANSWER_INVALID',
    `${head.what}: ${status}, but ${problem}${requestSuffix(details)}`,
    { details, cause, retryable: cause !== undefined },
  );
}

function timedOut(call: HttpRequest, timeoutMs: number): OpenStackError {
  const seconds = (timeoutMs / 1000).toString();
  return new OpenStackError(
    'CLOUD_TIMEOUT',
    `${describe(call)}: ${call.url.host} gave no complete answer within ${seconds} s; is its database up?`,
    {
      details: { method: call.method, path: call.url.pathname, host: call.url.host, timeoutMs },
      retryable: true,
    },
  );
}

function cancelled(call: HttpRequest, signal: AbortSignal): OpenStackError {
  const reason: unknown = signal.reason;
  const why = reason instanceof Error ? reason.message : 'the caller gave up';
  return new OpenStackError('CLOUD_CANCELLED', `${describe(call)}: cancelled: ${why}`, {
    details: { method: call.method, path: call.url.pathname },
    cause: reason,
    retryable: true,
  });
}

function describe({ method, url }: HttpRequest): string {
  return `${method} ${url.pathname}`;
}
