/** The part `frr`: a process of its own for each size. */
import { whyNoFrrBench } from './frr-router.ts';
import { whyNoNetmiko } from './netmiko.ts';
import type { Findings, PartContext } from './part.ts';

/** What the child process is asked to do. */
export interface FrrRequest {
  /** A multiple of 100. */
  readonly size: number;
  readonly rounds: number;
  /** The first so many rounds with netmiko beside them. */
  readonly netmikoRounds: number;
  /** A folder for state directories and files. */
  readonly dir: string;
}

/** From here on netmiko, which sleeps after each line, takes more than a minute. */
const SLOW = 2000;

export async function measureFrr(
  { rounds, dir, runChild }: PartContext,
  size: number,
): Promise<Findings> {
  const reason = whyNoFrrBench();
  if (reason !== undefined) {
    const nothing = { part: 'frr', size, what: 'everything', why: reason } as const;
    return { measurements: [], skipped: [nothing] };
  }
  const noNetmiko = whyNoNetmiko();
  const possible = size < SLOW ? rounds : 1;
  const netmikoRounds = noNetmiko === undefined ? possible : 0;
  const request: FrrRequest = { size, rounds, netmikoRounds, dir };
  const samples = await runChild('frr.ts', request);
  const notes =
    netmikoRounds > 0 && netmikoRounds < rounds
      ? [`netmiko: ${netmikoRounds} of ${rounds} rounds, it sleeps 50 ms after each line`]
      : [];
  return {
    measurements: [{ part: 'frr', size, rounds, samples, notes }],
    skipped:
      noNetmiko === undefined ? [] : [{ part: 'frr', size, what: 'netmiko', why: noNetmiko }],
  };
}
