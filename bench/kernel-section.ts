/** How the numbers of the part `kernel` are read. */
import { medianAt, ratioAt, type Section } from './section.ts';

const GIB = 1024;
const GROWTH = ['push', 'pushPeer', 'pushBird', 'noOp', 'noOpPeer', 'change', 'changePeer'];

export const KERNEL: Section = {
  part: 'kernel',
  title: 'Kernel routes in a network namespace',
  about: [
    'Whole cycles with the Linux driver into a real namespace: lock, reading, snapshot, computing, journal, `ip -batch`, reading back, ledger. The cloud is generated in memory and answers at once, because how long Neutron takes is measured elsewhere; one prefix in five is IPv6, and a router has 50 (at 1,000,000: 500).',
    'Peers, in the same round: `ip -batch` alone on the same lines from a file; one process of `ip` for each line (only at 1,000 routes); `ip -json route show` for both families to nowhere; and BIRD, whose static protocols read a file that is written beforehand, from `birdc configure` until the kernel has every route (1 % change: until it has told every change). BIRD reads nothing back and keeps no record on disk; its no-op does not look at the kernel.',
    'The growth shows the peers too: the kernel’s own time for an IPv4 route grows with the number of next hops behind one device, of which there are 20, 200, 2,000 and 2,000 at these sizes.',
    'Peak memory is that of one more process, which reads the same cloud over HTTP from another process in pages of 10,000 objects, pushes everything, and then finds nothing to do.',
  ],
  samples: {
    push: { title: 'first push: the whole first cycle', unit: 'ms' },
    pushStep: { title: 'its push: proof of rights, rendering, `ip -batch`', unit: 'ms' },
    pushBefore: { title: 'first cycle until its first line is sent', unit: 'ms' },
    pushWrite: { title: '`ip -batch` within it', unit: 'ms' },
    pushAfter: { title: 'first cycle after its last line', unit: 'ms' },
    pushPeer: { title: '`ip -batch` alone', unit: 'ms' },
    pushPeerProcesses: { title: 'one `ip route` process per route', unit: 'ms' },
    pushBird: { title: 'BIRD: all routes from its file', unit: 'ms' },
    noOp: { title: 'no-op cycle', unit: 'ms' },
    noOpFirst: { title: 'the first no-op cycle after a push', unit: 'ms' },
    noOpRead: { title: 'no-op cycle until `ip` has answered', unit: 'ms' },
    noOpDevice: { title: "a no-op's device side: `ip`, parsing, comparing", unit: 'ms' },
    noOpPeer: { title: 'the bare dump: `ip -json route show`', unit: 'ms' },
    noOpPeerDetails: {
      title: 'the dump that we need: `ip -N -details -json route show`',
      unit: 'ms',
    },
    noOpBird: { title: 'BIRD: `birdc configure` with an unchanged file', unit: 'ms' },
    change: { title: '1 % change: the whole cycle', unit: 'ms' },
    changePeer: { title: '`ip` alone: the same reads, lines and reads back', unit: 'ms' },
    changeBird: { title: 'BIRD: 1 % change', unit: 'ms' },
    cycleOverHttp: { title: 'first cycle with the cloud over HTTP', unit: 'ms' },
    noOpOverHttp: { title: 'no-op cycle with the cloud over HTTP', unit: 'ms' },
    peakRss: { title: 'peak memory of the process', unit: 'MiB' },
    rssAfter: { title: 'memory of the process after the no-op', unit: 'MiB' },
  },
  ratios: [
    { ours: 'pushStep', peer: 'pushPeer' },
    { ours: 'push', peer: 'pushPeer' },
    { ours: 'push', peer: 'pushPeerProcesses' },
    { ours: 'push', peer: 'pushBird' },
    { ours: 'noOp', peer: 'noOpPeer' },
    { ours: 'noOp', peer: 'noOpPeerDetails' },
    { ours: 'noOpFirst', peer: 'noOpPeer' },
    { ours: 'noOpDevice', peer: 'noOpPeer' },
    { ours: 'noOp', peer: 'noOpBird' },
    { ours: 'change', peer: 'changePeer' },
    { ours: 'change', peer: 'changeBird' },
  ],
  growth: GROWTH,
  marks: [
    {
      what: 'push of 100,000 routes / `ip -batch` alone',
      limit: { most: 1.15 },
      unit: '',
      measured: ratioAt(100_000, { ours: 'pushStep', peer: 'pushPeer' }),
    },
    {
      what: 'no-op at 100,000 routes / the bare dump',
      limit: { most: 1.5 },
      unit: '',
      measured: ratioAt(100_000, { ours: 'noOp', peer: 'noOpPeer' }),
    },
    {
      what: 'peak memory at 1,000,000 routes',
      limit: { most: 2 * GIB },
      unit: 'MiB',
      measured: medianAt(1_000_000, 'peakRss'),
    },
  ],
};
