/**
 * Before a router loses a route, the objects it came from are asked for one by one: a list that came back too short is
 * how good routes get lost (a page marker that vanished gives 200 and an empty list). Only after a complete snapshot: to a
 * token that sees too little, everything else has gone.
 */
import { judge, type Candidate } from '../core/eligibility.ts';
import { withhold, type UpstreamPlan } from '../core/plan.ts';
import { prefixOf, type InstalledRoute, type Origin, type RouteChange } from '../core/route.ts';
import { RouteSyncError } from '../errors.ts';
import {
  OpenStackError,
  withJointSignal,
  type NetworkClient,
} from '../openstack-client-lite/index.ts';
import type { CloudEligibility } from './cloud-view.ts';
import { askOnce, rereadOrigin } from './reread.ts';
import { findUnlisted } from './witness.ts';

export interface Confirmation {
  readonly network: NetworkClient;
  /** Has answers by id at hand that are of this very reading of the cloud. */
  readonly asked?: NetworkClient | undefined;
  readonly eligibility: CloudEligibility;
  /** What `judge` made of the eligibility input. */
  readonly candidates: readonly Candidate[];
  /** Who installed what, by prefix text. */
  readonly ledger: ReadonlyMap<string, { readonly origin: readonly Origin[] }>;
  readonly signal: AbortSignal;
}

/** How long all questions about one upstream may take together; what is not answered by then is held. */
const PATIENCE_MS = 120_000;

/**
 * Holds every change that takes a route away from a router (a removal, or a replace in favour of another router) whose
 * objects turn out to exist and to be eligible after all, or cannot be asked for. Where no objects are known (a mark
 * without a ledger), whatever may stand behind prefix and next hop must be in the lists.
 */
export async function confirmLosses(
  plan: UpstreamPlan,
  confirmation: Confirmation,
): Promise<UpstreamPlan> {
  const losses = lossesOf(plan, confirmation);
  if (losses.length === 0) {
    return plan;
  }
  const sources = { sources: [confirmation.signal], deadlineMs: PATIENCE_MS };
  return withJointSignal(sources, async ({ signal }) =>
    withoutDoubtful(plan, losses, { ...confirmation, signal }),
  );
}

async function withoutDoubtful(
  plan: UpstreamPlan,
  losses: readonly Loss[],
  asking: Confirmation,
): Promise<UpstreamPlan> {
  const network = asking.asked ?? askOnce(asking.network);
  const doubts = await doubtsOver(losses, { ...asking, network });
  const isSure = losses.some(({ change }) => !doubts.has(change));
  // Not of what was asked before: only an answer that comes after the others proves that they still counted.
  const narrowed = isSure ? await narrowedView(asking) : undefined;
  const lost = new Set(losses.map(({ change }) => change));
  return withhold(plan, (change) => {
    const message = doubts.get(change) ?? (lost.has(change) ? narrowed : undefined);
    return message === undefined ? undefined : { code: 'unconfirmed', message, until: undefined };
  });
}

interface Loss {
  readonly change: RouteChange;
  /** The route that goes. */
  readonly before: InstalledRoute;
  /** Those to be asked for; none where nobody knows where the route came from. */
  readonly origins: readonly Origin[];
}

function lossesOf(plan: UpstreamPlan, { candidates, ledger }: Confirmation): readonly Loss[] {
  const losing = plan.changes.filter((change) => change.action !== 'add');
  if (losing.length === 0) {
    return [];
  }
  const prefixes = new Set(losing.map((change) => prefixOf(change).text));
  const listed = new Set(
    candidates
      .filter((candidate) => prefixes.has(candidate.prefix.text) && isEligible(candidate))
      .map(claimKey),
  );
  return losing.flatMap((change) => {
    const { before } = change;
    const { text } = before.prefix;
    const known = change.action === 'remove' ? change.origin : (ledger.get(text)?.origin ?? []);
    const heirs = new Set(
      change.action === 'remove' ? [] : change.after.origin.map(({ router }) => router),
    );
    // An origin that the lists show as eligible goes for a reason of the plan itself: nothing to doubt.
    const origins = known.filter(
      ({ router }) => !heirs.has(router) && !listed.has(`${router} ${text}`),
    );
    return known.length > 0 && origins.length === 0 ? [] : [{ change, before, origins }];
  });
}

type Doubts = ReadonlyMap<RouteChange, string>;

async function doubtsOver(losses: readonly Loss[], confirmation: Confirmation): Promise<Doubts> {
  const answers = await Promise.all([
    doubtsOverUnknown(
      losses.filter(({ origins }) => origins.length === 0),
      confirmation,
    ),
    ...losses.map(async (loss) => doubtsOverKnown(loss, confirmation)),
  ]);
  return new Map(answers.flatMap((answer) => [...answer]));
}

