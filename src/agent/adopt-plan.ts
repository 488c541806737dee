/** Which hand-made routes of one upstream can become ours, and why the others cannot. Changes nothing. */
import { sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf } from '../core/owned.ts';
import type { Prefix } from '../core/prefix.ts';
import type { DesiredRoute, NextHop, UpstreamState } from '../core/route.ts';
import type { Adoption, Stranger } from '../drivers/driver.ts';
import type { CloudView } from './cloud-view.ts';
import { gatherState, type UpstreamAccess } from './gather.ts';
import type { OpenUpstream } from './open-upstream.ts';
import type { NumberById } from './stamps.ts';
import type { Upstream } from './upstream.ts';

/** What was asked for. */
export interface AdoptRequest {
  readonly prefixes: readonly Prefix[];
  /** Also every other hand-made route that leads where the cloud wants it. */
  readonly all: boolean;
}

/** A route that stays as it is. */
export interface AdoptRefusal {
  readonly prefix: string;
  readonly reason: string;
  /** False where there is no foreign route at all. */
  readonly isForeign: boolean;
}

/** What can be taken over on one upstream, sorted by prefix. */
export interface AdoptPlan {
  readonly adoptions: readonly Adoption[];
  readonly refused: readonly AdoptRefusal[];
  /** Neutron's revision_number by object id. */
  readonly revisions: NumberById;
}

interface PlanContext {
  readonly cloud: CloudView;
  readonly policy: Parameters<Upstream['desiredFor']>[4];
  readonly request: AdoptRequest;
  readonly signal: AbortSignal;
}

/** What an upstream holds, and its foreign routes at some prefixes by prefix text. */
export interface Sighting {
  readonly state: UpstreamState;
  readonly strangers: ReadonlyMap<string, readonly Stranger[]>;
}

/** Reads both from the same answers. */
export async function sightOf(
  access: UpstreamAccess,
  prefixes: ReadonlySet<string>,
): Promise<Sighting> {
  const { driver } = access;
  let strangers: readonly Stranger[] = [];
  const parse: typeof driver.parse = (scope, outputs) => {
    strangers = driver.strangersAt(scope, outputs, prefixes);
    return driver.parse(scope, outputs);
  };
  const state = await gatherState({ ...access, driver: { ...driver, parse } });
  return { state, strangers: Map.groupBy(strangers, ({ route }) => route.prefix.text) };
}

/**
 * What would be wanted is computed as if the routes in question were not there, so that eligibility, policy and
 * arbitration all hold.
 */
export async function planAdoption(open: OpenUpstream, context: PlanContext): Promise<AdoptPlan> {
  const { upstream, ledger } = open;
  const { cloud, policy, request, signal } = context;
  const view = upstream.viewOf(cloud.snapshot.externalNetworks);
  const desiredOn = (state: UpstreamState): ReturnType<Upstream['desiredFor']> =>
    upstream.desiredFor(view, cloud.candidates, state, ledger.routes, policy);
  const prefixes = asked(request, desiredOn(open.state).conflicts);
  const { state, strangers } = await sightOf({ ...upstream, signal }, prefixes);
  const owned = ownedRoutesOf(state);
  const judged = [...prefixes].map((prefix) => judge(prefix, strangers.get(prefix), owned));
  const free = new Set(judged.flatMap(({ stranger }) => stranger?.route.prefix.text ?? []));
  const { routes, conflicts } = desiredOn({
    ...state,
    routes: state.routes.filter((route) => route.owned || !free.has(route.prefix.text)),
  });
  const wanted = new Map(routes.map((route) => [route.prefix.text, route]));
  const why = new Map(conflicts.map(({ prefix, message }) => [prefix.text, message]));
  const named = new Set(request.prefixes.map(({ text }) => text));
  const { maxRoutes = Infinity } = upstream.config;
  const budget = { maxRoutes, left: maxRoutes - owned.size };
  const verdicts = judged.map((each) => {
    const { prefix } = each;
    const facts = { wanted: wanted.get(prefix), why: why.get(prefix), isNamed: named.has(prefix) };
    return withinBudget(decide(each, facts), each, budget);
  });
  return {
    adoptions: verdicts.flatMap(({ adoption }) => adoption ?? []),
    refused: verdicts.flatMap(({ refused }) => refused ?? []),
    revisions: cloud.revisions,
  };
}

