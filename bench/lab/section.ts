/** How the numbers of the part `lab` are read. */
import { CHANGE_ABOUT, CHANGE_MARKS, CHANGE_RATIOS, CHANGE_SAMPLES } from './change-section.ts';
import { medianAt, ratioAt, type Sample, type Section } from '../section.ts';

const PREFIXES = 5000;

/** Of our snapshot: what is asked for, by the last part of the URL. */
const REQUESTS = [
  'routers',
  'subnets',
  'network-ip-availabilities',
  'ports (router_interface)',
  'ports (router_gateway)',
  'networks',
] as const;

const REQUEST_SAMPLES = Object.fromEntries(
  REQUESTS.flatMap((name): readonly [string, Sample][] => [
    [`floor ${name}`, { title: `bare request: ${name}`, unit: 'ms' }],
    [`size ${name}`, { title: `its answer`, unit: 'MiB' }],
  ]),
);

export const LAB: Section = {
  part: 'lab',
  title: 'On a real Neutron',
  about: [
    'Keystone, MariaDB, RabbitMQ, OVN and Neutron (ML2/OVN, two API workers) of Debian 12, on the same machine (`test/lab`), filled with 1,000 routers of 5 subnets each: one made through the API, the others copied in the database.',
    'Snapshot: `readSnapshot` through the real client with a token at hand, in each round beside the same URLs asked for by a bare `node:http`, one after the other (the floor) and all at once, and beside `openstack router list`, `port list` and `subnet list`, one after the other. Nearly all of it is time of Neutron.',
    'Resilience: the built program with events. Process start to all routes: a last good state is on the disk and the upstream is empty. Idle: one minute between two cycles, all threads. RabbitMQ is stopped for three minutes; the agent is killed with SIGKILL and started again ten seconds later. Withdrawn is each route that the kernel tells to be deleted, also if it comes back.',
    ...CHANGE_ABOUT,
  ],
  samples: {
    snapshot: { title: 'our snapshot', unit: 'ms' },
    floor: { title: 'its bare requests, one after the other', unit: 'ms' },
    floorParallel: { title: 'its bare requests, all at once', unit: 'ms' },
    cli: { title: '`openstack router list`, `port list`, `subnet list`', unit: 'ms' },
    snapshotRequests: { title: 'requests of our snapshot', unit: 'count' },
    ...REQUEST_SAMPLES,
    labStart: { title: 'process start to all routes', unit: 'ms' },
    labIdleRss: { title: '`run` with events, idle: memory', unit: 'MiB' },
    labIdleCpu: { title: '`run` with events: CPU between cycles', unit: '%' },
    withdrawnWithoutRabbit: { title: 'routes withdrawn without RabbitMQ', unit: 'count' },
    cyclesWithoutRabbit: { title: 'cycles in that time', unit: 'count' },
    withdrawnAfterKill: { title: 'routes withdrawn after SIGKILL', unit: 'count' },
    ...CHANGE_SAMPLES,
  },
  ratios: [
    { ours: 'snapshot', peer: 'floor' },
    { ours: 'snapshot', peer: 'floorParallel' },
    { ours: 'snapshot', peer: 'cli' },
    ...CHANGE_RATIOS,
  ],
  growth: [],
  marks: [
    {
      what: 'snapshot of 1,000 routers with 5 subnets / its own bare requests',
      limit: { most: 1.1 },
      unit: '',
      measured: ratioAt(PREFIXES, { ours: 'snapshot', peer: 'floor' }),
    },
    {
      what: 'the three lists of the `openstack` command / that snapshot',
      limit: { least: 2 },
      unit: '',
      measured: ratioAt(PREFIXES, { ours: 'cli', peer: 'snapshot' }),
    },
    {
      what: 'process start to all routes on the lab, 5,000 prefixes, last good state on disk',
      limit: { most: 1000 },
      unit: 'ms',
      measured: medianAt(PREFIXES, 'labStart'),
    },
    {
      what: 'routes withdrawn while RabbitMQ is away for three minutes',
      limit: { most: 0 },
      unit: '',
      measured: medianAt(PREFIXES, 'withdrawnWithoutRabbit'),
    },
    {
      what: 'routes withdrawn after SIGKILL of the agent',
      limit: { most: 0 },
      unit: '',
      measured: medianAt(PREFIXES, 'withdrawnAfterKill'),
    },
    {
      what: 'idle memory with events at 5,000 prefixes',
      limit: { most: 110 },
      unit: 'MiB',
      measured: medianAt(PREFIXES, 'labIdleRss'),
    },
    {
      what: 'CPU with events between cycles at 5,000 prefixes',
      limit: { most: 0.2 },
      unit: '%',
      measured: medianAt(PREFIXES, 'labIdleCpu'),
    },
    ...CHANGE_MARKS,
  ],
};
