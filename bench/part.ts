/** What a part of the benchmark is given, and what it gives. */
import type { Measurement, Skipped } from './measurement.ts';

export interface PartContext {
  readonly rounds: number;
  /** The project's folder. */
  readonly root: string;
  /** For whatever has to be written; removed at the end. */
  readonly dir: string;
  readonly signal: AbortSignal;
  /**
   * Runs a file of this folder as a process of its own, with the request as JSON, and gives the samples that it printed: its
   * memory is its own, and so is what the compiler learned.
   */
  readonly runChild: (
    file: string,
    request: object,
    nodeOptions?: readonly string[],
  ) => Promise<Measurement['samples']>;
}

/** A part at one size: a multiple of 100 routes, or 0 for what depends on no number of routes. */
export type MeasurePart = (context: PartContext, size: number) => Promise<Findings>;

export interface Findings {
  readonly measurements: readonly Measurement[];
  readonly skipped: readonly Skipped[];
}
