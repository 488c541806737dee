/** How the numbers of the part `footprint` are read. */
import { medianAt, type Section } from './section.ts';

const PREFIXES = 5000;

export const FOOTPRINT: Section = {
  part: 'footprint',
  title: 'Footprint',
  about: [
    'The built program as processes of its own. `run` has its default schedule (30 s), metrics and status page, a cloud that is another process, and a network namespace to write to; it is started with the two variables for glibc’s allocator that the image and the systemd unit set (without them it takes 6 to 8 MiB more). Idle CPU is that of all its threads over 20 s between two cycles; the cost of a cycle contains the 30 s around it.',
    'Process start to all routes: a last good state is on disk, the upstream is empty, and each list of the cloud takes 10 s. The clock stops when the kernel has every route again.',
    'Peers: a `node` that does nothing, or only waits; for the start with routes a `node -e 0` and `ip -batch` of the same routes, one after the other. Sizes are what lies on the disk. The column “any size” has what does not depend on the number of routes.',
  ],
  samples: {
    startToRoutes: { title: 'process start to all routes', unit: 'ms' },
    startPeer: { title: '`node -e 0` and `ip -batch` of the same routes', unit: 'ms' },
    rss: { title: '`run`, between two cycles: memory', unit: 'MiB' },
    rssAtEnd: { title: '`run`, at the end of a cycle: memory', unit: 'MiB' },
    rssBare: { title: 'a `node` that waits: memory', unit: 'MiB' },
    rssPeak: { title: '`run`: peak memory', unit: 'MiB' },
    idleCpu: { title: '`run`: CPU between cycles', unit: '%' },
    cycleCpu: { title: '`run`: CPU of one no-op cycle', unit: 'ms' },
    cycleChildrenCpu: { title: 'CPU of what that cycle starts (`ip`, `flock`)', unit: 'ms' },
    bareNode: { title: '`node -e 0`', unit: 'ms' },
    version: { title: '`--version`', unit: 'ms' },
    planDemo: { title: "`plan` on the demo's cloud", unit: 'ms' },
    demo: { title: '`demo`: three plans, two of them pushed', unit: 'ms' },
    firstByteBare: {
      title: 'first byte sent to a server: a `node` that does only this',
      unit: 'ms',
    },
    firstByte: { title: 'first byte sent to the cloud: `plan`', unit: 'ms' },
    firstByteSources: { title: 'the same from the TypeScript sources', unit: 'ms' },
    sizeImage: { title: 'container image, unpacked', unit: 'MiB' },
    sizeNode: { title: 'Node itself', unit: 'MiB' },
    sizeDependencies: { title: 'dependencies', unit: 'MiB' },
    sizeOwn: { title: 'our own code, with source maps', unit: 'MiB' },
  },
  ratios: [
    { ours: 'startToRoutes', peer: 'startPeer' },
    { ours: 'rss', peer: 'rssBare' },
    { ours: 'version', peer: 'bareNode' },
    { ours: 'planDemo', peer: 'bareNode' },
    { ours: 'firstByte', peer: 'firstByteBare' },
    { ours: 'sizeImage', peer: 'sizeNode' },
  ],
  growth: [],
  marks: [
    {
      what: 'process start to all routes, 5,000 prefixes, last good state on disk',
      limit: { most: 1000 },
      unit: 'ms',
      measured: medianAt(PREFIXES, 'startToRoutes'),
    },
    {
      what: 'idle memory at 5,000 prefixes',
      limit: { most: 110 },
      unit: 'MiB',
      measured: medianAt(PREFIXES, 'rss'),
    },
    {
      what: 'CPU between cycles at 5,000 prefixes',
      limit: { most: 0.2 },
      unit: '%',
      measured: medianAt(PREFIXES, 'idleCpu'),
    },
  ],
};
