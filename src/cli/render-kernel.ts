/** Changes of kernel routes in the steps that the agent would take, read-backs left out. */
import { KERNEL_DEFAULTS } from '../agent/scope.ts';
import { isSameNextHop, sameNextHops } from '../core/next-hops.ts';
import { prefixOf, type RouteChange } from '../core/route.ts';
import type { KernelScope, RouteScope } from '../drivers/driver.ts';
import { refuseWith, type GivenChange, type GivenChanges } from './render-changes.ts';

/** Changes that are rendered together, and what for. */
export interface Batch {
  readonly scope: RouteScope;
  readonly changes: readonly RouteChange[];
}

/** The distance is the metric, and as part of the mark each metric is a scope of its own. */
export function kernelBatches(
  { vrf, changes }: GivenChanges,
  protocol = KERNEL_DEFAULTS.protocol,
): readonly Batch[] {
  const home = { ...KERNEL_DEFAULTS, table: vrf ?? KERNEL_DEFAULTS.table, protocol };
  const byMetric = Map.groupBy(changes, ({ distance = home.metric }) => distance);
  return [...byMetric].flatMap(([metric, group]) => batchesAt({ ...home, metric }, home, group));
}

function batchesAt(
  scope: KernelScope,
  home: KernelScope,
  group: readonly GivenChange[],
): readonly Batch[] {
  const changes = group.map(({ change }) => change);
  const moved = changes.filter((change) => isMove(change));
  refuseWith(
    scope.metric === home.metric
      ? moved.map((change) => `replace ${prefixOf(change).text}: nothing would change`)
      : [],
  );
  const others = changes.filter((change) => !moved.includes(change));
  return [
    { scope, changes: [...others, ...moved.flatMap(asAdd)] },
    { scope, changes: others.flatMap(secondSteps) },
    // Without another word, what is installed has the metric of the mark.
    { scope: home, changes: moved.flatMap(asRemoval) },
  ].filter((batch) => batch.changes.length > 0);
}

/** The next hops stay, so it is the metric that changes. */
function isMove(change: RouteChange): boolean {
  return change.action === 'replace' && sameNextHops(change.after.nextHops, change.before.nextHops);
}

function asAdd(change: RouteChange): readonly RouteChange[] {
  return change.action === 'replace' ? [{ action: 'add', after: change.after }] : [];
}

function asRemoval(change: RouteChange): readonly RouteChange[] {
  return change.action === 'replace'
    ? [{ action: 'remove', before: change.before, origin: [] }]
    : [];
}

/** What the read-back after a replace would ask for: the driver puts the new route beside the old one first. */
function secondSteps(change: RouteChange): readonly RouteChange[] {
  if (change.action !== 'replace') {
    return [];
  }
  const { before, after } = change;
  if (before.prefix.family === 4) {
    return asRemoval(change);
  }
  const added = after.nextHops.filter(
    (want) => !before.nextHops.some((have) => isSameNextHop(want, have)),
  );
  const surplus = before.nextHops.length + added.length - after.nextHops.length;
  return added.length === 0 || surplus === 0
    ? []
    : [{ ...change, before: { ...before, nextHops: [...before.nextHops, ...added] } }];
}
