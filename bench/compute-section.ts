/** How the numbers of the part `compute` are read. */
import { type Section, worstGrowth } from './section.ts';

/** The stages of the computation, in their order. */
export const STAGES = ['candidates', 'policy', 'conflicts', 'diffAll', 'diffNothing'] as const;
const GROWTH = [...STAGES, 'total'];

export const COMPUTE: Section = {
  part: 'compute',
  title: 'Computation alone',
  about: [
    'From a snapshot in memory to a plan, stage by stage, without cloud and device. There is no peer for this; the growth is what counts: 10 is linear.',
    'Peak memory is counted from the moment when the snapshot is ready, and contains it.',
  ],
  samples: {
    candidates: { title: 'candidates: pairs of gateway and prefix', unit: 'ms' },
    policy: { title: 'policy: every rule on every candidate', unit: 'ms' },
    conflicts: { title: 'conflicts: who gets a prefix, next hops, what is in the way', unit: 'ms' },
    diffAll: { title: 'difference, empty upstream', unit: 'ms' },
    diffNothing: { title: 'difference, nothing to do', unit: 'ms' },
    total: { title: 'all of it, empty upstream', unit: 'ms' },
    rssBefore: { title: 'memory with the snapshot alone', unit: 'MiB' },
    peakRss: { title: 'peak memory', unit: 'MiB' },
  },
  ratios: [],
  growth: GROWTH,
  marks: [
    {
      what: 'growth per decade of routes, the worst stage of the computation',
      limit: { most: 12 },
      unit: '',
      measured: worstGrowth(GROWTH),
    },
  ],
};
