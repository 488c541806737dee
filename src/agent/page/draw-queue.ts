/** Draws one page at a time, with pauses as long as the drawing: cycles work in the same thread. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '../server/route.ts';

/** Draws when it is its turn; those who wait for the same key share one drawing, and a crowd is sent away. */
export type Draw = (key: string, make: () => Page) => Promise<Page>;

/** How many drawings may wait. */
const MOST_WAITING = 8;

/** So many ask that cycles would wait for them. */
export const BUSY: Page = {
  status: 503,
  type: 'text/plain; charset=utf-8',
  body: 'Too many ask for pages at this moment; try again.\n',
  headers: { 'Retry-After': '1' },
};

export function drawQueue(): Draw {
  const waiting = new Map<string, Promise<Page>>();
  let resting: Promise<void> | undefined;

  async function rest(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
    resting = undefined;
  }

  function drawn(make: () => Page): Page {
    const began = performance.now();
    try {
      return make();
    } finally {
      resting = rest(performance.now() - began);
    }
  }

  async function inTurn(key: string, make: () => Page): Promise<Page> {
    if (resting !== undefined) {
      await resting;
      return inTurn(key, make);
    }
    waiting.delete(key);
    return drawn(make);
  }

  return async (key, make) => {
    const same = waiting.get(key);
    if (same !== undefined) {
      return same;
    }
    if (resting === undefined) {
      return drawn(make);
    }
    if (waiting.size >= MOST_WAITING) {
      return BUSY;
    }
    const page = inTurn(key, make);
    waiting.set(key, page);
    return page;
  };
}
