/**
 * Before a router loses a route, the objects it came from are asked for one by one: a list that came back too short is
 * how good routes get lost (a page marker that vanished gives 200 and an empty list).
 */
import { judge, type Candidate, type EligibilityInput } from '../core/eligibility.ts';
import { withhold, type UpstreamPlan } from '../core/plan.ts';
import { prefixOf, type Origin, type RouteChange } from '../core/route.ts';
import type { RouterPort, Snapshot, Subnet } from '../core/snapshot.ts';
import { OpenStackError, type NetworkClient } from '../openstack-client-lite/index.ts';
import { toPort, toRouter, toSubnet } from './cloud-objects.ts';
import { INTERFACE_OWNERS } from './snapshot.ts';

export interface Confirmation {
  readonly network: NetworkClient;
  readonly eligibility: EligibilityInput;
  /** What `judge` made of the eligibility input. */
  readonly candidates: readonly Candidate[];
  /** Who installed what, by prefix text. */
  readonly ledger: ReadonlyMap<string, { readonly origin: readonly Origin[] }>;
  readonly signal: AbortSignal;
}

/**
 * Holds every change that takes a route away from a router (a removal, or a replace in favour of another router) whose
 * objects turn out to exist and to be eligible after all, or cannot be asked for.
 */
export async function confirmLosses(
  plan: UpstreamPlan,
  confirmation: Confirmation,
): Promise<UpstreamPlan> {
  const losses = plan.changes.filter((change) => losersOf(change, confirmation).length > 0);
  if (losses.length === 0) {
    return plan;
  }
  const listed = new Set(confirmation.candidates.filter(isEligible).map(claimKey));
  const doubts = new Map<RouteChange, string>();
  await Promise.all(
    losses.map(async (change) => {
      const prefix = prefixOf(change).text;
      // An origin that the lists show as eligible goes for a reason of the plan itself: nothing to doubt.
      const asked = losersOf(change, confirmation).filter(
        ({ router }) => !listed.has(`${router} ${prefix}`),
      );
      const answers = asked.map(async (origin) => doubtOver(origin, prefix, confirmation));
      const doubt = (await Promise.all(answers)).find((answer) => answer !== undefined);
      if (doubt !== undefined) {
        doubts.set(change, doubt);
      }
    }),
  );
  return withhold(plan, (change) => {
    const message = doubts.get(change);
    return message === undefined ? undefined : { code: 'unconfirmed', message, until: undefined };
  });
}

/** The origins that the change would take a route from. */
function losersOf(change: RouteChange, { ledger }: Confirmation): readonly Origin[] {
  if (change.action === 'remove') {
    return change.origin;
  }
  if (change.action === 'add') {
    return [];
  }
  const heirs = new Set(change.after.origin.map(({ router }) => router));
  const origins = ledger.get(change.after.prefix.text)?.origin ?? [];
  return origins.filter(({ router }) => !heirs.has(router));
}

/** Why the origin may not have gone at all; undefined if it has. */
async function doubtOver(
  origin: Origin,
  prefix: string,
  confirmation: Confirmation,
): Promise<string | undefined> {
  try {
    return (await isStillEligible(origin, prefix, confirmation))
      ? `asked for one by one, router ${origin.router} and its objects are still there and eligible`
      : undefined;
  } catch (error) {
    if (error instanceof OpenStackError) {
      return `router ${origin.router} and its objects could not be asked for: ${error.message}`;
    }
    throw error;
  }
}

async function isStillEligible(
  origin: Origin,
  prefix: string,
  confirmation: Confirmation,
): Promise<boolean> {
  const snapshot = await reread(origin, confirmation);
  return (
    snapshot !== undefined &&
    judge({ ...confirmation.eligibility, snapshot }).some(
      (candidate) => isEligible(candidate) && candidate.prefix.text === prefix,
    )
  );
}

function isEligible({ verdict }: Candidate): boolean {
  return verdict === 'eligible';
}

function claimKey({ router, prefix }: Candidate): string {
  return `${router.id} ${prefix.text}`;
}

/** A snapshot of the one router, with its objects as they are when asked for by id; undefined if one is gone. */
async function reread(
  origin: Origin,
  { network, eligibility: { snapshot }, signal }: Confirmation,
): Promise<Snapshot | undefined> {
  const [router, port, subnet, leg] = await Promise.all([
    network.get('routers', origin.router, { signal }),
    origin.port === '' ? undefined : network.get('ports', origin.port, { signal }),
    origin.subnet === '' ? undefined : network.get('subnets', origin.subnet, { signal }),
    origin.leg === '' ? undefined : network.get('ports', origin.leg, { signal }),
  ]);
  if (router === undefined || port?.device_id !== router.id || subnet === undefined) {
    return undefined;
  }
  // A gateway's port is no interface: what the router itself says of its gateways counts.
  const asked = [port, ...(leg?.device_id === router.id ? [leg] : [])]
    .filter(({ device_owner: owner }) => INTERFACE_OWNERS.includes(owner))
    .map(toPort);
  const ports = withAsked(snapshot.interfacePorts, asked, router.id);
  return {
    ...snapshot,
    routers: [toRouter(router)],
    interfacePorts: ports,
    subnets: new Map([
      ...subnetsAround(snapshot, ports),
      [subnet.id, toSubnet(subnet, snapshot.poolScopes)],
    ]),
  };
}

function withAsked(
  listed: readonly RouterPort[],
  asked: readonly RouterPort[],
  routerId: string,
): readonly RouterPort[] {
  const ids = new Set(asked.map(({ id }) => id));
  return [...listed.filter((port) => port.routerId === routerId && !ids.has(port.id)), ...asked];
}

/** The external subnets and those of the ports: all that a judgement over one router looks at. */
function subnetsAround(
  { externalNetworks, subnets }: Snapshot,
  ports: readonly RouterPort[],
): readonly (readonly [string, Subnet])[] {
  const ids = [
    ...[...externalNetworks.values()].flatMap(({ subnetIds }) => subnetIds),
    ...ports.flatMap(({ fixedIps }) => fixedIps.map(({ subnetId }) => subnetId)),
  ];
  return ids.flatMap((id) => {
    const subnet = subnets.get(id);
    return subnet === undefined ? [] : [[id, subnet] as const];
  });
}
