/** The `guard` and `removal` sections: how much may change at once, and how late removals are. */
import { z } from 'zod';

import type { Cap, GroupCaps } from '../core/guard.ts';
import { WEEKDAYS } from '../core/window.ts';
import { choice, filledList, mustBe, seconds, section, show, whole, word } from './fields.ts';

const MOST = 10_000_000;

type CapInput = { readonly [K in keyof Cap]?: number | undefined };

type Kind = 'removals' | 'replaces';

const DEFAULTS: Readonly<Record<Kind, Cap>> = {
  removals: { count: 20, percent: 20, free: 2 },
  replaces: { count: 200, percent: 50, free: 10 },
};

/** `routes`: of what the percentage is taken. */
function cap(kind: Kind, routes: string): z.ZodType<Cap, CapInput> {
  const defaults = DEFAULTS[kind];
  return section({
    count: whole(0, MOST).default(defaults.count).describe(`More ${kind} than this are refused.`),
    percent: whole(0, 100)
      .default(defaults.percent)
      .describe(`More ${kind} than this share of ${routes} are refused.`),
    free: whole(0, MOST)
      .default(defaults.free)
      .describe(`So many ${kind} are never refused, however small the table.`),
  });
}

function upstreamCap(kind: Kind): z.ZodPrefault<z.ZodType<Cap, CapInput>> {
  return cap(kind, 'our installed routes')
    .prefault({})
    .describe(`Caps on the ${kind} of one cycle on one upstream.`);
}

function groupCap(kind: Kind, group: string): z.ZodOptional<z.ZodType<Cap, CapInput>> {
  return cap(kind, `our routes of the ${group}`)
    .optional()
    .describe(
      `Caps on the ${kind} of one cycle on one upstream, for each ${group}. Default: none.`,
    );
}

interface GroupCapsInput {
  readonly maxRemovals?: CapInput | undefined;
  readonly maxReplaces?: CapInput | undefined;
}

function groupCaps(group: string): z.ZodOptional<z.ZodType<GroupCaps, GroupCapsInput>> {
  return section({
    maxRemovals: groupCap('removals', group),
    maxReplaces: groupCap('replaces', group),
  })
    .optional()
    .describe(
      `Caps on each ${group} by itself: one that exceeds them is kept back, the others go out.`,
    );
}

/** How many cycles' worth of changes an hour may bring. */
const CYCLES_AN_HOUR = 10;

function hourly(kind: Kind, key: string): z.ZodOptional<z.ZodInt> {
  return whole(0, MOST)
    .optional()
    .describe(
      `More ${kind} than this within an hour are refused. Default: ten times \`guard.${key}.count\`, or ten times \`free\` if that is more.`,
    );
}

export const guardSchema = section({
  maxRemovals: upstreamCap('removals'),
  maxReplaces: upstreamCap('replaces'),
  perHour: section({
    removals: hourly('removals', 'maxRemovals'),
    replaces: hourly('replaces', 'maxReplaces'),
  })
    .prefault({})
    .describe('Caps on the changes of this cycle and of the last hour together, on one upstream.'),
  perRun: section({
    removals: whole(0, MOST)
      .optional()
      .describe('More removals than this are refused. Default: no limit.'),
    replaces: whole(0, MOST)
      .optional()
      .describe('More replaces than this are refused. Default: no limit.'),
  })
    .optional()
    .describe('Caps on the changes of one cycle on all upstreams together.'),
  perExternalNetwork: groupCaps('external network'),
  perProject: groupCaps('project'),
}).transform((guard) => ({
  ...guard,
  perHour: {
    removals: guard.perHour.removals ?? cyclesOf(guard.maxRemovals),
    replaces: guard.perHour.replaces ?? cyclesOf(guard.maxReplaces),
  },
}));

function cyclesOf({ count, free }: Cap): number {
  return CYCLES_AN_HOUR * Math.max(count, free);
}

function timeOfDay(): z.ZodString {
  return word(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day as "HH:MM", for example "22:30"');
}

const WINDOW_EXAMPLE = '{ days: [sat, sun], from: "22:00", to: "04:00" }';

const window = section({
  days: filledList(choice(WEEKDAYS), 'a list of days, for example [sat, sun]')
    .optional()
    .describe('The days on which the window begins. Default: every day.'),
  from: timeOfDay().describe('When it opens, as `HH:MM`.'),
  to: timeOfDay().describe(
    'When it closes, as `HH:MM`. Not later than `from`: on the next day; equal: after 24 hours.',
  ),
});

const timezone = z
  .string({ error: mustBe('the name of a time zone such as Europe/Berlin') })
  .check((context) => {
    if (!isTimezone(context.value)) {
      const message = `${show(context.value)} is not a time zone that this system knows; write one such as Europe/Berlin or UTC`;
      context.issues.push({ code: 'custom', message, input: context.value });
    }
  })
  .optional()
  .describe(
    'The time zone of the windows, by its IANA name. Default: the one of the system that route-sync runs on.',
  );

function isTimezone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

export const removalSchema = section({
  snapshots: whole(1, 1000)
    .default(2)
    .describe(
      'How many complete snapshots in a row must agree that a route has no reason any more.',
    ),
  graceSeconds: seconds(0, 604_800)
    .default(60)
    .describe('How long after the first of them the route stays at least.'),
  windows: z
    .array(window, { error: mustBe(`a list of windows, for example "[${WINDOW_EXAMPLE}]"`) })
    .readonly()
    .prefault([])
    .describe('When removals may happen; adds and replaces never wait. Empty: at any time.'),
  timezone,
}).transform(({ timezone, ...removal }) => ({
  ...removal,
  // To ask for the system's zone takes as long as all the rest: only where a window needs one.
  timezone: timezone ?? (removal.windows.length === 0 ? 'UTC' : systemZone()),
}));

function systemZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
