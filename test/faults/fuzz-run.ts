/**
 * Runs one target over its share of the seeded inputs. FUZZ_INPUTS sets how many inputs all targets try together,
 * FUZZ_SEED another seed; FUZZ_ONLY repeats the one input whose number a failure printed.
 */
import { RouteSyncError } from '../../src/errors.ts';
import { OpenStackError } from '../../src/openstack-client-lite/index.ts';
import { type Random, randomFrom, seedOf } from './fuzz-random.ts';
import { count } from './summary.ts';

const TOTAL = Number(process.env['FUZZ_INPUTS'] ?? 1_000_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_101);
const ONLY = process.env['FUZZ_ONLY'];
/** No honest input takes a hundredth of this: whoever gets here has met a loop that grows with the input's square. */
const HANG_MS = 20_000;
const SHOWN = 4000;

export interface Target {
  readonly name: string;
  /** Inputs of this target out of a million. */
  readonly share: number;
  /** Makes one input, tells it to `note`, tries it; throws where a promise is broken. */
  readonly attempt: (random: Random, note: (input: unknown) => void) => void | Promise<void>;
}

/** Tries all inputs of the target, and throws with seed, number and input of the first that breaks a promise. */
export async function fuzz({ name, share, attempt }: Target): Promise<void> {
  const inputs = Math.max(1, Math.round((share * TOTAL) / 1_000_000));
  const numbers = ONLY === undefined ? { from: 0, to: inputs } : { from: +ONLY, to: +ONLY + 1 };
  let input: unknown;
  const note = (value: unknown): void => {
    input = value;
  };
  for (let index = numbers.from; index < numbers.to; index += 1) {
    const started = performance.now();
    try {
      const pending = attempt(randomFrom(seedOf(SEED, name, index)), note);
      if (pending !== undefined) {
        await pending;
      }
    } catch (error) {
      count('unhandled errors');
      throw failure(error, { name, index, input });
    }
    if (performance.now() - started > HANG_MS) {
      throw failure(new Error(`took over ${HANG_MS} ms`), { name, index, input });
    }
  }
  count('inputs tried', numbers.to - numbers.from);
}

/** True for what may be thrown on a bad input; everything else is a defect. */
export function isOnPurpose(error: unknown): error is RouteSyncError | OpenStackError {
  return error instanceof RouteSyncError || error instanceof OpenStackError;
}

/** The answer of the work; undefined where it refused the input on purpose. */
export function orRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isOnPurpose(error) && error.code !== 'INTERNAL') {
      return undefined;
    }
    throw error;
  }
}

/** The same for work that takes its time; `look` is shown the refusal. */
export async function orRefusedLater<T>(
  work: () => Promise<T>,
  look?: (refusal: RouteSyncError | OpenStackError) => void,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isOnPurpose(error) && error.code !== 'INTERNAL') {
      look?.(error);
      return undefined;
    }
    throw error;
  }
}

/** Breaks a promise: throws with these words unless the condition holds. */
export function promise(holds: boolean, words: string): void {
  if (!holds) {
    throw new Error(words);
  }
}

interface Place {
  readonly name: string;
  readonly index: number;
  readonly input: unknown;
}

function failure(error: unknown, { name, index, input }: Place): Error {
  const words =
    error instanceof Error ? `${error.name}: ${error.message.slice(0, 1000)}` : String(error);
  const text = typeof input === 'string' ? JSON.stringify(input) : textOf(input);
  return new Error(
    `${name}: input ${index} (repeat with FUZZ_SEED=${SEED} FUZZ_ONLY=${index}): ${words}\n  ${text.slice(0, SHOWN)}`,
    { cause: error },
  );
}

function textOf(input: unknown): string {
  try {
    return JSON.stringify(input instanceof Map ? Object.fromEntries(input) : input) ?? 'nothing';
  } catch (error) {
    return `an input that cannot be shown (${String(error)})`;
  }
}
