/** The results with FRR as Markdown: marks and ratios first, times after them. */
import { FRR_SAMPLES, type FrrSampleName, type FrrSamples } from './frr-samples.ts';
import { fixed, grouped, markRow, type Results, table } from './report.ts';
import { median } from './samples.ts';

export interface FrrResults extends Pick<
  Results,
  'version' | 'startedAt' | 'rounds' | 'machine' | 'skipped'
> {
  readonly frr: readonly FrrSizeResult[];
}

export interface FrrSizeResult {
  readonly size: number;
  readonly samples: FrrSamples;
}

interface Ratio {
  readonly ours: FrrSampleName;
  readonly peer: FrrSampleName;
  /** The most that it may be at {@link MARK_SIZE} routes. */
  readonly mark: number | undefined;
}

const MARK_SIZE = 10_000;

const RATIOS: readonly Ratio[] = [
  { ours: 'pushStep', peer: 'pushPeer', mark: 1.5 },
  { ours: 'pushWrite', peer: 'pushPeer', mark: undefined },
  { ours: 'push', peer: 'pushPeer', mark: undefined },
  { ours: 'noOp', peer: 'noOpPeer', mark: 2 },
  { ours: 'noOpFirst', peer: 'noOpPeer', mark: undefined },
  { ours: 'noOpDevice', peer: 'noOpPeer', mark: undefined },
  { ours: 'change', peer: 'changePeer', mark: undefined },
];

export function frrToMarkdown({ machine, rounds, frr, skipped, startedAt }: FrrResults): string {
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  const sizes = frr.map(({ size }) => grouped(size));
  return [
    `# Benchmark with FRR over SSH, ${startedAt}`,
    `${facts.join(', ')}. Medians of ${rounds} rounds; every cycle beside \`vtysh\` alone in the same round.`,
    ...skipped.map((reason) => `Skipped: ${reason}.`),
    '## Marks',
    table(['mark', 'limit', 'measured', ''], marksOf(frr)),
    '## Ratios to `vtysh` alone',
    table(
      ['ratio', ...sizes],
      RATIOS.map((ratio) => [
        titleOf(ratio),
        ...frr.map(({ samples }) => fixed(ratioOf(samples, ratio), 2)),
      ]),
    ),
    '## Times in ms',
    table(
      ['', ...sizes],
      (Object.keys(FRR_SAMPLES) as FrrSampleName[]).map((name) => [
        FRR_SAMPLES[name],
        ...frr.map(({ samples }) => fixed(median(samples[name] ?? []), 0)),
      ]),
    ),
    '',
  ].join('\n\n');
}

function marksOf(frr: readonly FrrSizeResult[]): readonly (readonly string[])[] {
  const samples = frr.find(({ size }) => size === MARK_SIZE)?.samples;
  return RATIOS.flatMap((ratio) =>
    ratio.mark === undefined
      ? []
      : [
          markRow(
            `${grouped(MARK_SIZE)} routes: ${titleOf(ratio)}`,
            ratio.mark,
            samples && ratioOf(samples, ratio),
          ),
        ],
  );
}

function titleOf({ ours, peer }: Ratio): string {
  return `${FRR_SAMPLES[ours]} / ${FRR_SAMPLES[peer]}`;
}

/** The median of the rounds' ratios: both sides of one round met the same noise. */
function ratioOf(samples: FrrSamples, { ours, peer }: Ratio): number {
  const peers = samples[peer];
  return median((samples[ours] ?? []).map((ms, round) => ms / (peers?.[round] ?? Number.NaN)));
}
