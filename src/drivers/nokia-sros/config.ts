/**
 * Static routes in SR OS configuration statements: `static-route` and `static-route-entry` of the classic CLI,
 * `static-routes` of the MD-CLI (Nokia Router Configuration Guide; that an MD-CLI next hop is down until its admin-state
 * is enabled was confirmed by the Batfish project on SR-SIM 26.3).
 */
import { inherit } from '../kit/apply-groups.ts';
import type { Statement } from '../kit/statements.ts';
import { readSrosHop, vrfOfRouter, type SrosHop } from './hop.ts';
import type { StaticPath } from '../static-path.ts';
import { readLoosePrefix, readMaskedPrefix } from '../kit/text.ts';

/** A statement about one static route. */
interface Place {
  readonly vrf: string | null;
  readonly prefix: string;
  /** What it says below the prefix. */
  readonly words: readonly string[];
  /** Classic CLI of old releases: every line is a path. */
  readonly isLine: boolean;
  /** A path is down unless it is enabled. */
  readonly isDown: boolean;
}

interface Attributes {
  readonly distance?: number;
  readonly tag?: number;
  readonly description?: string;
  readonly disabled?: boolean;
}

interface Path {
  readonly hop: SrosHop;
  readonly attributes: Attributes;
}

interface Route {
  readonly vrf: string | null;
  readonly prefix: string;
  readonly attributes: Attributes;
  readonly paths: Map<string, Path>;
}

const HOP = /^(?:next-hop|indirect|black-?hole|interface|grt|ipsec-tunnel)$/;
const FORM = /^static-route(?:s|-entry)?$/;
const FLAGS: ReadonlyMap<string, Attributes> = new Map([
  ['shutdown', { disabled: true }],
  ['disable', { disabled: true }],
  ['enable', { disabled: false }],
]);
const VALUES: ReadonlyMap<string, (value: string) => Attributes> = new Map(
  Object.entries({
    preference: (value: string): Attributes => ({ distance: Number(value) }),
    tag: (value: string): Attributes => ({ tag: Number(value) }),
    description: (value: string): Attributes => ({ description: value }),
    'admin-state': (value: string): Attributes => ({ disabled: value !== 'enable' }),
    no: (value: string): Attributes => (value === 'shutdown' ? { disabled: false } : {}),
  }),
);
const NOWHERE: SrosHop = { nextHop: null, interface: null, discard: false };

/** The static paths of all routers and services, with what groups add to them. */
export function configuredPaths(statements: readonly Statement[]): readonly StaticPath[] {
  const routes = new Map<string, Route>();
  const tree = withoutDeleted(
    statements.map(({ words, off }) => ({ words: fromRoot(words), off })),
  );
  for (const { words } of inherit(tree, matchesWhole)) {
    const place = placeOf(words);
    if (place !== undefined) {
      const { vrf, prefix } = place;
      const key = `${vrf} ${prefix}`;
      const route = routes.get(key) ?? { vrf, prefix, attributes: {}, paths: new Map() };
      routes.set(key, route);
      readPlace(route, place);
    }
  }
  return [...routes.values()].flatMap(pathsOf);
}

/** The MD-CLI keeps a group below one word more than Junos. */
function fromRoot(words: readonly string[]): readonly string[] {
  const [first = '', second] = words;
  if (/^\/?configure$/.test(first)) {
    return fromRoot(words.slice(1));
  }
  return first === 'groups' && second === 'group' ? [first, ...words.slice(2)] : words;
}

/** `delete PATH` in a text of commands takes away what stood before it. */
function withoutDeleted(statements: readonly Statement[]): readonly Statement[] {
  let kept: Statement[] = [];
  for (const statement of statements) {
    const path = statement.words.filter((word) => word !== 'delete');
    if (path.length === statement.words.length) {
      kept.push(statement);
    } else {
      kept = kept.filter(({ words }) => path.some((word, i) => words[i] !== word));
    }
  }
  return kept;
}

