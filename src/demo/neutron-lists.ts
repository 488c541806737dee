/** How Neutron answers a list: filters, fields, and pages with all their traps. Pure; it does not sort by `sort_key`. */
import { NeutronError } from './neutron-objects.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface ListRequest {
  readonly query: URLSearchParams;
  /** The address of the list without its query, for the links. */
  readonly url: string;
  /** The key of the list in the answer: `routers`, `address_scopes`. */
  readonly key: string;
  /** Neutron's `pagination_max_limit`. */
  readonly maxPageSize: number | undefined;
}

/** Words of the query that are no filters. */
const CONTROLS = new Set(['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir']);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Answers a list over the rows that the caller may see, in their order. */
export function answerList(rows: readonly Row[], request: ListRequest): Row {
  const { query, key } = request;
  const limit = pageSize(request);
  const reverse = query.get('page_reverse')?.toLowerCase() === 'true';
  const fitting = fromMarker(rows, query.get('marker'), reverse).filter((row) =>
    matches(row, query),
  );
  const page = reverse ? fitting.slice(-limit) : fitting.slice(0, limit);
  const items = page.map((row) => pickFields(row, query.getAll('fields')));
  if (limit === Infinity) {
    return { [key]: items };
  }
  // A full page gets a link even if nothing follows; a vanished marker leaves only the way back.
  const isFull = page.length >= limit;
  const links = [
    ...(isFull || reverse ? [{ rel: 'next', href: link(request, page.at(-1), false) }] : []),
    ...(isFull || !reverse ? [{ rel: 'previous', href: link(request, page[0], true) }] : []),
  ];
  return { [key]: items, [`${key}_links`]: links };
}

/** Only the asked fields; an unknown one is left out, so `fields=nonsense` gives `{}`. */
export function pickFields(row: Row, fields: readonly string[]): Row {
  if (fields.length === 0) {
    return row;
  }
  return Object.fromEntries(Object.entries(row).filter(([name]) => fields.includes(name)));
}

/** No limit and `limit=0` mean everything, as far as the server's own maximum allows. */
function pageSize({ query, maxPageSize = Infinity }: ListRequest): number {
  const text = query.get('limit') ?? '0';
  const limit = Number(text);
  if (!/^\d+$/.test(text)) {
    const message = `Bad limit request: Limit must be an integer 0 or greater and not '${text}'.`;
    throw new NeutronError(400, 'BadRequest', message);
  }
  return Math.min(limit === 0 ? Infinity : limit, maxPageSize);
}

/** The rows on the far side of the marker; none at all when the marker is gone. */
function fromMarker(rows: readonly Row[], marker: string | null, reverse: boolean): readonly Row[] {
  if (marker === null) {
    return rows;
  }
  const place = rows.findIndex(({ id }) => id === marker);
  if (place < 0) {
    return [];
  }
  return reverse ? rows.slice(0, place) : rows.slice(place + 1);
}

/** Values of one filter are joined by OR, filters by AND; what the object has no field for is ignored. */
function matches(row: Row, query: URLSearchParams): boolean {
  const filters = new Set([...query.keys()].filter((name) => !CONTROLS.has(name)));
  return [...filters].every((name) => {
    const wanted = query.getAll(name);
    if (name === 'changed_since') {
      return wanted.every((since) => isChangedSince(row, since));
    }
    if (name === 'tags') {
      // Unlike other filters: every tag of a list must be there.
      return wanted.every((list) => list.split(',').every((tag) => fits(row['tags'], tag)));
    }
    if (name === 'fixed_ips') {
      // The values of one part of an address are joined by OR, the parts by AND.
      const parts = [...Map.groupBy(wanted, (text) => text.split('=')[0]).values()];
      return parts.every((values) => values.some((value) => fits(row[name], value)));
    }
    return !(name in row) || wanted.some((value) => fits(row[name], value));
  });
}

function isChangedSince(row: Row, since: string): boolean {
  if (!TIME.test(since)) {
    const message =
      'Invalid input for operation: The input changed_since must be in the following format: YYYY-MM-DDTHH:MM:SSZ.';
    throw new NeutronError(400, 'InvalidInput', message);
  }
  return String(row['updated_at']) >= since;
}

/** `fixed_ips` is asked as `subnet_id=ID` or `ip_address=ADDRESS`; a boolean in any spelling. */
function fits(actual: unknown, wanted: string): boolean {
  if (Array.isArray(actual)) {
    const [name = '', value] = wanted.split('=');
    return actual.some((item: unknown) =>
      typeof item === 'object' ? (item as Row)[name] === value : item === wanted,
    );
  }
  if (typeof actual === 'boolean') {
    return ['true', '1'].includes(wanted.toLowerCase()) === actual;
  }
  return String(actual) === wanted;
}

function link({ query, url }: ListRequest, at: Row | undefined, reverse: boolean): string {
  const params = new URLSearchParams(query);
  params.delete('marker');
  params.delete('page_reverse');
  if (at !== undefined) {
    params.append('marker', String(at['id']));
  }
  if (reverse) {
    params.append('page_reverse', 'True');
  }
  return `${url}?${params.toString()}`;
}
