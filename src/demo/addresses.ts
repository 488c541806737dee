/** Addresses by their place in a prefix, as Neutron's IPAM counts them. */
import { long2ip } from 'netmask';
import { type Address, bitsOf, parseAddress, type Prefix } from '../core/prefix.ts';

/** The address `offset` places after the first one; a negative offset counts back from the end of the prefix. */
export function addressAt(prefix: Prefix, offset: number): Address {
  const size = 1n << BigInt(bitsOf(prefix.family) - prefix.length);
  const place = BigInt(prefix.first) + BigInt(offset) + (offset < 0 ? size : 0n);
  if (prefix.family === 4) {
    return parseAddress(long2ip(Number(place)));
  }
  const groups = place.toString(16).padStart(32, '0').match(/.{4}/g) ?? [];
  return parseAddress(groups.join(':'));
}

/** The lowest address from `offset` on that is not taken; undefined when the prefix has no more. */
export function firstFree(
  prefix: Prefix,
  offset: number,
  taken: ReadonlySet<string>,
): Address | undefined {
  // One of the next `taken.size + 1` places is free, unless the prefix ends before.
  const size = 2 ** Math.min(bitsOf(prefix.family) - prefix.length, 32);
  const end = Math.min(size - 1, offset + taken.size + 1);
  for (let place = offset; place < end; place += 1) {
    const address = addressAt(prefix, place);
    if (!taken.has(address)) {
      return address;
    }
  }
  return undefined;
}
