/**
 * MikroTik RouterOS: 7 with one route for each next hop, 6 with one route for all of them; every line counts at once
 * (RouterOS documentation: IP Routing, Moving from ROSv6 to v7, Virtual Routing and Forwarding, Scripting).
 */
import type { UpstreamState } from '../core/route.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { DeviceScope, Dialogue, RenderedChunk, RouterDriver } from './driver.ts';
import type { Edit } from './kit/edits.ts';
import { readMikrotikRouterosAddresses } from './mikrotik-routeros/addresses.ts';
import {
  DEFAULT_DISTANCE,
  isOurs,
  linesOfVersion6,
  linesOfVersion7,
  routeCommand,
} from './mikrotik-routeros/lines.ts';
import { readMikrotikRouterosPaths } from './mikrotik-routeros/parse.ts';
import { MIKROTIK_ROUTEROS_SESSION } from './mikrotik-routeros/session.ts';
import { scriptOf } from './kit/script.ts';

/** Version 6 without its IPv6 package has no IPv6 routes. */
const NO_IPV6 = /bad command name ipv6/;
/** No item has it: who may change routes is told so, and who may not is told that. */
const NO_ITEM = '*FFFFFFFF';

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /input does not match any value of (?:routing-table|vrf)/,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'create the VRF or the routing table on the router, or correct vrf of the upstream',
  },
  {
    words: NO_IPV6,
    code: 'ROUTE_REJECTED',
    hint: 'the router has its IPv6 package switched off',
  },
  {
    words: /already (?:have|exists)/,
    code: 'ROUTE_EXISTS',
    hint: 'the next cycle reads the router again and decides anew',
  },
  {
    words: /no such item/,
    code: 'ROUTE_NOT_FOUND',
    hint: 'the next cycle reads the router again and decides anew',
  },
  {
    words: /invalid value|value of |gateway/,
    code: 'ROUTE_REJECTED',
    hint: "check the next hop, which must be another router's address and needs its interface if it is link-local, and the distance",
  },
  {
    words: /expected|syntax error|bad command name|unknown parameter/,
    code: 'ROUTE_REJECTED',
    hint: 'this RouterOS does not know that form of the line: set dialect of the upstream to "6" or "7"',
  },
];

export const mikrotikRouteros: RouterDriver<DeviceScope> = deviceDriver({
  os: 'mikrotik-routeros',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'comment',
    transaction: 'none',
    chunk: 500,
    nextHops: 16,
    nameLength: 80,
    dialects: ['7', '6'],
  },
  session: MIKROTIK_ROUTEROS_SESSION,
  defaultDistance: DEFAULT_DISTANCE,
  routeQuestions: (scope) => [
    ask(routeCommand(scope, 4, 'export terse')),
    ask(routeCommand(scope, 6, 'export terse')),
  ],
  addressQuestions: (scope) => [
    ask(
      scope.dialect === '6' ? '/ip route vrf export terse' : '/ip/vrf/export terse',
      '/ip address print terse without-paging',
      '/ipv6 address print terse without-paging',
    ),
  ],
  readPaths: readMikrotikRouterosPaths,
  readAddresses: readMikrotikRouterosAddresses,
  isOurs,
  render: (scope, edits, state) => [chunkOf(scope, edits, state)],
  refusals: REFUSALS,
  notPermitted: /not enough permissions|bad command name (?:add|set|remove)\b/,
  probe: (scope) => ({
    lines: [
      { text: routeCommand(scope, 4, `set ${NO_ITEM} disabled=no`), harmless: /no such item/ },
    ],
  }),
});

function ask(...questions: readonly string[]): Dialogue {
  return { lines: questions.map((text) => ({ text, harmless: NO_IPV6 })) };
}

function chunkOf(scope: DeviceScope, edits: readonly Edit[], state: UpstreamState): RenderedChunk {
  const owned = state.routes.filter((route) => route.owned);
  const routes = new Map(owned.map(({ prefix, nextHops }) => [prefix.text, nextHops]));
  const linesOf = scope.dialect === '6' ? linesOfVersion6 : linesOfVersion7;
  return {
    command: scriptOf({ enter: [], commit: [], abort: [], atomic: false }, edits, (edit) =>
      linesOf(scope, edit, routes.get(edit.prefix.text) ?? []),
    ),
    changes: edits.map(({ change }) => change),
  };
}
