/** Reads `show daemons` and `show interface` of FRR (measured on FRR 8.4.4). */
import { parsePrefix } from '../../core/prefix.ts';
import type { InterfaceAddress } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';

const STATICD = /^ (?:\w+ )*staticd(?: |$)/;
/** On a point-to-point link the connected network is the peer's. */
const ADDRESS = /^\s+inet6? ((\S+)\/\d+)(?: peer (\S+))?/;

/** The router's own addresses in the VRF that was asked for; throws if FRR could not have told its static routes. */
export function readFrrAddresses(text: string): readonly InterfaceAddress[] {
  const lines = linesIn(text);
  // Without it, the configuration that FRR shows has no static routes, and vtysh calls that a success.
  if (!lines.some((line) => STATICD.test(line))) {
    throw new RouteSyncError(
      'UPSTREAM_COMMAND_FAILED',
      'staticd of FRR is not running on the upstream, so its static routes are not known: set staticd=yes in /etc/frr/daemons there and restart FRR',
    );
  }
  return lines.flatMap(readLine);
}

function readLine(line: string): readonly InterfaceAddress[] {
  const [, own = '', host = '', peer] = ADDRESS.exec(line) ?? [];
  const address = readAddress(host);
  const network = readLoosePrefix(peer ?? own);
  return address === undefined || network === undefined
    ? []
    : [{ address, network: parsePrefix(network) }];
}
