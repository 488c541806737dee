/** What FRR tells of a static path, in whatever notation, and the path of the contract that it stands for. */
import type { StaticPath } from '../static-path.ts';

/** RT_TABLE_MAIN, which FRR calls the table of the default VRF unless it has one of its own. */
const MAIN_TABLE = 254;

/** What the next hops of a route share. */
export interface FrrRoute {
  readonly prefix: string;
  readonly vrf?: string | undefined;
  /** A kernel routing table beside that of the VRF. */
  readonly table?: number | undefined;
  readonly distance?: number | undefined;
  readonly tag?: number | undefined;
}

export interface FrrHop {
  readonly nextHop?: string | undefined;
  readonly interface?: string | undefined;
  readonly discard?: boolean;
}

/** The path in the words of the contract. */
export function frrPath({ prefix, vrf, table, distance, tag }: FrrRoute, hop: FrrHop): StaticPath {
  const discard = hop.discard === true;
  return {
    vrf: tableName(vrf, table),
    prefix,
    nextHop: hop.nextHop ?? null,
    interface: discard ? null : (hop.interface ?? null),
    distance: distance ?? null,
    tag: tag === undefined || tag === 0 ? null : tag,
    name: null,
    description: null,
    discard,
  };
}

/** A VRF has its own table, so its name says more than the number. */
function tableName(vrf: string | undefined, table: number | undefined): string | null {
  if (vrf !== undefined && vrf !== 'default') {
    return vrf;
  }
  return table === undefined || table === 0 || table === MAIN_TABLE ? null : String(table);
}
