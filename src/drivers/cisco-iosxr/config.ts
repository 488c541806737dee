/**
 * The block `router static` of Cisco IOS XR, indented as the router shows it, in whole lines as `formal` does, or as it is
 * typed (Cisco IOS XR Routing Command Reference, "Static Routing Commands"; batfish/batfish, CiscoXr_static.g4).
 */
import { pathOf, type WrittenPath } from '../kit/ip-route-line.ts';
import type { StaticPath } from '../static-path.ts';
import { readAddress, readLoosePrefix, readMaskedPrefix } from '../kit/text.ts';

/** The words that open levels, and the route behind them; each part may stand on a line of its own. */
const PARTS =
  /^(?<start>router static(?: |$))?(?:vrf (?<vrf>\S+)(?: |$))?(?<family>address-family ipv[46](?: (?<safi>\S+))?(?: |$))?(?<route>[\da-f:]\S*[.:].*)?$/i;
/** A description that is not quoted ends where nothing but attributes follows. */
const DESCRIPTION =
  /^(?<head>.*?) description (?<text>"[^"]*"|'[^']*'|.*?)(?<tail>(?: (?:tag|metric|vrflabel|tunnel-id|minimum-interval|multiplier) \d+| track \S+| permanent| bfd fast-detect)*)$/;
const QUOTED = /^(["'])(.*)\1$/;
/** Words that take the next one with them. */
const WITH_VALUE = new Set([
  'vrf',
  'tag',
  'track',
  'metric',
  'vrflabel',
  'tunnel-id',
  'minimum-interval',
  'multiplier',
  'sr-policy',
  'policy',
  'explicit-path',
  'name',
]);
const ALONE = new Set(['permanent', 'bfd', 'fast-detect']);

/** One level of the block that a line stands in. */
export interface Scope {
  readonly kind: 'static' | 'vrf' | 'family';
  readonly indent: number;
  readonly vrf: string | undefined;
  readonly isUnicast: boolean;
}

/** What a line of configuration leaves behind: the block for the next one, and the path that it configures. */
export interface ConfigStep {
  readonly scopes: readonly Scope[];
  readonly path: StaticPath | undefined;
}

/** Reads one line in the block that the lines before it opened; without a scope it stands outside of any. */
export function readConfigLine(
  before: readonly Scope[],
  indent: number,
  words: string,
): ConfigStep {
  const parts = PARTS.exec(words)?.groups ?? {};
  const start: Scope = { kind: 'static', indent, vrf: undefined, isUnicast: true };
  const outer = parts['start'] === undefined ? scopesAt(before, indent, words) : [start];
  const last = outer.at(-1);
  if (last === undefined) {
    return { scopes: [], path: undefined };
  }
  const { vrf = last.vrf, family, safi = 'unicast', route = '' } = parts;
  const scope = { indent, vrf, isUnicast: family === undefined || safi === 'unicast' };
  const scopes: readonly Scope[] = [
    ...outer,
    ...(vrf === last.vrf ? [] : [{ ...scope, kind: 'vrf' } as const]),
    ...(family === undefined ? [] : [{ ...scope, kind: 'family' } as const]),
  ];
  const isUnicast = scopes.every((each) => each.isUnicast);
  return { scopes, path: isUnicast ? readRoute(vrf, route) : undefined };
}

/** The levels that still stand around a line of that depth. */
function scopesAt(scopes: readonly Scope[], indent: number, words: string): readonly Scope[] {
  const isFlat = scopes.every((scope) => scope.indent === indent);
  if (/^! *\S/.test(words)) {
    return scopes;
  }
  if (!isFlat) {
    return scopes.filter((scope) => scope.indent < indent);
  }
  // Without indentation, the words alone tell where a level ends.
  if (words.startsWith('vrf ')) {
    return scopes.filter(({ kind }) => kind === 'static');
  }
  if (words.startsWith('address-family ')) {
    return scopes.filter(({ kind }) => kind !== 'family');
  }
  if (words === 'exit') {
    return scopes.slice(0, -1);
  }
  return isRouteLine(words) ? scopes : [];
}

function isRouteLine(words: string): boolean {
  const [first = ''] = words.replace(/^no /, '').split(' ');
  return readLoosePrefix(first) !== undefined;
}

function readRoute(vrf: string | undefined, words: string): StaticPath | undefined {
  const { head = words, text, tail = '' } = DESCRIPTION.exec(words)?.groups ?? {};
  const [prefix, options] = readDestination(`${head}${tail}`.split(/ +/));
  return prefix === undefined || options.length === 0
    ? undefined
    : {
        ...pathOf(vrf, prefix, readOptions(options)),
        description: text === undefined ? null : text.replace(QUOTED, '$2'),
      };
}

/** The prefix, and the words behind it. */
function readDestination(
  words: readonly string[],
): readonly [prefix: string | undefined, options: readonly string[]] {
  const [first = '', second = ''] = words;
  const masked = readMaskedPrefix(first, second);
  return masked === undefined ? [readLoosePrefix(first), words.slice(1)] : [masked, words.slice(2)];
}

/** What the words after the prefix say, in whatever order; unknown ones say nothing. */
function readOptions(words: readonly string[]): WrittenPath {
  const settings = new Map<string, string>();
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name, value] = readOption(word, rest);
    settings.set(name, value);
  }
  return {
    nextHop: settings.get('address'),
    interface: settings.get('interface'),
    distance: numberIn(settings.get('distance')),
    tag: numberIn(settings.get('tag')),
  };
}

/** One setting; what belongs to it is taken from the rest. */
function readOption(word: string, rest: string[]): readonly [name: string, value: string] {
  if (WITH_VALUE.has(word)) {
    return [word, rest.splice(0, 1).join('')];
  }
  if (/^\d+$/.test(word)) {
    return ['distance', word];
  }
  const address = readAddress(word);
  if (address !== undefined) {
    return ['address', address];
  }
  if (ALONE.has(word)) {
    return [word, ''];
  }
  // Typed by hand, the number of an interface may stand apart: `GigabitEthernet 0/0/0/0`.
  const number = /\d/.test(word) || !/^\d/.test(rest[0] ?? '') ? [] : rest.splice(0, 1);
  const name = [word, ...number].join(' ');
  return [/\d/.test(name) ? 'interface' : word, name];
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
