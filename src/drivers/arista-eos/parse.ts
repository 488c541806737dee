/**
 * Reads the static routes in any text of Arista EOS: what it writes as IOS does, and the JSON of `show ip route | json`
 * and `show ipv6 route | json` (EOS command API; recorded answers of napalm-automation/napalm).
 */
import { fieldsOf, isDocument, listOf, partsOf, readAnswers, type Fields } from './json.ts';
import { readCiscoIosPaths } from '../cisco-ios/parse.ts';
import { pathOf } from '../kit/ip-route-line.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

/** `static`, and what a static route to a nexthop group is called. */
const STATIC = /static/i;

/** Reads the static paths in the text of an Arista EOS switch, in their order. */
export function readAristaEosPaths(text: string): readonly StaticPath[] {
  return partsOf(text).flatMap((part) =>
    isDocument(part) ? readAnswers(part).flatMap(readAnswer) : readCiscoIosPaths(part),
  );
}

/** VRFs by their names; for IPv6, older versions have the routes of the one VRF that was asked for. */
function readAnswer({ vrfs, routes }: Fields): readonly StaticPath[] {
  return vrfs === undefined
    ? readRoutes(undefined, routes)
    : Object.entries(fieldsOf(vrfs)).flatMap(([name, table]) =>
        readRoutes(name.trim(), fieldsOf(table)['routes']),
      );
}

function readRoutes(vrf: string | undefined, routes: unknown): readonly StaticPath[] {
  return Object.entries(fieldsOf(routes)).flatMap(([key, value]) => {
    const prefix = readLoosePrefix(key);
    const route = fieldsOf(value);
    const isStatic = STATIC.test(String(route['routeType'])) && route['routeLeaked'] !== true;
    return prefix === undefined || !isStatic
      ? []
      : viasOf(route).map((via) => readVia(vrf, prefix, { ...route, ...via }));
  });
}

/** A dropped route has none, or Null0. */
function viasOf({ vias, routeAction }: Fields): readonly Fields[] {
  const all = listOf(vias);
  return all.length > 0 ? all : [routeAction === 'drop' ? { interface: 'Null0' } : {}];
}

function readVia(vrf: string | undefined, prefix: string, via: Fields): StaticPath {
  const { nexthopAddr, interface: device, preference, tag } = via;
  return pathOf(vrf, prefix, {
    nextHop: typeof nexthopAddr === 'string' ? readAddress(nexthopAddr) : undefined,
    interface: typeof device === 'string' ? device : undefined,
    distance: typeof preference === 'number' ? preference : undefined,
    tag: typeof tag === 'number' ? tag : undefined,
  });
}
