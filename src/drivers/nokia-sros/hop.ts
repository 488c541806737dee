/** Next hops and routers as SR OS writes them, in its configuration and in its tables (Nokia Router Configuration Guide). */
import type { StaticPath } from '../static-path.ts';
import { readAddress } from '../kit/text.ts';

/** Where a path leads to. */
export type SrosHop = Pick<StaticPath, 'nextHop' | 'interface' | 'discard'>;

/** An address, perhaps with a length, its interface behind a dash or in brackets; a tunnel in brackets is none. */
const HOP =
  /^(?<address>[\da-f.:]+)(?:\/\d+)?(?:-"?(?<device>[^"]+)"?)?(?:\s*\((?:tunneled.*|(?<between>[^)]*))\))?$/i;

/** A next hop from its text: an address, an interface, or the black hole. */
export function readSrosHop(text: string): SrosHop {
  if (/^black[- ]?hole$/i.test(text)) {
    return { nextHop: null, interface: null, discard: true };
  }
  const { address = '', device, between = null } = HOP.exec(text)?.groups ?? {};
  const nextHop = readAddress(address) ?? null;
  const named = nextHop === null ? text : (device ?? between);
  return { nextHop, interface: named === 'n/a' ? null : named, discard: false };
}

/** The VRF of a router or service by its name: null for the base router. */
export function vrfOfRouter(name: string): string | null {
  return name === 'Base' ? null : name;
}
