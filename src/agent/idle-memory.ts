/**
 * Gives back what a cycle needed. V8 and Node keep several times what an agent holds between two cycles, for the next
 * burst of work, and that is half a minute of nothing away.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

/** Above this, looking through the heap takes longer than the memory is worth. */
const LARGEST_HEAP = 256 * 1024 * 1024;
/** Cycles follow each other where much changes: then the next one needs it again. */
const SELDOM_MS = 20_000;

let collect: Collect | undefined;
let collectedAt = -Infinity;

/** For a moment at which nothing is to be done: takes a tenth of a second. `now`: milliseconds of any steady clock. */
export function giveBackMemory(now: number): void {
  if (now - collectedAt < SELDOM_MS || getHeapStatistics().used_heap_size > LARGEST_HEAP) {
    return;
  }
  collectedAt = now;
  collect ??= collector();
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** The function is there only for contexts that are made after the flag is set. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
