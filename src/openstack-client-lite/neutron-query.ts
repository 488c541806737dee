/** Query strings for Neutron's lists: `fields=`, repeated filters, split where the URL would become too long. */
import type { FilterValue, FixedIpFilter, Scalar, ScalarFilter } from './neutron-objects.ts';

export type Filters = Readonly<Record<string, FilterValue | undefined>>;

// Neutron answers 414 from 8192 bytes of request line on; the next links of a forced page size add a limit and a marker.
const QUERY_LENGTH = 7000;

/** The query strings that together ask for the objects that pass the filters: none where a filter permits no value at all. */
export function buildQueries(fields: readonly string[], filters: Filters): readonly string[] {
  const lists = Object.entries(filters).flatMap(([key, value]): [string, readonly string[]][] =>
    value === undefined ? [] : [[key, queryValues(value)]],
  );
  return lists.some(([, values]) => values.length === 0) ? [] : split(fields, lists);
}

/** Whether an object, as the server sent it, passes: Neutron ignores filters that it does not know. */
export function passes(object: Readonly<Record<string, unknown>>, filters: Filters): boolean {
  return Object.entries(filters).every(([key, wanted]) => {
    const value = object[key];
    if (isFixedIpFilter(wanted)) {
      return isAt(value, wanted);
    }
    return wanted === undefined || !isScalar(value) || valuesOf(wanted).includes(String(value));
  });
}

function split(
  fields: readonly string[],
  lists: readonly (readonly [string, readonly string[]])[],
): readonly string[] {
  const query = new URLSearchParams([
    ...fields.map((field): [string, string] => ['fields', field]),
    ...lists.flatMap(([key, values]) => values.map((value): [string, string] => [key, value])),
  ]).toString();
  const [longest] = lists.toSorted(([, a], [, b]) => b.length - a.length);
  if (query.length <= QUERY_LENGTH || longest === undefined || longest[1].length < 2) {
    return [query];
  }
  const [key, values] = longest;
  const middle = Math.ceil(values.length / 2);
  return [values.slice(0, middle), values.slice(middle)].flatMap((half) =>
    split(
      fields,
      lists.map((list) => (list === longest ? [key, half] : list)),
    ),
  );
}

// Neutron's way with the parts of an address: fixed_ips=ip_address=192.0.2.1, as often as there are values.
function queryValues(value: FilterValue): readonly string[] {
  return isFixedIpFilter(value)
    ? Object.entries(value).flatMap(([part, values]) =>
        [...new Set<string>(values)].map((text) => `${part}=${text}`),
      )
    : valuesOf(value);
}

function isAt(fixedIps: unknown, filter: object): boolean {
  return (
    Array.isArray(fixedIps) &&
    fixedIps.some((fixedIp: Readonly<Record<string, unknown>>) =>
      Object.entries(filter).every(([part, values]: [string, readonly unknown[]]) =>
        values.includes(fixedIp[part]),
      ),
    )
  );
}

function isFixedIpFilter(value: FilterValue | undefined): value is FixedIpFilter {
  return typeof value === 'object' && !Array.isArray(value);
}

function valuesOf(value: ScalarFilter): readonly string[] {
  return isScalar(value) ? [String(value)] : [...new Set(value)];
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
