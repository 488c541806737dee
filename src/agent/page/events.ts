/** What a page that is open hears: that it is to be fetched anew, and how far a push is. */
import type { EventStream } from '../server/route.ts';
import type { Board } from './board.ts';
import { progressText } from './summary-view.ts';

/** Progress is told at most this often. */
const PROGRESS_MS = 250;

interface Sources {
  readonly board: Pick<Board, 'latest' | 'subscribe'>;
  /** Calls back when something beside the board has changed. */
  readonly subscribe: (callback: () => void) => () => void;
}

/** Sends `update` with the number of the state, and `progress` with a line of text. */
export function pageEvents({ board, subscribe }: Sources): EventStream {
  return {
    start: (send, ended) => {
      let timer: NodeJS.Timeout | undefined;
      const update = (): void => send('update', String(board.latest().version));
      const progress = (): void => {
        timer = undefined;
        send('progress', [...board.latest().progress.values()].map(progressText).join(', '));
      };
      const forget = [
        subscribe(update),
        board.subscribe((news) => {
          if (news === 'cycle') {
            clearTimeout(timer);
            timer = undefined;
            update();
          } else {
            timer ??= setTimeout(progress, PROGRESS_MS);
          }
        }),
      ];
      ended.addEventListener('abort', () => {
        clearTimeout(timer);
        forget.forEach((each) => each());
      });
      update();
    },
  };
}
