/** Parts of the page that keep their place: what is in them may change, their size does not. */
import { html, type Html } from './html.ts';

interface PanelOptions {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** A titled part whose content is replaced while the page is live, and scrolls by itself. */
export function panel({ id, title, body }: PanelOptions): Html {
  return html`<section class="panel" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <div class="slot" id="${id}" data-live tabindex="0" role="group" aria-labelledby="${id}-title">
      ${body}
    </div>
  </section>`;
}

/** What a panel says that has nothing to show. */
export function nothing(text: string): Html {
  return html`<p class="nothing">${text}</p>`;
}

/** One column of a table; the class gives its width. */
export type Column = readonly [heading: Html | string, className: string];

/** Columns for numbers of changes, under the signs that stand before the changes themselves. */
export const CHANGE_COLUMNS: readonly Column[] = [
  [signed('+', 'added'), 'c-count'],
  [signed('~', 'replaced'), 'c-count'],
  [signed('−', 'removed'), 'c-count'],
];

function signed(sign: string, word: string): Html {
  return html`<span aria-hidden="true">${sign}</span><span class="unseen">${word}</span>`;
}

/** A table with fixed columns; each row is a list of cells. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (Html | string | number)[])[],
): Html {
  return html`<table>
    <thead>
      <tr>
        ${columns.map(([heading, name]) => html`<th scope="col" class="${name}">${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell, i) => html`<td class="${columns[i]?.[1] ?? ''}">${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Text that may be longer than its place; the whole shows on hovering. */
export function long(text: string): Html {
  return html`<span class="long" title="${text}">${text}</span>`;
}
