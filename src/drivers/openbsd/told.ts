/** A static route of OpenBSD as a table, `route get` or a command tells it. Source: route(8) and netstat(1). */
import { familyOf } from '../../core/prefix.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

/** The words as they were told, and what goes without saying. */
export interface Told {
  readonly vrf: string | null;
  /** `default`, or an address with its length; octets of zeros may be missing at its end, and a host has no length. */
  readonly destination: string;
  /** That the default route is that of IPv6, where the gateway does not tell. */
  readonly isIpv6: boolean;
  readonly gateway: string | undefined;
  readonly device: string | undefined;
  readonly priority: string | undefined;
  readonly label: string | undefined;
  readonly discard: boolean;
}

/** The path, or nothing where the destination is a name or belongs to no routing. */
export function pathsOf(told: Told): readonly StaticPath[] {
  const { gateway = '', priority, discard } = told;
  const prefix = readDestination(told.destination, told.isIpv6 || familyOf(gateway) === 6);
  const zone = /%(.+)$/.exec(gateway)?.[1];
  return prefix === undefined
    ? []
    : [
        {
          vrf: told.vrf,
          prefix,
          nextHop: discard ? null : (readAddress(gateway) ?? null),
          interface: discard ? null : (told.device ?? zone ?? null),
          distance: priority === undefined ? null : Number(priority),
          tag: null,
          name: told.label ?? null,
          description: null,
          discard,
        },
      ];
}

function readDestination(text: string, isIpv6: boolean): string | undefined {
  if (text === 'default') {
    return isIpv6 ? '::/0' : '0.0.0.0/0';
  }
  return readLoosePrefix(withAllOctets(text));
}

/** `10.1/16` is `10.1.0.0/16`. */
export function withAllOctets(text: string): string {
  const [, head, rest] = /^(\d+(?:\.\d+){0,3})(\/.*)?$/.exec(text) ?? [];
  return head === undefined
    ? text
    : `${head}${'.0'.repeat(4 - head.split('.').length)}${rest ?? ''}`;
}

/** The routing table that a command names; null for table 0, where a command goes that names none. */
export function tableIn(command: string): string | null {
  const table = /\s-T ?(\d+)\b/.exec(command)?.[1];
  return table === undefined || table === '0' ? null : table;
}
