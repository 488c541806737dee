/**
 * Reads `show ip interface` and `show ipv6 interface` of Cisco IOS and IOS-XE, whole or filtered (recorded output of
 * CiscoTestAutomation/genieparser).
 */
import { parsePrefix } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';

const INTERFACE = /^\S+ is .*line protocol is /;
const VRF = /^\s*VPN Routing\/Forwarding "([^"]*)"/;
const IPV4 = /^\s*(?:Internet address is|Secondary address) ([\d.]+)(\/\d+)/;
const IPV6 = /^\s*([\da-f:.]+), subnet is ([\da-f:.]+\/\d+)/i;

/** The router's own addresses in the VRF. */
export function readCiscoIosAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  return blocksOf(linesIn(text))
    .filter((block) => vrfOf(block) === vrf)
    .flatMap((block) => block.flatMap(readLine));
}

/** The lines of each interface; what its VRF is stands below its addresses. */
function blocksOf(lines: readonly string[]): readonly (readonly string[])[] {
  const blocks: string[][] = [[]];
  for (const line of lines) {
    if (INTERFACE.test(line)) {
      blocks.push([]);
    }
    blocks.at(-1)?.push(line);
  }
  return blocks;
}

function vrfOf(block: readonly string[]): string | undefined {
  return block.map((line) => VRF.exec(line)?.[1]).find((name) => name !== undefined);
}

function readLine(line: string): readonly InterfaceAddress[] {
  const [, ipv4 = '', length = ''] = IPV4.exec(line) ?? [];
  const [, own = ipv4, subnet = `${ipv4}${length}`] = IPV6.exec(line) ?? [];
  const address = readAddress(own);
  const network = readLoosePrefix(subnet);
  return address === undefined || network === undefined
    ? []
    : [{ address, network: parsePrefix(network) }];
}
