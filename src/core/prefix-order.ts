/**
 * Puts many things into the order of their prefixes in time that grows with their number alone: a comparison sort asks
 * some twenty times for each of a million, and every question is a walk to two objects somewhere in memory.
 */
import type { Family, Prefix } from './prefix.ts';

/** First address and length of a prefix, in bytes. */
const KEY_BYTES: Readonly<Record<Family, number>> = { 4: 5, 6: 17 };
const BYTE_VALUES = 256;

/** The order of `comparePrefixes`; things at one prefix stay as they are. */
export function sortedByPrefix<T>(
  items: readonly T[],
  prefixOf: (item: T) => Prefix,
): readonly T[] {
  const families: Record<Family, T[]> = { 4: [], 6: [] };
  for (const item of items) {
    families[prefixOf(item).family].push(item);
  }
  return [...sortedFamily(families[4], 4, prefixOf), ...sortedFamily(families[6], 6, prefixOf)];
}

/** Radix sort from the last byte to the first: each pass keeps the order of the passes before it. */
function sortedFamily<T>(
  items: readonly T[],
  family: Family,
  prefixOf: (item: T) => Prefix,
): readonly T[] {
  const width = KEY_BYTES[family];
  const keys = keysOf(items.map(prefixOf), width);
  let order: Uint32Array = Uint32Array.from(items, (_, i) => i);
  for (let byte = width - 1; byte >= 0; byte -= 1) {
    order = sortedPass(order, keys.subarray(byte), width);
  }
  return Array.from(order, (i) => items[i] as T);
}

/** Big-endian, so that their order byte by byte is that of the numbers. */
function keysOf(prefixes: readonly Prefix[], width: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(prefixes.length * width));
  let at = 0;
  for (const { first, length } of prefixes) {
    if (typeof first === 'number') {
      view.setUint32(at, first);
    } else {
      view.setBigUint64(at, first >> 64n);
      // Only the lower 64 bits of it are taken.
      view.setBigUint64(at + 8, first);
    }
    view.setUint8(at + width - 1, length);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

/** One byte of every key, `width` apart -> the order by that byte. */
function sortedPass(order: Uint32Array, keys: Uint8Array, width: number): Uint32Array {
  const counts = new Uint32Array(BYTE_VALUES);
  for (let at = 0; at < keys.length; at += width) {
    const value = keys[at] as number;
    counts[value] = (counts[value] as number) + 1;
  }
  if (counts.includes(order.length)) {
    return order;
  }
  const starts = new Uint32Array(BYTE_VALUES);
  for (let value = 1; value < BYTE_VALUES; value += 1) {
    starts[value] = (starts[value - 1] as number) + (counts[value - 1] as number);
  }
  const sorted = new Uint32Array(order.length);
  for (const i of order) {
    const value = keys[i * width] as number;
    const at = starts[value] as number;
    sorted[at] = i;
    starts[value] = at + 1;
  }
  return sorted;
}
