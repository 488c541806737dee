/** Long lists, a page at a time. */
import { html, type Html } from './html.ts';

const PAGE_SIZE = 200;

export interface Part<T> {
  readonly items: readonly T[];
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  /** The place of the first item in the whole list, from 1; 0 where there is none. */
  readonly first: number;
}

/** The page of that number, or the nearest that exists. */
export function pageOf<T>(items: readonly T[], wanted: number): Part<T> {
  const pages = Math.max(1, Math.ceil(items.length / PAGE_SIZE));
  const page = Math.min(Math.max(1, Math.trunc(wanted) || 1), pages);
  const start = (page - 1) * PAGE_SIZE;
  return {
    items: items.slice(start, start + PAGE_SIZE),
    page,
    pages,
    total: items.length,
    first: items.length === 0 ? 0 : start + 1,
  };
}

/** `201 to 400 of 1000`, with links to the other pages. */
export function pagerView(part: Part<unknown>, linkTo: (page: number) => string): Html {
  const { items, page, pages, total, first } = part;
  const step = (to: number, text: string): Html =>
    to < 1 || to > pages || to === page
      ? html`<span class="off">${text}</span>`
      : html`<a href="${linkTo(to)}">${text}</a>`;
  const shown = total === 0 ? 'none' : `${first} to ${first + items.length - 1} of ${total}`;
  return html`<nav class="pager" aria-label="Pages of the list">
    <span>${shown}</span>
    ${step(1, 'First')} ${step(page - 1, 'Previous')} <span>page ${page} of ${pages}</span>
    ${step(page + 1, 'Next')} ${step(pages, 'Last')}
  </nav>`;
}
