/** Server-sent events (WHATWG HTML, 9.2): a bounded number of streams, a comment now and then, and an end for all. */
import type { ServerResponse } from 'node:http';
import type { EventStream } from './route.ts';

export interface EventStreamsOptions {
  /** How many at a time. */
  readonly maxStreams: number;
  /** How often a comment tells both ends that the other is there. */
  readonly heartbeatMs: number;
}

export interface EventStreams {
  readonly isFull: () => boolean;
  /** Sends the events until the client goes away or all streams are ended. */
  readonly open: (stream: EventStream, response: ServerResponse) => void;
  /** Ends all streams, and those that come later at once. */
  readonly endAll: () => void;
}

/** A client that reads too slowly for this many bytes is let go; it comes back by itself. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** After how many milliseconds a browser comes back. */
const RETRY_MS = 3000;

export function eventStreams({ maxStreams, heartbeatMs }: EventStreamsOptions): EventStreams {
  const all = new AbortController();
  const open = new Set<ServerResponse>();

  function start(stream: EventStream, response: ServerResponse): void {
    const ended = new AbortController();
    const end = (): void => void response.end();
    const write = (text: string): void => {
      if (ended.signal.aborted) {
        return;
      }
      response.write(text);
      if (response.writableLength > MAX_WAITING_BYTES) {
        response.destroy();
      }
    };
    const heartbeat = setInterval(() => write(':\n\n'), heartbeatMs);
    open.add(response);
    response.once('close', () => {
      clearInterval(heartbeat);
      all.signal.removeEventListener('abort', end);
      open.delete(response);
      ended.abort();
    });
    all.signal.addEventListener('abort', end, { once: true });
    write(`retry: ${RETRY_MS}\n\n`);
    stream.start((event, data) => write(eventText(event, data)), ended.signal);
    if (all.signal.aborted) {
      end();
    }
  }

  return { isFull: () => open.size >= maxStreams, open: start, endAll: () => all.abort() };
}

/** Data of several lines would be several fields. */
function eventText(event: string, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `event: ${event}\n${lines.join('')}\n`;
}
