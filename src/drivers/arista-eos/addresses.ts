/** Reads `show ip interface | json` and `show ipv6 interface | json` of Arista EOS (recorded by napalm-automation/napalm). */
import { parsePrefix } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { fieldsOf, listOf, partsOf, isDocument, readAnswers, type Fields } from './json.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

/** The switch's own addresses in the VRF, virtual ones too. */
export function readAristaEosAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  return partsOf(text)
    .filter(isDocument)
    .flatMap(readAnswers)
    .flatMap(({ interfaces }) => Object.values(fieldsOf(interfaces)).map(fieldsOf))
    .flatMap((found) =>
      found['vrf'] === (vrf ?? 'default')
        ? [...ipv4Of(found), ...listOf(found['addresses']).flatMap(readIpv6)]
        : [],
    );
}

function ipv4Of({ interfaceAddress }: Fields): readonly InterfaceAddress[] {
  const { primaryIp, virtualIp, ...lists } = fieldsOf(interfaceAddress);
  return [
    ...[primaryIp, virtualIp].map(fieldsOf),
    ...listOf(lists['secondaryIpsOrderedList']),
    ...listOf(lists['virtualSecondaryIpsOrderedList']),
  ].flatMap(({ address, maskLen }) => addressOf(address, `${String(address)}/${String(maskLen)}`));
}

function readIpv6({ address, subnet }: Fields): readonly InterfaceAddress[] {
  return addressOf(address, subnet);
}

/** None for 0.0.0.0, which stands where there is none. */
function addressOf(written: unknown, subnet: unknown): readonly InterfaceAddress[] {
  const address = readAddress(String(written));
  const network = readLoosePrefix(String(subnet));
  return address === undefined || address === '0.0.0.0' || network === undefined
    ? []
    : [{ address, network: parsePrefix(network) }];
}
