/**
 * Reads the addresses of MikroTik RouterOS 6 and 7, and which of their interfaces belong to a VRF (RouterOS documentation:
 * IP Addressing, Virtual Routing and Forwarding; recorded output of `/ip address print terse`).
 */
import { parsePrefix } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { printedAttributes, typedAttributes, type Attributes } from './words.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';

/** `/ip vrf add interfaces=ether5 name=red`; version 6: `/ip route vrf add interfaces=ether5 routing-mark=red`. */
const VRF = /^\/ip[ /](?:route[ /])?vrf[ /]add (.*)$/;
/** Number, flags, attributes; `X` is switched off and `I` cannot be used. */
const ADDRESS = /^\s*\d+\s+(?!\S*[XI])(?:[A-Za-z]+\s+)*((?:comment=.*?\s)?address=.*)$/;

/** The router's own addresses in the VRF; a routing table that is no VRF sees those that are in none. */
export function readMikrotikRouterosAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  const lines = linesIn(text);
  const vrfs = vrfsIn(lines);
  const place = [...vrfs.values()].includes(vrf) ? vrf : undefined;
  return lines
    .map((line) => printedAttributes(ADDRESS.exec(line)?.[1] ?? ''))
    .filter((item) => vrfs.get(item.get('interface')) === place)
    .flatMap(addressIn);
}

/** The VRF of each interface that is in one. */
function vrfsIn(lines: readonly string[]): ReadonlyMap<string | undefined, string | undefined> {
  return new Map(
    lines
      .map((line) => typedAttributes(VRF.exec(line)?.[1] ?? ''))
      .flatMap((item) =>
        (item.get('interfaces') ?? '')
          .split(',')
          .map((name) => [name, item.get('name') ?? item.get('routing-mark')] as const),
      ),
  );
}

function addressIn(item: Attributes): readonly InterfaceAddress[] {
  const written = item.get('address') ?? '';
  const address = readAddress(written.replace(/\/.*$/, ''));
  const network = readLoosePrefix(written);
  return address === undefined || network === undefined
    ? []
    : [{ address, network: parsePrefix(network) }];
}
