/** Changes of routes as changes of paths: what has to come, to change in place, and to go, on one prefix each. */
import type { Address, Prefix } from '../../core/prefix.ts';
import { prefixOf, type ChangeAction, type NextHop, type RouteChange } from '../../core/route.ts';
import type { DeviceScope } from '../driver.ts';

/** One next hop of one route on a router. */
export interface DevicePath {
  readonly address: Address;
  readonly device: string | undefined;
  /** Undefined for the router's default. */
  readonly distance: number | undefined;
  readonly disabled: boolean;
}

/** The same next hop with another distance, or switched on again. */
export interface Move {
  readonly path: DevicePath;
  /** As it was found; its distance is undefined where that was not told. */
  readonly from: DevicePath;
}

/** What one change does to the paths of its prefix; make before break: `make`, then `move`, then `drop`. */
export interface Edit {
  readonly change: RouteChange;
  readonly prefix: Prefix;
  readonly make: readonly DevicePath[];
  readonly move: readonly Move[];
  readonly drop: readonly DevicePath[];
  /** All paths of ours before and after, for routers where a route is one object. */
  readonly before: readonly DevicePath[];
  readonly after: readonly DevicePath[];
}

/** Make before break. */
const ORDER = ['add', 'replace', 'remove'] as const satisfies readonly ChangeAction[];

/** One edit for each change; adds first, removals last, else in the given order. */
export function editsOf(
  scope: DeviceScope,
  changes: readonly RouteChange[],
  defaultDistance: number,
): readonly Edit[] {
  const pathOf = ({ address, device, ...nextHop }: NextHop): DevicePath => ({
    address,
    device,
    disabled: nextHop.disabled === true,
    distance: nextHop.distance === defaultDistance ? undefined : nextHop.distance,
  });
  const wantedOf = (nextHop: NextHop): DevicePath =>
    pathOf({ distance: scope.distance ?? defaultDistance, ...nextHop });
  return ORDER.flatMap((action) => changes.filter((change) => change.action === action)).map(
    (change) => {
      const found = change.action === 'add' ? [] : change.before.nextHops;
      const wanted = change.action === 'remove' ? [] : change.after.nextHops;
      return editOf(change, found.map(pathOf), wanted.map(wantedOf));
    },
  );
}

function editOf(
  change: RouteChange,
  before: readonly DevicePath[],
  after: readonly DevicePath[],
): Edit {
  const fates = after.map((path) => fateOf(path, before));
  const used = new Set(fates.map(({ from }) => from));
  const edit = {
    change,
    prefix: prefixOf(change),
    make: fates.filter(({ from }) => from === undefined).map(({ path }) => path),
    move: fates.flatMap(({ path, from }) =>
      from === undefined || isAlike(path, from) ? [] : [{ path, from }],
    ),
    drop: before.filter((path) => !used.has(path)),
    before,
    after,
  };
  const isIdle = edit.make.length + edit.move.length + edit.drop.length === 0;
  // The next hops are right and the route is not: then it is its attributes, whatever the router told of them.
  return isIdle
    ? { ...edit, move: after.map((path) => ({ path, from: { ...path, distance: undefined } })) }
    : edit;
}

/** The wanted path and the installed one that it keeps or takes over. */
interface Fate {
  readonly path: DevicePath;
  readonly from: DevicePath | undefined;
}

function fateOf(path: DevicePath, found: readonly DevicePath[]): Fate {
  const same = found.filter(
    ({ address, device }) =>
      address === path.address && (path.device === undefined || device === path.device),
  );
  return { path, from: same.find((have) => isAlike(path, have)) ?? same[0] };
}

function isAlike(path: DevicePath, have: DevicePath): boolean {
  return path.distance === have.distance && !have.disabled;
}
