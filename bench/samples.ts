/** What is measured at one size: each name with one number of milliseconds per round. */

export const SAMPLES = {
  computeAllToAdd: 'compute, empty upstream',
  computeNothingToDo: 'compute, nothing to do',
  push: 'full push into an empty namespace: the whole first cycle',
  pushStep: 'the push of the first cycle: proof of rights, rendering, `ip -batch`',
  pushBefore: 'the first cycle until its first line is sent: cloud, plan, journal, ledger',
  pushWrite: 'of it `ip -batch`',
  pushAfter: 'the first cycle after its last line: reading back, comparing, journal, ledger',
  pushPeer: '`ip -batch` alone on the same lines',
  noOp: 'no-op cycle',
  noOpFirst: 'the first no-op cycle after a push',
  noOpRead: 'of it until `ip` has answered',
  noOpDevice: "a no-op's device side alone: `ip`, parse, compare with the desired routes",
  noOpPeer: '`ip -json route show` alone, both families',
  noOpPeerDetails: '`ip -N -details -json route show` alone, both families',
  change: '1 % change: the whole cycle',
  changePeer: '`ip` alone: the same reads, lines and reads back',
} as const;

export type SampleName = keyof typeof SAMPLES;

/** Milliseconds by name; a name that could not be measured is missing. */
export type Samples = Partial<Record<SampleName, readonly number[]>>;

/** What a child process of the bench is asked to do. */
export interface SizeRequest {
  /** A multiple of 100. */
  readonly size: number;
  readonly rounds: number;
  /** For the cycle and for its peer; undefined where none can be made, then only the computation is measured. */
  readonly namespaces: { readonly ours: string; readonly peer: string } | undefined;
  /** A folder for state directories and batch files. */
  readonly dir: string;
}

/** Peak memory of a process that pushed everything once and then found nothing to do. */
export interface MemoryResult {
  readonly peakMiB: number;
  /** Before the first cycle, with the generated cloud in memory. */
  readonly cloudMiB: number;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = low] = sorted.slice(
    sorted.length % 2 === 0 ? middle - 1 : middle,
  );
  return sorted.length % 2 === 0 ? (low + high) / 2 : low;
}