function placeOf(words: readonly string[]): Place | undefined {
  const at = words.findLastIndex((word) => FORM.test(word));
  const above = words.slice(0, Math.max(0, at));
  // In the MD-CLI the entries may be shown on their own.
  const form = at < 0 ? 'static-routes' : words[at];
  const isTree = form === 'static-routes';
  const below = words.slice(at + 1);
  if (above.at(-1) === 'no' || (isTree && below[0] !== 'route')) {
    return undefined;
  }
  const entry = entryOf(isTree ? below.slice(1) : below);
  const isLine = form === 'static-route';
  return (
    entry && { vrf: vrfAbove(above), ...entry, isLine, isDown: isTree && !above.includes('bof') }
  );
}

/** What the words say of the prefix that they begin with; undefined if it is none, or one for multicast. */
function entryOf([target = '', ...rest]: readonly string[]):
  | Pick<Place, 'prefix' | 'words'>
  | undefined {
  const [mask = ''] = rest;
  const masked = readMaskedPrefix(target, mask);
  const prefix = masked ?? readLoosePrefix(target);
  const own = masked === undefined ? rest : rest.slice(1);
  const [kind = '', type] = own;
  const isTyped = kind === 'route-type';
  const isMulticast = kind.startsWith('mcast') || (isTyped && type !== 'unicast');
  return prefix === undefined || isMulticast
    ? undefined
    : { prefix, words: isTyped ? own.slice(2) : own };
}

function vrfAbove(words: readonly string[]): string | null {
  const at = words.findLastIndex((word) => word === 'router' || word === 'vprn');
  const [keyword, name = 'Base'] = at < 0 ? [] : words.slice(at);
  return keyword === undefined ? null : vrfOfRouter(name);
}

function readPlace(route: Route, { words, isLine, isDown }: Place): void {
  const at = isLine ? words.findIndex((word) => HOP.test(word)) : 0;
  const { hop, key, length } = hopIn(words.slice(at));
  if (hop === undefined) {
    readAttributes(route.attributes, words, false);
    return;
  }
  const name = isLine ? `${route.paths.size}` : key;
  const path = route.paths.get(name) ?? { hop, attributes: isDown ? { disabled: true } : {} };
  route.paths.set(name, path);
  readAttributes(path.attributes, words.toSpliced(at, length), isLine);
}

/** The next hop that the words begin with, and how many of them it takes. */
function hopIn([kind = '', name = '', more = '']: readonly string[]): {
  readonly hop: SrosHop | undefined;
  readonly key: string;
  readonly length: number;
} {
  if (!HOP.test(kind)) {
    return { hop: undefined, key: '', length: 0 };
  }
  if (/^(?:black-?hole|grt)$/.test(kind)) {
    return { hop: { ...NOWHERE, discard: kind !== 'grt' }, key: kind, length: 1 };
  }
  // Between the address and the interface of `fe80::1-"to-r2"` a word ends.
  const isSplit = name.endsWith('-');
  const target = isSplit ? `${name}${more}` : name;
  const hop = kind === 'ipsec-tunnel' ? NOWHERE : readSrosHop(target);
  return { hop, key: `${kind} ${target}`, length: isSplit ? 3 : 2 };
}

/** One attribute in a tree; in a line all of them, whatever stands between. */
function readAttributes(attributes: Attributes, words: readonly string[], isLine: boolean): void {
  const [name = '', value = ''] = words;
  const found = FLAGS.get(name) ?? VALUES.get(name)?.(value);
  Object.assign(attributes, found);
  const rest = words.slice(VALUES.has(name) ? 2 : 1);
  if (rest.length > 0 && (found !== undefined || isLine)) {
    readAttributes(attributes, rest, isLine);
  }
}

function pathsOf({ vrf, prefix, attributes, paths }: Route): readonly StaticPath[] {
  return [...paths.values()].map(({ hop, attributes: own }) => {
    const {
      distance = null,
      tag = 0,
      description = null,
      disabled = false,
    } = {
      ...attributes,
      ...own,
    };
    return {
      vrf,
      prefix,
      ...hop,
      distance,
      tag: tag === 0 ? null : tag,
      name: null,
      description,
      ...(disabled ? { disabled: true } : {}),
    };
  });
}

/** The MD-CLI compares the names of entries with a regular expression. */
function matchesWhole(pattern: string, name: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(name);
  } catch {
    return false;
  }
}
