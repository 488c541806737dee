/** One request -> one answer: who asks, what for, and what the route makes of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../report/log.ts';
import type { EventStreams } from './event-streams.ts';
import { SECURITY_HEADERS } from './headers.ts';
import type { EventStream, Page, Route, RouteAnswer } from './route.ts';
import { notice, writePage } from './write-page.ts';

export interface AnswerRules {
  readonly routes: readonly Route[];
  /** Whether an Authorization header shows the token. */
  readonly isTrusted: (authorization: string | undefined) => boolean;
  /** Whether a Host header names this server. */
  readonly isOurHost: (host: string | undefined) => boolean;
  readonly streams: EventStreams;
  readonly log: Log;
}

/** Either scheme shows the token; a browser asks its user for Basic. */
const CHALLENGE = 'Basic realm="route-sync", charset="UTF-8", Bearer realm="route-sync"';

/** Answers every request, also one that fails. */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  rules: AnswerRules,
): Promise<void> {
  if (hasBody(request)) {
    // Nobody reads it; the connection cannot serve another request.
    response.setHeader('Connection', 'close');
  }
  const answer = refusal(request, rules) ?? (await answerOf(request, rules));
  if (!('start' in answer)) {
    await writePage(request, response, answer);
  } else if (rules.streams.isFull()) {
    const full = notice(503, 'too many event streams; try again later', { 'Retry-After': '30' });
    await writePage(request, response, full);
  } else {
    writeEvents(request, response, { answer, rules });
  }
}

/** What is said without looking at the path. */
function refusal({ method, headers }: IncomingMessage, rules: AnswerRules): Page | undefined {
  if (!rules.isOurHost(headers.host)) {
    return notice(421, 'this server answers to localhost; ask for that name, or set a token');
  }
  return method === 'GET' || method === 'HEAD'
    ? undefined
    : notice(405, 'this server only shows; nothing can be sent to it', { Allow: 'GET, HEAD' });
}

async function answerOf(
  { url = '', headers }: IncomingMessage,
  { routes, isTrusted, log }: AnswerRules,
): Promise<RouteAnswer> {
  const base = 'http://host';
  if (!url.startsWith('/') || !URL.canParse(base + url)) {
    return notice(400, 'the request names no path');
  }
  const { pathname: path, searchParams: query } = new URL(base + url);
  const route = routeFor(path, routes);
  const trusted = isTrusted(headers.authorization);
  if (!trusted && route?.isOpen !== true) {
    return notice(401, 'the token is missing or wrong', { 'WWW-Authenticate': CHALLENGE });
  }
  if (route === undefined) {
    return notice(404, 'there is no such page');
  }
  try {
    return await route.answer({ path, query, isTrusted: trusted });
  } catch (error) {
    log.error('a request to the server failed', { path: route.path, error });
    return notice(500, 'this page failed; the log tells why');
  }
}

/** The exact path, else the longest pattern that fits. */
function routeFor(path: string, routes: readonly Route[]): Route | undefined {
  const fits = (pattern: string): boolean =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
  return (
    routes.find((each) => each.path === path) ??
    routes
      .filter((each) => fits(each.path))
      .sort((a, b) => b.path.length - a.path.length)
      .at(0)
  );
}

function writeEvents(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, rules }: { readonly answer: EventStream; readonly rules: AnswerRules },
): void {
  const type = 'text/event-stream; charset=utf-8';
  // A proxy in between must not wait for more before it passes on what came.
  response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': type, 'X-Accel-Buffering': 'no' });
  if (request.method === 'HEAD') {
    response.end();
  } else {
    rules.streams.open(answer, response);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
