/**
 * The lines that change routes of MikroTik RouterOS: version 7 has one route for each next hop, version 6 one for all of
 * them (RouterOS documentation: IP Routing, Moving from ROSv6 to v7, Virtual Routing and Forwarding, Scripting).
 */
import type { NextHop } from '../../core/route.ts';
import type { DeviceScope, Mark } from '../driver.ts';
import type { DevicePath, Edit } from '../kit/edits.ts';
import type { EditLines } from '../kit/script.ts';
import type { StaticPath } from '../static-path.ts';
import { safeWord } from '../kit/word.ts';

/** The distance of a route that is added without one. */
export const DEFAULT_DISTANCE = 1;

/** A command in the menu of routes, in the notation of the version. */
export function routeCommand({ dialect }: DeviceScope, family: 4 | 6, words: string): string {
  const menu = family === 4 ? 'ip' : 'ipv6';
  return dialect === '6' ? `/${menu} route ${words}` : `/${menu}/route/${words}`;
}

/** True if the comment is the mark; see {@link linesOfVersion6} for that of a VRF. */
export function isOurs({ description, vrf }: StaticPath, { name }: Mark): boolean {
  return description === name || description === `${name}@${vrf}`;
}

/** `have` is what stands at the prefix: a second route like it would be taken without a word, so it is set instead. */
export function linesOfVersion7(
  scope: DeviceScope,
  { prefix, make, move, drop }: Edit,
  have: readonly NextHop[],
): EditLines {
  const destination = safeWord('prefix', prefix.text);
  const comment = safeWord('mark', scope.mark.name);
  const table = scope.vrf === undefined ? 'main' : safeWord('vrf', scope.vrf);
  // A next hop is looked up in the main table unless its interface or its table is told.
  const inTable = (path: DevicePath): string =>
    table === 'main' || path.device !== undefined ? '' : `@${table}`;
  const run = (words: string): string => routeCommand(scope, prefix.family, words);
  const add = (path: DevicePath): string =>
    run(
      `add dst-address=${destination} gateway=${gatewayOf(path)}${inTable(path)}${distanceOf(path.distance)} routing-table=${table} comment="${comment}"`,
    );
  const found = (path: DevicePath): string =>
    `[find dst-address="${destination}" gateway="${gatewayOf(path)}${inTable(path)}" routing-table="${table}" comment="${comment}"]`;
  const set = (path: DevicePath, from: DevicePath): string =>
    run(`set ${found(from)}${distanceOf(path.distance ?? DEFAULT_DISTANCE)} disabled=no`);
  const isThere = (path: DevicePath): boolean =>
    have.some(({ address, device }) => address === path.address && device === path.device);
  return {
    makes: [
      ...make.map((path) => (isThere(path) ? set(path, path) : add(path))),
      ...move.map(({ path, from }) => set(path, from)),
    ],
    breaks: drop.map((path) => run(`remove ${found(path)}`)),
  };
}

/**
 * One line changes all next hops at once. What names the route is its comment, because a route of the main table has no
 * routing mark to be found by: that of a VRF has the VRF in its comment.
 */
export function linesOfVersion6(
  scope: DeviceScope,
  { prefix, before, after }: Edit,
  have: readonly NextHop[],
): EditLines {
  const destination = safeWord('prefix', prefix.text);
  const table = scope.vrf === undefined ? undefined : safeWord('vrf', scope.vrf);
  const mark = safeWord('mark', scope.mark.name);
  const comment = table === undefined ? mark : `${mark}@${table}`;
  const run = (words: string): string => routeCommand(scope, prefix.family, words);
  const found = `[find dst-address="${destination}" comment="${comment}"]`;
  const [first] = after;
  if (first === undefined) {
    return { makes: [], breaks: [run(`remove ${found}`)] };
  }
  const gateway = `gateway=${after.map(gatewayOf).join(',')}`;
  const inTable = table === undefined ? '' : ` routing-mark=${table}`;
  const line =
    before.length + have.length === 0
      ? `add dst-address=${destination} ${gateway}${distanceOf(first.distance)}${inTable} comment="${comment}"`
      : `set ${found} ${gateway}${distanceOf(first.distance ?? DEFAULT_DISTANCE)} disabled=no`;
  return { makes: [run(line)], breaks: [] };
}

function gatewayOf({ address, device }: DevicePath): string {
  const gateway = safeWord('address', address);
  return device === undefined ? gateway : `${gateway}%${safeWord('interface', device)}`;
}

function distanceOf(distance: number | undefined): string {
  return distance === undefined ? '' : ` distance=${safeWord('distance', String(distance))}`;
}
