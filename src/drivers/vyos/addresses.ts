/**
 * Reads `show interfaces` of VyOS, in the form up to 1.3 and in the one since 1.4 (op-mode scripts of vyos-1x), and the
 * VRFs of its configuration.
 */
import { parsePrefix } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';

/** A row of the table begins with the interface; what follows it are its further addresses, below the first. */
const ROW = /^(?:([A-Za-z]\S*)\s+| +)([\da-f]*[.:][\da-f.:]*\/\d+)(?:\s|$)/;
const NEW_ROW = /^([A-Za-z]\S*)\s+-\s/;
const MEMBER = /^set interfaces \S+ (\S+)((?: vif(?:-[sc])? \S+)*) vrf '?([^\s']+)/;
const VRF = /^set vrf name (\S+) /;

/** The router's own addresses in the VRF; throws if it has no such VRF: to write to it would make it. */
export function readVyosAddresses(
  text: string,
  vrf: string | undefined,
): readonly InterfaceAddress[] {
  const lines = linesIn(text);
  if (vrf !== undefined && !lines.some((line) => VRF.exec(line)?.[1] === vrf)) {
    throw new RouteSyncError(
      'UPSTREAM_TABLE_UNKNOWN',
      `VRF ${vrf} does not exist on the upstream: create it there, or correct vrf of the upstream`,
      { details: { vrf } },
    );
  }
  const vrfs = new Map(lines.flatMap(memberIn));
  let name = '';
  return lines.flatMap((line) => {
    const [, named, own = ''] = ROW.exec(line) ?? NEW_ROW.exec(line) ?? [];
    name = named ?? name;
    return vrfs.get(name) === vrf ? addressIn(own) : [];
  });
}

/** An interface and its VRF; `eth0.100` is the VLAN 100 of eth0. */
function memberIn(line: string): readonly (readonly [name: string, vrf: string])[] {
  const [, parent, vlans = '', vrf] = MEMBER.exec(line) ?? [];
  return parent === undefined || vrf === undefined
    ? []
    : [[parent + vlans.replaceAll(/ vif(?:-[sc])? /g, '.'), vrf]];
}

function addressIn(text: string): readonly InterfaceAddress[] {
  const [host = ''] = text.split('/');
  const address = readAddress(host);
  const network = readLoosePrefix(text);
  return address === undefined || network === undefined
    ? []
    : [{ address, network: parsePrefix(network) }];
}
