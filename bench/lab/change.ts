/**
 * From the API's answer to the route: changes to a router of the lab, one after the other, and when each shows in the kernel of
 * the upstream. Below zero where the route is there before the answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notes } from '../notes.ts';
import { type ChangePlace, NEXT_HOPS, TENANT, withTenantSubnet } from './change-place.ts';
import { changeSample, type How, type Operation } from './change-section.ts';
import { ask, type Lab } from './fill-api.ts';
import { hasNoRoute, hasRoute, type KernelWatch, type LineTest } from './kernel-watch.ts';

export interface ChangeRequest {
  readonly lab: Lab;
  readonly place: ChangePlace;
  readonly watch: KernelWatch;
  readonly rounds: number;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** How one way of coming to know is measured. */
export interface Pace {
  readonly how: How;
  /** Seconds between two polls that would see this change: it comes at another moment between two of them. 0 for none. */
  readonly period: (operation: Operation) => number;
  /** So many seconds after the request it counts as not seen. */
  readonly limit: number;
}

interface Change {
  readonly name: Operation;
  /** Relative to the router. */
  readonly path: string;
  readonly body: object;
  readonly fits: LineTest;
}

/** Longer than any debounce and the cycle after it. */
const CALM_MS = 1500;
/** Of the golden ratio: no two changes near the same moment between two polls. */
const SPREAD = 0.618;

/** The operations that were not seen; they are done in every round, but waited for in the first one only. */
export async function measureChanges(
  request: ChangeRequest,
  { note }: Notes,
): Promise<ReadonlySet<Operation>> {
  const { lab, place, rounds, pace, signal } = request;
  const unseen = new Set<Operation>();
  let phase = 0;
  for (let round = 0; round < rounds; round += 1) {
    const cidr = `${TENANT}.${round}.0/24`;
    const work = async (subnet: string): Promise<void> => {
      for (const change of changesOf(place, { subnet, round, cidr })) {
        const { name } = change;
        signal.throwIfAborted();
        phase = (phase + SPREAD) % 1;
        await sleep(CALM_MS + phase * pace.period(name) * 1000, undefined, { signal });
        const seconds = await timeChange(request, change, unseen.has(name) ? 0 : pace.limit);
        if (seconds === undefined) {
          unseen.add(name);
        } else {
          note(changeSample(pace.how, name), seconds);
        }
      }
    };
    await withTenantSubnet(lab, place, { cidr, work });
  }
  return unseen;
}

/** Seconds; undefined where it is not seen within the limit. */
async function timeChange(
  { lab, place, watch }: ChangeRequest,
  { path, body, fits }: Change,
  limit: number,
): Promise<number | undefined> {
  const seen = watch.next(fits, limit * 1000);
  await ask(lab, ['PUT', `routers/${place.router}${path}`], body);
  const answered = performance.now();
  const at = await seen;
  return at === undefined ? undefined : (at - answered) / 1000;
}

function changesOf(
  { network, subnet: external }: ChangePlace,
  tenant: { readonly subnet: string; readonly round: number; readonly cidr: string },
): readonly Change[] {
  const { subnet, round, cidr } = tenant;
  const extra = { destination: `10.99.${round}.0/24`, nexthop: `${TENANT}.${round}.9` };
  const address = `${NEXT_HOPS}.9.${round + 1}`;
  const gateway = { network_id: network, enable_snat: false };
  const moved = { ...gateway, external_fixed_ips: [{ subnet_id: external, ip_address: address }] };
  const update = (name: Operation, router: object, fits: LineTest): Change => ({
    name,
    path: '',
    body: { router },
    fits,
  });
  const body = { subnet_id: subnet };
  const there = hasRoute(cidr);
  const gone = hasNoRoute(cidr);
  return [
    { name: 'interface added', path: '/add_router_interface', body, fits: there },
    update('SNAT on', { external_gateway_info: { ...gateway, enable_snat: true } }, gone),
    update('SNAT off', { external_gateway_info: gateway }, there),
    update('gateway address changed', { external_gateway_info: moved }, hasRoute(cidr, address)),
    update('extra route set', { routes: [extra] }, hasRoute(extra.destination)),
    update('extra route cleared', { routes: [] }, hasNoRoute(extra.destination)),
    update('admin down', { admin_state_up: false }, gone),
    update('admin up', { admin_state_up: true }, there),
    update('gateway cleared', { external_gateway_info: {} }, gone),
    update('gateway set', { external_gateway_info: gateway }, there),
    { name: 'interface removed', path: '/remove_router_interface', body, fits: gone },
  ];
}
