/**
 * What Neutron tells on RabbitMQ (oslo.messaging notifications), as ids of what was touched. Nobody depends on it:
 * while RabbitMQ is away the cloud is read on schedule, and each new connection begins with the order to read all of it.
 */
import type { RouteSyncError } from '../../errors.ts';
import type { Log } from '../../report/log.ts';
import { REAL_TIME, type Timing } from '../leader/timing.ts';
import { readAccess } from './access.ts';
import { openInbox } from './inbox.ts';
import { listen } from './listener.ts';
import type { NotificationSettings, Self } from './queue.ts';
import type { Touched } from './touched.ts';

export type { NotificationSettings } from './queue.ts';

export interface NotificationState {
  readonly connected: boolean;
  /** `10.0.0.11:5671`; undefined while there is no connection. */
  readonly host: string | undefined;
  readonly problem?: Readonly<Pick<RouteSyncError, 'code' | 'message'>>;
}

export interface NotificationHandlers {
  /** For each message that touched something, at once. */
  readonly onTouched: (touched: Touched) => void;
  /** Messages may have been missed: the whole cloud is to be read. From now on none is, until the next call. */
  readonly onGap: (reason: string) => void;
  /** Called for each change. */
  readonly onState: (state: NotificationState) => void;
}

export interface NotificationSurroundings extends Self {
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Default: the real one. */
  readonly timing?: Pick<Timing, 'sleep' | 'random'>;
}

/** Since the start. */
export interface NotificationCounts {
  readonly received: number;
  /** No notifications of oslo.messaging, or too large. */
  readonly dropped: number;
  /** Told by `onTouched`. */
  readonly touched: number;
}

export interface Notifications {
  readonly counts: () => NotificationCounts;
  /** Ends within a second, whatever RabbitMQ does. Nothing is told any more. */
  readonly close: () => Promise<void>;
}

/**
 * Listens until it is closed. Resolves at once; that RabbitMQ does not answer or refuses us is no error but a state.
 * Throws NOTIFICATIONS_SETTINGS where a file of the settings cannot be used.
 */
export async function openNotifications(
  settings: NotificationSettings,
  handlers: NotificationHandlers,
  surroundings: NotificationSurroundings,
): Promise<Notifications> {
  await readAccess(settings);
  const closing = new AbortController();
  const { timing = REAL_TIME, ...self } = surroundings;
  const inbox = openInbox(handlers, self.log);
  const running = listen({ settings, handlers, inbox, self, timing, closing: closing.signal });
  return {
    counts: inbox.counts,
    close: async () => {
      closing.abort();
      await running;
    },
  };
}
