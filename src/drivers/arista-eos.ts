/**
 * Arista EOS: one configuration session a chunk, on request with a commit timer (EOS User Manual "Configure Session" and
 * "Static Routes"; rendered commands of ansible-collections/arista.eos; device output of batfish/batfish).
 */
import type { UpstreamState } from '../core/route.ts';
import { readAristaEosAddresses } from './arista-eos/addresses.ts';
import { readAristaEosPaths } from './arista-eos/parse.ts';
import { CISCO_IOS_SESSION, SECRETS, SYSLOG } from './cisco-ios/session.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { DeviceScope, RenderedChunk, RouterDriver } from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { writeRouteLine } from './kit/ip-route-line.ts';
import { lines, say, scriptOf, type EditLines } from './kit/script.ts';
import type { SessionDefinition } from './session.ts';
import { safeWord } from './kit/word.ts';

const DEFAULT_DISTANCE = 1;
const ROUTES = '| include ^ip.* route';
/** The longest commit timer, in seconds: 23:59:59. */
const LONGEST_TIMER = 86_399;

const SESSION: SessionDefinition = {
  ...CISCO_IOS_SESSION,
  configuring: /^[\w.@/:-]{1,63}\(config[\w.@/:+-]{0,63}\)#\s?$/,
  toPrompt: [
    // Ends a configuration session; elsewhere it is unknown, and `end` leaves.
    { text: 'abort', harmless: /Invalid input/ },
    { text: 'end', harmless: /Invalid input/ },
  ],
  setup: lines('terminal length 0', 'terminal width 32767'),
  failures: [/^% ?(?!Warning)[A-Za-z]/, /^Error:/],
  busy: [
    /Maximum number of pending sessions/i,
    /(?:configuration|session) .*(?:locked|is held|in progress)/i,
  ],
  chatter: [SYSLOG],
  redact: SECRETS,
  window: 20,
  lineLength: 4000,
};

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /VRF .*(?:does not exist|not (?:found|defined|configured))/i,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'create the VRF on the switch, or correct vrf of the upstream',
  },
  {
    words: /Cannot ECMP/i,
    code: 'ROUTE_EXISTS',
    hint: 'a route that discards stands at the prefix: remove it first',
  },
  {
    words: /Invalid next ?hop|nexthop/i,
    code: 'ROUTE_REJECTED',
    hint: "the next hop must be another router's address, a link-local one with its interface",
  },
  {
    words: /Invalid input|Incomplete command|Ambiguous command|Unavailable command/i,
    code: 'ROUTE_REJECTED',
    hint: 'this EOS does not know that form of the line',
  },
];

export const aristaEos: RouterDriver<DeviceScope> = deviceDriver({
  os: 'arista-eos',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'name',
    transaction: 'confirmed',
    // The name of a committed session may be kept for its history: a push seldom has two chunks.
    chunk: 10_000,
    nextHops: 64,
    nameLength: 80,
  },
  session: SESSION,
  defaultDistance: DEFAULT_DISTANCE,
  routeQuestions: () => [say(`show running-config ${ROUTES}`)],
  addressQuestions: () => [say('show ip interface | json'), say('show ipv6 interface | json')],
  readPaths: readAristaEosPaths,
  readAddresses: readAristaEosAddresses,
  // The tag is one a prefix, and the last line sets it for all: it can be no mark.
  isOurs: (path, mark) => path.name === mark.name,
  render: (scope, edits, state) => [chunkOf(scope, edits, state)],
  refusals: REFUSALS,
  notPermitted: /authorization denied|privileged mode required|not authorized|permission denied/i,
  // What a session of ours left behind when it was cut off would be committed with the next one.
  probe: ({ mark }) => {
    const session = sessionOf(mark.name);
    return { lines: [{ text: `no ${session}`, harmless: /^%/ }, ...lines(session, 'abort')] };
  },
  save: () => say('write memory'),
  savedQuestions: () => [say(`show startup-config ${ROUTES}`)],
});

/** Named after the mark, so that two owners do not meet in one session. */
function sessionOf(name: string): string {
  return `configure session ${safeWord('mark', name)}`;
}

function chunkOf(
  scope: DeviceScope,
  edits: readonly Edit[],
  { routes }: UpstreamState,
): RenderedChunk {
  const { confirmSeconds, mark } = scope;
  const shared = new Set(routes.filter(({ owned }) => !owned).map(({ prefix }) => prefix.text));
  const session = sessionOf(mark.name);
  const commit = confirmSeconds === undefined ? 'commit' : `commit timer ${clock(confirmSeconds)}`;
  const command = scriptOf(
    { enter: lines(session), commit: lines(commit), abort: lines('abort'), atomic: true },
    edits,
    (edit) => linesOf(scope, edit, shared.has(edit.prefix.text)),
  );
  const changes = edits.map(({ change }) => change);
  return confirmSeconds === undefined
    ? { command, changes }
    : {
        command,
        changes,
        confirm: say(`${session} commit`),
        revert: say(`${session} abort`),
      };
}

/** HH:MM:SS. */
function clock(wanted: number): string {
  const seconds = Math.min(Math.max(Math.ceil(wanted), 1), LONGEST_TIMER);
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
}

/**
 * A next hop may stand once for each distance, and without its distance `no` removes all of them. At a prefix that others
 * share it is written also where it is the default; elsewhere that may hide one that was not told.
 */
function linesOf(scope: DeviceScope, edit: Edit, isShared: boolean): EditLines {
  const { prefix, make, move, drop } = edit;
  const line = (path: DevicePath): string => writeRouteLine(scope, prefix.text, path);
  const add = (path: DevicePath): string =>
    `${line(path)} name ${safeWord('mark', scope.mark.name)}`;
  const exact = (path: DevicePath): DevicePath =>
    isShared ? { ...path, distance: path.distance ?? DEFAULT_DISTANCE } : path;
  const moves = move.map(({ path, from }) => ({ path, from: exact(from) }));
  const known = moves.filter(({ from }) => from.distance !== undefined);
  const unknown = moves.filter(({ from }) => from.distance === undefined);
  return {
    makes: [
      ...make.map(add),
      ...known.map(({ path }) => add(path)),
      ...unknown.flatMap(({ path, from }) => [`no ${line(from)}`, add(path)]),
    ],
    breaks: [...known.map(({ from }) => from), ...drop.map(exact)].map(
      (path) => `no ${line(path)}`,
    ),
  };
}
