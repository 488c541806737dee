/** What all parts of the page are drawn from, made once for each report. */
import type { Board, BoardState } from './board.ts';
import { STATES, type RouteState } from './route-state.ts';
import { rowsOf, type Named, type Row } from './rows.ts';
import { standingOf, type Standing } from './standing.ts';

export interface View {
  readonly board: BoardState;
  /** Undefined before the first report. */
  readonly standing: Standing | undefined;
  /** Trouble first. */
  readonly rows: readonly Row[];
  readonly counts: Readonly<Record<RouteState, number>>;
  /** The name of a router or subnet of the cloud by its id; the id itself where there is none. */
  readonly nameOf: (id: string) => string;
}

/** Gives the present view; the costly part is kept until the next report. */
export function createViewer(board: Pick<Board, 'latest'>): () => View {
  let drawn: Omit<View, 'board'> | undefined;
  let drawnFrom: BoardState['latest'];
  let names: Names = new Map();
  return () => {
    const state = board.latest();
    if (drawn === undefined || drawnFrom !== state.latest) {
      const standing = standingOf(state);
      names = namesAfter(names, standing);
      drawn = draw(standing, names);
      drawnFrom = state.latest;
    }
    return { ...drawn, board: state };
  };
}

type Names = ReadonlyMap<string, string>;

/** How many names are kept beside those of the present report. */
const FORMER_KEPT = 10_000;

/** The names of the present cloud, then those of before: a route may outlive its router. */
function namesAfter(before: Names, standing: Standing | undefined): Names {
  const names = new Map<string, string>();
  for (const { router, subnet } of standing?.candidates ?? []) {
    names.set(router.id, router.name);
    if (subnet !== undefined) {
      names.set(subnet.id, subnet.name);
    }
  }
  const most = names.size + FORMER_KEPT;
  for (const [id, name] of before) {
    if (names.size >= most) {
      break;
    }
    if (!names.has(id)) {
      names.set(id, name);
    }
  }
  return names;
}

function draw(standing: Standing | undefined, names: Names): Omit<View, 'board'> {
  const nameOf = (id: string): string => names.get(id) || id;
  const rows = standing === undefined ? [] : rowsOf(standing).map((row) => withNames(row, names));
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<
    RouteState,
    number
  >;
  rows.forEach(({ state }) => {
    counts[state] += 1;
  });
  return { standing, rows, counts, nameOf };
}

/** A leftover route knows its objects by id only. */
function withNames(row: Row, names: Names): Row {
  const { router, subnet } = row;
  return router?.name === '' || subnet?.name === ''
    ? { ...row, router: named(router, names), subnet: named(subnet, names) }
    : row;
}

function named(object: Named | undefined, names: Names): Named | undefined {
  return object && { ...object, name: object.name || (names.get(object.id) ?? '') };
}
