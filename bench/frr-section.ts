/** How the numbers of the part `frr` are read. */
import { type Measurement, median } from './measurement.ts';
import { ratioAt, type Section } from './section.ts';

export const FRR: Section = {
  part: 'frr',
  title: 'FRR over SSH',
  about: [
    'Whole cycles into a real FRR (zebra, staticd) in a network namespace, behind a real sshd on loopback. Before the next thing is measured the kernel has to hold all routes.',
    "Peers, in the same round and with the same lines: `vtysh -f` on the router itself, without SSH, reading and records; and netmiko's `send_config_set` with its defaults (device type `cisco_ios`, whose lines FRR understands) over the same sshd into `vtysh`. netmiko's option `fast_cli` is no peer: it does not wait for the router and gives up with 1,000 lines.",
  ],
  samples: {
    push: { title: 'first push: the whole first cycle, from the login on', unit: 'ms' },
    pushStep: {
      title: 'its push: proof of rights, rendering, all lines, the answer, reading back',
      unit: 'ms',
    },
    pushBefore: { title: 'first cycle until its lines are sent', unit: 'ms' },
    pushWrite: { title: 'all lines and the answer of FRR', unit: 'ms' },
    pushAfter: { title: 'first cycle after that answer', unit: 'ms' },
    pushPeer: { title: '`vtysh -f` of the same lines, on the router', unit: 'ms' },
    netmiko: { title: "netmiko's `send_config_set` of the same lines", unit: 'ms' },
    netmikoEnded: {
      title: "netmiko's `send_config_set`, ended before it had finished",
      unit: 'ms',
    },
    noOp: { title: 'no-op cycle', unit: 'ms' },
    noOpFirst: { title: 'the first no-op cycle after a push', unit: 'ms' },
    noOpDevice: { title: "a no-op's device side: asking, parsing, comparing", unit: 'ms' },
    noOpPeer: { title: '`show running-config staticd`, on the router', unit: 'ms' },
    change: { title: '1 % change: the whole cycle', unit: 'ms' },
    changePeer: { title: '`vtysh -f` of the same lines, on the router, nothing read', unit: 'ms' },
  },
  ratios: [
    { ours: 'pushStep', peer: 'pushPeer' },
    { ours: 'push', peer: 'pushPeer' },
    { ours: 'push', peer: 'netmiko' },
    { ours: 'push', peer: 'netmikoEnded' },
    { ours: 'noOp', peer: 'noOpPeer' },
    { ours: 'noOpFirst', peer: 'noOpPeer' },
    { ours: 'noOpDevice', peer: 'noOpPeer' },
    { ours: 'change', peer: 'changePeer' },
  ],
  growth: [],
  marks: [
    {
      what: 'push of 10,000 routes over SSH / `vtysh -f` on the router',
      limit: { most: 1.5 },
      unit: '',
      measured: ratioAt(10_000, { ours: 'pushStep', peer: 'pushPeer' }),
    },
    {
      what: 'netmiko with 10,000 routes / the whole first cycle',
      limit: { least: 5 },
      unit: '',
      measured: (all) => timesFaster(all.find(({ size }) => size === 10_000)),
    },
  ],
};

function timesFaster(measurement: Measurement | undefined): number | undefined {
  const { netmiko = [], netmikoEnded = [], push = [] } = measurement?.samples ?? {};
  // One that was ended would have taken longer still.
  const factor = median([...netmiko, ...netmikoEnded]) / median(push);
  return Number.isFinite(factor) ? factor : undefined;
}
