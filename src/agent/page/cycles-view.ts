/** The last cycles, newest first. */
import type { BoardState, CycleLine } from './board.ts';
import { html, type Html } from './html.ts';
import { dateTime } from './moments.ts';
import { CHANGE_COLUMNS, nothing, table } from './panels.ts';

export function cyclesView({ cycles }: BoardState): Html {
  if (cycles.length === 0) {
    return nothing('No cycle has ended yet.');
  }
  return table(
    [
      ['Ended', 'c-time'],
      ['Took', 'c-count'],
      ['Outcome', 'c-name'],
      ...CHANGE_COLUMNS,
      ['Failed', 'c-count'],
      ['Held', 'c-count'],
    ],
    cycles.map((cycle) => [
      dateTime(cycle.finishedAt),
      `${((cycle.finishedAt - cycle.startedAt) / 1000).toFixed(1)} s`,
      outcome(cycle),
      cycle.added,
      cycle.replaced,
      cycle.removed,
      cycle.failed,
      cycle.held,
    ]),
  );
}

/** Exit codes as docs/cli.md has them: 0 is in order, everything else names a reason. */
function outcome({ exitCode, error }: CycleLine): Html | string {
  if (error !== undefined) {
    return html`<span class="l-bad" title="${error.message}">${error.code}</span>`;
  }
  return exitCode === 0 ? 'in order' : html`<span class="l-notice">exit code ${exitCode}</span>`;
}
