/** Pushes changes to one upstream; what one refused change costs is that change. */
import type { RouteChange } from '../core/route.ts';
import type { Rejection, RenderedChunk } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import type { UpstreamAccess } from './gather.ts';

/** An upstream and the changes that it should take. */
export interface Push extends UpstreamAccess {
  readonly changes: readonly RouteChange[];
  /** Asked before each chunk; what it throws is the error of every change of that chunk. */
  readonly mayWrite?: (() => Promise<void>) | undefined;
}

/**
 * Renders and sends the changes chunk by chunk, and resolves with those that the upstream did not take. Rejects where
 * the upstream refuses as a whole; {@link proveRights} tells that before anything is written down.
 */
export async function applyChanges(push: Push): Promise<readonly Rejection[]> {
  const { driver, scope, changes } = push;
  if (changes.length === 0) {
    return [];
  }
  const unsupported = changes.flatMap((change) => {
    const error = driver.unsupported(change);
    return error === undefined ? [] : [{ change, error }];
  });
  const left = new Set(unsupported.map(({ change }) => change));
  const sendable = changes.filter((change) => !left.has(change));
  const rejections = [unsupported];
  for (const chunk of driver.render(scope, sendable)) {
    rejections.push([...(await sendChunk(push, chunk))]);
  }
  return rejections.flat();
}

/** Rejects with UPSTREAM_NOT_PERMITTED if the upstream would refuse every change; changes nothing. */
export async function proveRights(upstream: UpstreamAccess): Promise<void> {
  const { driver, transport, scope, signal } = upstream;
  driver.probed(scope, await transport.run(driver.probe(scope), signal));
}

async function sendChunk(push: Push, chunk: RenderedChunk): Promise<readonly Rejection[]> {
  try {
    await push.mayWrite?.();
    return push.driver.rejections(chunk, await push.transport.run(chunk.command, push.signal));
  } catch (error) {
    if (error instanceof RouteSyncError) {
      return chunk.changes.map((change) => ({ change, error }));
    }
    throw error;
  }
}
