/** The inverse of one journalled run, as far as the upstream still holds what that run left there. */
import { sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf, type OwnedRoutes } from '../core/owned.ts';
import { comparePrefixes, overlaps, parsePrefix, type Prefix } from '../core/prefix.ts';
import {
  prefixOf,
  type InstalledRoute,
  type NextHop,
  type RouteChange,
  type UpstreamState,
} from '../core/route.ts';
import { handMadePlan, type LeftAlone, type Proposal } from './by-hand.ts';
import type { JournalChange } from './journal-facts.ts';
import type { JournalRun } from './journal-runs.ts';
import type { OpenUpstream } from './open-upstream.ts';

/** Changes that the run could not make, and those that were overtaken since, are left alone, each with its reason. */
export function undoProposal(run: JournalRun, open: OpenUpstream): Proposal {
  const { upstream, state, ledger } = open;
  const unmade = unmadeOf(run);
  const held = holdingsOf(state);
  const changes: RouteChange[] = [];
  const left: LeftAlone[] = [];
  const restored = new Set<string>();
  for (const change of run.changes) {
    const { action, prefix } = change;
    const inverse =
      unmade(change) ?? (restored.has(prefix) ? TWICE : undefined) ?? inverseOf(change, held);
    if (typeof inverse === 'string') {
      left.push({ action, prefix, reason: inverse });
    } else {
      restored.add(prefix);
      changes.push(inverse);
    }
  }
  changes.sort((a, b) => comparePrefixes(prefixOf(a), prefixOf(b)));
  const { missing } = ledger;
  const plan = handMadePlan(upstream.config.name, { changes, state, missing });
  return { plan, desired: [], left };
}

const TWICE = 'the run removed several routes of this prefix; the first of them is put back';

/** Why a change of the run never came about; undefined if it did, as far as the journal knows. */
function unmadeOf({ end }: JournalRun): (change: JournalChange) => string | undefined {
  if (end === undefined) {
    return () => undefined;
  }
  if (end.kind === 'recovered') {
    const missing = new Set(end.missing);
    return ({ prefix }) =>
      missing.has(prefix) ? 'the run was cut short before this change' : undefined;
  }
  const unmade = new Map(
    [...end.failed, ...end.skipped].map(({ action, prefix, code }) => [
      `${action} ${prefix}`,
      code,
    ]),
  );
  return ({ action, prefix }) => {
    const code = unmade.get(`${action} ${prefix}`);
    return code === undefined ? undefined : `the run could not make this change (${code})`;
  };
}

interface Holdings {
  readonly owned: OwnedRoutes;
  readonly foreign: ReadonlyMap<string, InstalledRoute>;
  readonly networks: readonly Prefix[];
}

function holdingsOf(state: UpstreamState): Holdings {
  const foreign = state.routes.filter(({ owned }) => !owned);
  return {
    owned: ownedRoutesOf(state),
    foreign: new Map(foreign.map((route) => [route.prefix.text, route])),
    networks: state.addresses.map(({ network }) => network),
  };
}

/** The change that takes it back, or why there is none. */
function inverseOf(change: JournalChange, held: Holdings): RouteChange | string {
  const { action, before = [], after = [], origin, was } = change;
  if (action === 'adopt') {
    return `the route was taken over from somebody else, where it was "${was ?? ''}"`;
  }
  if (action === 'remove') {
    return restored(change, held);
  }
  const found = held.owned.get(change.prefix) ?? [];
  const [route] = found;
  if (route === undefined) {
    return 'no route of ours is there any more';
  }
  if (found.length > 1 || !sameNextHops(after, route.nextHops)) {
    return `our route was changed since: it is ${found.map(({ nextHops }) => viaText(nextHops)).join(' and ')}, not ${viaText(after)}`;
  }
  if (action === 'add') {
    return { action: 'remove', before: route, origin };
  }
  if (before.length === 0) {
    return 'the route before had no next hop';
  }
  // Whose route it was before is in the ledger of that time only; the next cycle fills it in.
  const { prefix } = route;
  return { action: 'replace', before: route, after: { prefix, nextHops: before, origin: [] } };
}

function restored(
  { prefix: text, before = [], origin }: JournalChange,
  held: Holdings,
): RouteChange | string {
  const prefix = parsePrefix(text);
  const ours = held.owned.get(text);
  const foreign = held.foreign.get(text);
  const network = held.networks.find((each) => overlaps(each, prefix));
  if (ours !== undefined) {
    return `a route of ours is there again, ${ours.map(({ nextHops }) => viaText(nextHops)).join(' and ')}`;
  }
  if (foreign !== undefined) {
    return `somebody else holds this prefix now (${foreign.description})`;
  }
  if (network !== undefined) {
    return `the upstream is connected to ${network.text} now`;
  }
  return before.length === 0
    ? 'the route had no next hop'
    : { action: 'add', after: { prefix, nextHops: before, origin } };
}

function viaText(nextHops: readonly NextHop[]): string {
  return nextHops.length === 0
    ? 'without next hop'
    : `via ${nextHops.map(({ address, device }) => (device === undefined ? address : `${address} dev ${device}`)).join(', ')}`;
}
