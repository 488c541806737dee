/** Judges one answer of Keystone or Neutron: JSON with a 2xx status, or an error that says what came instead. */
import { z } from 'zod';
import { type CloudErrorCode, OpenStackError } from './errors.ts';
import type { Secret } from './secret.ts';

/** One answer as it came off the wire. */
export interface RawAnswer {
  /** Like `GET /v2.0/ports`. */
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** SHA-256 of the text's bytes. */
  readonly digest: string;
  /** What we sent and must not show, should the server echo it. */
  readonly secrets: readonly Secret[];
}

/** What errors tell of an answer. */
export interface AnswerFacts {
  readonly what: string;
  /** ` (request req-...)` or nothing, for the end of messages. */
  readonly suffix: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** One good answer. */
export interface Answer extends AnswerFacts {
  /** The same only for the same bytes. */
  readonly digest: string;
  /** What the JSON text says; parsed when it is asked for. Throws CLOUD_ANSWER_INVALID where it is none. */
  readonly json: () => unknown;
  readonly headers: RawAnswer['headers'];
}

const EXCERPT_LENGTH = 80;
const MESSAGE_LENGTH = 300;
/** RFC 9110, 206 Partial Content. */
const PARTIAL = 206;
const RETRYABLE: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** The answer; any status but 2xx is an OpenStackError. `now` reads a Retry-After date. */
export function parseAnswer(raw: RawAnswer, now: number): Answer {
  const details = answerDetails(raw);
  const suffix = requestSuffix(details);
  if (raw.status < 200 || raw.status > 299) {
    throw statusError(raw, parseJson(raw.text), now);
  }
  if (raw.status === PARTIAL) {
    const problem = `${raw.status.toString()}, a part of an answer (is a cache in between?)`;
    throw new OpenStackError('CLOUD_ANSWER_INVALID', `${raw.what}: ${problem}${suffix}`, {
      details,
    });
  }
  const { what, digest, headers } = raw;
  return { what, digest, json: () => jsonOf(raw), headers, suffix, details };
}

function jsonOf(raw: RawAnswer): unknown {
  const json = parseJson(raw.text);
  if (json === undefined) {
    const details = answerDetails(raw);
    const problem = `${raw.status.toString()}, but no JSON (is the endpoint right, or is a proxy in between?): ${excerpt(raw)}`;
    throw new OpenStackError(
      'CLOUD_ANSWER_INVALID',
      `${raw.what}: ${problem}${requestSuffix(details)}`,
      { details },
    );
  }
  return json;
}

/** The JSON-safe facts of an answer. */
export function answerDetails(
  raw: Omit<RawAnswer, 'text' | 'digest' | 'secrets'>,
): Readonly<Record<string, unknown>> {
  const header = raw.headers['x-openstack-request-id'];
  const requestId = typeof header === 'string' ? printable(header, EXCERPT_LENGTH) : undefined;
  const { method, path, status } = raw;
  return { method, path, status, ...(requestId === undefined ? {} : { requestId }) };
}

/** ` (request ID)` where the details have one. */
export function requestSuffix(details: Readonly<Record<string, unknown>>): string {
  const { requestId } = details;
  return typeof requestId === 'string' ? ` (request ${requestId})` : '';
}

/** At most so many characters of foreign text, on one line and without control or formatting characters. */
export function printable(text: string, length: number): string {
  return text
    .slice(0, length * 4)
    .replace(/[\s\p{C}]+/gv, ' ')
    .trim()
    .slice(0, length);
}

function statusError(raw: RawAnswer, body: unknown, now: number): OpenStackError {
  const { type, message } = errorBodySchema.safeParse(body).data ?? {};
  const location = raw.headers['location'];
  const retryAfterMs = parseRetryAfter(raw.headers['retry-after'], now);
  const details = {
    ...answerDetails(raw),
    ...(type === undefined ? {} : { type: printable(type, EXCERPT_LENGTH) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const isRedirect = raw.status > 299 && raw.status < 400;
  const said =
    message === undefined
      ? excerpt(raw)
      : foreign(raw, type === undefined ? message : `${type}: ${message}`);
  const what = isRedirect
    ? `redirects to ${JSON.stringify(foreign(raw, String(location)))}; a token is not sent there, configure the final address`
    : said;
  return new OpenStackError(
    codeOf(raw.status),
    `${raw.what}: ${raw.status.toString()} ${what}${requestSuffix(details)}`,
    { details, retryable: RETRYABLE.has(raw.status) },
  );
}

function codeOf(status: number): CloudErrorCode {
  switch (status) {
    case 401:
      return 'CLOUD_UNAUTHORIZED';
    case 403:
      return 'CLOUD_FORBIDDEN';
    case 404:
      return 'CLOUD_NOT_FOUND';
    case 408:
    case 429:
      return 'CLOUD_UNAVAILABLE';
    default:
      return status >= 500 ? 'CLOUD_UNAVAILABLE' : 'CLOUD_REJECTED';
  }
}

const problemSchema = z.object({ type: z.string().optional(), message: z.string() });
const errorBodySchema = z.union([
  z.object({ NeutronError: problemSchema }).transform((body) => body.NeutronError),
  // Keystone and its middleware; a type is Neutron's alone.
  z
    .object({ error: problemSchema })
    .transform(({ error: { message } }) => ({ type: undefined, message })),
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // the parser's message would quote the body
  }
}

function excerpt(raw: RawAnswer): string {
  const length = `${raw.text.length.toString()} characters`;
  return raw.text === ''
    ? 'an empty body'
    : `${JSON.stringify(printable(mask(raw.text, raw.secrets), EXCERPT_LENGTH))} (${length})`;
}

function foreign({ secrets }: RawAnswer, text: string): string {
  return printable(mask(text, secrets), MESSAGE_LENGTH);
}

// Masked before it is cut: half a secret would not be found.
function mask(text: string, secrets: readonly Secret[]): string {
  return secrets.reduce((masked, secret) => secret.maskIn(masked), text);
}

// Seconds, or an HTTP date (RFC 9110, 10.2.3).
function parseRetryAfter(header: RawAnswer['headers'][string], now: number): number | undefined {
  if (typeof header !== 'string') {
    return undefined;
  }
  const ms = /^\d+$/v.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
