/** Small readers that the parsers of router output share: clean lines, and prefixes in the loose forms of routers. */
import { stripVTControlCharacters } from 'node:util';

import { addressIn, bitsOf, familyOf, prefixAt, type Address } from '../../core/prefix.ts';

/** The lines as a reader sees them: without line ends, escape sequences, and characters that were wiped out. */
export function linesIn(text: string): readonly string[] {
  return stripVTControlCharacters(text).split('\n').map(plainLine);
}

/** A carriage return inside a line writes over what was there: pagers wipe their own prompt that way. */
function plainLine(line: string): string {
  const ended = line.replace(/\r+$/, '');
  return wipe(ended.slice(ended.lastIndexOf('\r') + 1)).trimEnd();
}

/** A backspace takes the character before it away. */
function wipe(line: string): string {
  const kept: string[] = [];
  for (const character of line.includes('\b') ? line : '') {
    if (character === '\b') {
      kept.pop();
    } else {
      kept.push(character);
    }
  }
  return line.includes('\b') ? kept.join('') : line;
}

/** Canonical text of `address/length`, or of a bare address as a host route; undefined for anything else. */
export function readLoosePrefix(text: string): string | undefined {
  const [head = '', length, ...rest] = text.split('/');
  const address = readAddress(head);
  if (address === undefined || rest.length > 0) {
    return undefined;
  }
  return length === undefined
    ? prefixOfLength(address, bitsOf(familyOf(address)))
    : prefixOfLength(address, /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN);
}

/** Canonical text of an IPv4 address and its mask (`255.255.255.0`); undefined if either is none. */
export function readMaskedPrefix(address: string, mask: string): string | undefined {
  const parsed = readAddress(address);
  const length = maskLength(mask);
  return parsed === undefined || length === undefined || familyOf(parsed) === 6
    ? undefined
    : prefixOfLength(parsed, length);
}

/** The length of an IPv4 mask with its ones in front; undefined for anything else. */
export function maskLength(mask: string): number | undefined {
  const parsed = readAddress(mask);
  if (parsed === undefined || familyOf(parsed) === 6) {
    return undefined;
  }
  const bits = parsed
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0+$/, '').length : undefined;
}

/** A canonical address without its zone (`fe80::1%eth0`), or undefined. */
export function readAddress(text: string): Address | undefined {
  return addressIn(text.replace(/%.*$/, ''));
}

function prefixOfLength(address: Address, length: number): string | undefined {
  return length <= bitsOf(familyOf(address)) ? prefixAt(address, length).text : undefined;
}
