/** From the body of a message to the handlers. Whatever arrives and whatever a handler does, the connection goes on. */
import type { Log } from '../../report/log.ts';
import type { Inbox } from './consumer.ts';
import { openEnvelope } from './envelope.ts';
import type { NotificationCounts, NotificationHandlers } from './index.ts';
import { isNothing } from './touched.ts';
import { touchedBy } from './touched-by.ts';

export interface CountingInbox extends Inbox {
  readonly counts: () => NotificationCounts;
}

export function openInbox(
  { onTouched, onGap }: Pick<NotificationHandlers, 'onTouched' | 'onGap'>,
  log: Pick<Log, 'warn' | 'error'>,
): CountingInbox {
  let [received, dropped, touched] = [0, 0, 0];
  return {
    counts: () => ({ received, dropped, touched }),
    onMessage: (body) => {
      received += 1;
      const notification = openEnvelope(body);
      if (notification === undefined) {
        dropped += 1;
        // The 1st, 10th, 100th ...: who sends nonsense does not fill the log as well.
        if (/^10*$/.test(String(dropped))) {
          log.warn('a message is no notification of oslo.messaging; it was dropped', {
            bytes: body.length,
            dropped,
          });
        }
        return;
      }
      const ids = touchedBy(notification);
      if (isNothing(ids)) {
        return;
      }
      touched += 1;
      try {
        onTouched(ids);
      } catch (error) {
        log.error('a notification could not be handled', { error });
      }
    },
    onOverflow: () => onGap('more messages waited than the queue holds'),
  };
}
