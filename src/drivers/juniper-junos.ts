/**
 * Juniper Junos: one exclusive candidate a chunk, committed until it is confirmed (Junos CLI User Guide, "Commit the
 * Configuration" and "Configuration Groups"; rendered commands of ansible-collections/junipernetworks.junos).
 */
import type { Prefix } from '../core/prefix.ts';
import type { UpstreamState } from '../core/route.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { DeviceScope, RenderedChunk, RouterDriver, Script } from './driver.ts';
import type { DevicePath, Edit } from './kit/edits.ts';
import { readJuniperJunosAddresses } from './juniper-junos/addresses.ts';
import { readJuniperJunosPaths } from './juniper-junos/parse.ts';
import { JUNOS_SESSION, LEAVE } from './juniper-junos/session.ts';
import { lines, say, scriptOf, type EditLines } from './kit/script.ts';
import { safeWord } from './kit/word.ts';

const SHOW = 'show configuration | display set | match';
/** What was to go is gone. */
const GONE = /statement not found/i;
/** In minutes. */
const LONGEST_TIMER = 65_535;

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /routing[- ]instance|instance type/i,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'configure the routing instance on the router, or correct vrf of the upstream',
  },
  { words: GONE, code: 'ROUTE_NOT_FOUND', hint: 'somebody else removed it' },
  {
    words: /next[- ]hop|gateway/i,
    code: 'ROUTE_REJECTED',
    hint: 'the next hop must be an address of the same family, a link-local one with its interface',
  },
  {
    words: /host bits|prefix/i,
    code: 'ROUTE_REJECTED',
    hint: 'the prefix has bits beyond its length, or is of another family than the table',
  },
  {
    words: /unknown command|syntax error|missing|ambiguous|invalid/i,
    code: 'ROUTE_REJECTED',
    hint: 'this Junos does not know that form of the line',
  },
];

export const juniperJunos: RouterDriver<DeviceScope> = deviceDriver({
  os: 'juniper-junos',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'tag',
    transaction: 'confirmed',
    chunk: 5000,
    nextHops: 16,
    nameLength: 80,
    dialects: ['tag', 'group'],
  },
  session: JUNOS_SESSION,
  defaultDistance: 5,
  // What decides about static routes anywhere in the configuration: groups, where they are applied, and what is inactive.
  routeQuestions: () => [say(`${SHOW} "static|apply-groups|routing-instances|^deactivate"`)],
  addressQuestions: () => [
    say(`${SHOW} "address|apply-groups|routing-instances .* interface|^deactivate"`),
  ],
  readPaths: readJuniperJunosPaths,
  readAddresses: readJuniperJunosAddresses,
  // A route of the group carries the tag too.
  isOurs: (path, mark) => path.tag === mark.tag,
  render: (scope, edits, state) => [chunkOf(scope, edits, groupLines(scope, edits, state))],
  refusals: REFUSALS,
  // A class without the right to configure does not know the command.
  notPermitted: /unknown command|permission denied|access denied/i,
  probe: () => ({ lines: [...lines('configure exclusive'), ...LEAVE] }),
});

function chunkOf(
  scope: DeviceScope,
  edits: readonly Edit[],
  group: readonly string[],
): RenderedChunk {
  const { confirmSeconds } = scope;
  const changes = edits.map(({ change }) => change);
  const leave = 'exit configuration-mode';
  const script = (commit: string): Script =>
    scriptOf(
      {
        enter: lines('configure exclusive'),
        commit: lines(...group, commit, leave),
        abort: LEAVE,
        atomic: true,
      },
      edits,
      (edit) => linesOf(scope, edit),
    );
  if (confirmSeconds === undefined) {
    return { command: script('commit'), changes };
  }
  const minutes = Math.min(Math.max(Math.ceil(confirmSeconds / 60), 1), LONGEST_TIMER);
  return {
    command: script(`commit confirmed ${minutes}`),
    changes,
    confirm: say('configure exclusive', 'commit', leave),
    // The one before ours: nobody else commits while ours waits for its confirmation without making it final.
    revert: say('configure exclusive', 'rollback 1', 'commit', leave),
  };
}

/**
 * The group takes effect where it is named; saying it twice is saying it once. A group that loses its last route stays
 * as an empty one, because what is named has to exist.
 */
function groupLines(
  { dialect, mark }: DeviceScope,
  edits: readonly Edit[],
  { routes }: UpstreamState,
): readonly string[] {
  const name = safeWord('mark', mark.name);
  if (dialect === 'tag') {
    return [];
  }
  const left = new Set(routes.filter(({ owned }) => owned).map(({ prefix }) => prefix.text));
  edits.forEach(({ prefix }) => left.delete(prefix.text));
  const isRemoval = edits.every(({ after }) => after.length === 0);
  if (isRemoval) {
    return routes.length > 0 && left.size === 0 ? [`set groups ${name}`] : [];
  }
  return [`set apply-groups ${name}`];
}

function linesOf(scope: DeviceScope, edit: Edit): EditLines {
  const { after, make, move, drop } = edit;
  const route = `${blockOf(scope, edit.prefix)} route ${safeWord('prefix', edit.prefix.text)}`;
  const set = `set ${route}`;
  // What is inactive somewhere below the route comes back only with a new route.
  const isRenewed = move.some(({ from }) => from.disabled);
  const distance = after[0]?.distance;
  const number = (value: number): string => safeWord('number', String(value));
  const isTouched = make.length + move.length > 0;
  return {
    makes: [
      ...(isRenewed ? [`delete ${route}`] : []),
      ...(isRenewed ? after : make).map((path) => `${set} ${nextHopOf(path)}`),
      ...(isTouched ? [`${set} tag ${number(scope.mark.tag)}`] : []),
      ...(isTouched && distance !== undefined ? [`${set} preference ${number(distance)}`] : []),
      ...(move.length > 0 && distance === undefined ? [`delete ${route} preference`] : []),
    ],
    breaks:
      after.length === 0
        ? [`delete ${route}`]
        : drop.map((path) => `delete ${route} ${nameOf(path)}`),
  };
}

/** The block of static routes of one family, in the group or in the main configuration. */
function blockOf({ dialect, mark, vrf }: DeviceScope, { family }: Prefix): string {
  const instance = vrf === undefined ? undefined : safeWord('vrf', vrf);
  const table = instance === undefined ? 'inet6.0' : `${instance}.inet6.0`;
  return [
    ...(dialect === 'tag' ? [] : [`groups ${safeWord('mark', mark.name)}`]),
    ...(instance === undefined ? [] : [`routing-instances ${instance}`]),
    'routing-options',
    ...(family === 6 ? [`rib ${table}`] : []),
    'static',
  ].join(' ');
}

function nextHopOf(path: DevicePath): string {
  const { device } = path;
  const name = nameOf(path);
  return device === undefined ? name : `${name} interface ${safeWord('interface', device)}`;
}

/** Only a qualified next hop has an interface. */
function nameOf({ address, device }: DevicePath): string {
  const keyword = device === undefined ? 'next-hop' : 'qualified-next-hop';
  return `${keyword} ${safeWord('address', address)}`;
}
