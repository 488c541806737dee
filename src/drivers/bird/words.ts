/**
 * Words that BIRD's configuration and its displays share, and the line of a route of ours. Source: the BIRD User's Guide;
 * a symbol in apostrophes may hold `-`, `.` and `:` and has at most 63 characters (conf/cf-lex.l).
 */
import { compareNextHops } from '../../core/next-hops.ts';
import type { Family, Prefix } from '../../core/prefix.ts';
import type { NextHop } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import type { BirdPlaces, DeviceScope } from '../driver.ts';
import { safeWord } from '../kit/word.ts';

/** DEF_PREF_STATIC. */
export const DEFAULT_PREFERENCE = 200;
/** The longest mark; a protocol's name is that and the family's digit. */
export const MARK_LENGTH = 62;

const PLACES: BirdPlaces = {
  file4: '/etc/bird/route-sync4.conf',
  file6: '/etc/bird/route-sync6.conf',
  socket: '/run/bird/bird.ctl',
};
/** BIRD's own tables: `master4` and `master6`, in BIRD 1 `master`. */
const MASTER = /^master[46]?$/;

/** The table of a route, as the VRF that it stands for: null for BIRD's own tables. */
export function vrfOfTable(table: string): string | null {
  return MASTER.test(table) ? null : table;
}

/** A name without the quotes around it. */
export function unquoted(word: string): string {
  return word.replaceAll(/^["']|["']$/g, '');
}

/** Files and socket, each safe as an argument. */
export function placesOf({ bird = PLACES }: DeviceScope): BirdPlaces {
  return {
    file4: safeWord('path', bird.file4),
    file6: safeWord('path', bird.file6),
    socket: safeWord('path', bird.socket),
  };
}

/** The `protocol static` block that holds our routes of one family; BIRD gives no name to two blocks. */
export function protocolName({ mark }: DeviceScope, family: Family): string {
  const { name } = mark;
  if (name.length > MARK_LENGTH) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `the mark ${JSON.stringify(name)} has ${name.length} characters, and the name of a BIRD protocol takes ${MARK_LENGTH} of it: set markName of the upstream`,
      { details: { name } },
    );
  }
  return `${safeWord('mark', name)}${family}`;
}

/** One statement of an included file. A route of BIRD has one preference for all its next hops. */
export function routeLine({ text }: Prefix, nextHops: readonly NextHop[]): string {
  const hops = [...nextHops].sort(compareNextHops);
  const via = hops.map(({ address, device }) => {
    const zone = device === undefined ? '' : `%'${safeWord('interface', device)}'`;
    return ` via ${safeWord('address', address)}${zone}`;
  });
  const preference = hops.find(({ distance }) => distance !== undefined)?.distance;
  const attributes =
    preference === undefined ? '' : ` { preference = ${safeWord('number', String(preference))}; }`;
  return `route ${safeWord('prefix', text)}${via.join('')}${attributes};`;
}
