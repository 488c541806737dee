/** The ways in which an answer of the API can be broken. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Exchange, Fault } from './proxy.ts';

/** A list or an object as it is in an answer. */
export type Row = Readonly<Record<string, unknown>>;

/** RST in place of an answer. */
export const reset: Fault = ({ response }) => {
  response.socket?.resetAndDestroy();
};

/** The API goes away: this request is reset, every later connection is refused. */
export const dies: Fault = ({ die }) => {
  die();
};

/** No answer at all. */
export const hangs: Fault = () => undefined;

/** One byte now and then: each in time, the whole never. */
export const drips: Fault = async ({ response, truth }) => {
  const { status, headers, body } = await truth();
  response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  for (const letter of body.slice(0, 200)) {
    if (response.destroyed) {
      return;
    }
    response.write(letter);
    await sleep(30);
  }
};

/** The connection ends in the middle of the body. */
export const breaksOff: Fault = async ({ response, truth }) => {
  const { status, headers, body } = await truth();
  response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
  response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
};

/** The answer says that it is whole, but its JSON ends in the middle. */
export const halfJson = withBody((body) => body.slice(0, Math.floor(body.length / 2)));

/** Another status with an error body of Neutron's kind that names no object. */
export function says(status: number, headers: Readonly<Record<string, string>> = {}): Fault {
  const message = `broken on purpose with ${status}`;
  return ({ response }) => {
    response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(JSON.stringify({ error: { code: status, message, title: 'Broken' } }));
  };
}

/** The true status and headers with another body. */
export function withBody(change: (body: string) => string): Fault {
  return async ({ response, truth }) => {
    const { status, headers, body } = await truth();
    response.writeHead(status, headers).end(change(body));
  };
}

/** Changes every list in the answer; `undefined` drops an item. */
export function withItems(change: (item: Row) => Row | undefined): Fault {
  return withLists((items) =>
    items.flatMap((item) => {
      const changed = change(item);
      return changed === undefined ? [] : [changed];
    }),
  );
}

/** Changes the list in the answer; answers with a single object stay as they are. */
export function withLists(change: (items: readonly Row[]) => readonly Row[]): Fault {
  return withBody((body) => {
    const parsed = JSON.parse(body) as Row;
    const lists = Object.entries(parsed).map(([name, value]) => {
      const isList = Array.isArray(value) && !name.endsWith('_links');
      return [name, isList ? change(value as readonly Row[]) : value] as const;
    });
    return JSON.stringify(Object.fromEntries(lists));
  });
}

/** Does something to the cloud, then answers as it then is. */
export function after(act: () => void, then: Fault): Fault {
  return async (exchange: Exchange) => {
    act();
    await then(exchange);
  };
}
