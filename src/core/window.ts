/** Change windows: when removals may happen, by what the clock on the wall shows in one time zone. */

/** The days as the configuration writes them. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export type Weekday = (typeof WEEKDAYS)[number];

/** From `from` until just before `to`, both `HH:MM`; a `to` that is not later than `from` is on the next day. */
export interface RemovalWindow {
  /** The days on which it begins; absent: every day. */
  readonly days?: readonly Weekday[] | undefined;
  readonly from: string;
  readonly to: string;
}

export interface RemovalWindows {
  /** None: always open. */
  readonly windows: readonly RemovalWindow[];
  /** A name of the IANA time zone database. */
  readonly timezone: string;
}

/** Part of every week, in minutes since Monday 00:00. */
interface Span {
  readonly start: number;
  readonly length: number;
}

const MINUTE_MS = 60_000;
const DAY = 24 * 60;
const WEEK = 7 * DAY;
/** A weekly window may fall into the hour that summer time skips: then the next one is two weeks away. */
const HORIZON_MS = 2 * WEEK * MINUTE_MS;

/**
 * `now` inside a window, else when the next one opens, in Unix milliseconds; undefined if none ever does. An hour that
 * the clock skips is in no window, and one that it shows twice is in its windows twice.
 */
export function nextOpening(
  { windows, timezone }: RemovalWindows,
  now: number,
): number | undefined {
  if (windows.length === 0) {
    return now;
  }
  const spans = windows.flatMap(spansOf);
  const minuteOfWeek = wallClock(timezone);
  if (isInside(spans, minuteOfWeek(now))) {
    return now;
  }
  const minute = now - (now % MINUTE_MS);
  for (let time = minute + MINUTE_MS; time <= now + HORIZON_MS; time += MINUTE_MS) {
    if (isInside(spans, minuteOfWeek(time))) {
      return time;
    }
  }
  return undefined;
}

function spansOf({ days = WEEKDAYS, from, to }: RemovalWindow): readonly Span[] {
  const begin = minuteOfDay(from);
  const length = (minuteOfDay(to) - begin + DAY) % DAY || DAY;
  return days.map((day) => ({ start: WEEKDAYS.indexOf(day) * DAY + begin, length }));
}

function isInside(spans: readonly Span[], minute: number): boolean {
  return spans.some(({ start, length }) => (minute - start + WEEK) % WEEK < length);
}

/** Unix milliseconds -> minutes since Monday 00:00 on the wall. */
function wallClock(timeZone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (time) => {
    // Such as `Thu 09:30`.
    const text = format.format(time).toLowerCase();
    const day = WEEKDAYS.findIndex((name) => text.startsWith(name));
    return day * DAY + minuteOfDay(text.slice(-5));
  };
}

function minuteOfDay(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}
