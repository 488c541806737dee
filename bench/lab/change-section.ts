/** How the numbers of the change to route are read. Pure. */
import { medianAt, type Mark, type Ratio, type Sample } from '../section.ts';

/** What can be done to a router, in the order in which a round does it. */
export const OPERATIONS = [
  'interface added',
  'SNAT on',
  'SNAT off',
  'gateway address changed',
  'extra route set',
  'extra route cleared',
  'admin down',
  'admin up',
  'gateway cleared',
  'gateway set',
  'interface removed',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** How the agent comes to know. */
export const HOW = ['events', 'poll every 5 s'] as const;
export type How = (typeof HOW)[number];

/** The lab is not filled for it. */
export const CHANGE_SIZE = 0;
const MOST_SECONDS = 0.3;

export function changeSample(how: How, operation: Operation): string {
  return `${how}, ${operation}`;
}

export const CHANGE_ABOUT =
  'Change to route: from the API’s answer to the line of `ip monitor route` in the namespace of the upstream; below zero the route was there before the answer. One router on an otherwise empty lab. The agent has `removal: { snapshots: 1, graceSeconds: 0 }` and `policy.extraRoutes`; by polling (at most 2 rounds) the changes come at moments spread over the time between two polls; the default schedule is every 30 s, so six times as late. neutron-dynamic-routing was not measured in this run.';

export const CHANGE_SAMPLES: Readonly<Record<string, Sample>> = Object.fromEntries(
  OPERATIONS.flatMap((operation) =>
    HOW.map((how): readonly [string, Sample] => [
      changeSample(how, operation),
      { title: `${operation}: ${how}`, unit: 's' },
    ]),
  ),
);

export const CHANGE_RATIOS: readonly Ratio[] = OPERATIONS.flatMap((operation) =>
  HOW.slice(1).map((how) => ({
    ours: changeSample('events', operation),
    peer: changeSample(how, operation),
  })),
);

export const CHANGE_MARKS: readonly Mark[] = OPERATIONS.map((operation) => ({
  what: `change to route with events: ${operation}`,
  limit: { most: MOST_SECONDS },
  unit: 's',
  measured: medianAt(CHANGE_SIZE, changeSample('events', operation)),
}));
