/** Upstreams on their way through a cycle: an error ends the way of its own upstream and nobody else's. */
import { RouteSyncError } from '../errors.ts';
import { OpenStackError } from '../openstack-client-lite/index.ts';
import type { Upstream } from './upstream.ts';

/** How far one upstream came: a value, or the error that ended its way. */
export interface Step<T> {
  readonly upstream: Upstream;
  readonly value: T | undefined;
  readonly error: RouteSyncError | OpenStackError | undefined;
}

/** Rejects only with what is neither an error of ours nor of the cloud. */
export async function attempt<T>(upstream: Upstream, work: () => Promise<T>): Promise<Step<T>> {
  try {
    return { upstream, value: await work(), error: undefined };
  } catch (error) {
    if (error instanceof RouteSyncError || error instanceof OpenStackError) {
      return { upstream, value: undefined, error };
    }
    throw error;
  }
}

/** Goes on where the step before succeeded. */
export async function next<A, B>(step: Step<A>, work: (value: A) => Promise<B>): Promise<Step<B>> {
  const { upstream, value, error } = step;
  return value === undefined
    ? { upstream, value: undefined, error }
    : attempt(upstream, async () => work(value));
}

/** The work on each item, in their order; so many at a time. Rejects as soon as one does. */
export async function atMost<T, R>(
  places: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const done: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // The iterator is shared: each item goes to one worker.
    for (const [index, item] of queue) {
      done[index] = await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(places, items.length) }, worker));
  return done;
}
