/** Routing tables and prefixes as Junos names them (Junos documentation, "Understanding Junos OS Routing Tables"). */
import { readLoosePrefix } from '../kit/text.ts';

const TABLE = /^(?:(?<instance>.+)\.)?inet6?\.(?<number>\d+)$/;
const SHORT_PREFIX = /^(\d+(?:\.\d+){0,2})(\/\d+)$/;

/**
 * The VRF of a table such as `inet.0` or `RED.inet6.0`: null for the global one, undefined for a table that forwards no
 * unicast packets, such as inet.2 for multicast. `inet.3` only resolves next hops, and goes by its own name.
 */
export function vrfOfTable(table: string): string | null | undefined {
  const { instance = null, number } = TABLE.exec(table)?.groups ?? {};
  if (number === '3') {
    return table;
  }
  return number === '0' ? instance : undefined;
}

/** The canonical prefix of a route in that table; old releases leave out zero bytes at the end (`10/8`). */
export function readPrefix(text: string, table: string): string | undefined {
  if (text === 'default') {
    return table.includes('inet6') ? '::/0' : '0.0.0.0/0';
  }
  const [, bytes, length = ''] = SHORT_PREFIX.exec(text) ?? [];
  return readLoosePrefix(
    bytes === undefined ? text : `${[...bytes.split('.'), 0, 0, 0].slice(0, 4).join('.')}${length}`,
  );
}
