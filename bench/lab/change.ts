/**
 * From the API's answer to the route: changes to a router of the lab, one after the other, and when each shows in the kernel of
 * the upstream. Below zero where the route is there before the answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notes } from '../notes.ts';
import { changeSample, type How, type Operation } from './change-section.ts';
import { ask, type Lab } from './fill-api.ts';
import { hasNoRoute, hasRoute, type KernelWatch, type LineTest } from './kernel-watch.ts';

export interface ChangeRequest {
  readonly lab: Lab;
  readonly place: ChangePlace;
  readonly watch: KernelWatch;
  readonly rounds: number;
  readonly how: How;
  /** Seconds between two polls; each change comes at another moment between two of them. 0 for events. */
  readonly period: number;
  readonly signal: AbortSignal;
}

/** What is changed, and the external network that it is changed on. */
export interface ChangePlace {
  readonly name: string;
  readonly network: string;
  readonly subnet: string;
  readonly router: string;
}

interface Change {
  readonly name: Operation;
  /** Relative to the router. */
  readonly path: string;
  readonly body: object;
  readonly fits: LineTest;
}

type Made<K extends string> = Readonly<Record<K, { readonly id: string }>>;

/** Longer than any debounce and the cycle after it. */
const CALM_MS = 1500;
const LIMIT_MS = 15_000;
/** Of the golden ratio: no two changes near the same moment between two polls. */
const SPREAD = 0.618;
const NEXT_HOPS = '172.16';

/** Throws where a change does not come to the kernel. */
export async function measureChanges(request: ChangeRequest, { note }: Notes): Promise<void> {
  const { lab, place, rounds, how, period, signal } = request;
  let phase = 0;
  for (let round = 0; round < rounds; round += 1) {
    const network = await makeTenantNetwork(lab, `${place.name}-tenant`);
    try {
      const cidr = `10.77.${round}.0/24`;
      const subnet = await makeSubnet(lab, network, cidr);
      for (const change of changesOf(place, { subnet, round, cidr })) {
        signal.throwIfAborted();
        phase = (phase + SPREAD) % 1;
        await sleep(CALM_MS + phase * period * 1000, undefined, { signal });
        note(changeSample(how, change.name), await timeChange(request, change));
      }
    } finally {
      await detachAll(lab, place.router);
      await ask(lab, ['DELETE', `networks/${network}`]);
    }
  }
}

/** Seconds. */
async function timeChange(
  { lab, place, watch, period }: ChangeRequest,
  { name, path, body, fits }: Change,
): Promise<number> {
  const seen = watch.next(fits, LIMIT_MS + 3 * period * 1000);
  await ask(lab, ['PUT', `routers/${place.router}${path}`], body);
  const answered = performance.now();
  const at = await seen;
  if (at === undefined) {
    throw new Error(`${name}: no change of a route in ${LIMIT_MS / 1000 + 3 * period} s`);
  }
  return (at - answered) / 1000;
}

function changesOf(
  { network, subnet: external }: ChangePlace,
  tenant: { readonly subnet: string; readonly round: number; readonly cidr: string },
): readonly Change[] {
  const { subnet, round, cidr } = tenant;
  const extra = { destination: `10.99.${round}.0/24`, nexthop: `10.77.${round}.9` };
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

/** Makes an external network and a router on it, and always removes them with all that is left on the router. */
export async function withChangePlace<T>(
  lab: Lab,
  name: string,
  work: (place: ChangePlace) => Promise<T>,
): Promise<T> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const network = (
      await ask<Made<'network'>>(lab, ['POST', 'networks'], {
        network: { name, 'router:external': true },
      })
    ).network.id;
    undo.unshift(async () => ask(lab, ['DELETE', `networks/${network}`]));
    const subnet = await makeSubnet(lab, network, `${NEXT_HOPS}.0.0/16`);
    const router = (
      await ask<Made<'router'>>(lab, ['POST', 'routers'], {
        router: { name, external_gateway_info: { network_id: network, enable_snat: false } },
      })
    ).router.id;
    undo.unshift(async () => removeRouter(lab, router));
    return await work({ name, network, subnet, router });
  } finally {
    for (const step of undo) {
      await step();
    }
  }
}

async function makeTenantNetwork(lab: Lab, name: string): Promise<string> {
  const made = await ask<Made<'network'>>(lab, ['POST', 'networks'], { network: { name } });
  return made.network.id;
}

async function makeSubnet(lab: Lab, network: string, cidr: string): Promise<string> {
  const made = await ask<Made<'subnet'>>(lab, ['POST', 'subnets'], {
    subnet: { network_id: network, ip_version: 4, cidr, enable_dhcp: false },
  });
  return made.subnet.id;
}

async function removeRouter(lab: Lab, router: string): Promise<void> {
  await detachAll(lab, router);
  await ask(lab, ['DELETE', `routers/${router}`]);
}

/** Extra routes first: an interface that one of them needs cannot be removed. */
async function detachAll(lab: Lab, router: string): Promise<void> {
  await ask(lab, ['PUT', `routers/${router}`], { router: { routes: [] } });
  const owner = 'device_owner=network:router_interface';
  const { ports } = await ask<{ readonly ports: readonly { readonly id: string }[] }>(lab, [
    'GET',
    `ports?device_id=${router}&${owner}&fields=id`,
  ]);
  for (const { id } of ports) {
    await ask(lab, ['PUT', `routers/${router}/remove_router_interface`], { port_id: id });
  }
}
