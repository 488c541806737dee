/**
 * Reads the addresses of interfaces in the running configuration of Cisco NX-OS and IOS XR (Cisco Nexus 9000 Interfaces
 * Configuration Guide; Cisco IOS XR IP Addresses and Services Command Reference).
 */
import { parsePrefix } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { linesIn, readAddress, readLoosePrefix, readMaskedPrefix } from './text.ts';

/** Any line of the first column ends the block before it. */
const INTERFACE = /^interface /;
const MEMBER = /^\s+vrf (?:member )?(\S+)$/;
const ADDRESS = /^\s+ip(?:v[46])? address ([\da-f.:]+)(\/\d+)?(?: ([\d.]+))?/i;

/** The router's own addresses in the VRF; those that a router makes up itself (EUI-64) stand as their network. */
export function readInterfaceAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  return blocksIn(linesIn(text))
    .filter(([head = '', ...lines]) => INTERFACE.test(head) && vrfOf(lines) === vrf)
    .flatMap((block) => block.flatMap(readLine));
}

/** The line of the first column, and what is indented below it. */
function blocksIn(lines: readonly string[]): readonly (readonly string[])[] {
  const blocks: string[][] = [[]];
  for (const line of lines) {
    if (/^\S/.test(line)) {
      blocks.push([]);
    }
    blocks.at(-1)?.push(line);
  }
  return blocks;
}

function vrfOf(lines: readonly string[]): string | undefined {
  return lines.map((line) => MEMBER.exec(line)?.[1]).find((name) => name !== undefined);
}

function readLine(line: string): readonly InterfaceAddress[] {
  const [, own = '', length, mask = ''] = ADDRESS.exec(line) ?? [];
  const address = readAddress(own);
  const network =
    length === undefined ? readMaskedPrefix(own, mask) : readLoosePrefix(`${own}${length}`);
  return address === undefined || network === undefined
    ? []
    : [{ address, network: parsePrefix(network) }];
}
