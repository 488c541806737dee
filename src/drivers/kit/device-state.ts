/** From the static paths and addresses that a router tells to its state: which routes are ours, and which differ. */
import { compareNextHops } from '../../core/next-hops.ts';
import { parseAddress, parsePrefix } from '../../core/prefix.ts';
import type { InstalledRoute, NextHop, UpstreamState } from '../../core/route.ts';
import type { DeviceSpec } from './device-spec.ts';
import { deviceWords } from './device-words.ts';
import type { CommandOutput, DeviceScope } from '../driver.ts';
import type { StaticPath } from '../static-path.ts';

/** Reads answers that were given; one route for each prefix and side, ours and not ours. */
export function stateOf(
  spec: DeviceSpec,
  scope: DeviceScope,
  outputs: readonly CommandOutput[],
): UpstreamState {
  const questions = spec.routeQuestions(scope).length;
  const paths = outputs
    .slice(0, questions)
    .flatMap(({ stdout }) => spec.readPaths(stdout))
    .filter(({ vrf }) => vrf === (scope.vrf ?? null));
  const ours = paths.filter((path) => spec.isOurs(path, scope.mark, scope));
  const foreign = paths.filter((path) => !spec.isOurs(path, scope.mark, scope));
  const addresses = outputs
    .slice(questions)
    .flatMap(({ stdout }) => spec.readAddresses(stdout, scope.vrf));
  const { defaultDistance } = spec;
  const wanted = scope.distance ?? defaultDistance;
  const owned = routesOf(ours, defaultDistance).map((route) => ({
    ...route,
    owned: true,
    ...(isRight(route, wanted, defaultDistance) ? {} : { differs: true }),
  }));
  return { routes: [...owned, ...routesOf(foreign, defaultDistance)], addresses };
}

function isRight({ nextHops }: InstalledRoute, wanted: number, otherwise: number): boolean {
  return nextHops.every(
    ({ distance = otherwise, disabled }) => distance === wanted && disabled !== true,
  );
}

/** One route a prefix, as if none were ours. */
export function routesOf(
  paths: readonly StaticPath[],
  defaultDistance: number,
): readonly InstalledRoute[] {
  return [...Map.groupBy(paths, ({ prefix }) => prefix)].map(([prefix, same]) => ({
    prefix: parsePrefix(prefix),
    nextHops: same.flatMap((path) => nextHopOf(path, defaultDistance)).sort(compareNextHops),
    owned: false,
    kind: 'static',
    ...(same.every(({ discard }) => discard) ? { discards: true } : {}),
    description: [...new Set(same.map(describe))].join(', '),
  }));
}

function nextHopOf(path: StaticPath, defaultDistance: number): readonly NextHop[] {
  const { nextHop, interface: device, distance, disabled } = path;
  return nextHop === null
    ? []
    : [
        {
          address: parseAddress(nextHop),
          ...(device === null ? {} : { device }),
          ...(distance === null || distance === defaultDistance ? {} : { distance }),
          ...(disabled === true ? { disabled } : {}),
        },
      ];
}

/** The attributes of a path for people. */
function describe(path: StaticPath): string {
  const attributes = [
    ...(path.discard ? ['discard'] : []),
    ...(['interface', 'distance', 'tag', 'name', 'description'] as const).flatMap((name) =>
      path[name] === null ? [] : [`${name} ${path[name]}`],
    ),
    ...(path.disabled === true ? ['disabled'] : []),
  ];
  return attributes.length === 0 ? 'static' : deviceWords(attributes.join(' '));
}
