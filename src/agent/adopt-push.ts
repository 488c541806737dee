/**
 * Takes routes over on one upstream: ours goes in, and what it takes the place of goes out after another look, if it
 * still is what it was. After a crash at any point both may stand; then the same command finishes.
 */
import { sameNextHops } from '../core/next-hops.ts';
import { ownedRoutesOf } from '../core/owned.ts';
import type { RouteChange } from '../core/route.ts';
import type { Adoption, RenderedChunk, Stranger } from '../drivers/driver.ts';
import { RouteSyncError } from '../errors.ts';
import { withJointSignal } from '../openstack-client-lite/index.ts';
import type { ApplyResult, RouteProblem } from '../report/report.ts';
import { sightOf, type AdoptPlan, type Sighting } from './adopt-plan.ts';
import { applyChanges, proveRights, type Push } from './apply.ts';
import type { AdoptChange } from './journal-facts.ts';
import { assertMayWrite } from './leader/lead.ts';
import type { OpenUpstream } from './open-upstream.ts';
import { lossesOf, type PushContext } from './push.ts';
import type { LedgerEntry, StateDirectory, UpstreamLedger } from './state.ts';
import { ledgerKey } from './upstream.ts';

export interface AdoptContext extends Pick<PushContext, 'facts' | 'clock' | 'lead' | 'signal'> {
  readonly store: Pick<StateDirectory, 'assertRoom' | 'readFreeze' | 'writeLedger'>;
}

export interface AdoptOutcome {
  readonly adopted: readonly Adoption[];
  readonly result: ApplyResult;
}

/** About what one adoption costs in journal and ledger together, in bytes. */
const BYTES_PER_ROUTE = 2000;

/** Journal and ledger are on disk before anything is pushed; rejects when the upstream as a whole refuses. */
export async function pushAdoption(
  open: OpenUpstream,
  plan: AdoptPlan,
  context: AdoptContext,
): Promise<AdoptOutcome> {
  const sources = [context.signal, ...lossesOf(open, context)];
  return withJointSignal({ sources }, async ({ signal }) =>
    pushUnderLock(open, plan, { ...context, signal }),
  );
}

async function pushUnderLock(
  open: OpenUpstream,
  { adoptions, revisions }: AdoptPlan,
  { store, facts, clock, signal, lead }: AdoptContext,
): Promise<AdoptOutcome> {
  const { upstream, ledger, journal } = open;
  const access = {
    ...upstream,
    state: open.state,
    signal,
    mayWrite: async () => assertMayWrite(store, lead),
    term: lead.term,
  };
  const key = ledgerKey(upstream);
  await store.assertRoom(BYTES_PER_ROUTE * (ledger.routes.size + adoptions.length));
  await assertMayWrite(store, lead);
  await proveRights(access);
  await journal?.begin(facts, adoptions.map(changeOf), revisions);
  await store.writeLedger(key, { ...withEntries(ledger, adoptions), clock: clock() });
  const { adopted, failed, standing } = await makeThenRelease(access, adoptions);
  const verified = failed.length === 0;
  const result = { added: 0, replaced: adopted.length, removed: 0, failed, skipped: [], verified };
  await journal?.end(facts.run, result);
  if (standing.length < adoptions.length) {
    await store.writeLedger(key, { ...withEntries(ledger, standing), clock: clock() });
  }
  return { adopted, result };
}

function changeOf({ stranger, after }: Adoption): AdoptChange {
  return { action: 'adopt', before: stranger.route, after };
}

function withEntries(ledger: UpstreamLedger, adoptions: readonly Adoption[]): UpstreamLedger {
  const entries = adoptions.map(({ after }): [string, LedgerEntry] => {
    const nextHops = after.nextHops.map(({ address }) => address);
    return [after.prefix.text, { origin: after.origin, nextHops }];
  });
  return { ...ledger, routes: new Map([...ledger.routes, ...entries]) };
}