function asked(
  { prefixes, all }: AdoptRequest,
  conflicts: ReturnType<Upstream['desiredFor']>['conflicts'],
): ReadonlySet<string> {
  const blocked = all ? conflicts.filter(({ code }) => code === 'foreign') : [];
  return new Set([...prefixes, ...blocked.map(({ prefix }) => prefix)].map(({ text }) => text));
}

/** What stands at one prefix: one route that can be taken over, or why there is none. */
interface Judged {
  readonly prefix: string;
  readonly stranger: Stranger | undefined;
  readonly reason: string;
  readonly isForeign: boolean;
  /** Ours stands beside it already, as a crash leaves it. */
  readonly isHalfDone: boolean;
}

function judge(
  prefix: string,
  found: readonly Stranger[] = [],
  owned: ReturnType<typeof ownedRoutesOf>,
): Judged {
  const ours = owned.get(prefix) ?? [];
  const reason = obstacleAt(found, ours);
  const stranger = reason === undefined ? found[0] : undefined;
  const facts = { isForeign: found.length > 0, isHalfDone: ours.length > 0 };
  return { prefix, stranger, reason: reason ?? '', ...facts };
}

function obstacleAt(
  found: readonly Stranger[],
  ours: readonly { readonly nextHops: readonly NextHop[] }[],
): string | undefined {
  const [stranger, ...others] = found;
  if (stranger === undefined) {
    return ours.length > 0 ? 'the route is ours already' : 'no route of anybody else is there';
  }
  const { obstacle, route } = stranger;
  if (others.length > 0) {
    return `${found.length} foreign routes are there; remove all but one`;
  }
  if (obstacle !== undefined) {
    return `the route (${route.description}) ${obstacle}`;
  }
  return ours.every(({ nextHops }) => sameNextHops(nextHops, route.nextHops))
    ? undefined
    : `the route (${route.description}) stands beside one of ours with other next hops; remove it by hand`;
}

interface Verdict {
  readonly adoption?: Adoption;
  readonly refused?: AdoptRefusal;
}

function decide(
  { prefix, stranger, reason, isForeign }: Judged,
  facts: {
    readonly wanted: DesiredRoute | undefined;
    readonly why: string | undefined;
    readonly isNamed: boolean;
  },
): Verdict {
  const refuse = (words: string): Verdict => ({ refused: { prefix, reason: words, isForeign } });
  if (stranger === undefined) {
    return refuse(reason);
  }
  const { wanted, why, isNamed } = facts;
  if (wanted === undefined) {
    return refuse(
      why ?? 'the cloud does not want a route there, so it would only be removed again',
    );
  }
  const { nextHops } = stranger.route;
  if (!isNamed && !sameNextHops(wanted.nextHops, nextHops)) {
    return refuse(
      `it leads to ${addresses(nextHops)}, not to ${addresses(wanted.nextHops)} as the cloud wants; name the prefix to take it over as it stands, the next cycle then moves it`,
    );
  }
  // As it stands, with the upstream's own devices.
  return { adoption: { stranger, after: { ...wanted, nextHops } } };
}

function withinBudget(
  verdict: Verdict,
  { prefix, isForeign, isHalfDone }: Judged,
  budget: { readonly maxRoutes: number; left: number },
): Verdict {
  if (verdict.adoption === undefined || isHalfDone) {
    return verdict;
  }
  budget.left -= 1;
  return budget.left >= 0
    ? verdict
    : { refused: { prefix, isForeign, reason: `maxRoutes ${budget.maxRoutes} is reached` } };
}

function addresses(nextHops: readonly NextHop[]): string {
  return nextHops.map(({ address }) => address).join(', ');
}
