/** What the map shows of the cloud: at any size a few dozen things, the troubled ones first, and counts of the rest. */
import { compareStates, worstOf, type RouteState } from './route-state.ts';
import type { Named, Row } from './rows.ts';
import type { View } from './view.ts';

/** How many things of a kind are drawn one by one. */
const ROUTERS_DRAWN = 40;
const SUBNETS_DRAWN = 3;
const OTHERS_DRAWN = 12;

export interface MapUpstream extends Named {
  readonly state: RouteState;
  /** Ids of the networks it serves, with the state of what goes over them. */
  readonly networks: ReadonlyMap<string, RouteState>;
}

export interface MapSubnet {
  readonly prefix: string;
  readonly name: string;
  readonly state: RouteState;
}

export interface MapRouter extends Named {
  readonly state: RouteState;
  readonly subnets: readonly MapSubnet[];
  /** How many prefixes are not drawn, and the worst state of them. */
  readonly more: number;
  readonly moreState: RouteState;
}

/** An external network with the routers on it; a router on two networks is drawn with the first. */
export interface MapNetwork extends Named {
  readonly state: RouteState;
  readonly routers: readonly MapRouter[];
  /** The routers that are not drawn, by the state they are in. */
  readonly more: ReadonlyMap<RouteState, number>;
}

export interface CloudMap {
  readonly upstreams: readonly MapUpstream[];
  readonly networks: readonly MapNetwork[];
  /** How many upstreams and networks are not drawn. */
  readonly more: number;
}

/** Routers without any external network stand under this id. */
export const NO_NETWORK = '';

export function mapOf({ rows, standing }: View): CloudMap {
  const routers = routersOf(rows);
  const drawn = new Set(routers.slice(0, ROUTERS_DRAWN));
  const byNetwork = Map.groupBy(routers, ({ network }) => network.id);
  const networks = [...byNetwork.values()].map((members) => networkOf(members, drawn));
  const upstreams = (standing?.upstreams ?? []).map((upstream): MapUpstream => {
    const { name, error, plan, networkIds } = upstream;
    const own = rows.filter((row) => row.upstream === name);
    const served = Map.groupBy(own, ({ network }) => network?.id ?? NO_NETWORK);
    const isIll = plan === undefined ? 'unreachable' : 'failed';
    const states = own.map(({ state }) => state);
    return {
      id: name,
      name,
      state: worstOf([...states, ...(error === undefined ? [] : ([isIll] as const))]),
      networks: new Map(
        [...networkIds].map((id) => [
          id,
          worstOf((served.get(id) ?? []).map(({ state }) => state)),
        ]),
      ),
    };
  });
  return {
    upstreams: upstreams.slice(0, OTHERS_DRAWN),
    networks: networks.toSorted(compareNetworks).slice(0, OTHERS_DRAWN),
    more: over(upstreams) + over(networks),
  };
}

function over({ length }: readonly unknown[]): number {
  return Math.max(0, length - OTHERS_DRAWN);
}

interface Placed extends MapRouter {
  readonly network: Named;
}

/** Every router, the worst first. */
function routersOf(rows: readonly Row[]): readonly Placed[] {
  const groups = Map.groupBy(
    rows.filter(({ router }) => router !== undefined),
    ({ router }) => router?.id ?? '',
  );
  return Array.from(groups.values(), routerOf).sort(compareNodes);
}

function routerOf(rows: readonly Row[]): Placed {
  const [first] = rows;
  const { id = '', name = '' } = first?.router ?? {};
  const subnets = Array.from(
    Map.groupBy(rows, ({ prefix }) => prefix.text),
    ([prefix, same]): MapSubnet => ({
      prefix,
      name: same[0]?.subnet?.name ?? '',
      state: worstOf(same.map(({ state }) => state)),
    }),
  );
  const rest = subnets.slice(SUBNETS_DRAWN);
  return {
    id,
    name,
    state: worstOf(rows.map(({ state }) => state)),
    subnets: subnets.slice(0, SUBNETS_DRAWN),
    more: rest.length,
    moreState: worstOf(rest.map(({ state }) => state)),
    network: first?.network ?? { id: NO_NETWORK, name: '' },
  };
}

function networkOf(members: readonly Placed[], drawn: ReadonlySet<Placed>): MapNetwork {
  const { id, name } = members[0]?.network ?? { id: NO_NETWORK, name: '' };
  const rest = members.filter((router) => !drawn.has(router));
  const more = Map.groupBy(rest, ({ state }) => state);
  return {
    id,
    name,
    state: worstOf(members.map(({ state }) => state)),
    routers: members.filter((router) => drawn.has(router)),
    more: new Map(Array.from(more, ([state, routers]) => [state, routers.length])),
  };
}

function compareNodes(a: Placed, b: Placed): number {
  return compareStates(a.state, b.state) || compareText(a.name, b.name) || compareText(a.id, b.id);
}

/** Routers without a network come last, whatever they are. */
function compareNetworks(a: MapNetwork, b: MapNetwork): number {
  return (
    Number(a.id === NO_NETWORK) - Number(b.id === NO_NETWORK) ||
    compareStates(a.state, b.state) ||
    compareText(a.name, b.name)
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
