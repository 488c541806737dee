/** How commands reach an upstream. A transport moves bytes and knows nothing of routes. */
import type { Command, CommandOutput } from '../drivers/driver.ts';

export interface Transport {
  /** Where it leads, for people: `this host`, `netns upstream`. */
  readonly description: string;
  /** What the lock and the ledger are keyed by: the same for every way to the same device. */
  readonly target: string;
  /**
   * Runs one command to its end. Resolves with any exit status; rejects with RouteSyncError only when the command
   * could not be run at all (UPSTREAM_TOOL_MISSING, UPSTREAM_UNREACHABLE) or ran past its deadline.
   */
  run(command: Command, signal: AbortSignal): Promise<CommandOutput>;
}
