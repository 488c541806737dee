/** Pushes changes to one upstream; what one refused change costs is that change. */
import type { ChangeAction, RouteChange } from '../core/route.ts';
import type { Rejection, RenderedChunk } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import type { UpstreamAccess } from './gather.ts';

/** How many changes the upstream took, and which it did not take. */
export interface Applied {
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  readonly failed: readonly Rejection[];
}

/** An upstream and the changes that it should take. */
export interface Push extends UpstreamAccess {
  readonly changes: readonly RouteChange[];
}

/**
 * Renders and sends the changes chunk by chunk. A change that is refused and a chunk that fails are in `failed`; missing
 * rights reject at once (UPSTREAM_NOT_PERMITTED), before anything was changed.
 */
export async function applyChanges(push: Push): Promise<Applied> {
  const { driver, scope, changes } = push;
  if (changes.length === 0) {
    return { added: 0, replaced: 0, removed: 0, failed: [] };
  }
  await proveRights(push);
  const failed = changes.flatMap((change) => {
    const error = driver.unsupported(change);
    return error === undefined ? [] : [{ change, error }];
  });
  const refused = new Set(failed.map(({ change }) => change));
  const sendable = changes.filter((change) => !refused.has(change));
  for (const chunk of driver.render(scope, sendable)) {
    for (const rejection of await sendChunk(push, chunk)) {
      failed.push(rejection);
      refused.add(rejection.change);
    }
  }
  function count(action: ChangeAction): number {
    return changes.filter((change) => change.action === action && !refused.has(change)).length;
  }
  return { added: count('add'), replaced: count('replace'), removed: count('remove'), failed };
}

/** Rejects with UPSTREAM_NOT_PERMITTED if the upstream would refuse every change; changes nothing. */
export async function proveRights(upstream: UpstreamAccess): Promise<void> {
  const { driver, transport, scope, signal } = upstream;
  driver.probed(scope, await transport.run(driver.probe(scope), signal));
}

async function sendChunk(push: Push, chunk: RenderedChunk): Promise<readonly Rejection[]> {
  try {
    return push.driver.rejections(chunk, await push.transport.run(chunk.command, push.signal));
  } catch (error) {
    if (error instanceof RouteSyncError) {
      return chunk.changes.map((change) => ({ change, error }));
    }
    throw error;
  }
}
