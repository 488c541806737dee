/**
 * Static routes in Junos configuration statements (Junos documentation, "static (Routing Options)" and "Static Route
 * Preferences and Qualified Next Hops"): what a route or `defaults` says holds for each next hop that does not say it.
 */
import { type Inherited, inherit } from '../kit/apply-groups.ts';
import type { Statement } from '../kit/statements.ts';
import { readPrefix, vrfOfTable } from './tables.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress } from '../kit/text.ts';

/** What stands below `route PREFIX`, below `defaults` or below a next hop; `off` counts the words from there on. */
type Attribute = Inherited;

interface Route {
  readonly vrf: string | null;
  readonly prefix: string;
  readonly attributes: Attribute[];
  /** Of the `static` block around it. */
  readonly defaults: readonly Attribute[];
}

/** Where a statement of a `static` block stands. */
interface Place {
  readonly vrf: string | null;
  readonly table: string;
  /** From `route` or `defaults` on. */
  readonly words: readonly string[];
}

/** A route has one of these; the last one that was set has replaced the others. */
const TARGET = /^(?:next-hop|next-table|discard|reject|receive)$/;
const NEXT_HOP = /next-hop$/;
/** The unspecified address and the discard interface. */
const NOWHERE = /^(?:0\.0\.0\.0|::|dsc(?:\.\d+)?)$/;

/** The static paths of all tables, with what groups add to them. */
export function configuredPaths(statements: readonly Statement[]): readonly StaticPath[] {
  const routes = new Map<string, Route>();
  const defaults = new Map<string, Attribute[]>();
  for (const statement of inherit(statements, matchesGlob)) {
    const place = placeOf(statement.words);
    if (place !== undefined) {
      const block = `${place.vrf} ${place.table}`;
      const common = entry(defaults, block, () => []);
      const [kind, name = ''] = place.words;
      const prefix = readPrefix(name, place.table);
      if (kind === 'defaults') {
        common.push(attributeOf(statement, place.words.slice(1)));
      } else if (prefix !== undefined) {
        const { vrf } = place;
        const fresh = (): Route => ({ vrf, prefix, attributes: [], defaults: common });
        const route = entry(routes, `${block} ${name}`, fresh);
        route.attributes.push(attributeOf(statement, place.words.slice(2)));
      }
    }
  }
  return [...routes.values()].flatMap(pathsOf);
}

function entry<V>(map: Map<string, V>, key: string, fresh: () => V): V {
  const value = map.get(key) ?? fresh();
  map.set(key, value);
  return value;
}

function placeOf(words: readonly string[]): Place | undefined {
  const system = below(words, /^(?:logical-systems|tenants)$/, 2);
  const named = below(system.rest, /^routing-instances$/, 2);
  // Shown on its own, an instance stands at the start.
  const instance =
    named.rest[1] === 'routing-options'
      ? { name: named.rest[0], rest: named.rest.slice(1) }
      : named;
  const options = below(instance.rest, /^routing-options$/, 1);
  const rib = below(options.rest, /^rib$/, 2);
  const { rest } = below(rib.rest, /^static$/, 1);
  const { name: table = 'inet.0' } = rib;
  const vrf = vrfOfTable(table);
  if (vrf === undefined || !/^(?:route|defaults)$/.test(rest[0] ?? '')) {
    return undefined;
  }
  const own = vrf === table ? vrf : (instance.name ?? vrf);
  const names = [system.name, own].filter((name) => typeof name === 'string');
  return { vrf: names.length === 0 ? null : names.join('/'), table, words: rest };
}

/** Goes below a keyword, and its name if `length` is 2; stays where it is without it. */
function below(
  words: readonly string[],
  keyword: RegExp,
  length: 1 | 2,
): { readonly name: string | undefined; readonly rest: readonly string[] } {
  return keyword.test(words[0] ?? '')
    ? { name: words[length - 1], rest: words.slice(length) }
    : { name: undefined, rest: words };
}

function attributeOf({ words, off, rank }: Inherited, own: readonly string[]): Attribute {
  return { words: own, off: off && off - (words.length - own.length), rank };
}

function pathsOf(route: Route): readonly StaticPath[] {
  const target = strongest(route.attributes.filter(({ words: [kind = ''] }) => TARGET.test(kind)));
  const hops = route.attributes.filter(
    ({ words: [kind = ''] }) =>
      kind === target?.words[0] || (NEXT_HOP.test(kind) && !TARGET.test(kind)),
  );
  const named = Map.groupBy(hops, ({ words }) => words.slice(0, 2).join(' '));
  return [...named].map(([hop, same]) => pathOf(route, hop, same));
}

/** The statement that holds: the one of the lowest rank, and of those the last. */
function strongest(attributes: readonly Attribute[]): Attribute | undefined {
  return attributes.toSorted((a, b) => b.rank - a.rank).at(-1);
}

function pathOf(route: Route, hop: string, same: readonly Attribute[]): StaticPath {
  const [kind = '', target = ''] = hop.split(' ');
  const length = NEXT_HOP.test(kind) ? 2 : 1;
  const disabled = same.every(({ off }) => off !== undefined && off <= length);
  const own = same.map((attribute) => ({ ...attribute, words: attribute.words.slice(length) }));
  const valueOf = (name: string): string | undefined => {
    const holds = ({ words, off }: Attribute): boolean =>
      words[0] === name && (disabled || off === undefined);
    return [own, route.attributes, route.defaults]
      .map((attributes) => strongest(attributes.filter(holds)))
      .find((attribute) => attribute !== undefined)?.words[1];
  };
  const { vrf, prefix } = route;
  return {
    vrf,
    prefix,
    ...hopOf(kind, target, valueOf('interface')),
    distance: readNumber(valueOf('preference')),
    tag: readNumber(valueOf('tag')) || null,
    name: null,
    description: null,
    discard: isDiscard(kind, target),
    ...(disabled ? { disabled } : {}),
  };
}

function isDiscard(kind: string, target: string): boolean {
  return /^(?:discard|reject)$/.test(kind) || NOWHERE.test(target);
}

function hopOf(
  kind: string,
  target: string,
  device: string | undefined,
): Pick<StaticPath, 'nextHop' | 'interface'> {
  if (isDiscard(kind, target) || !/^(?:qualified-)?next-hop$/.test(kind)) {
    return { nextHop: null, interface: null };
  }
  const nextHop = readAddress(target);
  return nextHop === undefined
    ? { nextHop: null, interface: target }
    : { nextHop, interface: device ?? null };
}

function readNumber(text = ''): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** Junos compares the names of entries with a pattern as a shell compares file names. */
export function matchesGlob(pattern: string, name: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(name);
}
