/** What the agent does with one configured upstream in a cycle, for wanted routes that are there already; and its proof. */
import { applyChanges, proveRights } from '../../../src/agent/apply.ts';
import { gatherState } from '../../../src/agent/gather.ts';
import { connectUpstreams, type Upstream } from '../../../src/agent/upstream.ts';
import { verifyChanges } from '../../../src/agent/verify.ts';
import { parseConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import { planUpstream } from '../../../src/core/plan.ts';
import type { DesiredRoute, RouteChange, UpstreamState } from '../../../src/core/route.ts';
import { desired } from '../../drivers/routes.ts';
import type { TestNamespace } from '../namespace.ts';

const SIGNAL = new AbortController().signal;

/** The upstream that the configuration makes of this entry, with owner `kernel-test`. */
export async function openUpstream(entry: object): Promise<Upstream> {
  const config = configOf([{ name: 'edge', externalNetworks: ['public'], ...entry }]);
  const [upstream] = await connectUpstreams(config);
  if (upstream === undefined) {
    throw new TypeError('the configuration of the test has no upstream');
  }
  return upstream;
}

function configOf(upstreams: readonly object[]): Config {
  const policy = { mode: 'sync', allow: [{ prefix: '10.0.0.0/8' }] };
  const removal = { snapshots: 1, graceSeconds: 0 };
  const text = JSON.stringify({ owner: 'kernel-test', policy, removal, upstreams });
  return parseConfig(text, 'the configuration of the test');
}

export interface Round {
  /** How many changes were due. */
  readonly changes: number;
  /** Why some of them do not stand. */
  readonly failed: readonly string[];
}

/** Reads, plans, proves its rights, pushes, and reads back: what comes first, then what goes. */
export async function bring(upstream: Upstream, wanted: readonly DesiredRoute[]): Promise<Round> {
  const access = { ...upstream, signal: SIGNAL };
  const state = await gatherState(access);
  const changes = planFor(state, wanted);
  if (changes.length > 0) {
    await proveRights(access);
  }
  const failed: string[] = [];
  for (const isRemoval of [false, true]) {
    const part = changes.filter(({ action }) => (action === 'remove') === isRemoval);
    if (part.length > 0) {
      failed.push(
        ...(await pushed({ ...access, changes: part, state: await gatherState(access) })),
      );
    }
  }
  return { changes: changes.length, failed };
}

async function pushed(push: Parameters<typeof verifyChanges>[0]): Promise<readonly string[]> {
  const refused = await applyChanges(push);
  const gone = new Set(refused.map(({ change }) => change));
  const changes = push.changes.filter((change) => !gone.has(change));
  const { failed } = await verifyChanges({ ...push, changes });
  return [...refused, ...failed].map(({ error }) => error.message);
}

function planFor(state: UpstreamState, wanted: readonly DesiredRoute[]): readonly RouteChange[] {
  const { removal } = configOf([{ name: 'edge', os: 'linux', externalNetworks: ['public'] }]);
  const known = state.routes.map(({ prefix, nextHops }) => {
    const addresses = nextHops.map(({ address }) => address);
    return [prefix.text, { origin: [], nextHops: addresses }] as const;
  });
  return planUpstream({
    upstream: 'edge',
    desired: { routes: wanted, conflicts: [], warnings: [], unneeded: [] },
    state,
    ledger: new Map(known),
    mode: 'sync',
    removal,
    windows: removal,
    maxRoutes: undefined,
    missing: new Map(),
    now: 0,
    reading: 'whole',
  }).changes;
}

/** `count` routes: every fifth IPv6, every tenth with two next hops. */
export function manyRoutes(count: number): readonly DesiredRoute[] {
  return Array.from({ length: count }, (_, i) => routeAt(i, i));
}

/** One in a hundred of 10,000 routes in turn gone, moved to another next hop, and replaced by a new one: 133 changes. */
export function changed(routes: readonly DesiredRoute[]): readonly DesiredRoute[] {
  return routes.flatMap((route, i) => {
    if (i % 100 !== 7) {
      return [route];
    }
    const kinds = [[], [routeAt(i, i + 50)], [routeAt(routes.length + i, i)]];
    return kinds[Math.floor(i / 100) % 3] ?? [];
  });
}

function routeAt(index: number, hop: number): DesiredRoute {
  const isIpv6 = index % 5 === 4;
  const hops = index % 10 === 9 || index % 10 === 0 ? [hop, hop + 1] : [hop];
  return desired(
    isIpv6
      ? `2001:db8:${(0x1000 + (index >> 8)).toString(16)}:${(index & 255).toString(16)}::/64`
      : `10.${100 + (index >> 8)}.${index & 255}.0/24`,
    ...hops.map((n) =>
      isIpv6 ? `2001:db8::${(2 + (n % 200)).toString(16)}` : `192.0.2.${2 + (n % 200)}`,
    ),
  );
}

/** `PREFIX via NEXTHOP NEXTHOP`, sorted. */
export type Table = readonly string[];

export function tableOf(routes: readonly DesiredRoute[]): Table {
  return routes
    .map(({ prefix, nextHops }) =>
      entry(
        prefix.text,
        nextHops.map(({ address }) => address),
      ),
    )
    .sort();
}

export function entry(prefix: string, hops: readonly string[]): string {
  return `${prefix} via ${hops.toSorted().join(' ')}`;
}

/** What the kernel forwards by, of one route protocol number. */
export function kernelTable(namespace: TestNamespace, protocol: number): Table {
  return ['-4', '-6']
    .flatMap((family) =>
      readKernel(namespace.ip(family, '-N', '-json', 'route', 'show', 'proto', String(protocol))),
    )
    .map(({ dst, gateway, nexthops = [] }) => {
      const hops = [
        ...(gateway === undefined ? [] : [gateway]),
        ...nexthops.map((hop) => hop.gateway),
      ];
      return entry(dst, hops);
    })
    .sort();
}

interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly nexthops?: readonly { readonly gateway: string }[];
}

function readKernel(text: string): readonly KernelRoute[] {
  return text.trim() === '' ? [] : (JSON.parse(text) as readonly KernelRoute[]);
}
