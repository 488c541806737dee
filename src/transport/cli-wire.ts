/** The way between a CLI session and a router: text there and back, whatever carries it. */
import type { RouteSyncError } from '../errors.ts';

/** One login to the CLI of a router. */
export interface CliWire {
  write(text: string): void;
  /** What the router writes; ends when the connection does, for whatever reason. */
  readonly chunks: AsyncIterable<string>;
  /** Why it ended or did not come about, where the carrier knows. */
  failure(): RouteSyncError | undefined;
  /** While it rests, it does not keep this process from ending. */
  rest(isResting: boolean): void;
  close(): Promise<void>;
}
