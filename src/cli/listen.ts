/** Neutron's notifications -> the watch over the cloud, and soon after them a cycle. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notifications } from '../agent/events/index.ts';
import type { CloudWatch } from '../agent/watch/cloud-watch.ts';
import type { Config } from '../config/schema.ts';
import type { CommandContext } from './context.ts';
import type { Watchers } from './watchers.ts';

export interface Listening {
  readonly config: Config;
  readonly watch: CloudWatch;
  /** Begins a cycle, or has one follow the one under way. */
  readonly trigger: () => void;
  readonly watchers: Pick<Watchers, 'setNotified' | 'notified'>;
}

/** Throws NOTIFICATIONS_SETTINGS; opens nothing. */
export async function checkNotifications({ cloud }: Config): Promise<void> {
  if (cloud.notifications !== undefined) {
    const { readAccess } = await import('../agent/events/access.ts');
    await readAccess(cloud.notifications);
  }
}

/** The first reading of the cloud waits so long for the connection, so that it need not be read twice. */
const FIRST_CONNECTION_MS = 300;

/** Listens until it is closed; undefined where the configuration has no notifications. Throws NOTIFICATIONS_SETTINGS. */
export async function listenToCloud(
  { host, log }: CommandContext,
  { config, watch, trigger, watchers }: Listening,
): Promise<Notifications | undefined> {
  const { owner, cloud } = config;
  const settings = cloud.notifications;
  watchers.setNotified(settings && false);
  if (settings === undefined) {
    return undefined;
  }
  const { openNotifications } = await import('../agent/events/index.ts');
  const connected = Promise.withResolvers<void>();
  const pulse = createPulse(settings.debounceMilliseconds, () => {
    watch.wake();
    trigger();
  });
  const notifications = await openNotifications(
    settings,
    {
      onTouched: (touched) => {
        watchers.notified();
        watch.touch(touched);
        pulse.beat();
      },
      onGap: () => {
        watch.distrust();
        pulse.beat();
        connected.resolve();
      },
      onState: (state) => watchers.setNotified(state.connected),
    },
    { owner, host, log },
  );
  await Promise.race([connected.promise, sleep(FIRST_CONNECTION_MS)]);
  return {
    ...notifications,
    close: async () => {
      pulse.end();
      await notifications.close();
    },
  };
}

/** Calls once for all beats within a time, which begins with the first of them. */
function createPulse(ms: number, call: () => void): { beat: () => void; end: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    beat: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        call();
      }, ms);
    },
    end: () => clearTimeout(timer),
  };
}
