/** What a change in the cloud touched: ids and nothing else, for the cloud is asked for the rest. */

/** The collections whose objects decide over routes. */
export type TouchedKind = 'routers' | 'ports' | 'subnets' | 'networks' | 'floatingips';

export interface Touched extends Readonly<Record<TouchedKind, ReadonlySet<string>>> {
  /** What changed reaches further than ids tell (subnet pools, address scopes): the whole cloud is to be read. */
  readonly everything: boolean;
}

export const NOTHING_TOUCHED: Touched = {
  routers: new Set(),
  ports: new Set(),
  subnets: new Set(),
  networks: new Set(),
  floatingips: new Set(),
  everything: false,
};

/** Both together. */
export function touchedTogether(a: Touched, b: Touched): Touched {
  const both = (kind: TouchedKind): ReadonlySet<string> => new Set([...a[kind], ...b[kind]]);
  return {
    routers: both('routers'),
    ports: both('ports'),
    subnets: both('subnets'),
    networks: both('networks'),
    floatingips: both('floatingips'),
    everything: a.everything || b.everything,
  };
}

export function isNothing({ everything, ...kinds }: Touched): boolean {
  return !everything && Object.values(kinds).every(({ size }) => size === 0);
}
