/**
 * Gives back what a cycle needed. V8 and Node keep several times what an agent holds between two cycles, for the next
 * burst of work, and that is half a minute of nothing away.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface IdleMemory {
  /** Nothing is to be done now: gives memory back in a moment, if it stays so. */
  readonly rest: () => void;
  /** Work begins. */
  readonly wake: () => void;
}

export interface IdleMemoryOptions {
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
  /** Takes a tenth of a second. */
  readonly collect: () => void;
}

/** Until whoever had a part in the cycle has let go of it; and the next change of a series may be about to come. */
const CALM_MS = 500;
/** Cycles follow each other where much changes: then the next one needs the memory again. */
const SELDOM_MS = 20_000;
/** Above this, looking through the heap takes longer than the memory is worth. */
const LARGEST_HEAP = 256 * 1024 * 1024;

/** Keeps no process alive. */
export function idleMemory({ now, collect }: IdleMemoryOptions): IdleMemory {
  let collectedAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  const wake = (): void => clearTimeout(timer);
  return {
    wake,
    rest: () => {
      wake();
      const delay = Math.max(CALM_MS, collectedAt + SELDOM_MS - now());
      timer = setTimeout(() => {
        collectedAt = now();
        collect();
      }, delay).unref();
    },
  };
}

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

let collector: Collect | undefined;

/** Looks through the whole heap and gives back to the system what is free in it, unless it is large. */
export function collectGarbage(): void {
  if (getHeapStatistics().used_heap_size <= LARGEST_HEAP) {
    collector ??= openCollector();
    collector({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }
}

/** The function is there only for contexts that are made after the flag is set. */
function openCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
