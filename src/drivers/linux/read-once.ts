/** Routes are many and their attributes few: each kind of route is read once. */

/** One route of an answer of `ip -json`. */
type Row = Readonly<Record<string, unknown>>;

/**
 * A reader that calls `read` once for rows that differ in nothing but what no reader of attributes looks at. Most rows
 * are like the last one with their gateway: to compare them costs less than to make a key.
 */
export function readOnce<T extends object>(read: (row: Row) => T): (row: Row) => T {
  const known = new Map<string, T>();
  const last = new Map<unknown, { readonly row: Row; readonly result: T }>();
  return (row) => {
    const before = last.get(row['gateway']);
    if (before !== undefined && isSameKind(before.row, row)) {
      return before.result;
    }
    const key = keyOf(row);
    const result = known.get(key) ?? read(row);
    known.set(key, result);
    last.set(row['gateway'], { row, result });
    return result;
  };
}

/** Equal for rows of one kind. */
function keyOf(row: Row): string {
  const { type, protocol, metric, tos, gateway, via, dev, flags, nexthops, nhid } = row;
  return JSON.stringify([type, protocol, metric, tos, gateway, via, dev, flags, nexthops, nhid]);
}

/** True only for rows of one gateway with equal keys; a list or an object that is not empty is left to the key. */
function isSameKind(a: Row, b: Row): boolean {
  return (
    a['type'] === b['type'] &&
    a['protocol'] === b['protocol'] &&
    a['metric'] === b['metric'] &&
    a['tos'] === b['tos'] &&
    a['via'] === b['via'] &&
    a['dev'] === b['dev'] &&
    a['nexthops'] === b['nexthops'] &&
    a['nhid'] === b['nhid'] &&
    isEmptyList(a['flags']) &&
    isEmptyList(b['flags'])
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
