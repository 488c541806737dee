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

/** Exit codes as docs/cli.md has them. */
const OUTCOMES: Readonly<Record<number, string>> = {
  0: 'in order',
  1: 'failed',
  3: 'refused',
  4: 'partly done',
  75: 'locked',
  78: 'bad configuration',
};

/** An error tells more than the exit code. */
function outcome({ exitCode, error }: CycleLine): Html | string {
  if (error !== undefined) {
    return html`<span class="l-bad" title="${error.message}">${error.code}</span>`;
  }
  const words = OUTCOMES[exitCode] ?? `exit code ${exitCode}`;
  return exitCode === 0
    ? words
    : html`<span class="l-notice" title="exit code ${exitCode}">${words}</span>`;
}
