/** The results as Markdown: marks and ratios first, times after them. */
import { median, SAMPLES, type MemoryResult, type SampleName, type Samples } from './samples.ts';
import type { StartUp } from './start-up.ts';

export interface SizeResult {
  readonly size: number;
  readonly samples: Samples;
  readonly memory: MemoryResult | undefined;
}

export interface Results {
  readonly version: 1;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly rounds: number;
  readonly machine: Readonly<Record<string, string | number>>;
  /** What was left out, and why. */
  readonly skipped: readonly string[];
  readonly sizes: readonly SizeResult[];
  readonly startUp: StartUp;
}

interface Ratio {
  readonly ours: SampleName;
  readonly peer: SampleName;
  /** The most that it may be at {@link MARK_SIZE} routes. */
  readonly mark: number | undefined;
}

const MARK_SIZE = 100_000;
const COMPUTE_MARK_MS = 1000;
const START_UP_MARK_MS = 300;

const RATIOS: readonly Ratio[] = [
  { ours: 'pushStep', peer: 'pushPeer', mark: 1.3 },
  { ours: 'push', peer: 'pushPeer', mark: undefined },
  { ours: 'noOp', peer: 'noOpPeer', mark: 2 },
  { ours: 'noOp', peer: 'noOpPeerDetails', mark: undefined },
  { ours: 'noOpFirst', peer: 'noOpPeer', mark: undefined },
  { ours: 'noOpDevice', peer: 'noOpPeer', mark: undefined },
  { ours: 'noOpDevice', peer: 'noOpPeerDetails', mark: undefined },
  { ours: 'change', peer: 'changePeer', mark: undefined },
];

export function toMarkdown(results: Results): string {
  const { machine, rounds, sizes, skipped, startUp, startedAt } = results;
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return [
    `# Benchmark, ${startedAt}`,
    `${facts.join(', ')}. Medians of ${rounds} rounds; every cycle beside its peer in the same round.`,
    ...skipped.map((reason) => `Skipped: ${reason}.`),
    '## Marks',
    table(['mark', 'limit', 'measured', ''], marksOf(results)),
    '## Ratios to the peer',
    table(
      ['ratio', ...sizes.map(({ size }) => grouped(size))],
      RATIOS.map(({ ours, peer }) => [
        `${SAMPLES[ours]} / ${SAMPLES[peer]}`,
        ...sizes.map(({ samples }) => fixed(ratioOf(samples, ours, peer), 2)),
      ]),
    ),
    '## Growth per decade (10 is linear)',
    table(
      ['step', 'compute, empty upstream', 'compute, nothing to do'],
      sizes.slice(1).map((next, i) => {
        const previous = sizes[i];
        return [
          `${grouped(previous?.size ?? 0)} to ${grouped(next.size)}`,
          fixed(growth('computeAllToAdd', previous, next), 1),
          fixed(growth('computeNothingToDo', previous, next), 1),
        ];
      }),
    ),
    '## Times in ms, memory in MiB',
    table(['', ...sizes.map(({ size }) => grouped(size))], timesOf(sizes)),
    '## Start to first request in ms',
    table(
      ['bare node', 'dist/main.js', 'src/main.ts'],
      [[startUp.bareNode, startUp.built, startUp.sources].map((ms) => fixed(median(ms), 0))],
    ),
    '',
  ].join('\n\n');
}

function marksOf({ sizes, startUp }: Results): readonly (readonly string[])[] {
  const samples = sizes.find(({ size }) => size === MARK_SIZE)?.samples;
  const ratios = RATIOS.flatMap(({ ours, peer, mark }) =>
    mark === undefined
      ? []
      : [
          markRow(
            `${grouped(MARK_SIZE)} routes: ${SAMPLES[ours]} / ${SAMPLES[peer]}`,
            mark,
            samples && ratioOf(samples, ours, peer),
          ),
        ],
  );
  const computes = (['computeAllToAdd', 'computeNothingToDo'] as const).map((name) =>
    markRow(
      `${grouped(MARK_SIZE)} routes: ${SAMPLES[name]}, ms`,
      COMPUTE_MARK_MS,
      medianOf(samples, name),
    ),
  );
  return [
    ...ratios,
    ...computes,
    markRow('start to first request, built, ms', START_UP_MARK_MS, median(startUp.built)),
  ];
}

export function markRow(
  what: string,
  limit: number,
  measured: number | undefined,
): readonly string[] {
  const verdict = measured === undefined ? 'not measured' : measured <= limit ? 'met' : 'MISSED';
  return [what, `${limit}`, fixed(measured, limit < 10 ? 2 : 0), verdict];
}

function timesOf(sizes: readonly SizeResult[]): readonly (readonly string[])[] {
  const names = Object.keys(SAMPLES) as SampleName[];
  return [
    ...names.map((name) => [
      SAMPLES[name],
      ...sizes.map(({ samples }) => fixed(medianOf(samples, name), 1)),
    ]),
    ['peak memory of the process', ...sizes.map(({ memory }) => fixed(memory?.peakMiB, 0))],
    [
      'of it before the first cycle, with the generated cloud',
      ...sizes.map(({ memory }) => fixed(memory?.cloudMiB, 0)),
    ],
  ];
}

/** The median of the rounds' ratios: both sides of one round met the same noise. */
function ratioOf(samples: Samples, ours: SampleName, peer: SampleName): number | undefined {
  const peers = samples[peer];
  const ratios = samples[ours]?.map((ms, round) => ms / (peers?.[round] ?? Number.NaN));
  return ratios === undefined ? undefined : median(ratios);
}

/** The factor between two sizes, as if they were one decade apart. */
function growth(
  name: SampleName,
  previous: SizeResult | undefined,
  next: SizeResult,
): number | undefined {
  const [from, to] = [medianOf(previous?.samples, name), medianOf(next.samples, name)];
  const decades = Math.log10(next.size / (previous?.size ?? Number.NaN));
  return from === undefined || to === undefined ? undefined : (to / from) ** (1 / decades);
}

function medianOf(samples: Samples | undefined, name: SampleName): number | undefined {
  const numbers = samples?.[name];
  return numbers === undefined ? undefined : median(numbers);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

export function fixed(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

export function grouped(value: number): string {
  return value.toLocaleString('en');
}
