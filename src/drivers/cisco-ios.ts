/**
 * Cisco IOS and IOS-XE: line by line in configuration mode, on request under a revert timer (Cisco IOS IP Routing command
 * reference; Configuration Rollback Confirmed Change; rendered commands of ansible-collections/cisco.ios).
 */
import { readCiscoIosAddresses } from './cisco-ios/addresses.ts';
import { readCiscoIosPaths } from './cisco-ios/parse.ts';
import { CISCO_IOS_SESSION } from './cisco-ios/session.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { DeviceScope, RenderedChunk, RouterDriver, Script } from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { writeRouteLine } from './kit/ip-route-line.ts';
import { lines, say, scriptOf, type EditLines, type ScriptFrame } from './kit/script.ts';
import { safeWord } from './kit/word.ts';
import type { Prefix } from '../core/prefix.ts';

const ROUTES = '| include ^ip.* route';
/** What was to go is gone. */
const GONE = /No matching route to delete/i;
/** The range of the revert timer, in minutes. */
const LONGEST_TIMER = 120;

const REFUSALS: readonly KnownRefusal[] = [
  {
    words:
      /(?:routing table|VRF) .*(?:does not exist|not (?:found|defined|configured))|No VRF named/i,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'create the VRF with that address family on the router, or correct vrf of the upstream',
  },
  { words: GONE, code: 'ROUTE_NOT_FOUND', hint: 'somebody else removed it' },
  {
    words: /Invalid next hop address/i,
    code: 'ROUTE_REJECTED',
    hint: "the next hop is one of the router's own addresses",
  },
  {
    words: /Inconsistent address and mask|Bad mask/i,
    code: 'ROUTE_REJECTED',
    hint: 'the prefix has bits beyond its length',
  },
  {
    words: /link-local nexthop/i,
    code: 'ROUTE_REJECTED',
    hint: 'set dev of its external network under devices of the upstream',
  },
  {
    words: /(?:limit|maximum|exceed|memory|too many)/i,
    code: 'ROUTE_REJECTED',
    hint: 'the table of the router is full: raise its limit or announce less',
  },
  {
    words: /Invalid input|Incomplete command|Ambiguous command|Unknown command/i,
    code: 'ROUTE_REJECTED',
    hint: 'this IOS does not know that form of the line',
  },
];

export const ciscoIos: RouterDriver<DeviceScope> = deviceDriver({
  os: 'cisco-ios',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'none',
    chunk: 500,
    nextHops: 16,
  },
  session: CISCO_IOS_SESSION,
  defaultDistance: 1,
  routeQuestions: () => [say(`show running-config ${ROUTES}`)],
  addressQuestions: () => [
    say('show ip interface | include line protocol|address|VPN Routing'),
    say('show ipv6 interface | include line protocol|subnet is|VPN Routing'),
  ],
  readPaths: readCiscoIosPaths,
  readAddresses: readCiscoIosAddresses,
  isOurs: (path, mark) => path.tag === mark.tag,
  render: (scope, edits) => [chunkOf(scope, edits)],
  refusals: REFUSALS,
  notPermitted: /authorization failed|not authorized|permission denied/i,
  probe: () => say('configure terminal', 'end'),
  save: () => say('write memory'),
  savedQuestions: () => [say(`show startup-config ${ROUTES}`)],
});

function chunkOf(scope: DeviceScope, edits: readonly Edit[]): RenderedChunk {
  const { confirmSeconds } = scope;
  const changes = edits.map(({ change }) => change);
  const script = (frame: ScriptFrame): Script =>
    scriptOf({ ...frame, gone: GONE }, edits, (edit) => linesOf(scope, edit));
  if (confirmSeconds === undefined) {
    const [enter, leave] = [lines('configure terminal'), lines('end')];
    const command = script({ enter, commit: leave, abort: leave, atomic: false });
    return { command, changes };
  }
  const minutes = Math.min(Math.max(Math.ceil(confirmSeconds / 60), 1), LONGEST_TIMER);
  return {
    command: script({
      enter: lines(`configure terminal revert timer ${minutes}`),
      commit: lines('end'),
      abort: lines('end', 'configure revert now'),
      atomic: false,
    }),
    changes,
    confirm: say('configure confirm'),
    revert: say('configure revert now'),
  };
}

/** A line that is typed again with another distance takes the place of the one before it. */
function linesOf(scope: DeviceScope, { prefix, make, move, drop }: Edit): EditLines {
  const tag = safeWord('number', String(scope.mark.tag));
  const line = (path: DevicePath): string => writeRouteLine(scope, destinationOf(prefix), path);
  return {
    makes: [...make, ...move.map(({ path }) => path)].map((path) => `${line(path)} tag ${tag}`),
    breaks: drop.map((path) => `no ${line(path)}`),
  };
}

/** IPv4 has its mask, IPv6 its length. */
function destinationOf({ family, text, length }: Prefix): string {
  if (family === 6) {
    return text;
  }
  const mask = 2 ** 32 - 2 ** (32 - length);
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(mask / 2 ** shift) % 256);
  return `${text.replace(/\/.*$/, '')} ${bytes.join('.')}`;
}
