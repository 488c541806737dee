/** One line on a terminal that tells how far long pushes are; nothing anywhere else. */
import type { Observer, PushProgress } from '../agent/observer.ts';

/** The terminal, as a stream of Node.js; on anything else nothing is shown. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
}

export interface ProgressLine extends Pick<Observer, 'pushProgressed' | 'cycleEnded'> {
  /** Takes the line away, for whatever else is written next; it comes back with the next news. */
  readonly clear: () => void;
  /** Takes the line away for good: no push is under way any more. */
  readonly end: () => void;
}

/** Shorter pushes are over before anybody wonders. */
const WORTH_MS = 1000;
const REDRAW_MS = 250;
/** Of a terminal that does not know its own. */
const COLUMNS = 80;
/** ECMA-48: to the first column, and erase to the end of the line. */
const ERASE = '\r\u001b[K';

interface Push extends PushProgress {
  readonly startedAt: number;
}

/** Shows every push that is under way and takes longer than a second, all on one line. */
export function progressLine(terminal: Terminal, { env, now }: ProgressOptions): ProgressLine {
  const isShown = terminal.isTTY === true && env['TERM'] !== 'dumb';
  const pushes = new Map<string, Push>();
  let isDrawn = false;
  let drawnAt = -Infinity;

  function clear(): void {
    if (isDrawn) {
      terminal.write(ERASE);
      isDrawn = false;
    }
  }

  function draw(): void {
    const at = now();
    const long = [...pushes.values()].filter(({ startedAt }) => at - startedAt > WORTH_MS);
    if (long.length === 0) {
      clear();
      return;
    }
    const line = long.map((push) => describePush(push, at)).join(' | ');
    // The last column stays free: some terminals begin a new line there.
    terminal.write(`${ERASE}${line.slice(0, widthOf(terminal) - 1)}`);
    isDrawn = true;
    drawnAt = at;
  }

  function end(): void {
    pushes.clear();
    clear();
  }

  return {
    clear,
    end,
    cycleEnded: end,
    pushProgressed: (progress) => {
      if (!isShown) {
        return;
      }
      const { upstream, done, total } = progress;
      const startedAt = pushes.get(upstream)?.startedAt ?? now();
      if (done < total) {
        pushes.set(upstream, { ...progress, startedAt });
      } else {
        pushes.delete(upstream);
      }
      if (done >= total || now() - drawnAt >= REDRAW_MS) {
        draw();
      }
    },
  };
}

/** `edge1 4200/10000 routes, 350/s, 17 s left` */
function describePush({ upstream, done, total, startedAt }: Push, now: number): string {
  const perSecond = (done / (now - startedAt)) * 1000;
  const pace = done === 0 ? [] : [`${rounded(perSecond)}/s`, timeLeft((total - done) / perSecond)];
  return [`${upstream} ${done}/${total} routes`, ...pace].join(', ');
}

function rounded(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}

function timeLeft(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 120 ? `${whole} s left` : `${Math.ceil(whole / 60)} min left`;
}

/** Some terminals say 0. */
function widthOf({ columns = 0 }: Terminal): number {
  return columns > 0 ? columns : COLUMNS;
}
