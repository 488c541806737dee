/** Times for people: the clock time as the server has it, and how far away it is; the browser lets the latter run. */
import { isoTime } from '../../report/lines.ts';
import { html, type Html } from './html.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** `in 4 min 05 s`, `in 2 h 10 min`; `now` where it is past. The browser's script has the same words. */
export function untilText(milliseconds: number): string {
  return milliseconds <= 0 ? 'now' : `in ${spanText(Math.ceil(milliseconds / 1000))}`;
}

/** `4 min 05 s ago`. */
export function agoText(milliseconds: number): string {
  return `${spanText(Math.max(0, Math.floor(milliseconds / 1000)))} ago`;
}

function spanText(seconds: number): string {
  if (seconds < MINUTE) {
    return `${seconds} s`;
  }
  if (seconds < HOUR) {
    return `${Math.floor(seconds / MINUTE)} min ${padded(seconds % MINUTE)} s`;
  }
  return seconds < DAY
    ? `${Math.floor(seconds / HOUR)} h ${padded(Math.floor((seconds % HOUR) / MINUTE))} min`
    : `${Math.floor(seconds / DAY)} d ${padded(Math.floor((seconds % DAY) / HOUR))} h`;
}

function padded(number: number): string {
  return String(number).padStart(2, '0');
}

/** A moment to come: `14:05:00Z`, and a countdown. */
export function countdown(at: number, now: number): Html {
  return html`${near(at, now)} <span class="span" data-until="${at}">${untilText(at - now)}</span>`;
}

/** A moment that has passed, and how long ago that was. */
export function since(at: number, now: number): Html {
  return html`${near(at, now)} <span class="span" data-since="${at}">${agoText(now - at)}</span>`;
}

/** Of a moment within a day its time, with the date on hovering; else the date and the minute. */
function near(at: number, now: number): Html {
  const iso = isoTime(at);
  const text =
    Math.abs(at - now) < 1000 * DAY
      ? `${iso.slice(11, 19)}Z`
      : `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
  return html`<time datetime="${iso}" title="${iso}">${text}</time>`;
}

/** A moment with its date. */
export function dateTime(at: number): Html {
  const iso = isoTime(at);
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)}Z</time>`;
}