interface Done {
  readonly adopted: readonly Adoption[];
  readonly failed: readonly RouteProblem[];
  /** Those of which ours is there, whatever stands beside it. */
  readonly standing: readonly Adoption[];
}

type Access = Omit<Push, 'changes'>;

async function makeThenRelease(access: Access, adoptions: readonly Adoption[]): Promise<Done> {
  const { driver, scope } = access;
  const prefixes = new Set(adoptions.map(({ after }) => after.prefix.text));
  const before = await sightOf(access, prefixes);
  const steady = adoptions.filter((each) => isUnchanged(each, before));
  const missing = steady.filter((each) => !isOurs(each, before));
  const refused = await send(access, driver.takeOver(scope, missing));
  // The look before the release is the one that it goes by.
  const between = await sightOf(access, prefixes);
  const beside = steady.filter((each) => isOurs(each, between) && isUnchanged(each, between));
  const strangers = beside.map(({ stranger }) => stranger);
  const kept = await send(access, driver.release(scope, strangers));
  const after = await sightOf(access, prefixes);
  const isDone = (each: Adoption): boolean =>
    isOurs(each, after) && strangersOf(each, after).length === 0;
  const errors = new Map([...refused, ...kept]);
  return {
    adopted: adoptions.filter(isDone),
    failed: adoptions
      .filter((each) => !isDone(each))
      .map((each) => problemOf(each, after, errors.get(each.after.prefix.text))),
    standing: adoptions.filter((each) => isOurs(each, after)),
  };
}

/** The errors of what was not taken, by prefix text. */
async function send(
  access: Access,
  chunks: readonly RenderedChunk[],
): Promise<ReadonlyMap<string, RouteSyncError>> {
  const changes = chunks.flatMap((chunk) => chunk.changes);
  // Sent like every change, only rendered in another way.
  const driver = { ...access.driver, render: () => chunks };
  const rejections = await applyChanges({ ...access, driver, changes });
  return new Map(
    rejections.map(({ change, error }) => [
      (change.action === 'remove' ? change.before : change.after).prefix.text,
      error,
    ]),
  );
}

function strangersOf({ after }: Adoption, { strangers }: Sighting): readonly Stranger[] {
  return strangers.get(after.prefix.text) ?? [];
}

/** True if the one foreign route at the prefix is the one that was planned for. */
function isUnchanged(adoption: Adoption, sighting: Sighting): boolean {
  const [found, ...others] = strangersOf(adoption, sighting);
  const { route } = adoption.stranger;
  return (
    found !== undefined &&
    others.length === 0 &&
    found.obstacle === undefined &&
    found.route.description === route.description &&
    sameNextHops(found.route.nextHops, route.nextHops)
  );
}

function isOurs({ after }: Adoption, { state }: Sighting): boolean {
  const [route, ...others] = ownedRoutesOf(state).get(after.prefix.text) ?? [];
  return route !== undefined && others.length === 0 && sameNextHops(after.nextHops, route.nextHops);
}

function problemOf(
  adoption: Adoption,
  sighting: Sighting,
  error = routeChanged(adoption, sighting),
): RouteProblem {
  const { code, message } = error;
  const { stranger, after } = adoption;
  const change: RouteChange = { action: 'replace', before: stranger.route, after };
  return { change, error: { code, message } };
}

function routeChanged(adoption: Adoption, sighting: Sighting): RouteSyncError {
  const { text } = adoption.after.prefix;
  const found = strangersOf(adoption, sighting).map(({ route }) => route.description);
  const ours = isOurs(adoption, sighting) ? 'ours' : 'no route of ours';
  const now = [ours, ...found].join(' and ');
  return new RouteSyncError(
    'ROUTE_CHANGED',
    `adopt ${text}: the route was "${adoption.stranger.route.description}", and now there is ${now}; left alone, look at it and run adopt again`,
    { details: { prefix: text, now } },
  );
}
