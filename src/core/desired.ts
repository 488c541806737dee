/** Candidates of the whole cloud -> the routes that one upstream should hold, and what stands in their way. */
import { claimsOn, originsOf, type Claim, type Path, type UpstreamView } from './claims.ts';
import { arbitrate, type Conflict } from './conflicts.ts';
import type { Candidate } from './eligibility.ts';
import {
  holdingsOf,
  obstacleTo,
  overlapObstacle,
  reachablePaths,
  type Holdings,
  type Obstacle,
} from './obstacles.ts';
import type { Policy } from './policy.ts';
import type { Prefix } from './prefix.ts';
import type { DesiredRoute, NextHop, Origin, UpstreamState } from './route.ts';

export interface DesiredInput {
  readonly upstream: UpstreamView;
  readonly candidates: readonly Candidate[];
  readonly state: UpstreamState;
  /** Who installed what, by prefix text; empty without a state directory. */
  readonly ledger: ReadonlyMap<string, { readonly origin: readonly Origin[] }>;
  readonly policy: Pick<Policy, 'ecmp' | 'foreignOverlap'>;
}

/** Something the operator should know about a route that is installed all the same. */
export interface RouteWarning {
  readonly code: 'foreign-overlap';
  readonly prefix: Prefix;
  readonly message: string;
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
}

/** Computes what one upstream should hold. A route of ours that meets a foreign one stays, and is reported. */
export function desiredFor(input: DesiredInput): Desired {
  const view: View = { ...input, holdings: holdingsOf(input.state) };
  const claims = claimsOn(input.upstream, input.candidates, input.policy.ecmp);
  const needed: Claim[] = [];
  const unneeded: Prefix[] = [];
  const conflicts: Conflict[] = [];
  for (const claim of claims) {
    const obstacle = obstacleTo(claim, view.holdings, input.policy.foreignOverlap);
    if (obstacle?.code === 'connected' && isFloatingIp(claim)) {
      unneeded.push(claim.prefix);
      continue;
    }
    if (obstacle !== undefined) {
      conflicts.push({ ...obstacle, prefix: claim.prefix, origin: originsOf(claim.paths) });
    }
    if (obstacle === undefined || leavesInstalled(obstacle, claim, view)) {
      needed.push(claim);
    }
  }
  const arbitrated = arbitrate(needed, (claim) => isIncumbent(claim, view));
  return {
    routes: arbitrated.winners.map((claim) => routeOf(claim, view)),
    conflicts: [...conflicts, ...arbitrated.conflicts],
    warnings: arbitrated.winners.flatMap((claim) => warningsFor(claim, view)),
    unneeded,
  };
}

function isFloatingIp({ candidates }: Claim): boolean {
  return candidates[0]?.source === 'floating-ip';
}

/** A foreign route that appears beside one of ours is no reason to take ours away. */
function leavesInstalled({ code }: Obstacle, { prefix }: Claim, { holdings }: View): boolean {
  return code.startsWith('foreign') && holdings.owned.has(prefix.text);
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
  return {
    prefix: claim.prefix,
    nextHops: paths.map(({ nextHop }) => nextHop),
    origin: originsOf(paths),
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

function warningsFor({ prefix }: Claim, { holdings, policy }: View): readonly RouteWarning[] {
  if (policy.foreignOverlap === 'refuse') {
    return [];
  }
  const overlap = overlapObstacle(prefix, holdings);
  return overlap === undefined
    ? []
    : [{ code: 'foreign-overlap', prefix, message: overlap.message }];
}
