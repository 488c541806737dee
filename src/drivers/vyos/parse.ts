/**
 * Reads the static routes in any text of VyOS: its configuration, and what its FRR shows (VyOS documentation, "Static";
 * interface definitions of vyos-1x from 1.2 to 1.5).
 */
import { readFrrPaths } from '../frr/parse.ts';
import { partsOf } from '../frr/json.ts';
import type { StaticPath } from '../static-path.ts';
import { linesIn, readAddress, readLoosePrefix } from '../kit/text.ts';
import { treeOfJson, treeOfLines, type ConfigTree } from './tree.ts';

/** Each answer of a session is read by itself. */
const PROMPT = /^\S+@\S+?[#$>](?: |$)/;
/** Comments stand on lines of their own. */
const COMMENT = /^\s*\/\*[^]*?\*\//gm;
const ROUTES = new Set(['route', 'route6', 'interface-route', 'interface-route6']);
const INTERFACES = new Set(['interface', 'next-hop-interface']);
const DISCARDS = new Set(['blackhole', 'reject', 'unreachable']);

/** Reads the static paths in the text of a VyOS router, in their order. */
export function readVyosPaths(text: string): readonly StaticPath[] {
  return answersIn(linesIn(text.replaceAll(COMMENT, ''))).flatMap((lines) => [
    ...partsOf(lines).flatMap((part) =>
      readNode('document' in part ? treeOfJson(part.document) : treeOfLines(part.lines), null),
    ),
    ...readFrrPaths(lines.join('\n')),
  ]);
}

function answersIn(lines: readonly string[]): readonly (readonly string[])[] {
  const answers: string[][] = [[]];
  for (const line of lines) {
    if (PROMPT.test(line)) {
      answers.push([]);
    } else {
      answers.at(-1)?.push(line);
    }
  }
  return answers;
}

/** Any part of a configuration, from its root or from further in: `show protocols static` begins with the routes. */
function readNode(node: ConfigTree, vrf: string | null): readonly StaticPath[] {
  return [...node].flatMap(([word, inner]) => {
    if (word === 'protocols' || word === 'static') {
      return readNode(inner, vrf);
    }
    if (ROUTES.has(word)) {
      return [...inner].flatMap(([prefix, route]) => readRoute(vrf, prefix, route));
    }
    if (word === 'vrf' || word === 'name' || word === 'table') {
      return readTables(inner);
    }
    return [];
  });
}

/** `vrf name NAME`, up to 1.3 also `protocols vrf NAME`, and `table NUMBER`. */
function readTables(node: ConfigTree): readonly StaticPath[] {
  return [...node].flatMap(([name, inner]) =>
    name === 'name' ? readTables(inner) : readNode(inner, name),
  );
}

function readRoute(vrf: string | null, text: string, route: ConfigTree): readonly StaticPath[] {
  const prefix = readLoosePrefix(text);
  if (prefix === undefined) {
    return [];
  }
  const description = valueOf(route, 'description') ?? null;
  return [...route].flatMap(([kind, inner]) =>
    hopsIn(kind, inner).map(({ settings, ...hop }) => ({
      vrf,
      prefix,
      nextHop: hop.nextHop ?? null,
      interface: hop.interface ?? null,
      distance: numberOf(settings, 'distance'),
      tag: numberOf(settings, 'tag'),
      name: null,
      description,
      discard: hop.discard ?? false,
      ...(settings.has('disable') ? { disabled: true } : {}),
    })),
  );
}

/** Where one path leads, and what is set of it. */
interface Hop {
  readonly nextHop?: string | undefined;
  readonly interface?: string | undefined;
  readonly discard?: true;
  readonly settings: ConfigTree;
}

/** The next hops of one kind; none for what a route holds beside them, and none of those that a DHCP server tells. */
function hopsIn(kind: string, inner: ConfigTree): readonly Hop[] {
  if (DISCARDS.has(kind)) {
    return [{ discard: true, settings: inner }];
  }
  if (INTERFACES.has(kind)) {
    return [...inner].map(([name, settings]) => ({ interface: name, settings }));
  }
  if (kind !== 'next-hop') {
    return [];
  }
  return [...inner].map(([address, settings]) => ({
    nextHop: readAddress(address),
    interface: valueOf(settings, 'interface') ?? valueOf(settings, 'next-hop-interface'),
    settings,
  }));
}

function numberOf(settings: ConfigTree, name: string): number | null {
  const value = Number(valueOf(settings, name) ?? 0);
  return value === 0 ? null : value;
}

/** The first word behind the name. */
function valueOf(settings: ConfigTree, name: string): string | undefined {
  return settings.get(name)?.keys().next().value;
}
