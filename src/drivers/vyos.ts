/**
 * VyOS 1.3, 1.4 and 1.5 through its configuration mode (VyOS documentation, "Command Line Interface", "Static" and
 * "VRF"; templates of vyatta-cfg-quagga for 1.3, interface definitions of vyos-1x since). `commit-confirm` reboots the
 * router where nobody confirms, so it is never used.
 */
import type { UpstreamState } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import { deviceDriver } from './kit/device-driver.ts';
import type { KnownRefusal } from './kit/device-spec.ts';
import type { DeviceScope, RenderedChunk, RouterDriver } from './driver.ts';
import type { DevicePath, Edit, Move } from './kit/edits.ts';
import { lines, say, scriptOf, type EditLines } from './kit/script.ts';
import { readVyosAddresses } from './vyos/addresses.ts';
import { readVyosPaths } from './vyos/parse.ts';
import { VYOS_SESSION } from './vyos/session.ts';
import { safeWord } from './kit/word.ts';

const REFUSALS: readonly KnownRefusal[] = [
  {
    words: /table id is mandatory|VRF .* does not exist/i,
    code: 'UPSTREAM_TABLE_UNKNOWN',
    hint: 'create the VRF on the router, or correct vrf of the upstream',
  },
  {
    words: /Configuration path: .* is not valid/,
    code: 'ROUTE_REJECTED',
    hint: 'this VyOS has no such node: correct dialect of the upstream',
  },
  {
    words: /is not a valid|Value validation failed/,
    code: 'ROUTE_REJECTED',
    hint: 'this VyOS does not take that value',
  },
];

/** The driver for `os: vyos`. */
export const vyos: RouterDriver<DeviceScope> = deviceDriver({
  os: 'vyos',
  capabilities: {
    ipv6: true,
    vrf: true,
    ecmp: true,
    mark: 'description',
    nameLength: 255,
    transaction: 'candidate',
    chunk: 1000,
    nextHops: 16,
    dialects: ['1.4', '1.3'],
  },
  session: VYOS_SESSION,
  defaultDistance: 1,
  // Each line stands for itself, so the filter cuts nothing off.
  routeQuestions: () => [say('show configuration commands | match static | no-more')],
  addressQuestions: () => [
    say('show interfaces', 'show configuration commands | match vrf | no-more'),
  ],
  readPaths: readVyosPaths,
  readAddresses: readVyosAddresses,
  isOurs: (path, mark, scope) =>
    isOld(scope)
      ? path.nextHop !== null && path.distance === markDistance(scope)
      : path.description === mark.name,
  render: (scope, edits, state) => [chunkOf(scope, edits, state)],
  refusals: REFUSALS,
  notPermitted: /Invalid command: \[configure\]|Permission denied/,
  probe: () => say('configure', 'exit discard'),
  save: () => say('configure', 'save', 'exit'),
  savedQuestions: () => [say('cat /config/config.boot')],
});

function isOld({ dialect }: DeviceScope): boolean {
  return dialect === '1.3';
}

/** The routes of VyOS 1.3 have neither description nor tag. */
function markDistance({ distance }: DeviceScope): number {
  if (distance === undefined) {
    throw new RouteSyncError(
      'CONFIG_INVALID',
      'VyOS 1.3 shows whose a route is by its distance alone: set distance of the upstream to a number of 1-255 that no other static route there has',
    );
  }
  return distance;
}

function chunkOf(
  scope: DeviceScope,
  edits: readonly Edit[],
  { routes }: UpstreamState,
): RenderedChunk {
  const shared = new Set(routes.filter(({ owned }) => !owned).map(({ prefix }) => prefix.text));
  const frame = {
    enter: lines('configure'),
    commit: lines('commit', 'exit'),
    abort: lines('exit discard'),
    atomic: true,
  };
  const linesOf = (edit: Edit): EditLines => {
    const route = routeWords(scope, edit);
    return {
      makes: makesOf(scope, edit, route),
      breaks:
        edit.after.length === 0 && !shared.has(edit.prefix.text)
          ? // Without a next hop, what is left of a route is refused at the commit.
            [`delete ${route}`]
          : edit.drop.map(({ address }) => `delete ${route} ${hopWords(address)}`),
    };
  };
  return {
    command: scriptOf(frame, edits, linesOf),
    changes: edits.map(({ change }) => change),
  };
}

function routeWords(scope: DeviceScope, { prefix: { family, text } }: Edit): string {
  return `${tableWords(scope)} route${family === 4 ? '' : '6'} ${safeWord('prefix', text)}`;
}

function tableWords(scope: DeviceScope): string {
  if (scope.vrf === undefined) {
    return 'protocols static';
  }
  const vrf = safeWord('vrf', scope.vrf);
  return isOld(scope) ? `protocols vrf ${vrf} static` : `vrf name ${vrf} protocols static`;
}

function makesOf(scope: DeviceScope, edit: Edit, route: string): readonly string[] {
  const mark = `description ${safeWord('mark', scope.mark.name)}`;
  // It is the route's, and stands as long as one of its next hops does.
  const marked = isOld(scope) || edit.before.length > 0 ? [] : [mark];
  return [
    ...[...marked, ...edit.make.flatMap((path) => hopLines(scope, path))].map(
      (words) => `set ${route} ${words}`,
    ),
    ...edit.move.flatMap((move) => moveLines(scope, move, route)),
  ];
}

/** The next hop comes with the first thing that is set of it. */
function hopLines(scope: DeviceScope, path: DevicePath): readonly string[] {
  const hop = hopWords(path.address);
  const distance = distanceOf(scope, path);
  const attributes = [
    ...(distance === undefined ? [] : [`${hop} distance ${distance}`]),
    ...(path.device === undefined
      ? []
      : [`${hop} ${interfaceWord(scope)} ${safeWord('interface', path.device)}`]),
  ];
  return attributes.length === 0 ? [hop] : attributes;
}

/** To delete what is not there is no failure. */
function moveLines(scope: DeviceScope, { path, from }: Move, route: string): readonly string[] {
  const hop = hopWords(path.address);
  const distance = distanceOf(scope, path);
  return [
    distance === undefined
      ? `delete ${route} ${hop} distance`
      : `set ${route} ${hop} distance ${distance}`,
    ...(from.disabled ? [`delete ${route} ${hop} disable`] : []),
  ];
}

function hopWords(address: string): string {
  return `next-hop ${safeWord('address', address)}`;
}

function interfaceWord(scope: DeviceScope): string {
  return isOld(scope) ? 'next-hop-interface' : 'interface';
}

function distanceOf(scope: DeviceScope, path: DevicePath): string | undefined {
  const distance = isOld(scope) ? markDistance(scope) : path.distance;
  return distance === undefined ? undefined : safeWord('number', String(distance));
}
