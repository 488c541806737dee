/** Starts pieces of work a little apart, in their order. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Pacer = <T>(start: () => Promise<T>) => Promise<T>;

/**
 * Each begins when the one before it has ended, or has been under way for `ms` milliseconds. Requests that are sent in
 * the same moment are often accepted by one and the same worker process of the server, which then answers them one after
 * the other while its siblings sleep; a worker that is busy leaves the next connection to them.
 */
export function createPacer(ms: number): Pacer {
  let gate: Promise<unknown> = Promise.resolve();
  return async (start) => {
    const before = gate;
    const begun = Promise.withResolvers<unknown>();
    gate = begun.promise;
    await before;
    const work = start();
    const ended = work.then(NOTHING, NOTHING);
    begun.resolve(Promise.race([ended, sleep(ms, undefined, { ref: false })]));
    return work;
  };
}

const NOTHING = (): void => undefined;
