/** The JSON of `show ip route` and `show ipv6 route` in FRR and SONiC (measured on FRR 8.4.4; zebra up to FRR 10). */
import { RouteSyncError } from '../../errors.ts';
import { quote } from '../kit/device-words.ts';
import { frrPath, type FrrHop } from './path.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix } from '../kit/text.ts';

const DOCUMENT = /^\s*\{\s*(?:["}]|$)/;
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

type Fields = Readonly<Record<string, unknown>>;

/** A document of JSON, or lines between two of them. */
export type Part = { readonly document: Fields } | { readonly lines: readonly string[] };

/** Finds the documents in a text; throws UPSTREAM_OUTPUT_INVALID for one that is broken or cut off. */
export function partsOf(lines: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  let plain: string[] = [];
  let json: string[] = [];
  let depth = 0;
  for (const line of lines) {
    if (depth === 0 && !DOCUMENT.test(line)) {
      plain.push(line);
      continue;
    }
    json.push(line);
    depth += depthOf(line);
    if (depth === 0) {
      parts.push({ lines: plain }, readDocument(json));
      [plain, json] = [[], []];
    }
  }
  const rest = { lines: plain };
  return json.length === 0 ? [...parts, rest] : [...parts, rest, readDocument(json)];
}

/** How many braces a line leaves open. */
function depthOf(line: string): number {
  const bare = line.replaceAll(QUOTED, '');
  return bare.split('{').length - bare.split('}').length;
}

function readDocument(lines: readonly string[]): Part {
  const text = lines.join('\n');
  try {
    return { document: fieldsOf(JSON.parse(text)) };
  } catch (cause) {
    throw new RouteSyncError(
      'UPSTREAM_OUTPUT_INVALID',
      `the JSON of the router cannot be read, so it may be incomplete: ${quote(text)}`,
      { cause },
    );
  }
}

/** Routes stand in lists under their prefix, and these under a VRF or table where several were asked for. */
export function readFrrJson(fields: Fields): readonly StaticPath[] {
  return Object.entries(fields).flatMap(([key, value]) =>
    Array.isArray(value)
      ? value.map(fieldsOf).flatMap((route) => readRoute(key, route))
      : readFrrJson(fieldsOf(value)),
  );
}

function readRoute(key: string, fields: Fields): readonly StaticPath[] {
  const { protocol, nexthops, vrfName, table, distance, tag } = fields;
  const [head = ''] = (textIn(fields['prefix']) ?? key).split(' ');
  const prefix = readLoosePrefix(head);
  if (protocol !== 'static' || prefix === undefined || !Array.isArray(nexthops)) {
    return [];
  }
  const route = {
    prefix,
    vrf: textIn(vrfName),
    table: numberIn(table),
    distance: numberIn(distance),
    tag: numberIn(tag),
  };
  return (
    nexthops
      .map(fieldsOf)
      // A resolver is how a recursive next hop is reached.
      .filter(({ resolver }) => resolver !== true)
      .map((hop) => frrPath(route, readHop(hop)))
  );
}

function readHop({ ip, interfaceName, unreachable, blackhole, reject }: Fields): FrrHop {
  return {
    nextHop: readAddress(textIn(ip) ?? ''),
    interface: textIn(interfaceName),
    discard: [unreachable, blackhole, reject].includes(true),
  };
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
