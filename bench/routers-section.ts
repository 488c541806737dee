/** How the numbers of the part `routers` are read: names are `ROUTER CYCLE WHAT`, as `sampleName` makes them. */
import { type Measurement, median } from './measurement.ts';
import type { Section } from './section.ts';
import { fixed, grouped, table } from './markdown.ts';

const CYCLES = { push: 'first push', noOp: 'no-op', change: '1 % change' } as const;
const FIGURES = ['lines', 'roundTrips', 'ms'] as const;

export type RouterCycleName = keyof typeof CYCLES;
export type RouterCycle = Readonly<Record<(typeof FIGURES)[number], number>>;

export function sampleName(
  router: string,
  cycle: RouterCycleName,
  figure: keyof RouterCycle,
): string {
  return `${router}, ${cycle}, ${figure}`;
}

export const ROUTERS: Section = {
  part: 'routers',
  title: 'Simulated routers over SSH',
  about: [
    'Whole cycles through the OpenSSH client against the simulated router of every system, with 5 ms on the way and the smallest input buffer that the system is known with. Lines and round trips are what counts; of the milliseconds a part is the simulated router’s own. There is no peer. Each field: lines / round trips / ms.',
  ],
  samples: {},
  ratios: [],
  growth: [],
  marks: [],
  tables: (measurements) => measurements.flatMap(tableOf),
};

function tableOf({ size, samples }: Measurement): readonly string[] {
  const routers = new Set(Object.keys(samples).map((name) => name.split(', ')[0] ?? ''));
  const cycles = Object.keys(CYCLES) as RouterCycleName[];
  const cell = (router: string, cycle: RouterCycleName): string =>
    FIGURES.map((figure) => samples[sampleName(router, cycle, figure)] ?? [])
      .map((numbers) => grouped(Number(fixed(median(numbers), 0))))
      .join(' / ');
  return [
    `### ${grouped(size)} routes`,
    table(
      ['router', ...cycles.map((cycle) => CYCLES[cycle])],
      [...routers].map((router) => [router, ...cycles.map((cycle) => cell(router, cycle))]),
    ),
  ];
}
