/** A seeded source of choices: equal seeds give equal choices, on every machine. */

export interface Random {
  /** A whole number from 0 up to, but not including, `below`. */
  readonly int: (below: number) => number;
  /** True in so many of a hundred cases. */
  readonly percent: (chance: number) => boolean;
  /** One element of a list that has some. */
  readonly pick: <T>(list: readonly T[]) => T;
}

/** The generator mulberry32: 32 bits of state, fast, and good enough to choose mutations. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const int = (below: number): number => next() % below;
  return {
    int,
    percent: (chance) => int(100) < chance,
    pick: (list) => {
      const index = int(list.length);
      const found = list[index];
      if (index >= list.length) {
        throw new RangeError('nothing to pick from');
      }
      return found as (typeof list)[number];
    },
  };
}

/** One seed out of several texts and numbers (FNV-1a). */
export function seedOf(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of parts.join(' ')) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
