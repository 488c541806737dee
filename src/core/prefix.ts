/**
 * IP prefixes and addresses as values. The text is checked strictly before netmask sees it, because netmask reads
 * `010.0.0.1` as octal, `10/8` as `0.0.0.0/8`, and parses only the leading digits of a length or an IPv6 group.
 */
import { ip2long, Netmask } from 'netmask';

export type Family = 4 | 6;

/** A network prefix; made only by {@link parsePrefix} and {@link hostPrefix}, so equal prefixes have equal text. */
export interface Prefix {
  readonly family: Family;
  /** Canonical text: `10.1.0.0/24`, or RFC 5952 for IPv6. Always with its length. */
  readonly text: string;
  /** Prefix length in bits: 0-32 or 0-128. */
  readonly length: number;
  /** The first address as a number: a safe integer for IPv4, a bigint for IPv6. */
  readonly first: number | bigint;
}

/** An address in canonical text (RFC 5952 for IPv6, no zone); made only by {@link parseAddress}. */
export type Address = string & { readonly __brand: 'Address' };

/** Why a text is no prefix or address; `hostBits` carries what was probably meant. */
export class PrefixError extends Error {
  override readonly name = 'PrefixError';
  readonly suggestion: string | undefined;

  constructor(message: string, suggestion?: string) {
    super(suggestion === undefined ? message : `${message}; did you mean ${suggestion}?`);
    this.suggestion = suggestion;
  }
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
/**
 * Canonical for certain (RFC 5952), as nearly all addresses come: lower case, no leading zeros, no two zero groups side
 * by side, `::` for at least two groups and none beside it that is zero.
 */
const CANONICAL_IPV6 = new RegExp(
  '^(?!.*\\b0:0\\b)(?:G(?::G){7}|(?=(?:[^:]*:){2,6}[^:]*$)(?:(?:G:)*N)?::(?:N(?::G)*)?)$'
    .replaceAll('G', '(?:0|N)')
    .replaceAll('N', '[1-9a-f][0-9a-f]{0,3}'),
);
const EMBEDDED_IPV4 = /^(.*:)([^:]*\..*)$/;
const LENGTH = /^(?:0|[1-9]\d{0,2})$/;

export function familyOf(text: string): Family {
  return text.includes(':') ? 6 : 4;
}

export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Parses `address/length`; throws {@link PrefixError} on any other form and on host bits that are set. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  if (slash < 0) {
    throw new PrefixError(`"${text}" is not a prefix: the length is missing`);
  }
  const head = text.slice(0, slash);
  const address = addressIn(head);
  if (address === undefined) {
    throw new PrefixError(`"${text}" is not a prefix such as 10.1.0.0/24 or 2001:db8::/32`);
  }
  const family = familyOf(address);
  const lengthText = text.slice(slash + 1);
  const length = Number(lengthText);
  if (!LENGTH.test(lengthText) || length > bitsOf(family)) {
    throw new PrefixError(`"${text}" is not a prefix: the length must be 0 to ${bitsOf(family)}`);
  }
  const value = valueOf(address, family);
  const first = cut(value, length);
  if (first !== value) {
    throw new PrefixError(`"${text}" has host bits set`, prefixAt(address, length).text);
  }
  // Prefixes are many and nearly all come in canonical form: their text serves as it is.
  return { family, text: head === address ? text : `${address}/${length}`, length, first };
}

/** The prefix of the given length that holds the address: host bits are cleared. */
export function prefixAt(address: Address, length: number): Prefix {
  const family = familyOf(address);
  const value = valueOf(address, family);
  const first = cut(value, length);
  const base = first === value ? address : new Netmask(`${address}/${length}`).base;
  return { family, text: `${base}/${length}`, length, first };
}

/** The /32 or /128 of an address. */
export function hostPrefix(address: Address): Prefix {
  return prefixAt(address, bitsOf(familyOf(address)));
}

/**
 * Parses an address into canonical text. IPv6 may carry an embedded IPv4 address (RFC 4291, 2.2); refused are zones
 * and IPv4 in octal, hexadecimal or short form.
 */
export function parseAddress(text: string): Address {
  const address = addressIn(text);
  if (address === undefined) {
    throw new PrefixError(`"${text}" is not an IP address`);
  }
  return address;
}

/** The same, and undefined for any other text. */
export function addressIn(text: string): Address | undefined {
  if (IPV4.test(text) || CANONICAL_IPV6.test(text)) {
    return text as Address;
  }
  return isIpv6(text) ? (new Netmask(`${text}/128`).base as Address) : undefined;
}

/** netmask reads a group by its leading digits and takes `::` for zero groups; so the form is checked first. */
function isIpv6(text: string): boolean {
  const [, head = '', tail = ''] = EMBEDDED_IPV4.exec(text) ?? [];
  if (tail !== '' && !IPV4.test(tail)) {
    return false;
  }
  const sides = (tail === '' ? text : `${head}0:0`).split('::');
  const groups = sides.flatMap((side) => (side === '' ? [] : side.split(':')));
  const count = sides.length === 1 ? groups.length === 8 : groups.length < 8;
  return sides.length <= 2 && count && groups.every((group) => GROUP.test(group));
}

/** True if `outer` equals `inner` or lies around it. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) {
    return false;
  }
  return firstAt(inner, outer.length) === outer.first;
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** The first address of the prefix of `length` bits around `prefix`; `length` must not exceed its own. */
export function firstAt(prefix: Prefix, length: number): number | bigint {
  return length === prefix.length ? prefix.first : cut(prefix.first, length);
}

/** Numeric order: IPv4 before IPv6, then by first address, then the shorter prefix first. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) {
    return a.family - b.family;
  }
  if (a.first !== b.first) {
    return a.first < b.first ? -1 : 1;
  }
  return a.length - b.length;
}

/** Numeric order of addresses, IPv4 before IPv6. */
export function compareAddresses(a: Address, b: Address): number {
  return comparePrefixes(hostPrefix(a), hostPrefix(b));
}

/** Clears all but the first `length` bits of an address. */
function cut<N extends number | bigint>(address: N, length: number): N;
function cut(address: number | bigint, length: number): number | bigint {
  if (typeof address === 'number') {
    // A shift by 32 would be a shift by 0.
    return length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0;
  }
  const hostBits = BigInt(128 - length);
  return (address >> hostBits) << hostBits;
}

function valueOf(address: Address, family: Family): number | bigint {
  return family === 4 ? ip2long(address) : toBigint(address);
}

function toBigint(canonical: string): bigint {
  const [left = '', right = ''] = canonical.split('::').map(hexDigits);
  return BigInt(`0x${left}${'0'.repeat(32 - left.length - right.length)}${right}`);
}

/** Four digits for each group. */
function hexDigits(groups: string): string {
  return groups === '' ? '' : groups.split(':').map(padGroup).join('');
}

function padGroup(group: string): string {
  return group.padStart(4, '0');
}
