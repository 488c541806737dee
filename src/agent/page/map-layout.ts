/**
 * Where each thing of the map is drawn: four columns from the upstreams to the prefixes. Each thing stands
 * level with the first of those it leads to, so that the worst of everything is on top.
 */
import type { CloudMap, MapNetwork, MapRouter, MapSubnet, MapUpstream } from './map.ts';
import { NO_NETWORK } from './map.ts';
import type { RouteState } from './route-state.ts';

export const WIDTH = 1120;
export const NODE_HEIGHT = 26;
const PITCH = 32;
const GROUP_GAP = 14;
const MARGIN = 12;

/** Left edge and width of each column. */
export const COLUMNS = {
  upstream: { x: 4, width: 190 },
  network: { x: 294, width: 190 },
  router: { x: 584, width: 230 },
  subnet: { x: 904, width: 212 },
} as const;

export type Kind = keyof typeof COLUMNS;

export type Thing =
  | { readonly kind: 'upstream'; readonly it: MapUpstream }
  | { readonly kind: 'network'; readonly it: MapNetwork }
  | { readonly kind: 'router'; readonly it: MapRouter }
  | { readonly kind: 'subnet'; readonly it: MapSubnet }
  /** Routers of a network, or prefixes of a router, that are only counted. */
  | { readonly kind: 'router'; readonly rest: MapNetwork }
  | { readonly kind: 'subnet'; readonly rest: MapRouter };

export type Node = Thing & {
  /** The middle. */
  readonly y: number;
};

export interface Edge {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  readonly state: RouteState;
}

export interface Drawing {
  readonly height: number;
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
}

/** Lays the map out from its last column to its first. */
export function layOut({ upstreams, networks }: CloudMap): Drawing {
  const nodes: Node[] = [];
  const edges: Edge[] = [];
  const networkYs = new Map<string, number>();
  let top = MARGIN + NODE_HEIGHT / 2;
  for (const network of networks) {
    const group = layOutGroup(network, top);
    nodes.push(...group.nodes);
    edges.push(...group.edges);
    if (network.id !== NO_NETWORK) {
      networkYs.set(network.id, top);
      nodes.push({ kind: 'network', it: network, y: top });
    }
    top = group.bottom + GROUP_GAP;
  }
  const placed = upstreams
    .map((upstream) => ({ upstream, level: firstOf(upstream.networks.keys(), networkYs) }))
    .sort((a, b) => a.level - b.level);
  const ys = spread(placed.map(({ level }) => level));
  placed.forEach(({ upstream }, i) => {
    const y = ys[i] ?? top;
    nodes.push({ kind: 'upstream', it: upstream, y });
    upstream.networks.forEach((state, id) => {
      const to = networkYs.get(id);
      if (to !== undefined) {
        edges.push(edge('upstream', y, { to, state }));
      }
    });
  });
  const lowest = Math.max(top - GROUP_GAP - PITCH, ...ys);
  return { height: lowest + NODE_HEIGHT / 2 + MARGIN, nodes, edges };
}

interface Group {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  /** Where the next thing may stand. */
  readonly bottom: number;
}

function layOutGroup(network: MapNetwork, top: number): Group {
  const nodes: Node[] = [];
  const edges: Edge[] = [];
  const join = (y: number, state: RouteState): void => {
    if (network.id !== NO_NETWORK) {
      edges.push(edge('network', top, { to: y, state }));
    }
  };
  let y = top;
  for (const router of network.routers) {
    nodes.push({ kind: 'router', it: router, y });
    join(y, router.state);
    const below = prefixesOf(router);
    below.forEach(({ thing, state }, i) => {
      const to = y + i * PITCH;
      nodes.push({ ...thing, y: to });
      edges.push(edge('router', y, { to, state }));
    });
    y += Math.max(1, below.length) * PITCH;
  }
  const [worst] = network.more.keys();
  if (worst !== undefined) {
    nodes.push({ kind: 'router', rest: network, y });
    join(y, worst);
    y += PITCH;
  }
  return { nodes, edges, bottom: y };
}

interface Prefix {
  readonly thing: Thing;
  readonly state: RouteState;
}

function prefixesOf(router: MapRouter): readonly Prefix[] {
  const { subnets, more, moreState } = router;
  const drawn = subnets.map((it): Prefix => ({ thing: { kind: 'subnet', it }, state: it.state }));
  return more === 0
    ? drawn
    : [...drawn, { thing: { kind: 'subnet', rest: router }, state: moreState }];
}

const NEXT = { upstream: 'network', network: 'router', router: 'subnet' } as const;

function edge(
  kind: keyof typeof NEXT,
  y: number,
  { to, state }: { readonly to: number; readonly state: RouteState },
): Edge {
  const { x, width } = COLUMNS[kind];
  return { from: [x + width, y], to: [COLUMNS[NEXT[kind]].x, to], state };
}

function firstOf(ids: Iterable<string>, ys: ReadonlyMap<string, number>): number {
  const found = [...ids].flatMap((id) => ys.get(id) ?? []);
  return found.length === 0 ? MARGIN + NODE_HEIGHT / 2 : Math.min(...found);
}

/** Keeps the order, and moves what would overlap down. */
function spread(wanted: readonly number[]): readonly number[] {
  const ys: number[] = [];
  for (const y of wanted) {
    ys.push(Math.max(y, (ys.at(-1) ?? -Infinity) + PITCH + GROUP_GAP));
  }
  return ys;
}
