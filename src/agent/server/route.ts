/** What the agent's HTTP server answers, as values: a path and a function from a request to an answer. */

/** One request; method GET or HEAD, already authorized where the route asks for it. */
export interface RouteRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Whether it showed the token, or none is configured. */
  readonly isTrusted: boolean;
}

/** A whole body. */
export interface Page {
  readonly status: number;
  /** The media type, with its charset. */
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Server-sent events (WHATWG HTML, 9.2) until the signal ends them. */
export interface EventStream {
  /** Starts to send; `send` takes one event's name and its data of one line. */
  readonly start: (send: (event: string, data: string) => void, ended: AbortSignal) => void;
}

export type RouteAnswer = Page | EventStream;

export interface Route {
  /** Exact, or with a `*` at its end. */
  readonly path: string;
  /** Answered without the token. */
  readonly isOpen?: boolean;
  readonly answer: (request: RouteRequest) => RouteAnswer | Promise<RouteAnswer>;
}
