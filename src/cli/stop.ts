/** What SIGINT and SIGTERM do to a command that writes. */
import { RouteSyncError } from '../errors.ts';
import type { CommandContext } from './context.ts';

export interface Stop {
  /** Aborts on the first signal. */
  readonly signal: AbortSignal;
  readonly forget: () => void;
}

/** Asks the command to leave where nothing is half done. A second signal ends the process at once. */
export function stopOnSignal({ log, onSignal }: CommandContext): Stop {
  const stop = new AbortController();
  const forget = onSignal(['SIGINT', 'SIGTERM'], () => {
    // Not at once: execa watches the same signals, and ends the process while a child runs if nobody else listens.
    setImmediate(forget);
    log.info('stopping; a push that has begun is finished first');
    stop.abort(new RouteSyncError('CANCELLED', 'stopped by a signal before anything was changed'));
  });
  return { signal: stop.signal, forget };
}
