/** Reads what an upstream holds. */
import type { UpstreamState } from '../core/route.ts';
import type { RouterDriver, RouteScope } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import type { Transport } from '../transport/transport.ts';

/** How often a table that changes under the reader's eyes is read before that is an error. */
const ATTEMPTS = 5;

/** One upstream as the steps of a cycle need it. */
export interface UpstreamAccess {
  readonly driver: RouterDriver;
  readonly transport: Transport;
  readonly scope: RouteScope;
  readonly signal: AbortSignal;
}

/** Asks everything at once and parses it; rejects with RouteSyncError, never with a smaller state. */
export async function gatherState(upstream: UpstreamAccess): Promise<UpstreamState> {
  const { driver, transport, scope, signal } = upstream;
  for (let attempt = 1; ; attempt += 1) {
    const outputs = await Promise.all(
      driver.gather(scope).map((command) => transport.run(command, signal)),
    );
    try {
      return driver.parse(scope, outputs);
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof RouteSyncError && error.retryable)) {
        throw error;
      }
    }
  }
}
