/** How commands reach an upstream. A transport moves bytes and knows nothing of routes. */
import type { Command, CommandOutput } from '../drivers/driver.ts';

export interface Transport {
  /** Where it leads, for people: `this host`, `netns upstream`. */
  readonly description: string;
  /** What the ledger is keyed by: the same after every start of this machine. */
  readonly target: string;
  /**
   * What the lock is keyed by: the same for every way to the same routing tables, for as long as they exist. Rejects
   * with UPSTREAM_UNREACHABLE where they cannot be found.
   */
  lockTarget(): Promise<string>;
  /**
   * Runs one command to its end. Resolves with any exit status; rejects with RouteSyncError only when the command
   * could not be run at all (UPSTREAM_TOOL_MISSING) or was not answered in time (UPSTREAM_UNREACHABLE).
   */
  run(command: Command, signal: AbortSignal): Promise<CommandOutput>;
}
