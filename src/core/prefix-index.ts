/**
 * A multimap from prefixes to values that answers "what covers this?" and "what lies inside this?" in time that
 * depends on the number of distinct prefix lengths, not on the number of entries.
 */
import { type Family, firstAt, type Prefix } from './prefix.ts';

/**
 * The first address of an entry. IPv6 as hexadecimal text: V8 hashes a bigint by its lowest 64 bits alone, and those are
 * zero in every /64, so a map of bigints would be one long list.
 */
type Key = number | string;

type Buckets<V> = Map<Key, V[]>;

interface Level<V> {
  /** Values of entries of exactly this length, by first address. */
  readonly exact: Buckets<V>;
  /** Values of longer entries, by their first address cut to this length; built when first asked for. */
  inside: Buckets<V> | undefined;
}

const NOTHING: readonly never[] = [];

export class PrefixIndex<V> {
  readonly #levels: Record<Family, Map<number, Level<V>>> = { 4: new Map(), 6: new Map() };

  add(prefix: Prefix, value: V): void {
    put(this.#level(prefix).exact, keyOf(prefix.first), value);
    for (const [length, level] of this.#levels[prefix.family]) {
      if (length < prefix.length && level.inside !== undefined) {
        put(level.inside, keyAt(prefix, length), value);
      }
    }
  }

  /** The values at exactly this prefix, in the order they were added. */
  at(prefix: Prefix): readonly V[] {
    const exact = this.#levels[prefix.family].get(prefix.length)?.exact;
    return exact === undefined || exact.size === 0
      ? NOTHING
      : (exact.get(keyOf(prefix.first)) ?? NOTHING);
  }

  /** The values of entries that lie around the prefix, not at it. */
  *around(prefix: Prefix): Generator<V> {
    for (const [length, level] of this.#levels[prefix.family]) {
      if (length < prefix.length) {
        yield* level.exact.get(keyAt(prefix, length)) ?? [];
      }
    }
  }

  /** The values of entries that lie inside the prefix, not at it. */
  inside(prefix: Prefix): readonly V[] {
    if (this.#levels[prefix.family].size === 0) {
      return NOTHING;
    }
    const level = this.#level(prefix);
    level.inside ??= this.#cutTo(prefix);
    // A key of an IPv6 prefix is made only where there is something to find.
    return level.inside.size === 0 ? NOTHING : (level.inside.get(keyOf(prefix.first)) ?? NOTHING);
  }

  /** The values of all entries that share an address with the prefix. */
  *overlapping(prefix: Prefix): Generator<V> {
    yield* this.at(prefix);
    yield* this.around(prefix);
    yield* this.inside(prefix);
  }

  /** The first of {@link overlapping}; without its generator, because every candidate of a cloud is asked this. */
  firstOverlapping(prefix: Prefix): V | undefined {
    return this.at(prefix)[0] ?? this.#firstAround(prefix) ?? this.inside(prefix)[0];
  }

  #firstAround(prefix: Prefix): V | undefined {
    for (const [length, level] of this.#levels[prefix.family]) {
      const { exact } = level;
      const isAsked = length < prefix.length && exact.size > 0;
      const values = isAsked ? exact.get(keyAt(prefix, length)) : undefined;
      if (values !== undefined) {
        return values[0];
      }
    }
    return undefined;
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
        for (const [key, values] of level.exact) {
          const first = typeof key === 'string' ? BigInt(`0x${key}`) : key;
          const cut = keyAt({ family, length: longer, first, text: '' }, length);
          values.forEach((value) => put(inside, cut, value));
        }
      }
    }
    return inside;
  }
}

function keyOf(first: Prefix['first']): Key {
  return typeof first === 'number' ? first : first.toString(16);
}

function keyAt(prefix: Prefix, length: number): Key {
  return keyOf(firstAt(prefix, length));
}

function put<V>(buckets: Buckets<V>, key: Key, value: V): void {
  const values = buckets.get(key);
  if (values === undefined) {
    buckets.set(key, [value]);
  } else {
    values.push(value);
  }
}
