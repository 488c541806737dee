/** Candidates of the whole cloud -> the routes that one upstream should hold, and what stands in their way. */
import { claimsOn, originsOf, type Claim, type Path, type UpstreamView } from './claims.ts';
import { arbitrate, type Conflict } from './conflicts.ts';
import type { Candidate } from './eligibility.ts';
import {
  holdingsOf,
  neighboursOf,
  obstacleTo,
  reachablePaths,
  type ForeignNeighbour,
  type ForeignPolicy,
  type Holdings,
  type Obstacle,
  type Wanted,
} from './obstacles.ts';
import type { Policy } from './policy.ts';
import type { Prefix } from './prefix.ts';
import {
  areSameOrigins,
  type DesiredRoute,
  type NextHop,
  type Origin,
  type UpstreamState,
} from './route.ts';

export interface DesiredInput {
  readonly upstream: UpstreamView;
  readonly candidates: readonly Candidate[];
  readonly state: UpstreamState;
  /** Who installed what, by prefix text; empty without a state directory. */
  readonly ledger: ReadonlyMap<string, { readonly origin: readonly Origin[] }>;
  readonly policy: Pick<Policy, 'ecmp'> & ForeignPolicy;
}

/** What the complete cloud asked for last, kept for days on which it cannot be read. */
export interface LastGoodInput {
  /** Sorted by prefix, one route per prefix. */
  readonly routes: readonly DesiredRoute[];
  readonly state: UpstreamState;
  readonly policy: ForeignPolicy;
}

/** Something the operator should know about a route that is installed all the same. */
export interface RouteWarning extends ForeignNeighbour {
  readonly prefix: Prefix;
}

export interface Desired {
  /** Sorted by prefix, one route per prefix. */
  readonly routes: readonly DesiredRoute[];
  readonly conflicts: readonly Conflict[];
  readonly warnings: readonly RouteWarning[];
  /** Floating IPs that need no route because the upstream is connected to their network. */
  readonly unneeded: readonly Prefix[];
}

interface View extends DesiredInput {
  readonly holdings: Holdings;
  readonly nextHopsOf: (paths: readonly Path[]) => readonly NextHop[];
}

/** Computes what one upstream should hold. A route of ours that meets a foreign one stays, and is reported. */
export function desiredFor(input: DesiredInput): Desired {
  const view: View = { ...input, holdings: holdingsOf(input.state), nextHopsOf: nextHopLister() };
  const claims = claimsOn(input.upstream, input.candidates, input.policy.ecmp);
  const { kept, conflicts, unneeded } = sift(claims, view, ({ paths }) => originsOf(paths));
  const arbitrated = arbitrate(kept, (claim) => isIncumbent(claim, view));
  return {
    routes: arbitrated.winners.map((claim) => routeOf(claim, view)),
    conflicts: [...conflicts, ...arbitrated.conflicts],
    warnings: warningsFor(arbitrated.winners, view),
    unneeded,
  };
}

/**
 * The routes of a saved state as they may stand on the upstream today. The cloud need not be readable: what the routes
 * are for was judged when they were saved, and what the upstream has against them is judged anew.
 */
export function desiredFromLastGood({ routes, state, policy }: LastGoodInput): Desired {
  const view = { holdings: holdingsOf(state), policy };
  const saved = routes.map((route) => ({
    route,
    prefix: route.prefix,
    paths: route.nextHops.map((nextHop) => ({ nextHop })),
  }));
  const { kept, conflicts, unneeded } = sift(saved, view, ({ route }) => route.origin);
  return {
    routes: kept.map((item) => ({
      ...item.route,
      nextHops: reachablePaths(item, view.holdings).map(({ nextHop }) => nextHop),
    })),
    conflicts,
    warnings: warningsFor(kept, view),
    unneeded,
  };
}

interface Sifted<W> extends Pick<Desired, 'conflicts' | 'unneeded'> {
  readonly kept: readonly W[];
}

interface Surroundings {
  readonly holdings: Holdings;
  readonly policy: ForeignPolicy;
}

