/** All routes as a list that can be filtered, a page at a time. */
import { html, type Html } from './html.ts';
import { link } from './links.ts';
import { stateMark } from './marks.ts';
import { nameLink, prefixLink } from './names.ts';
import { pageOf, pagerView } from './paging.ts';
import { long, nothing, table } from './panels.ts';
import { isRouteState, STATES, STATE_TEXTS, type RouteState } from './route-state.ts';
import type { Named, Row } from './rows.ts';
import type { View } from './view.ts';

export interface RouteFilter {
  /** Any part of a prefix, name, id, next hop or reason. */
  readonly text: string;
  readonly state: RouteState | undefined;
  readonly upstream: string;
  readonly page: number;
}

/** What the address of the page asks for; nonsense asks for everything. */
export function filterOf(query: URLSearchParams): RouteFilter {
  const state = query.get('state') ?? '';
  return {
    text: (query.get('text') ?? '').trim(),
    state: isRouteState(state) ? state : undefined,
    upstream: query.get('upstream') ?? '',
    page: Number(query.get('page') ?? 1),
  };
}

export function filterRows(
  rows: readonly Row[],
  { text, state, upstream }: RouteFilter,
): readonly Row[] {
  const wanted = text.toLowerCase();
  return rows.filter(
    (row) =>
      (state === undefined || row.state === state) &&
      (upstream === '' || row.upstream === upstream) &&
      (wanted === '' || textsOf(row).some((each) => each?.toLowerCase().includes(wanted))),
  );
}

function textsOf(row: Row): readonly (string | undefined)[] {
  const { prefix, router, subnet, network, nextHops, detail } = row;
  const objects = [router, subnet, network].flatMap((object) => [object?.id, object?.name]);
  return [prefix.text, detail, ...objects, ...nextHops];
}

/** The fields of the filter; they keep what was typed while the list changes. */
export function filterForm(view: View, filter: RouteFilter): Html {
  const upstreams = view.standing?.upstreams.map(({ name }) => name) ?? [];
  return html`<form class="filter" action="routes" method="get">
    <div>
      <label for="text">Text</label>
      <input
        id="text"
        name="text"
        type="search"
        value="${filter.text}"
        maxlength="300"
        spellcheck="false"
        placeholder="prefix, name, id, next hop"
      />
    </div>
    <div>
      <label for="state">State</label>
      <select id="state" name="state">
        <option value="">any</option>
        ${STATES.map((state) => option(state, STATE_TEXTS[state][0], state === filter.state))}
      </select>
    </div>
    <div>
      <label for="upstream">Upstream</label>
      <select id="upstream" name="upstream">
        <option value="">any</option>
        ${upstreams.map((name) => option(name, name, name === filter.upstream))}
      </select>
    </div>
    <button>Filter</button> <a href="routes">All</a>
  </form>`;
}

function option(value: string, text: string, isChosen: boolean): Html {
  return html`<option value="${value}" ${isChosen && html`selected`}>${text}</option>`;
}

export function routesView(view: View, filter: RouteFilter): Html {
  const part = pageOf(filterRows(view.rows, filter), filter.page);
  const { text, state, upstream } = filter;
  const linkTo = (page: number): string => link('routes', { text, state, upstream, page });
  return html`${pagerView(part, linkTo)}
    <div class="slot" id="rows" tabindex="0" role="region" aria-label="Routes">
      ${part.total === 0 ? nothing(emptyText(view)) : routeTable(part.items)}
    </div>`;
}

function emptyText({ standing }: View): string {
  return standing?.isUnknown === true
    ? 'The cloud was not read since the agent started: nothing is known of its routes.'
    : 'No route fits.';
}

function routeTable(rows: readonly Row[]): Html {
  return table(
    [
      ['Prefix', 'c-prefix'],
      ['State', 'c-state'],
      ['Upstream', 'c-name'],
      ['Next hop', 'c-prefix'],
      ['Router', 'c-name'],
      ['Subnet', 'c-name'],
      ['Network', 'c-name'],
      ['Detail', 'c-text'],
    ],
    rows.map((row) => [
      prefixLink(row.prefix.text),
      stateMark(row.state),
      row.upstream ?? '–',
      row.nextHops.join(', ') || '–',
      objectCell(row.router),
      objectCell(row.subnet),
      objectCell(row.network),
      long(row.message === undefined ? row.detail : `${row.detail}: ${row.message}`),
    ]),
  );
}

function objectCell(object: Named | undefined): Html | string {
  return object === undefined || object.id === '' ? '–' : nameLink(object);
}
