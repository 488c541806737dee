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

export const PEER = 'neutron-dynamic-routing';
/** How an agent comes to know: ours in two ways, and the peer's. */
export const HOW = ['events', 'poll every 5 s', PEER] as const;
export type How = (typeof HOW)[number];

/** What the peer finds only when it reads everything again, every 40 s; the rest of what it does is at once. */
export const PEER_RESYNCS: readonly Operation[] = ['gateway address changed', 'gateway cleared'];

/** The lab is not filled for it. */
export const CHANGE_SIZE = 0;
const MOST_SECONDS = 0.3;

export function changeSample(how: How, operation: Operation): string {
  return `${how}, ${operation}`;
}

export const CHANGE_ABOUT = [
  'Change to route: from the API’s answer to the line of `ip monitor route` in the namespace of the upstream; below zero the route was there before the answer. One router on an otherwise empty lab. The agent has `removal: { snapshots: 1, graceSeconds: 0 }` and `policy.extraRoutes`; by polling (at most 2 rounds) the changes come at moments spread over the time between two polls; the default schedule is every 30 s, so six times as late.',
  'neutron-dynamic-routing: its agent of Debian 12 with os-ken and the default periods, in a namespace with the BIRD that it announces to, which writes to the kernel there; after ours in the same run, on the same Neutron (with its plugin all the time) and with the same changes, at most 3 rounds. An interface or a gateway that comes, and an interface that goes, it announces from inside Neutron before the API answers. A new gateway address and a cleared gateway wait for its next full reading, every 40 s; these changes come at moments spread over that time. It looks neither at `enable_snat` nor at the state of the router, so a route through a router that does SNAT or is down stays, and it never announces extra routes: what it has not done within 60 s in the first round is not waited for again and is named below. It needs every subnet to be from a pool of the external network’s address scope, so all here are; and with ML2/OVN of Debian 12 it announces nothing at all until its router has a row in `router_extra_attributes`, which the benchmark writes.',
];

export const CHANGE_SAMPLES: Readonly<Record<string, Sample>> = Object.fromEntries(
  OPERATIONS.flatMap((operation) =>
    HOW.map((how): readonly [string, Sample] => [
      changeSample(how, operation),
      { title: `${operation}: ${how}`, unit: 's' },
    ]),
  ),
);

/** Not for what the peer announces before the answer, where its time is below zero. */
export const CHANGE_RATIOS: readonly Ratio[] = OPERATIONS.flatMap((operation) =>
  HOW.slice(1)
    .filter((how) => how !== PEER || PEER_RESYNCS.includes(operation))
    .map((how) => ({
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
