/**
 * Reads `display current-configuration interface` of Huawei VRP 5 and 8 (Huawei's command references: `ip address`, `ipv6
 * address`, `ip binding vpn-instance`).
 */
import { parsePrefix } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { linesIn, readAddress, readLoosePrefix, readMaskedPrefix } from '../kit/text.ts';

const INTERFACE = /^interface /;
const BOUND = /^ +ip binding vpn-instance "?(.+?)"?$/;
const IPV4 = /^ +ip address ([\d.]+) ([\d.]+)(?: sub)?$/;
/** Without those whose last half the router makes of a hardware address. */
const IPV6 = /^ +ipv6 address ([\da-f:.]+)[ /](\d+)(?: (?!eui-64).*)?$/i;

/** The router's own addresses in the VPN instance. */
export function readHuaweiVrpAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  let bound: string | undefined;
  for (const line of linesIn(text)) {
    // The binding comes first: it would delete the addresses before it.
    bound = INTERFACE.test(line) ? undefined : (BOUND.exec(line)?.[1] ?? bound);
    if (bound === vrf) {
      found.push(...addressIn(line));
    }
  }
  return found;
}

function addressIn(line: string): readonly InterfaceAddress[] {
  const [, written4 = '', mask = ''] = IPV4.exec(line) ?? [];
  const [, written6 = '', length = ''] = IPV6.exec(line) ?? [];
  const address = readAddress(written4 || written6);
  const network = readMaskedPrefix(written4, mask) ?? readLoosePrefix(`${written6}/${length}`);
  return address === undefined || network === undefined
    ? []
    : [{ address, network: parsePrefix(network) }];
}
