/** One connection after the other, to all hosts in turn, until we are closed. */
import type { RouteSyncError } from '../../errors.ts';
import type { Log } from '../../report/log.ts';
import type { Timing } from '../leader/timing.ts';
import { readAccess } from './access.ts';
import { holdConnection, placeOf } from './connection.ts';
import type { Inbox } from './consumer.ts';
import type { NotificationHandlers } from './index.ts';
import { failureOf } from './failures.ts';
import { type NotificationSettings, ownQueue, type Self } from './queue.ts';
import { pauseAfter, worstOf } from './retry.ts';

/** A connection that lived shorter is as good as none: what ends it may end the next one as fast. */
const STEADY_MS = 10_000;

export interface ListenOptions {
  readonly settings: NotificationSettings;
  readonly handlers: Pick<NotificationHandlers, 'onGap' | 'onState'>;
  readonly inbox: Inbox;
  readonly self: Self & { readonly log: Pick<Log, 'info' | 'warn'> };
  readonly timing: Pick<Timing, 'sleep' | 'random'>;
  readonly closing: AbortSignal;
}

/** Never rejects. */
export async function listen(options: ListenOptions): Promise<void> {
  const { settings, timing, closing } = options;
  const brokers = settings.url;
  const teller = openTeller(options);
  let next = 0;
  let rounds = 0;
  while (!closing.aborted) {
    const failures: RouteSyncError[] = [];
    let wasSteady = false;
    for (let tried = 0; tried < brokers.length && !closing.aborted; tried += 1) {
      const { failure, livedMs } = await holdOne(options, teller, next);
      next = (next + 1) % brokers.length;
      if (failure !== undefined) {
        failures.push(failure);
      }
      if (livedMs !== undefined) {
        wasSteady = livedMs >= STEADY_MS;
        break;
      }
    }
    const worst = worstOf(failures);
    if (closing.aborted || worst === undefined) {
      return;
    }
    teller.away(worst);
    rounds = wasSteady ? 0 : rounds;
    await timing.sleep(pauseAfter({ rounds, failures, random: timing.random() }), closing);
    rounds += 1;
  }
}

interface Held {
  readonly failure: RouteSyncError | undefined;
  /** Undefined for a connection that never was. */
  readonly livedMs: number | undefined;
}

async function holdOne(options: ListenOptions, teller: Teller, index: number): Promise<Held> {
  const { settings, inbox, self, closing } = options;
  const broker = settings.url[index];
  if (broker === undefined) {
    return { failure: undefined, livedMs: undefined };
  }
  const place = placeOf(broker);
  const queue = ownQueue(settings.queue, self);
  let openedAt: number | undefined;
  const onOpen = (): void => {
    openedAt = performance.now();
    teller.here(place, queue.name);
  };
  try {
    const access = await readAccess(settings);
    const failure = await holdConnection({
      broker,
      access,
      settings,
      queue,
      inbox,
      onOpen,
      closing,
    });
    return {
      failure,
      livedMs: openedAt === undefined ? undefined : performance.now() - openedAt,
    };
  } catch (error) {
    // A file of the settings was there at the start and is not now.
    const failure = failureOf({ stage: 'connect', place, error, mask: (text) => text });
    return { failure, livedMs: undefined };
  }
}

interface Teller {
  readonly here: (host: string, queue: string) => void;
  readonly away: (failure: RouteSyncError) => void;
}

/** Tells each change once. */
function openTeller({ handlers, self, settings }: ListenOptions): Teller {
  const { log } = self;
  let told: string | undefined;
  let isFirst = true;
  return {
    here: (host, queue) => {
      told = undefined;
      const { exchange } = settings;
      log.info('listening to what Neutron tells', { host, exchange, queue });
      handlers.onState({ connected: true, host });
      handlers.onGap(isFirst ? 'connected' : 'connected again');
      isFirst = false;
    },
    away: ({ code, message }) => {
      if (told === `${code} ${message}`) {
        return;
      }
      told = `${code} ${message}`;
      log.warn('no notifications; changes are found on schedule until they are back', {
        code,
        reason: message,
      });
      handlers.onState({ connected: false, host: undefined, problem: { code, message } });
    },
  };
}