/** Holds what is wanted against what the upstream has. */
function sift<W extends Wanted>(
  wanted: readonly W[],
  { holdings, policy }: Surroundings,
  originOf: (item: W) => readonly Origin[],
): Sifted<W> {
  const kept: W[] = [];
  const unneeded: Prefix[] = [];
  const conflicts: Conflict[] = [];
  for (const item of wanted) {
    const obstacle = obstacleTo(item, holdings, policy);
    if (obstacle === undefined) {
      kept.push(item);
    } else if (obstacle.code === 'connected' && isFloatingIp(originOf(item))) {
      unneeded.push(item.prefix);
    } else {
      conflicts.push({ ...obstacle, prefix: item.prefix, origin: originOf(item) });
      if (leavesInstalled(obstacle, item.prefix, holdings)) {
        kept.push(item);
      }
    }
  }
  return { kept, unneeded, conflicts };
}

function isFloatingIp([origin]: readonly Origin[]): boolean {
  return (origin?.floatingIp ?? '') !== '';
}

/** A foreign route that appears beside one of ours is no reason to take ours away. */
function leavesInstalled({ code }: Obstacle, { text }: Prefix, { owned }: Holdings): boolean {
  return code.startsWith('foreign') && owned.has(text);
}

function isIncumbent(claim: Claim, { ledger, holdings }: View): boolean {
  const { prefix, candidates, paths } = claim;
  const known = ledger.get(prefix.text)?.origin ?? [];
  if (known.length > 0) {
    return known.some((origin) => candidates.some(({ router }) => router.id === origin.router));
  }
  const installed = installedNextHops(prefix, holdings);
  return installed.some((hop) => paths.some(({ nextHop }) => nextHop.address === hop.address));
}

function routeOf(claim: Claim, view: View): DesiredRoute {
  const reachable = reachablePaths(claim, view.holdings);
  const paths = view.policy.ecmp ? reachable : steadyPath(claim, reachable, view);
  const origin = originsOf(paths);
  // Asked of an empty ledger, every text would be read from memory for nothing.
  const entry = view.ledger.size === 0 ? undefined : view.ledger.get(claim.prefix.text);
  const known = entry?.origin ?? [];
  return {
    prefix: claim.prefix,
    nextHops: view.nextHopsOf(paths),
    // The very same where nothing is new: what a large cloud is known by is held once.
    origin: areSameOrigins(origin, known) ? known : origin,
  };
}

/** Without ECMP the installed next hop stays while it is valid, else the lowest one goes in. */
function steadyPath(
  { prefix }: Claim,
  paths: readonly Path[],
  { holdings }: View,
): readonly Path[] {
  if (paths.length === 1) {
    return paths;
  }
  const installed = installedNextHops(prefix, holdings);
  const kept = paths.find(({ nextHop }) =>
    installed.some(({ address }) => address === nextHop.address),
  );
  return kept === undefined ? paths.slice(0, 1) : [kept];
}

function installedNextHops({ text }: Prefix, { owned }: Holdings): readonly NextHop[] {
  return owned.get(text)?.flatMap(({ nextHops }) => nextHops) ?? [];
}

function warningsFor(
  wanted: readonly Pick<Wanted, 'prefix'>[],
  { holdings, policy }: Surroundings,
): readonly RouteWarning[] {
  const warnings: RouteWarning[] = [];
  for (const { prefix } of wanted) {
    for (const neighbour of neighboursOf(prefix, holdings, policy)) {
      warnings.push({ ...neighbour, prefix });
    }
  }
  return warnings;
}

/** The next hops of some paths; all routes through one next hop alone share its list. */
function nextHopLister(): View['nextHopsOf'] {
  const known = new Map<NextHop, readonly NextHop[]>();
  return (paths) => {
    const [path] = paths;
    if (path === undefined || paths.length > 1) {
      return paths.map(({ nextHop }) => nextHop);
    }
    const before = known.get(path.nextHop);
    if (before !== undefined) {
      return before;
    }
    const list = [path.nextHop];
    known.set(path.nextHop, list);
    return list;
  };
}
