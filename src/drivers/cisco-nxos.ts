/**
 * Cisco NX-OS: line by line in configuration mode, on request behind a checkpoint (Cisco Nexus 9000 Unicast Routing and
 * System Management Configuration Guides; rendered commands of ansible-collections/cisco.nxos; batfish/batfish,
 * CiscoNxos_static.g4).
 */
import type { InterfaceAddress } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { readInterfaceAddresses } from './kit/interface-addresses.ts';
import { readCiscoNxosPaths } from './cisco-nxos/parse.ts';
import { CISCO_NXOS_SESSION } from './cisco-nxos/session.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { CliLine, DeviceScope, Dialogue, RenderedChunk, RouterDriver } from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { writeRouteLine } from './kit/ip-route-line.ts';
import { lines, say, scriptOf, type EditLines } from './kit/script.ts';
import { linesIn } from './kit/text.ts';
import { safeWord } from './kit/word.ts';

/** What was to go is gone. */
const GONE = /not (?:exist|found|deleted)|No such/i;
/** Each push takes the place of the checkpoint before it: a router keeps ten. */
const CHECKPOINT = 'route-sync';
const NO_CHECKPOINT: CliLine = { text: `no checkpoint ${CHECKPOINT}`, harmless: /./ };
const DEFAULT_DISTANCE = 1;

const REFUSALS: readonly KnownRefusal[] = [
  { words: GONE, code: 'ROUTE_NOT_FOUND', hint: 'somebody else removed it' },
  {
    words: /own (?:ip )?address|local address/i,
    code: 'ROUTE_REJECTED',
    hint: "the next hop is one of the router's own addresses",
  },
  {
    words: /link-?local/i,
    code: 'ROUTE_REJECTED',
    hint: 'set dev of its external network under devices of the upstream',
  },
  {
    words: /limit|maximum|exceed|memory|table (?:is )?full|too many/i,
    code: 'ROUTE_REJECTED',
    hint: 'the table of the router is full: raise its limit or announce less',
  },
  {
    words: /Invalid|Incomplete command|Ambiguous command|not allowed/i,
    code: 'ROUTE_REJECTED',
    hint: 'this NX-OS does not know that form of the line',
  },
];

/** The driver of Cisco NX-OS. */
export const ciscoNxos: RouterDriver<DeviceScope> = deviceDriver({
  os: 'cisco-nxos',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'none',
    chunk: 500,
    nextHops: 16,
  },
  session: CISCO_NXOS_SESSION,
  defaultDistance: DEFAULT_DISTANCE,
  routeQuestions: (scope) => [routesOf('running-config', scope)],
  // Who knows the interfaces has to know the VRF as well: to enter a VRF that does not exist creates it.
  addressQuestions: () => [say("show running-config | section '^interface|^vrf context'")],
  readPaths: readCiscoNxosPaths,
  readAddresses,
  isOurs: (path, mark) => path.tag === mark.tag,
  render: (scope, edits) => [chunkOf(scope, edits)],
  refusals: REFUSALS,
  notPermitted: /permission denied|authorization failed|not authorized/i,
  probe: () => say('configure terminal', 'end'),
  save: () => say('copy running-config startup-config'),
  savedQuestions: (scope) => [routesOf('startup-config', scope)],
});

/** In a VRF, routes stand indented in its block: only as a section they tell whose they are. */
function routesOf(configuration: string, { vrf }: DeviceScope): Dialogue {
  const filter = vrf === undefined ? "include '^ip(v6)* route'" : "section '^vrf context'";
  return say(`show ${configuration} | ${filter}`);
}

function readAddresses(text: string, vrf: string | undefined): readonly InterfaceAddress[] {
  if (vrf !== undefined && !linesIn(text).includes(`vrf context ${vrf}`)) {
    throw new RouteSyncError(
      'UPSTREAM_TABLE_UNKNOWN',
      `the upstream has no VRF "${vrf}": create it with "vrf context" on the router, or correct vrf of the upstream`,
      { details: { vrf } },
    );
  }
  return readInterfaceAddresses(text, vrf);
}

function chunkOf(scope: DeviceScope, edits: readonly Edit[]): RenderedChunk {
  const { vrf, confirmSeconds } = scope;
  const place = vrf === undefined ? [] : [`vrf context ${safeWord('vrf', vrf)}`];
  const guard =
    confirmSeconds === undefined ? [] : [NO_CHECKPOINT, { text: `checkpoint ${CHECKPOINT}` }];
  const leave = lines('end');
  const script = scriptOf(
    {
      enter: [...guard, ...lines('configure terminal', ...place)],
      commit: leave,
      abort: leave,
      atomic: false,
      gone: GONE,
    },
    edits,
    (edit) => linesOf(scope, edit),
  );
  const chunk = { command: script, changes: edits.map(({ change }) => change) };
  const rollback = { text: `rollback running-config checkpoint ${CHECKPOINT} atomic` };
  return confirmSeconds === undefined
    ? chunk
    : {
        ...chunk,
        confirm: { lines: [NO_CHECKPOINT] },
        revert: { lines: [rollback, NO_CHECKPOINT] },
      };
}

/**
 * The key of a path is its prefix, interface and next hop: typed again, a line takes the place of the one before it and
 * keeps nothing of that, so it says its distance even where that is the default.
 */
function linesOf(scope: DeviceScope, { prefix, make, move, drop }: Edit): EditLines {
  const tag = safeWord('number', String(scope.mark.tag));
  const place = { ...scope, vrf: undefined };
  const line = (path: DevicePath): string => writeRouteLine(place, prefix.text, path);
  const moved = move.map(({ path }) => ({ ...path, distance: path.distance ?? DEFAULT_DISTANCE }));
  return {
    makes: [...make, ...moved].map((path) => `${line(path)} tag ${tag}`),
    breaks: drop.map((path) => `no ${line({ ...path, distance: undefined })}`),
  };
}
