/** Every route and would-be route as one row: what became of each candidate on each upstream, and what is left over. */
import type { Candidate } from '../../core/eligibility.ts';
import { comparePrefixes, type Prefix } from '../../core/prefix.ts';
import { prefixOf, type Origin, type RouteChange } from '../../core/route.ts';
import { announcementOn, type Announcement } from '../../report/announcement.ts';
import type { UpstreamReport } from '../../report/report.ts';
import { compareStates, type RouteState } from './route-state.ts';
import type { Standing } from './standing.ts';

/** A cloud object by id, with its name where the cloud was asked for it. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface Row {
  readonly prefix: Prefix;
  readonly state: RouteState;
  /** The state in the words of `explain`, or the rule that failed. */
  readonly detail: string;
  readonly message: string | undefined;
  /** Undefined where no upstream serves its network. */
  readonly upstream: string | undefined;
  readonly network: Named | undefined;
  readonly router: Named | undefined;
  readonly subnet: Named | undefined;
  readonly nextHops: readonly string[];
}

/** All rows: trouble first, then by prefix. */
export function rowsOf(standing: Standing): readonly Row[] {
  const { upstreams, candidates } = standing;
  const boards = upstreams.map((upstream) => ({ upstream, fateOf: fates(upstream) }));
  const rows = candidates.flatMap((candidate) => {
    const serving = boards.filter(({ upstream }) =>
      upstream.networkIds.has(candidate.leg?.networkId ?? ''),
    );
    return serving.length === 0
      ? [baseRow(candidate, standing)]
      : serving.map(({ fateOf }) => servedRow(candidate, fateOf(candidate), standing));
  });
  const shown = new Set(rows.filter(isOnItsWay).map(keyOf));
  const leftovers = upstreams
    .flatMap((upstream) => leftoverRows(upstream, standing))
    .filter((row) => !shown.has(keyOf(row)));
  return [...rows, ...leftovers].sort(compareRows);
}

function compareRows(a: Row, b: Row): number {
  return compareStates(a.state, b.state) || comparePrefixes(a.prefix, b.prefix);
}

function keyOf({ upstream = '', prefix }: Row): string {
  return `${prefix.text} ${upstream}`;
}

function isOnItsWay({ state }: Row): boolean {
  return state === 'held' || state === 'pending' || state === 'failed';
}

/** The same answers as {@link announcementOn}, from an index: at 10,000 routes looking each one up takes too long. */
function fates(upstream: UpstreamReport): (candidate: Candidate) => Announcement {
  const { plan, result } = upstream;
  if (plan === undefined) {
    return (candidate) => announcementOn(upstream, candidate);
  }
  const changes = Map.groupBy(plan.changes, (change) => prefixOf(change).text);
  const held = Map.groupBy(plan.held, ({ change }) => prefixOf(change).text);
  const conflicts = Map.groupBy(plan.conflicts, ({ prefix }) => prefix.text);
  const unneeded = Map.groupBy(plan.unneeded, ({ text }) => text);
  const failures = new Map(
    result?.failed.map(({ change, error }) => [prefixOf(change).text, error]),
  );
  return (candidate) => {
    const { text } = candidate.prefix;
    const fate = announcementOn(
      {
        ...upstream,
        plan: {
          ...plan,
          changes: changes.get(text) ?? [],
          held: held.get(text) ?? [],
          conflicts: conflicts.get(text) ?? [],
          unneeded: unneeded.get(text) ?? [],
        },
      },
      candidate,
    );
    const failure = fate.state.startsWith('to-') ? failures.get(text) : undefined;
    return failure === undefined
      ? fate
      : { ...fate, state: `failed: ${failure.code}`, message: failure.message };
  };
}

function servedRow(candidate: Candidate, fate: Announcement, standing: Standing): Row {
  const state = stateOf(fate.state);
  const isOut = state === 'not-announced' && fate.state === 'not-announced';
  // Where the upstream cannot be read, nobody can say more than the rules do.
  if (state === 'unreachable' && candidate.verdict !== 'eligible') {
    return { ...baseRow(candidate, standing), upstream: fate.name };
  }
  return {
    ...baseRow(candidate, standing),
    upstream: fate.name,
    state,
    detail: isOut ? candidate.verdict : fate.state,
    message: fate.message,
  };
}

/** What the rules alone say. */
function baseRow(candidate: Candidate, { externalNetworks }: Standing): Row {
  const { prefix, router, subnet, leg, nextHops, verdict } = candidate;
  return {
    prefix,
    state: 'not-announced',
    detail: verdict,
    message: undefined,
    upstream: undefined,
    network: leg && { id: leg.networkId, name: externalNetworks.get(leg.networkId)?.name ?? '' },
    router,
    subnet,
    nextHops,
  };
}

const STATE_OF: Readonly<Record<string, RouteState>> = {
  installed: 'in-sync',
  'to-add': 'pending',
  'to-replace': 'pending',
  'to-remove': 'pending',
  unreachable: 'unreachable',
};

function stateOf(announced: string): RouteState {
  const [kind = ''] = announced.split(':');
  if (kind === 'held' || kind === 'conflict' || kind === 'failed') {
    return kind;
  }
  return STATE_OF[kind] ?? 'not-announced';
}

/** Routes of ours that nothing in the cloud asks for any more, and that still stand. */
function leftoverRows(
  { name, plan, result }: UpstreamReport,
  { externalNetworks }: Standing,
): readonly Row[] {
  const failures = new Map(
    result?.failed.map(({ change, error }) => [prefixOf(change).text, error]),
  );
  const rowOf = (change: RouteChange, facts: Pick<Row, 'state' | 'detail' | 'message'>): Row => {
    const [origin] = change.action === 'remove' ? change.origin : change.after.origin;
    return {
      ...facts,
      ...objectsOf(origin, externalNetworks),
      prefix: prefixOf(change),
      upstream: name,
      nextHops: change.action === 'add' ? [] : change.before.nextHops.map(({ address }) => address),
    };
  };
  const due = (plan?.changes ?? []).filter(isRemoval).map((change) => {
    const failure = failures.get(prefixOf(change).text);
    return failure === undefined
      ? rowOf(change, { state: 'pending', detail: 'to-remove', message: NOT_WANTED })
      : rowOf(change, {
          state: 'failed',
          detail: `failed: ${failure.code}`,
          message: failure.message,
        });
  });
  const held = (plan?.held ?? [])
    .filter(({ change }) => isRemoval(change))
    .map(({ change, code, message }) =>
      rowOf(change, { state: 'held', detail: `held: ${code}`, message }),
    );
  return [...due, ...held];
}

const NOT_WANTED = 'nothing in the cloud asks for it any more';

function isRemoval({ action }: RouteChange): boolean {
  return action === 'remove';
}

function objectsOf(
  origin: Origin | undefined,
  networks: Standing['externalNetworks'],
): Pick<Row, 'router' | 'subnet' | 'network'> {
  return origin === undefined
    ? { router: undefined, subnet: undefined, network: undefined }
    : {
        router: { id: origin.router, name: '' },
        subnet: { id: origin.subnet, name: '' },
        network: { id: origin.network, name: networks.get(origin.network)?.name ?? '' },
      };
}