async function doubtsOverUnknown(
  losses: readonly Loss[],
  { network, eligibility: { snapshot, policy }, signal }: Confirmation,
): Promise<Doubts> {
  if (losses.length === 0) {
    return new Map();
  }
  const routes = losses.map(({ before }) => before);
  const { floatingIps } = policy;
  const finds = await answerOf(findUnlisted(routes, { network, snapshot, floatingIps, signal }));
  return new Map(
    losses.flatMap(({ change, before }) => {
      const doubt = finds.failure ?? finds.value.get(before);
      return doubt === undefined ? [] : [[change, doubt]];
    }),
  );
}

async function doubtsOverKnown(
  { change, origins }: Loss,
  confirmation: Confirmation,
): Promise<Doubts> {
  const prefix = prefixOf(change).text;
  const answers = await Promise.all(
    origins.map(async (origin) => {
      const { failure, value } = await answerOf(isStillEligible(origin, prefix, confirmation));
      return value === true
        ? `asked for one by one, router ${origin.router} and its objects are still there and eligible`
        : failure;
    }),
  );
  const doubt = answers.find((answer) => answer !== undefined);
  return new Map(doubt === undefined ? [] : [[change, doubt]]);
}

async function isStillEligible(
  origin: Origin,
  prefix: string,
  { network, eligibility, signal }: Confirmation,
): Promise<boolean> {
  const snapshot = await rereadOrigin(origin, { network, eligibility, signal });
  return (
    snapshot !== undefined &&
    judge({ ...eligibility, snapshot }).some(
      (candidate) => isEligible(candidate) && candidate.prefix.text === prefix,
    )
  );
}

/**
 * Control questions, last of all: a token that lost its rights after the snapshot gets 404 for what is not its own. So a
 * router of each of two projects, of which one at least is not the token's, must still be there. Where the rights were lost
 * before, the lists and these answers agree: something else has to show that the user sees all projects.
 */
async function narrowedView(asking: Confirmation): Promise<string | undefined> {
  return (await lostRouter(asking)) ?? (seesOthers(asking) ? undefined : missingProof(asking));
}

async function lostRouter({
  network,
  eligibility: { snapshot },
  signal,
}: Confirmation): Promise<string | undefined> {
  const byProject = new Map(snapshot.routers.map(({ id, projectId }) => [projectId, id]));
  const controls = [...byProject.values()].slice(0, 2);
  const answers = await Promise.all(
    controls.map(async (id) => answerOf(network.get('routers', id, { signal }))),
  );
  const failure = answers.find((answer) => answer.failure !== undefined)?.failure;
  return answers.some(({ value }) => value === undefined)
    ? (failure ??
        `router ${controls.join(' or ')} was listed, but is not there when asked for by id: what the user sees changed meanwhile`)
    : undefined;
}

/**
 * The snapshot shows what the user of one project would not see: a sentinel, a second project's router, or a gateway port of
 * every external network. One port is not enough: the owner of a network sees those on it, and completeness covers only these.
 */
function seesOthers({ eligibility: { snapshot, isProven = false } }: Confirmation): boolean {
  const { routers, gatewayPorts, externalNetworks } = snapshot;
  const projects = new Set(routers.map(({ projectId }) => projectId));
  const shown = new Set(gatewayPorts.map(({ networkId }) => networkId));
  const isShown = shown.size > 0 && [...externalNetworks.keys()].every((id) => shown.has(id));
  return isProven || projects.size > 1 || isShown;
}

/** The last proof: an attribute of networks that is only for the role admin, as Neutron understands the role now. */
async function missingProof({
  network,
  eligibility: { snapshot },
  signal,
}: Confirmation): Promise<string | undefined> {
  const [id] = snapshot.externalNetworks.keys();
  const question = id === undefined ? undefined : network.get('networks', id, { signal });
  const { failure, value } = await answerOf(Promise.resolve(question));
  return typeof value?.['provider:network_type'] === 'string'
    ? undefined
    : (failure ??
        'nothing shows any more that the user sees all projects: name a router or network of another project as cloud.sentinel, or check the role of the user');
}

/** A value, or in words why there is none. */
type Answered<T> =
  | { readonly value: T; readonly failure: undefined }
  | { readonly value: undefined; readonly failure: string };

async function answerOf<T>(question: Promise<T>): Promise<Answered<T>> {
  try {
    return { value: await question, failure: undefined };
  } catch (error) {
    if (error instanceof OpenStackError || error instanceof RouteSyncError) {
      const failure = `the objects it came from could not be asked for: ${error.message}`;
      return { value: undefined, failure };
    }
    throw error;
  }
}

function isEligible({ verdict }: Candidate): boolean {
  return verdict === 'eligible';
}

function claimKey({ router, prefix }: Candidate): string {
  return `${router.id} ${prefix.text}`;
}
