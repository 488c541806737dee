/**
 * A multimap from prefixes to values that answers "what covers this?" and "what lies inside this?" in time that
 * depends on the number of distinct prefix lengths, not on the number of entries.
 */
import { type Family, firstAt, type Prefix } from './prefix.ts';

type Buckets<V> = Map<number | bigint, V[]>;

interface Level<V> {
  /** Values of entries of exactly this length, by first address. */
  readonly exact: Buckets<V>;
  /** Values of longer entries, by their first address cut to this length; built when first asked for. */
  inside: Buckets<V> | undefined;
}

export class PrefixIndex<V> {
  readonly #levels: Record<Family, Map<number, Level<V>>> = { 4: new Map(), 6: new Map() };

  add(prefix: Prefix, value: V): void {
    put(this.#level(prefix).exact, prefix.first, value);
    for (const [length, level] of this.#levels[prefix.family]) {
      if (length < prefix.length && level.inside !== undefined) {
        put(level.inside, firstAt(prefix, length), value);
      }
    }
  }

  /** The values at exactly this prefix, in the order they were added. */
  at(prefix: Prefix): readonly V[] {
    return this.#levels[prefix.family].get(prefix.length)?.exact.get(prefix.first) ?? [];
  }

  /** The values of entries that lie around the prefix, not at it. */
  *around(prefix: Prefix): Generator<V> {
    for (const [length, level] of this.#levels[prefix.family]) {
      if (length < prefix.length) {
        yield* level.exact.get(firstAt(prefix, length)) ?? [];
      }
    }
  }

  /** The values of entries that lie inside the prefix, not at it. */
  inside(prefix: Prefix): readonly V[] {
    const level = this.#level(prefix);
    level.inside ??= this.#cutTo(prefix);
    return level.inside.get(prefix.first) ?? [];
  }

  /** The values of all entries that share an address with the prefix. */
  *overlapping(prefix: Prefix): Generator<V> {
    yield* this.at(prefix);
    yield* this.around(prefix);
    yield* this.inside(prefix);
  }

  #level({ family, length }: Prefix): Level<V> {
    const levels = this.#levels[family];
    const level = levels.get(length) ?? { exact: new Map(), inside: undefined };
    levels.set(length, level);
    return level;
  }

  #cutTo({ family, length }: Prefix): Buckets<V> {
    const inside: Buckets<V> = new Map();
    for (const [longer, level] of this.#levels[family]) {
      if (longer > length) {
        for (const [first, values] of level.exact) {
          const key = firstAt({ family, length: longer, first, text: '' }, length);
          values.forEach((value) => put(inside, key, value));
        }
      }
    }
    return inside;
  }
}

function put<V>(buckets: Buckets<V>, key: number | bigint, value: V): void {
  const values = buckets.get(key);
  if (values === undefined) {
    buckets.set(key, [value]);
  } else {
    values.push(value);
  }
}
