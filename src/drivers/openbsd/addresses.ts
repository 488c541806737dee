/** Reads `ifconfig -a` of OpenBSD. Source: ifconfig(8) and published transcripts of OpenBSD 6-7. */
import { bitsOf, familyOf, prefixAt } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import { quote } from '../kit/device-words.ts';
import { readAddress } from '../kit/text.ts';

const INTERFACE = /^\w+: flags=\S+(?: rdomain (?<rdomain>\d+))?/;
const ADDRESS =
  /^\s+inet6? (?<address>\S+)(?:\s+-->(?:\s+(?<peer>[0-9a-f.:]\S*))?)?(?:\s+netmask 0x(?<mask>[0-9a-f]{8}))?(?:\s+prefixlen (?<length>\d+))?/;

/** The addresses in a routing domain; undefined stands for domain 0, which other tables may belong to. */
export function readOpenbsdAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  let domain: string | undefined;
  const domains = new Map<string | undefined, InterfaceAddress[]>();
  for (const line of text.split('\n')) {
    const header = INTERFACE.exec(line)?.groups;
    domain = header === undefined ? domain : header['rdomain'];
    domains.set(domain, [...(domains.get(domain) ?? []), ...addressIn(line)]);
  }
  const found = domains.get(vrf) ?? domains.get(undefined) ?? [];
  if (found.length === 0) {
    throw new RouteSyncError(
      'UPSTREAM_OUTPUT_INVALID',
      `ifconfig shows no address: it says ${quote(text)}`,
    );
  }
  return found;
}

function addressIn(line: string): readonly InterfaceAddress[] {
  const { address = '', peer = '', mask, length } = ADDRESS.exec(line)?.groups ?? {};
  const own = readAddress(address);
  if (own === undefined) {
    return [];
  }
  // On a point-to-point link the connected network is the peer's.
  const connected = readAddress(peer) ?? own;
  const bits = mask === undefined ? bitsOf(familyOf(own)) : onesIn(mask);
  return [
    { address: own, network: prefixAt(connected, length === undefined ? bits : Number(length)) },
  ];
}

function onesIn(mask: string): number {
  return Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
}
