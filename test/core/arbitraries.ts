/** fast-check's makers of prefixes. The pools are small, so that equal and nested prefixes are common. */
import fc from 'fast-check';
import {
  bitsOf,
  parseAddress,
  prefixAt,
  type Address,
  type Prefix,
} from '../../src/core/prefix.ts';

const octet = fc.oneof(fc.constantFrom(0, 1, 128, 255), fc.nat(255));
const group = fc.oneof(fc.constantFrom(0, 1, 0x8000, 0xffff), fc.nat(0xffff));

export const ipv4Text: fc.Arbitrary<string> = fc
  .tuple(octet, octet, octet, octet)
  .map((octets) => octets.join('.'));

/** Eight groups in full, some in upper case. */
export const ipv6Text: fc.Arbitrary<string> = fc
  .tuple(fc.array(group, { minLength: 8, maxLength: 8 }), fc.boolean())
  .map(([groups, upper]) => {
    const text = groups.map((value) => value.toString(16)).join(':');
    return upper ? text.toUpperCase() : text;
  });

export const anyPrefix: fc.Arbitrary<Prefix> = fc.oneof(
  fc.tuple(ipv4Text, fc.nat(32)).map(([text, length]) => prefixAt(parseAddress(text), length)),
  fc.tuple(ipv6Text, fc.nat(128)).map(([text, length]) => prefixAt(parseAddress(text), length)),
);

/** Prefixes of tenants out of so few that they collide and nest. */
export const tenantPrefix: fc.Arbitrary<Prefix> = fc.oneof(
  fc
    .tuple(fc.constantFrom('10.1.0.0', '10.1.1.0', '10.1.2.0'), fc.constantFrom(16, 23, 24, 25))
    .map(([text, length]) => prefixAt(text as Address, length)),
  fc
    .tuple(fc.constantFrom('2001:db8:1::', '2001:db8:1:1::'), fc.constantFrom(48, 63, 64))
    .map(([text, length]) => prefixAt(text as Address, length)),
);

/** The prefix as what it means: all addresses from `first` to `last`. */
export function toInterval({ family, first, length }: Prefix): { first: bigint; last: bigint } {
  const start = BigInt(first);
  return { first: start, last: start + (1n << BigInt(bitsOf(family) - length)) - 1n };
}
