/** What no upstream would take, told before anything is sent. */
import { prefixOf, type NextHop, type RouteChange } from '../../core/route.ts';
import { RouteSyncError } from '../../errors.ts';
import { unsafeWord, type WordKind } from './word.ts';

const LINK_LOCAL = /^fe[89ab]/;

/** How many next hops a route may have, and what names of interfaces look like. */
export interface RouteLimits {
  readonly nextHops: number;
  readonly device: Extract<WordKind, 'device' | 'interface'>;
}

/** ROUTE_REJECTED or UNSAFE_WORD for a change that cannot be rendered. */
export function unsupportedIn(
  change: RouteChange,
  limits: RouteLimits,
): RouteSyncError | undefined {
  const prefix = prefixOf(change).text;
  const nextHops = change.action === 'remove' ? [] : change.after.nextHops;
  const homeless = nextHops.find(
    ({ address, device }) => LINK_LOCAL.test(address) && device === undefined,
  );
  if (homeless !== undefined) {
    return new RouteSyncError(
      'ROUTE_REJECTED',
      `${prefix}: next hop ${homeless.address} is link-local: set dev of its external network under devices of the upstream in the configuration`,
      { details: { prefix, nextHop: homeless.address } },
    );
  }
  if (nextHops.length > limits.nextHops) {
    return new RouteSyncError(
      'ROUTE_REJECTED',
      `${prefix}: ${nextHops.length} next hops are more than the ${limits.nextHops} that one route may have; set policy.ecmp to false or detach routers`,
      { details: { prefix, nextHops: nextHops.length } },
    );
  }
  const before = change.action === 'add' ? [] : change.before.nextHops;
  return refusedDevice(nextHops, limits) ?? refusedDevice(before, limits);
}

function refusedDevice(
  nextHops: readonly NextHop[],
  { device: kind }: RouteLimits,
): RouteSyncError | undefined {
  for (const { device } of nextHops) {
    const error = device === undefined ? undefined : unsafeWord(kind, device);
    if (error !== undefined) {
      return error;
    }
  }
  return undefined;
}
