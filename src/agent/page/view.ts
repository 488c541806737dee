/** What all parts of the page are drawn from, made once for each report. */
import type { Board, BoardState } from './board.ts';
import { STATES, type RouteState } from './route-state.ts';
import { rowsOf, type Row } from './rows.ts';
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
  return () => {
    const state = board.latest();
    if (drawn === undefined || drawnFrom !== state.latest) {
      drawn = draw(standingOf(state));
      drawnFrom = state.latest;
    }
    return { ...drawn, board: state };
  };
}

function draw(standing: Standing | undefined): Omit<View, 'board'> {
  const rows = standing === undefined ? [] : rowsOf(standing);
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<
    RouteState,
    number
  >;
  rows.forEach(({ state }) => {
    counts[state] += 1;
  });
  const names = new Map<string, string>();
  for (const { router, subnet } of standing?.candidates ?? []) {
    names.set(router.id, router.name);
    if (subnet !== undefined) {
      names.set(subnet.id, subnet.name);
    }
  }
  return { standing, rows, counts, nameOf: (id) => names.get(id) || id };
}
