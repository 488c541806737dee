/** What is measured with FRR: each name with one number of milliseconds per round. */

export const FRR_SAMPLES = {
  push: 'first push: the whole first cycle, from the login on',
  pushStep:
    'the push of it: proof of rights, rendering, all lines, the answer, reading all of it back',
  pushBefore:
    'the first cycle until its lines are sent: login, reading, cloud, plan, journal, proof of rights',
  pushWrite: 'of it all lines and the answer of FRR',
  pushAfter: 'the first cycle after that answer: reading back, comparing, journal, ledger',
  pushPeer: '`vtysh -f` of the same lines, on the router itself',
  noOp: 'no-op cycle',
  noOpFirst: 'the first no-op cycle after a push',
  noOpDevice: "a no-op's device side alone: asking, parsing, comparing with the desired routes",
  noOpPeer: '`show running-config staticd`, on the router itself',
  change: '1 % change: the whole cycle',
  changePeer: '`vtysh -f` of the same lines, on the router itself, without any reading',
} as const;

export type FrrSampleName = keyof typeof FRR_SAMPLES;

/** Milliseconds by name. */
export type FrrSamples = Partial<Record<FrrSampleName, readonly number[]>>;

/** What the child process is asked to do. */
export interface FrrRequest {
  /** A multiple of 100. */
  readonly size: number;
  readonly rounds: number;
  /** A folder for state directories and files. */
  readonly dir: string;
}
