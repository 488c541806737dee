/** How commands reach an upstream. A transport moves bytes and knows nothing of routes. */
import type { Command, CommandOutput, Program } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';

export interface Transport {
  /** Where it leads, for people: `this host`, `netns upstream`, `ssh admin@edge1.example:22`. */
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
   * could not be run at all (UPSTREAM_TOOL_MISSING, UPSTREAM_HOST_KEY, UPSTREAM_LOGIN), was cut off or not answered in
   * time (UPSTREAM_UNREACHABLE), or met a CLI that is not what it was taken for (UPSTREAM_SESSION).
   */
  run(command: Command, signal: AbortSignal): Promise<CommandOutput>;
  /** Ends what is kept open between commands; the next command opens it again. */
  close(): Promise<void>;
}

/** The command as a program; drivers without a session definition give no others. */
export function programOf(command: Command): Program {
  if ('argv' in command) {
    return command;
  }
  throw new RouteSyncError('INTERNAL', 'a dialogue was given to a transport that runs programs');
}
