/**
 * Cisco IOS XR: whole lines into a candidate configuration that nobody else can commit meanwhile, one commit, on request
 * on trial (Cisco IOS XR Routing and System Management Command References; batfish/batfish, CiscoXr_static.g4; rendered
 * commands of ansible-collections/cisco.iosxr).
 */
import type { InterfaceAddress } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { readCiscoIosxrPaths } from './cisco-iosxr/parse.ts';
import { CISCO_IOSXR_SESSION } from './cisco-iosxr/session.ts';
import { readInterfaceAddresses } from './kit/interface-addresses.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { CliLine, DeviceScope, Dialogue, RenderedChunk, RouterDriver } from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { lines, say, scriptOf, type EditLines } from './kit/script.ts';
import { safeWord } from './kit/word.ts';

const DEFAULT_DISTANCE = 1;
const LARGEST_DISTANCE = 254;
/** The range of `commit confirmed`, in seconds. */
const SHORTEST_TRIAL = 30;
const LONGEST_TRIAL = 65_535;
/** The answer where nothing of the kind is configured. */
const NOTHING = /No such configuration item/;
/** Leaves a trial without its confirmation: the router takes it back at once. */
const GIVE_UP = [{ question: /Do you wish to exit\? \[no\]/, answer: 'yes' }];
const END: CliLine = { text: 'end', answers: GIVE_UP };

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /own address|local address/i,
    code: 'ROUTE_REJECTED',
    hint: "the next hop is one of the router's own addresses",
  },
  {
    words: /maximum|limit|exceed/i,
    code: 'ROUTE_REJECTED',
    hint: 'raise "maximum path" under "router static", or announce less',
  },
  {
    words: /Invalid input|Incomplete command|Ambiguous command/i,
    code: 'ROUTE_REJECTED',
    hint: 'this IOS XR does not know that form of the line',
  },
];

/** The driver of Cisco IOS XR. */
export const ciscoIosxr: RouterDriver<DeviceScope> = deviceDriver({
  os: 'cisco-iosxr',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'confirmed',
    // A commit takes its time, and so does finding the one line of it that is refused.
    chunk: 1000,
    nextHops: 32,
    routes: 4000,
  },
  session: CISCO_IOSXR_SESSION,
  defaultDistance: DEFAULT_DISTANCE,
  routeQuestions: () => [ask('show running-config router static')],
  addressQuestions: ({ vrf }) => [
    ask('show running-config interface'),
    // A route may be written for a VRF that does not exist; it would lead nowhere.
    ...(vrf === undefined ? [] : [ask(`show running-config vrf ${safeWord('vrf', vrf)}`)]),
  ],
  readPaths: readCiscoIosxrPaths,
  readAddresses,
  isOurs: (path, mark) => path.tag === mark.tag,
  render: (scope, edits) => [chunkOf(scope, edits)],
  refusals: REFUSALS,
  notPermitted: /not authorized|authorization failed|permission denied/i,
  probe: () => say('configure exclusive', 'abort'),
});

function ask(text: string): Dialogue {
  return { lines: [{ text, harmless: NOTHING }] };
}

function readAddresses(text: string, vrf: string | undefined): readonly InterfaceAddress[] {
  if (vrf !== undefined && NOTHING.test(text)) {
    throw new RouteSyncError(
      'UPSTREAM_TABLE_UNKNOWN',
      `the upstream has no VRF "${vrf}": create it on the router, or correct vrf of the upstream`,
      { details: { vrf } },
    );
  }
  return readInterfaceAddresses(text, vrf);
}

function chunkOf(scope: DeviceScope, edits: readonly Edit[]): RenderedChunk {
  const { confirmSeconds } = scope;
  const changes = edits.map(({ change }) => change);
  const commit = commitLine(confirmSeconds);
  const command = scriptOf(
    {
      enter: lines('configure exclusive'),
      commit: confirmSeconds === undefined ? [commit, END] : [commit],
      abort: [{ text: 'abort', answers: GIVE_UP }],
      atomic: true,
    },
    edits,
    (edit) => linesOf(scope, edit),
  );
  return confirmSeconds === undefined
    ? { command, changes }
    : {
        command,
        changes,
        // A trial ends with the configuration mode that began it, so all of it happens there.
        asks: ({ lines: questions }) => ({
          lines: questions.map((line) => ({ ...line, text: `do ${line.text}` })),
          continues: true,
        }),
        confirm: { lines: [commitLine(undefined), END], continues: true },
        revert: { lines: [END], continues: true },
      };
}

/** The router asks if somebody else committed in between: then what we saw is not what is there. */
function commitLine(confirmSeconds: number | undefined): CliLine {
  const answers = [{ question: /proceed with this commit anyway\? \[no\]/, answer: 'no' }];
  const seconds = Math.ceil(confirmSeconds ?? 0);
  const trial = Math.min(Math.max(seconds, SHORTEST_TRIAL), LONGEST_TRIAL);
  return { text: confirmSeconds === undefined ? 'commit' : `commit confirmed ${trial}`, answers };
}

/**
 * The key of a path is its prefix, interface and next hop: typed again, a line takes the place of the one before it, so
 * it says its distance even where that is the default.
 */
function linesOf({ vrf, mark }: DeviceScope, { prefix, make, move, drop }: Edit): EditLines {
  const place = vrf === undefined ? '' : ` vrf ${safeWord('vrf', vrf)}`;
  const family = `router static${place} address-family ipv${prefix.family} unicast`;
  const tag = safeWord('number', String(mark.tag));
  const key = ({ address, device }: DevicePath): string =>
    [
      family,
      safeWord('prefix', prefix.text),
      ...(device === undefined ? [] : [safeWord('interface', device)]),
      safeWord('address', address),
    ].join(' ');
  const moved = move.map(({ path }) => ({ ...path, distance: path.distance ?? DEFAULT_DISTANCE }));
  return {
    makes: [...make, ...moved].map((path) => `${key(path)}${distanceWord(path)} tag ${tag}`),
    breaks: drop.map((path) => `no ${key(path)}`),
  };
}

function distanceWord({ distance }: DevicePath): string {
  if (distance !== undefined && distance > LARGEST_DISTANCE) {
    throw new RouteSyncError(
      'UNSAFE_WORD',
      `distance ${distance} cannot be used in a command: on this router OS it must be 1-${LARGEST_DISTANCE}`,
      { details: { distance } },
    );
  }
  return distance === undefined ? '' : ` ${safeWord('number', String(distance))}`;
}
