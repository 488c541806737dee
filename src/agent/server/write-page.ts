/** Writes a whole answer: length, compression, and nothing at all where the client has it already. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SECURITY_HEADERS } from './headers.ts';
import type { Page } from './route.ts';

const compress = promisify(gzip);

/** Less than this fits into one packet anyhow. */
const MIN_COMPRESSED_BYTES = 1400;

const COMPRESSIBLE = /^(?:text\/|application\/(?:json|javascript)|image\/svg\+xml)/;

export async function writePage(
  request: IncomingMessage,
  response: ServerResponse,
  page: Page,
): Promise<void> {
  const { status, type, headers = {} } = page;
  const all = { ...SECURITY_HEADERS, ...headers };
  if (status === 200 && isKnown(request, headers['ETag'])) {
    response.writeHead(304, all).end();
    return;
  }
  const plain = Buffer.from(page.body);
  const isCompressible = COMPRESSIBLE.test(type) && plain.length >= MIN_COMPRESSED_BYTES;
  const isCompressed = isCompressible && acceptsGzip(request);
  const body = isCompressed ? await compress(plain) : plain;
  response.writeHead(status, {
    ...all,
    'Content-Type': type,
    'Content-Length': body.length,
    ...(isCompressible ? { Vary: 'Accept-Encoding' } : {}),
    ...(isCompressed ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** A few words for people; never what came from elsewhere. */
export function notice(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n`, headers };
}

/** RFC 9110, 13.1.2: a weak comparison. */
function isKnown({ headers }: IncomingMessage, etag: string | undefined): boolean {
  const known = (headers['if-none-match'] ?? '').split(',').map((each) => opaque(each.trim()));
  return etag !== undefined && known.some((each) => each === '*' || each === opaque(etag));
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}

function acceptsGzip({ headers }: IncomingMessage): boolean {
  const accepted = (headers['accept-encoding'] ?? '').toLowerCase();
  return accepted
    .split(',')
    .map((each) => each.replaceAll(' ', ''))
    .some((each) => /^gzip(?:;q=(?!0(?:\.0*)?$).+)?$/.test(each));
}
